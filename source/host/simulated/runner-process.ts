import type {Job} from '../../gitlab/simulated.ts';
import {paths} from '../scripts/paths.ts';
import type {DockerMachine} from './docker-machine.ts';
import {growth} from './growth.ts';
import type {Hosts} from './hosts.ts';
import {isUp, type Machine, programs, storeOf, systemIdOf, textOf, versionOf} from './machine.ts';
import {idleNow, machinePrefix, type RunnerEntry, readConfig} from './runner-config.ts';
import {beginJob, endJob} from './runner-jobs.ts';
import {log} from './runner-log.ts';
import {machinesOf} from './runner-machines.ts';
import {requestsOf} from './runner-requests.ts';
import {type Runner, type RunnerProcess, type Worker, workersOf} from './worker.ts';

/** Starts the runner's process on a machine. */
function startProcess(hosts: Hosts, machine: Machine): RunnerProcess {
	const {clock, gitlab} = hosts;
	const process: RunnerProcess = {
		startedAt: clock.now(),
		config: undefined,
		ending: false,
		workers: new Map(),
		jobs: [],
		totals: {loads: 0, jobs: 0, failed: 0, created: 0, createdSeconds: 0, creationFailed: 0, removed: 0},
		answers: new Map(),
		reload,
		takes,
		dispatch,
		quit,
		kill,
		lose,
	};
	const runner: Runner = {
		hosts,
		machine,
		process,
		note: (level, message, fields = {}) => log(machine, clock.now(), level, message, fields),
		dockerFor,
		entryOf: (of) => process.config?.entries.find(({token}) => token === of),
		lives: () => machine.process === process,
		ended: () => process.ending && finish(),
	};
	const {note} = runner;
	const requests = requestsOf(runner);
	const machines = machinesOf(runner, growth());
	systemIdOf(machine);
	note('info', `Starting multi-runner from ${paths.config}...`, {builds: 0, max_builds: 0});
	reload();
	adopt();
	clock.at(clock.now() + 500, check);

	function dockerFor(name: string, operation: 'create' | 'remove' | 'stop'): DockerMachine {
		return {
			cloud: hosts.cloud,
			machine,
			now: clock.now,
			random: hosts.random,
			say: (line, isError) => note(isError ? 'error' : 'info', line, {name, operation, ...(operation === 'create' ? {driver: 'amazonec2'} : {})}),
			givenUp: () => undefined,
		};
	}

	/** Asks for jobs each check interval. */
	function check(): void {
		if (!runner.lives() || process.ending) return;
		dispatch();
		clock.at(clock.now() + 1000 * (process.config?.checkInterval ?? 3), check);
	}

	function reload(): void {
		const read = readConfig(textOf(machine, paths.config) ?? '');
		if ('wrong' in read) {
			note('error', `Failed to load config ${read.wrong}`, {builds: process.jobs.length});
			return;
		}
		process.config = read.config;
		process.totals.loads += 1;
		requests.forget();
		note('info', 'Configuration loaded', {builds: process.jobs.length});
	}

	/** Machines in the store from before are its own when they bear a token's prefix. */
	function adopt(): void {
		for (const {name, instanceId} of storeOf(machine)) {
			const entry = process.config?.entries.find(({token}) => name.startsWith(machinePrefix(token)));
			if (entry) machines.rest({name, token: entry.token, state: 'idle', used: 1, instanceId}, entry);
		}
	}

	const canServe = (entry: RunnerEntry) => entry.usable && !requests.isOff(entry) && gitlab.serves(entry.url, entry.token) !== undefined;

	function takes(): boolean {
		return isUp(machine, clock.now()) && !process.ending && process.config?.entries.some(canServe) === true;
	}

	function dispatch(): void {
		if (!runner.lives() || !isUp(machine, clock.now()) || process.ending) return;
		for (const entry of process.config?.entries.filter(({usable}) => usable) ?? []) {
			if (requests.isOff(entry)) continue;
			machines.keepIdle(entry);
			feed(entry);
		}
	}

	/** The machine of a request, or `on demand`; undefined where there is no room for another job (facts §4.5). */
	function roomFor(entry: RunnerEntry): Worker | 'on demand' | undefined {
		if (process.jobs.length + requests.underWay() >= (process.config?.concurrent ?? 0)) return undefined;
		const mine = workersOf(runner, entry);
		const idle = mine.find(({state}) => state === 'idle');
		if (idle || idleNow(entry, clock.now()).count > 0) return idle;
		const onDemand = requests.underWay(entry) - mine.filter(({state}) => state === 'acquired').length;
		return entry.limit === 0 || mine.length + onDemand < entry.limit ? 'on demand' : undefined;
	}

	/** Asks for one job where there is room for it; once it is there, for the next. */
	function feed(entry: RunnerEntry): void {
		if (requests.underWay(entry) >= entry.requestConcurrency) return;
		const room = roomFor(entry);
		if (room === undefined) return;
		const idle = room === 'on demand' ? undefined : room;
		if (idle) idle.state = 'acquired';
		requests.ask(entry, (job) => {
			if (idle?.state === 'acquired') idle.state = 'idle';
			if (!job) return;
			take(job, entry, idle?.state === 'idle' ? idle : undefined);
			feed(runner.entryOf(entry.token) ?? entry);
			hosts.review();
		});
	}

	function take(job: Job, entry: RunnerEntry, idle: Worker | undefined): void {
		beginJob(runner, job, entry);
		if (idle) machines.run(idle, job, entry);
		else machines.create(entry, job);
	}

	function quit(): void {
		if (process.ending) return;
		process.ending = true;
		Object.assign(machine.service, {active: 'deactivating', since: clock.now()});
		note('warning', 'Starting graceful shutdown, waiting for builds to finish', {builds: process.jobs.length});
		finish();
	}

	/** A process that ends goes once its last job has; it takes its idle machines along where `shutdown_drain` says so (facts §5). */
	function finish(): void {
		if (process.jobs.length > 0) return;
		const all = [...process.workers.values()];
		const idle = process.config?.drainsIdle ? all.filter(({state}) => state === 'idle' || state === 'acquired') : [];
		if (idle.length === 0 && !all.some(({state}) => state === 'removing' || state === 'creating')) {
			stop();
			return;
		}
		for (const worker of idle) machines.remove(worker, 'shutdown drain');
		clock.at(clock.now() + 1000, () => {
			if (runner.lives()) finish();
		});
	}

	function stop(): void {
		for (const worker of process.workers.values()) worker.callOff?.();
		process.workers.clear();
		if (!runner.lives()) return;
		machine.process = undefined;
		Object.assign(machine.service, {active: 'inactive', since: clock.now()});
	}

	function kill(reason: string): void {
		process.ending = true;
		for (const job of [...process.jobs]) {
			Object.assign(job, {state: 'failed', endedAt: clock.now(), reason});
			process.totals.failed += 1;
		}
		process.jobs.length = 0;
		stop();
	}

	function lose(worker: Worker): void {
		const {job} = worker;
		machines.remove(worker, 'machine is unavailable');
		if (job) endJob(runner, job, {is: 'failed', reason: 'machine is unavailable'});
	}

	return process;
}

/** `systemctl start`: true when the service runs, or a sentence of why it can't. */
export function startService(hosts: Hosts, machine: Machine): true | string {
	if (machine.service.active === 'active') return true;
	if (versionOf(machine, programs.runner) === undefined) return 'Failed to start gitlab-runner.service: Unit gitlab-runner.service not found.';
	machine.service = {...machine.service, active: 'active', since: hosts.clock.now()};
	machine.process = startProcess(hosts, machine);
	hosts.review();
	return true;
}

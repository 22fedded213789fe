import {paths} from '../../world/host/scripts/paths.ts';
import type {Job} from '../gitlab/gitlab.ts';
import type {DockerMachine} from './docker-machine-calls.ts';
import {growth} from './growth.ts';
import type {Hosts} from './machine.ts';
import {isUp, type Machine, programs, storeOf, systemIdOf, systemIdPath, textOf, versionOf} from './machine.ts';
import type {Runner} from './runner.ts';
import {workersOf} from './runner.ts';
import {idleNow, manages, type RunnerEntry, readConfig} from './runner-config.ts';
import {abandonJob, beginJob, endJob} from './runner-jobs.ts';
import {duration, type Fields, type Level, lineOf, print} from './runner-log.ts';
import {machinesOf} from './runner-machines.ts';
import {requestsOf} from './runner-requests.ts';
import {renewTokens} from './runner-tokens.ts';
import type {ProcessEnd, RunnerProcess, Worker} from './worker.ts';

/** How long a process lives that finds at its start that it can't go on, in milliseconds. */
const shortLife = 150;
/** How long a job whose machine is gone goes on until Docker doesn't answer any more, in milliseconds. */
const lossNoticed = 10_000;

/** Starts the runner's process on a machine; `ended` is called when it ends by itself. */
export function startProcess(hosts: Hosts, machine: Machine, ended: (end: ProcessEnd) => void): RunnerProcess {
	const {clock, gitlab} = hosts;
	const process: RunnerProcess = {
		startedAt: clock.now(),
		config: undefined,
		ending: false,
		workers: new Map(),
		jobs: [],
		takenBy: new Map(),
		failed: new Map(),
		queued: new Map(),
		totals: {loads: 0, jobs: 0, created: 0, createdSeconds: 0, creationFailed: 0, removed: 0},
		answers: new Map(),
		reload,
		rotate,
		takes,
		dispatch,
		quit,
		kill,
		crash,
		lose,
	};
	const runner: Runner = {
		hosts,
		machine,
		process,
		note: (level, message, fields = {}) => write(process.config?.json === true, level, message, fields),
		took: (ms) => duration(process.config?.json === true, ms),
		dockerFor,
		entryOf: (of) => process.config?.entries.find(({token}) => token === of),
		lives: () => machine.process === process,
		ended: () => process.ending && finish(),
	};
	const {note} = runner;
	const requests = requestsOf(runner);
	const machines = machinesOf(runner, growth());
	const isNew = !machine.files.has(systemIdPath);
	const systemId = systemIdOf(machine);
	begin();

	function write(isJson: boolean, level: Level, message: string, fields: Fields = {}): void {
		print(machine, clock.now(), lineOf(isJson, clock.now(), level, message, fields));
	}

	/** Its first four lines are written before it has read which form they are to have. */
	function begin(): void {
		const version = versionOf(machine, programs.runner) ?? '';
		write(false, 'info', 'Runtime platform', {arch: 'amd64', os: 'linux', pid: 2211, revision: '1f1c5a9d', version});
		write(false, 'info', `Starting multi-runner from ${paths.config}...`, {builds: 0, max_builds: 0});
		write(false, 'info', 'Running in system-mode.');
		print(machine, clock.now(), '');
		if (isNew) write(false, 'info', 'Created missing unique system ID', {system_id: systemId});
		const read = readConfig(textOf(machine, paths.config) ?? '');
		if ('wrong' in read) {
			die('Service run failed', {error: `decoding configuration file: ${read.wrong}`});
			return;
		}
		reload();
		if (read.config.listens && machine.faults.metricsPort === 'taken') {
			const error = 'listen tcp 127.0.0.1:9252: bind: address already in use';
			die('Failed to create listener for metrics server', {address: '127.0.0.1:9252', builds: 0, error, max_builds: read.config.concurrent});
			return;
		}
		adopt();
		clock.at(clock.now() + 500, check);
	}

	/** A start that comes to nothing: the unit counts as started until the process has ended. */
	function die(message: string, fields: Fields): void {
		process.ending = true;
		clock.at(clock.now() + shortLife, () => {
			if (!runner.lives()) return;
			note('fatal', message, fields);
			end({result: 'exit-code', status: 1});
		});
	}

	function end(how: ProcessEnd): void {
		process.ending = true;
		for (const worker of process.workers.values()) {
			worker.callOff?.();
			if (worker.state === 'creating') machine.halfMade.add(worker.name);
		}
		process.workers.clear();
		machine.process = undefined;
		ended(how);
		hosts.review();
	}

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
		renewTokens(runner);
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

	function rotate(): void {
		note('info', 'Resetting runner authentication token... succeeded', {builds: process.jobs.length});
		reload();
	}

	/** Machines in the store from before are its own when they bear an entry's name; one that was only half made goes. */
	function adopt(): void {
		for (const {name, instanceId} of storeOf(machine)) {
			const entry = process.config?.entries.find((one) => manages(one, name));
			if (!entry) continue;
			const worker: Worker = {name, token: entry.token, state: 'idle', used: 1, instanceId};
			if (machine.halfMade.delete(name) || instanceId === '') machines.remove(worker, 'Failed to create');
			else machines.rest(worker, entry);
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

	/** The machine of a request, or `on demand`; undefined where there is no room for another job (docs/facts.md, "gitlab-runner: config.toml"). */
	function roomFor(entry: RunnerEntry): Worker | 'on demand' | undefined {
		if (process.jobs.length + requests.underWay() >= (process.config?.concurrent ?? 0)) return undefined;
		const idle = freeMachine(entry);
		const mine = workersOf(runner, entry);
		if (idle || idleNow(entry, clock.now()).count > 0) return idle;
		const onDemand = requests.underWay(entry) - mine.filter(({state}) => state === 'acquired').length;
		return entry.limit === 0 || mine.length + onDemand < entry.limit ? 'on demand' : undefined;
	}

	/** An idle machine; those that turn out to be gone are removed on the way. */
	function freeMachine(entry: RunnerEntry): Worker | undefined {
		for (const worker of workersOf(runner, entry)) {
			if (worker.state !== 'idle') continue;
			if (!worker.isLost) return worker;
			machines.remove(worker, 'machine is unavailable');
		}
		return undefined;
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
		note('warning', '[runWait] received stop signal', {builds: process.jobs.length, 'stop-signal': 'quit'});
		note('info', 'Starting graceful shutdown, waiting for builds to finish', {StopSignal: 'quit', builds: process.jobs.length});
		finish();
	}

	/** A process that ends goes once its last job has; it takes its idle machines along where `shutdown_drain` says so. */
	function finish(): void {
		if (process.jobs.length > 0) return;
		const all = [...process.workers.values()].filter(({token}) => runner.entryOf(token) !== undefined);
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
		note('info', 'All builds finished. Runner stopped', {builds: process.jobs.length});
		machine.process = undefined;
		Object.assign(machine.service, {active: 'inactive', since: clock.now(), result: 'success', status: 0});
	}

	function kill(reason: string): void {
		process.ending = true;
		for (const job of [...process.jobs]) Object.assign(job, {state: 'failed', endedAt: clock.now(), reason});
		process.jobs.length = 0;
		stop();
	}

	function crash(how: ProcessEnd, says?: {message: string; error: string}): void {
		if (!runner.lives()) return;
		if (says) note('fatal', says.message, {error: says.error});
		for (const job of process.jobs.splice(0)) abandonJob(hosts, job);
		end(how);
	}

	function lose(worker: Worker): void {
		if (worker.isLost) return;
		worker.isLost = true;
		const {job} = worker;
		if (!job) return;
		clock.at(clock.now() + lossNoticed, () => {
			if (!runner.lives() || worker.job !== job) return;
			const entry = runner.entryOf(worker.token);
			worker.callOff?.();
			delete worker.job;
			endJob(runner, job, {is: 'failed', reason: `waiting for container: ${noDocker(worker)}`, why: 'runner_system_failure'});
			if (entry) machines.rest(worker, entry);
			else worker.state = 'idle';
			process.dispatch();
		});
	}

	function noDocker({instanceId = ''}: Worker): string {
		const address = hosts.cloud.account.regions.get(machine.region)?.instances.get(instanceId)?.privateIp;
		return `Cannot connect to the Docker daemon at tcp://${address}:2376. Is the docker daemon running? (wait.go:58:10s)`;
	}

	return process;
}

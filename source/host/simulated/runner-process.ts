import type {Job} from '../../gitlab/simulated.ts';
import {paths} from '../scripts/paths.ts';
import {inBackground} from './background.ts';
import {createMachine, type DockerMachine, removeMachine} from './docker-machine.ts';
import type {Hosts} from './hosts.ts';
import {isUp, type Machine, programs, storeOf, systemIdOf, textOf, versionOf} from './machine.ts';
import {machinePrefix, type RunnerEntry, readConfig, shortToken} from './runner-config.ts';
import {duration, log} from './runner-log.ts';
import type {RunnerProcess, Worker} from './worker.ts';

/** How often a job may fail to get a machine before it fails itself (facts §17.3: three tries in each of three preparations). */
const tries = 3;

/** Starts the runner's process on a machine. */
function startProcess(hosts: Hosts, machine: Machine): RunnerProcess {
	const {clock, gitlab, random} = hosts;
	const totals = {jobs: 0, failed: 0, created: 0, creationFailed: 0, removed: 0};
	const note = (level: 'info' | 'warning' | 'error', message: string, fields: Record<string, string | number> = {}) =>
		log(machine, clock.now(), level, message, fields);
	const dockerFor = (name: string, operation: string): DockerMachine => ({
		cloud: hosts.cloud,
		machine,
		now: clock.now,
		random,
		say: (line, isError) => note(isError ? 'error' : 'info', line, {name, operation, ...(operation === 'create' ? {driver: 'amazonec2'} : {})}),
		givenUp: () => undefined,
	});
	const ofJob = ({id, project}: Job) => ({job: id, project: 4711, project_full_path: project});
	const process: RunnerProcess = {
		startedAt: clock.now(),
		config: undefined,
		ending: false,
		workers: new Map(),
		jobs: [],
		totals,
		reload,
		takes,
		dispatch,
		quit,
		kill,
		lose,
	};
	systemIdOf(machine);
	reload();
	adopt();
	clock.at(clock.now() + 500, settleIn);

	function settleIn(): void {
		if (machine.process === process) dispatch();
	}

	function reload(): void {
		const read = readConfig(textOf(machine, paths.config) ?? '');
		if ('config' in read) process.config = read.config;
		if ('config' in read) note('info', 'Configuration loaded', {builds: process.jobs.length});
		else note('error', 'Failed to load config', {error: read.wrong});
	}

	/** Machines in the store from before are its own when they bear a token's prefix. */
	function adopt(): void {
		for (const {name, instanceId} of storeOf(machine)) {
			const entry = process.config?.entries.find(({token}) => name.startsWith(machinePrefix(token)));
			if (entry) rest({name, token: entry.token, state: 'idle', used: 1, instanceId}, entry);
		}
	}

	const canServe = (entry: RunnerEntry) => entry.usable && gitlab.serves(entry.url, entry.token) !== undefined;

	function takes(): boolean {
		return isUp(machine, clock.now()) && !process.ending && process.config?.entries.some(canServe) === true;
	}

	function dispatch(): void {
		if (!takes()) return;
		for (const entry of process.config?.entries.filter(canServe) ?? []) {
			for (let job = nextFor(entry); job; job = nextFor(entry)) take(job, entry);
			keepIdle(entry);
		}
	}

	const ofEntry = ({token}: RunnerEntry) => [...process.workers.values()].filter((worker) => worker.token === token);
	const idleOf = (entry: RunnerEntry) => ofEntry(entry).find(({state}) => state === 'idle');
	const hasRoom = (entry: RunnerEntry) => entry.limit === 0 || ofEntry(entry).length < entry.limit;

	/** The oldest pending job that this entry may and can take now (facts §4.5). */
	function nextFor(entry: RunnerEntry): Job | undefined {
		const runner = gitlab.serves(entry.url, entry.token);
		if (!runner || process.jobs.length >= (process.config?.concurrent ?? 0)) return undefined;
		if (!idleOf(entry) && (entry.idleCount > 0 || !hasRoom(entry))) return undefined;
		runner.contactedAt = clock.now();
		return gitlab.jobs.find(
			(job) => job.state === 'pending' && (job.tags.length === 0 ? runner.runUntagged : job.tags.every((tag) => runner.tags.includes(tag))),
		);
	}

	function take(job: Job, entry: RunnerEntry): void {
		Object.assign(job, {state: 'running', startedAt: clock.now(), manager: machine.instance.id, runnerId: gitlab.serves(entry.url, entry.token)?.id});
		process.jobs.push(job);
		totals.jobs += 1;
		const who = {runner: shortToken(entry.token), runner_name: entry.name};
		note('info', 'Checking for jobs... received', {job: job.id, repo_url: `${entry.url}/${job.project}.git`, ...who});
		note('info', 'Added job to processing list', {...ofJob(job), time_in_queue_seconds: Math.round((clock.now() - job.queuedAt) / 1000)});
		const idle = idleOf(entry);
		if (idle) run(idle, job, entry);
		else create(entry, job, tries);
	}

	function newName(entry: RunnerEntry): string {
		const hex = Array.from({length: 8}, () => Math.floor(random() * 16).toString(16)).join('');
		return machinePrefix(entry.token) + entry.machineName.replace('%s', `${Math.floor(clock.now() / 1000)}-${hex}`);
	}

	function create(entry: RunnerEntry, job: Job | undefined, left: number): void {
		const worker: Worker = {name: newName(entry), token: entry.token, state: 'creating', used: 0, ...(job ? {job} : {})};
		process.workers.set(worker.name, worker);
		const begun = clock.now();
		worker.callOff = inBackground(hosts, createMachine(dockerFor(worker.name, 'create'), worker.name, entry.options), (made) => {
			worker.callOff = undefined;
			const took = duration(machine, clock.now() - begun);
			if (made.made) {
				worker.instanceId = made.instanceId;
				totals.created += 1;
				worker.createdAt = clock.now();
				note('info', 'Machine created', {name: worker.name, duration: took, retries: 0});
				if (job?.state === 'running') run(worker, job, entry);
				else rest(worker, entry);
				dispatch();
				return;
			}
			totals.creationFailed += 1;
			note('error', 'Machine creation failed', {name: worker.name, time: took, error: 'exit status 1'});
			remove(worker, 'Failed to create');
			if (job && left > 1 && !process.ending) create(entry, job, left - 1);
			else if (job) end(job, 'failed', 'Job failed (system failure): exit status 1');
		});
	}

	function run(worker: Worker, job: Job, entry: RunnerEntry): void {
		Object.assign(worker, {state: 'used', job, used: worker.used + 1, usedAt: clock.now()});
		const about = {...ofJob(job), name: worker.name, usedCount: worker.used};
		note('info', worker.used === 1 ? 'Created docker-machine' : 'Using existing docker-machine', about);
		note('info', 'Starting docker-machine build...', about);
		worker.callOff?.();
		job.worker = worker.name;
		worker.callOff = clock.at(clock.now() + job.seconds * 1000, () => {
			worker.callOff = undefined;
			delete worker.job;
			end(job, 'success');
			if (entry.maxBuilds > 0 && worker.used >= entry.maxBuilds) remove(worker, 'Too many builds');
			else rest(worker, entry);
			dispatch();
			hosts.review();
		});
	}

	/** An idle machine goes when its time is over, unless so many are to stay idle. */
	function rest(worker: Worker, entry: RunnerEntry): void {
		worker.state = 'idle';
		process.workers.set(worker.name, worker);
		const now = process.config?.entries.find(({token}) => token === entry.token) ?? entry;
		worker.callOff = clock.at(clock.now() + now.idleTime * 1000, () => {
			worker.callOff = undefined;
			const idle = ofEntry(entry).filter(({state}) => state === 'idle').length;
			if (worker.state !== 'idle' || machine.process !== process) return;
			if (idle > now.idleCount) remove(worker, 'too many idle machines');
			else rest(worker, entry);
		});
	}

	function keepIdle(entry: RunnerEntry): void {
		const spare = ofEntry(entry).filter(({state, job}) => state === 'idle' || (state === 'creating' && !job)).length;
		for (let missing = entry.idleCount - spare; missing > 0 && hasRoom(entry); missing -= 1) create(entry, undefined, 1);
	}

	function remove(worker: Worker, reason: string): void {
		worker.callOff?.();
		const since = (at: number | undefined) => duration(machine, clock.now() - (at ?? clock.now()));
		const about = {name: worker.name, reason, lifetime: since(worker.createdAt), used: since(worker.usedAt), usedCount: worker.used};
		note('warning', 'Requesting machine removal', about);
		worker.state = 'removing';
		delete worker.job;
		worker.callOff = inBackground(hosts, removeMachine(dockerFor(worker.name, 'remove'), worker.name), () => {
			process.workers.delete(worker.name);
			totals.removed += 1;
			note('info', 'Machine removed', {...about, retries: 0});
			dispatch();
		});
	}

	function end(job: Job, state: 'success' | 'failed', reason?: string): void {
		Object.assign(job, {state, endedAt: clock.now(), ...(reason === undefined ? {} : {reason})});
		process.jobs.splice(process.jobs.indexOf(job), 1);
		const about = {
			...ofJob(job),
			...(job.worker === undefined ? {} : {name: job.worker}),
			duration_s: (clock.now() - (job.startedAt ?? clock.now())) / 1000,
			'job-status': state,
		};
		if (state === 'success') note('info', 'Job succeeded', about);
		else note('warning', 'Job failed (system failure):', {...about, error: reason ?? ''});
		note('info', 'Removed job from processing list', ofJob(job));
		if (state === 'failed') totals.failed += 1;
		if (process.ending) finish();
	}

	function quit(): void {
		if (process.ending) return;
		process.ending = true;
		machine.service.active = 'deactivating';
		note('warning', 'Starting graceful shutdown, waiting for builds to finish', {builds: process.jobs.length});
		finish();
	}

	/** A process that ends goes once its last job has; it takes its idle machines along where `shutdown_drain` says so (facts §5). */
	function finish(): void {
		if (process.jobs.length > 0) return;
		const idle = process.config?.drainsIdle ? [...process.workers.values()].filter(({state}) => state === 'idle') : [];
		if (idle.length === 0 && ![...process.workers.values()].some(({state}) => state === 'removing' || state === 'creating')) {
			stop();
			return;
		}
		for (const worker of idle) remove(worker, 'shutdown drain');
		clock.at(clock.now() + 1000, () => {
			if (machine.process === process) finish();
		});
	}

	function stop(): void {
		for (const worker of process.workers.values()) worker.callOff?.();
		process.workers.clear();
		if (machine.process === process) {
			machine.process = undefined;
			machine.service.active = 'inactive';
			delete machine.service.since;
		}
	}

	function kill(reason: string): void {
		process.ending = true;
		for (const job of [...process.jobs]) {
			Object.assign(job, {state: 'failed', endedAt: clock.now(), reason});
			totals.failed += 1;
		}
		process.jobs.length = 0;
		stop();
	}

	function lose(worker: Worker): void {
		const {job} = worker;
		remove(worker, 'machine is unavailable');
		if (job) end(job, 'failed', 'Job failed (system failure): machine is unavailable');
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

import type {Job} from '../gitlab/gitlab.ts';
import {createMachine, removeMachine, stopMachine} from './docker-machine.ts';
import type {Growth} from './growth.ts';
import type {Hosts, Work} from './machine.ts';
import {slowed} from './resources.ts';
import {type Runner, workersOf} from './runner.ts';
import {askForCache, leaveCache} from './runner-cache.ts';
import {idleNow, machinePrefix, manages, type RunnerEntry} from './runner-config.ts';
import {endJob, ofJob} from './runner-jobs.ts';
import type {Worker} from './worker.ts';

/** Lets a work go on by itself as time passes; gives what calls it off. */
function inBackground<Result>(hosts: Hosts, work: Work<Result>, done: (result: Result) => void): () => void {
	let callOff = () => {};
	const proceed = () => {
		const next = work.next();
		if (next.done) done(next.value);
		else callOff = hosts.clock.at(hosts.clock.now() + next.value, proceed);
		hosts.review();
	};
	callOff = hosts.clock.at(hosts.clock.now(), proceed);
	return () => callOff();
}

/** How often a job may fail to get a machine before it fails itself; the real runner makes three tries in each of three preparations. */
const tries = 3;
/** How long Docker on a worker asks its registry before it is told that it may not, in milliseconds. */
const pulling = 4000;

/** What a runner does with machines. */
export type RunnerMachines = {
	/** Makes a machine for a job, or one that is to stay idle. */
	create(entry: RunnerEntry, job?: Job, left?: number): void;
	/** Runs a job on a machine. */
	run(worker: Worker, job: Job, entry: RunnerEntry): void;
	/** Lets a machine be idle until its time is over. */
	rest(worker: Worker, entry: RunnerEntry): void;
	remove(worker: Worker, reason: string): void;
	/** Makes machines until so many are idle as are to be. */
	keepIdle(entry: RunnerEntry): void;
};

/** Makes the part of a runner that makes machines, uses them and takes them away. */
export function machinesOf(runner: Runner, growing: Growth): RunnerMachines {
	const {hosts, machine, process, note} = runner;
	const {clock, random} = hosts;
	const {workers, totals} = process;

	function newName(entry: RunnerEntry): string {
		const hex = Array.from({length: 8}, () => Math.floor(random() * 16).toString(16)).join('');
		return `${machinePrefix(entry)}${Math.floor(clock.now() / 1000)}-${hex}${entry.machineName.split('%s')[1] ?? ''}`;
	}

	function create(entry: RunnerEntry, job?: Job, left = job ? tries : 1): void {
		const worker: Worker = {name: newName(entry), token: entry.token, state: 'creating', used: 0, ...(job ? {job} : {})};
		workers.set(worker.name, worker);
		growing.begin(entry.token, entry.maxGrowthRate, () => {
			if (worker.state !== 'creating' || !runner.lives()) return false;
			making(worker, entry, job, left);
			return true;
		});
	}

	function making(worker: Worker, entry: RunnerEntry, job: Job | undefined, left: number): void {
		const begun = clock.now();
		const work = slowed(machine, createMachine(runner.dockerFor(worker.name, 'create'), worker.name, entry.options));
		worker.callOff = inBackground(hosts, work, (made) => {
			worker.callOff = undefined;
			growing.over(entry.token, runner.entryOf(entry.token)?.maxGrowthRate ?? 0);
			const took = runner.took(clock.now() - begun);
			if (made.made) {
				totals.created += 1;
				totals.createdSeconds += (clock.now() - begun) / 1000;
				Object.assign(worker, {instanceId: made.instanceId, createdAt: clock.now()});
				note('info', 'Machine created', {name: worker.name, duration: took, retries: 0});
				if (job?.state === 'running') run(worker, job, entry);
				else rest(worker, entry);
				return process.dispatch();
			}
			totals.creationFailed += 1;
			note('error', 'Machine creation failed', {name: worker.name, time: took, error: made.ended});
			remove(worker, 'Failed to create');
			if (job && left > 1 && !process.ending) create(entry, job, left - 1);
			else if (job) endJob(runner, job, {is: 'failed', reason: `prepare environment: ${made.ended}`, why: 'runner_system_failure'});
		});
	}

	function run(worker: Worker, job: Job, entry: RunnerEntry): void {
		worker.callOff?.();
		Object.assign(worker, {state: 'used', job, used: worker.used + 1, usedAt: clock.now()});
		const about = {...ofJob(job), name: worker.name, usedCount: worker.used};
		note('info', worker.used === 1 ? 'Created docker-machine' : 'Using existing docker-machine', about);
		note('info', 'Starting docker-machine build...', about);
		job.worker = worker.name;
		const heard = askForCache(runner, entry);
		if (heard !== undefined) job.cache = heard;
		const mayPull = !hosts.dockerHubRefuses;
		worker.callOff = clock.at(clock.now() + (mayPull && !hosts.jobsFail ? job.seconds * 1000 : pulling), () => {
			worker.callOff = undefined;
			delete worker.job;
			const refused = hosts.jobsFail ?? (mayPull ? undefined : {reason: refusedPull, why: 'runner_external_dependency_failure' as const});
			if (!refused) leaveCache(runner, entry);
			endJob(runner, job, refused ? {is: 'failed', ...refused} : {is: 'success'});
			if (entry.maxBuilds > 0 && worker.used >= entry.maxBuilds) remove(worker, 'Too many builds');
			else rest(worker, entry);
			process.dispatch();
			hosts.review();
		});
	}

	/** An idle machine goes when its time is over, unless so many are to stay idle. */
	function rest(worker: Worker, entry: RunnerEntry): void {
		worker.state = 'idle';
		workers.set(worker.name, worker);
		const now = () => runner.entryOf(entry.token) ?? entry;
		const restFor = (ms: number): void => {
			worker.callOff = clock.at(clock.now() + ms, () => {
				worker.callOff = undefined;
				if (!runner.lives()) return;
				// A request for a job is under way for it: whether it stays is known in a moment.
				if (worker.state === 'acquired') return restFor(1000);
				// One of another token or another MachineName is nobody's: the runner doesn't look after it any more.
				if (worker.state !== 'idle' || !process.config?.entries.some((one) => manages(one, worker.name))) return;
				const {count, seconds} = idleNow(now(), clock.now());
				if (workersOf(runner, entry).filter(({state}) => state === 'idle').length > count) remove(worker, 'too many idle machines');
				else restFor(seconds * 1000);
			});
		};
		restFor(idleNow(now(), clock.now()).seconds * 1000);
	}

	function keepIdle(entry: RunnerEntry): void {
		const {count} = idleNow(entry, clock.now());
		const missing = () => {
			const mine = workersOf(runner, entry);
			const creating = mine.filter(({state}) => state === 'creating');
			const spare = mine.filter(({state}) => state === 'idle' || state === 'acquired').length + creating.filter(({job}) => !job).length;
			const mayGrow = entry.maxGrowthRate === 0 || creating.length < entry.maxGrowthRate;
			return spare < count && mayGrow && (entry.limit === 0 || mine.length < entry.limit);
		};
		while (missing()) create(entry);
	}

	function remove(worker: Worker, reason: string): void {
		worker.callOff?.();
		const since = (at: number | undefined) => runner.took(clock.now() - (at ?? clock.now()));
		const about = {name: worker.name, reason, lifetime: since(worker.createdAt), used: since(worker.usedAt), usedCount: worker.used};
		note('warning', 'Requesting machine removal', about);
		note('warning', 'Stopping machine', about);
		if (!stopMachine(runner.dockerFor(worker.name, 'stop'), worker.name)) note('warning', 'Error while stopping machine', {...about, error: 'exit status 1'});
		note('warning', 'Removing machine', about);
		worker.state = 'removing';
		delete worker.job;
		worker.callOff = inBackground(hosts, removeMachine(runner.dockerFor(worker.name, 'remove'), worker.name), () => {
			workers.delete(worker.name);
			totals.removed += 1;
			note('info', 'Machine removed', {...about, retries: 0});
			process.dispatch();
		});
	}

	return {create, run, rest, remove, keepIdle};
}

const refusedPull =
	'failed to pull image "alpine:latest" with specified policies [always]: Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit (manager.go:250:1s)';

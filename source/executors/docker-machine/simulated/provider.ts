import type {Job} from '../../../simulated/gitlab/gitlab.ts';
import type {Machine} from '../../../simulated/host/machine.ts';
import {labels} from '../../../simulated/host/metrics.ts';
import {slowed} from '../../../simulated/host/resources.ts';
import type {Provider, Runner} from '../../../simulated/host/runner.ts';
import type {RunnerEntry} from '../../../simulated/host/runner-config.ts';
import {endJob, type JobEnding, ofJob, runJob} from '../../../simulated/host/runner-jobs.ts';
import {inBackground} from '../../../simulated/host/running.ts';
import {createMachine, removeMachine, stopMachine} from './docker-machine.ts';
import {type DockerMachine, dockerOn} from './driver-calls.ts';
import {drainsIdle, idleNow, isUsable, machineNamed, manages, maxBuilds, maxGrowthRate, optionsOfEntry} from './machine-config.ts';
import {storeOf} from './store.ts';

/** Lets so many machines of an entry be made at a time; those beyond wait for their turn, as with `MaxGrowthRate`. */
type Growth = {
	/** Begins at once, or when another one is over; `begin` gives whether it is still wanted. `most` 0: no limit. */
	begin(token: string, most: number, begin: () => boolean): void;
	/** One that had begun is over. */
	over(token: string, most: number): void;
};

/** Nothing grows yet. */
function growth(): Growth {
	const growing = new Map<string, number>();
	const waiting = new Map<string, (() => boolean)[]>();
	const goOn = (token: string, most: number): void => {
		const queue = waiting.get(token) ?? [];
		while (queue.length > 0 && (most === 0 || (growing.get(token) ?? 0) < most)) {
			if (queue.shift()?.()) growing.set(token, (growing.get(token) ?? 0) + 1);
		}
	};
	return {
		begin(token, most, begin) {
			waiting.set(token, [...(waiting.get(token) ?? []), begin]);
			goOn(token, most);
		},
		over(token, most) {
			growing.set(token, Math.max(0, (growing.get(token) ?? 0) - 1));
			goOn(token, most);
		},
	};
}

/** A machine that a runner knows: what it is doing, and for which job. Acquired: a request for a job is under way for it. */
type Worker = {
	name: string;
	token: string;
	state: 'creating' | 'acquired' | 'idle' | 'used' | 'removing';
	used: number;
	/** When it was there, and last used: milliseconds since 1970. */
	createdAt?: number;
	usedAt?: number;
	instanceId?: string;
	job?: Job;
	/** Its instance is gone, which nobody notices before the machine is wanted. */
	isLost?: boolean;
	callOff?: (() => void) | undefined;
};

const executor = 'docker+machine';
/** How often a job may fail to get a machine before it fails itself; the real runner makes three tries in each of three preparations. */
const tries = 3;
/** How long a job whose machine is gone goes on until Docker doesn't answer any more, in milliseconds. */
const lossNoticed = 10_000;

const unfinished = new WeakMap<Machine, Set<string>>();

/** Machines that were being made when a manager's runner ended: the next one takes them away. */
function halfMade(machine: Machine): Set<string> {
	const names = unfinished.get(machine) ?? new Set();
	unfinished.set(machine, names);
	return names;
}

/** Makes the part of a runner's process that has docker-machine make machines, runs jobs on them and has them taken away. */
export function machinesOf(runner: Runner): Provider {
	const {hosts, machine, process, note} = runner;
	const {clock, random} = hosts;
	const workers = new Map<string, Worker>();
	const totals = {created: 0, createdSeconds: 0, creationFailed: 0, removed: 0};
	const growing = growth();
	/** An entry's machines: one that bears another token or another MachineName is nobody's. */
	const workersOf = (entry: RunnerEntry): Worker[] => [...workers.values()].filter(({name}) => manages(entry, name));

	function newName(entry: RunnerEntry): string {
		const hex = Array.from({length: 8}, () => Math.floor(random() * 16).toString(16)).join('');
		return machineNamed(entry, clock.now(), hex);
	}

	function create(entry: RunnerEntry, job?: Job, left = job ? tries : 1): void {
		const worker: Worker = {name: newName(entry), token: entry.token, state: 'creating', used: 0, ...(job ? {job} : {})};
		workers.set(worker.name, worker);
		growing.begin(entry.token, maxGrowthRate(entry), () => {
			if (worker.state !== 'creating' || !runner.lives()) return false;
			making(worker, entry, job, left);
			return true;
		});
	}

	function making(worker: Worker, entry: RunnerEntry, job: Job | undefined, left: number): void {
		const begun = clock.now();
		const work = slowed(machine, createMachine(dockerFor(worker.name, 'create'), worker.name, optionsOfEntry(entry)));
		worker.callOff = inBackground(hosts, work, (made) => {
			worker.callOff = undefined;
			const now = runner.entryOf(entry.token);
			growing.over(entry.token, now ? maxGrowthRate(now) : 0);
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
			else if (job) over(job, {is: 'failed', reason: `prepare environment: ${made.ended}`, why: 'runner_system_failure'});
		});
	}

	function run(worker: Worker, job: Job, entry: RunnerEntry): void {
		worker.callOff?.();
		Object.assign(worker, {state: 'used', job, used: worker.used + 1, usedAt: clock.now()});
		const about = {...ofJob(job), name: worker.name, usedCount: worker.used};
		note('info', worker.used === 1 ? 'Created docker-machine' : 'Using existing docker-machine', about);
		note('info', 'Starting docker-machine build...', about);
		job.worker = worker.name;
		job.workerAt ??= clock.now();
		worker.callOff = runJob(runner, job, entry, worker.instanceId, (how) => {
			Object.assign(worker, {callOff: undefined, usedAt: clock.now()});
			delete worker.job;
			over(job, how);
			if (maxBuilds(entry) > 0 && worker.used >= maxBuilds(entry)) remove(worker, 'Too many builds');
			else rest(worker, entry);
			process.dispatch();
			hosts.review();
		});
	}

	/** A job is over, on a machine or without having got one. */
	function over(job: Job, how: JobEnding): void {
		if (job.worker !== undefined) {
			const inUse = {...ofJob(job), name: job.worker};
			if (how.is === 'success') note('info', 'Finished docker-machine build', inUse);
			else note('warning', `Finished docker-machine build with error: ${how.reason}`, {...inUse, error: how.reason});
			note('info', 'Cleaned up docker-machine', inUse);
		}
		endJob(runner, job, how, job.worker === undefined ? {} : {name: job.worker});
	}

	/** Only who asks for a job tidies its machines: one of another token, of another MachineName or of an entry that has another executor now is nobody's. */
	const isLookedAfter = ({name}: Worker): boolean => process.config?.entries.some((one) => one.executor === executor && manages(one, name)) === true;

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
				if (worker.state !== 'idle' || !isLookedAfter(worker)) return;
				const {count, seconds} = idleNow(now(), clock.now());
				if (workersOf(entry).filter(({state}) => state === 'idle').length > count) remove(worker, 'too many idle machines');
				else restFor(seconds * 1000);
			});
		};
		const rested = clock.now() - (worker.usedAt ?? worker.createdAt ?? clock.now());
		restFor(Math.max(0, idleNow(now(), clock.now()).seconds * 1000 - rested));
	}

	function keepIdle(entry: RunnerEntry): void {
		const {count} = idleNow(entry, clock.now());
		const missing = () => {
			const mine = workersOf(entry);
			const creating = mine.filter(({state}) => state === 'creating');
			const spare = mine.filter(({state}) => state === 'idle' || state === 'acquired').length + creating.filter(({job}) => !job).length;
			const mayGrow = maxGrowthRate(entry) === 0 || creating.length < maxGrowthRate(entry);
			return spare < count && mayGrow && (entry.limit === 0 || mine.length < entry.limit);
		};
		while (missing()) create(entry);
		// Those that nobody has looked after for a while are looked after again.
		for (const worker of workersOf(entry)) if (worker.state === 'idle' && !worker.callOff) rest(worker, entry);
	}

	function remove(worker: Worker, reason: string): void {
		worker.callOff?.();
		const since = (at: number | undefined) => runner.took(clock.now() - (at ?? clock.now()));
		const about = {name: worker.name, reason, lifetime: since(worker.createdAt), used: since(worker.usedAt), usedCount: worker.used};
		note('warning', 'Requesting machine removal', about);
		note('warning', 'Stopping machine', about);
		if (!stopMachine(dockerFor(worker.name, 'stop'), worker.name)) note('warning', 'Error while stopping machine', {...about, error: 'exit status 1'});
		note('warning', 'Removing machine', about);
		worker.state = 'removing';
		delete worker.job;
		worker.callOff = inBackground(hosts, removeMachine(dockerFor(worker.name, 'remove'), worker.name), () => {
			workers.delete(worker.name);
			totals.removed += 1;
			note('info', 'Machine removed', {...about, retries: 0});
			process.dispatch();
		});
	}

	function dockerFor(name: string, operation: 'create' | 'remove' | 'stop'): DockerMachine {
		return dockerOn(hosts, machine, {
			say: (line, isError) => note(isError ? 'error' : 'info', line, {name, operation, ...(operation === 'create' ? {driver: 'amazonec2'} : {})}),
		});
	}

	/** Machines in the store from before are its own when they bear an entry's name; one that was only half made goes. */
	function adopt(): void {
		for (const {name, instanceId} of storeOf(machine)) {
			const entry = process.config?.entries.find((one) => one.executor === executor && manages(one, name));
			if (!entry) continue;
			const worker: Worker = {name, token: entry.token, state: 'idle', used: 1, instanceId};
			if (halfMade(machine).delete(name) || instanceId === '') remove(worker, 'Failed to create');
			else rest(worker, entry);
		}
	}

	/** An idle machine; those that turn out to be gone are removed on the way. */
	function freeMachine(entry: RunnerEntry): Worker | undefined {
		for (const worker of workersOf(entry)) {
			if (worker.state !== 'idle') continue;
			if (!worker.isLost) return worker;
			remove(worker, 'machine is unavailable');
		}
		return undefined;
	}

	/** The machine of a request, or `on demand`; undefined where there is no room for another job (docs/facts.md, "gitlab-runner: config.toml"). */
	function roomFor(entry: RunnerEntry, requests: number): Worker | 'on demand' | undefined {
		const idle = freeMachine(entry);
		const mine = workersOf(entry);
		if (idle || idleNow(entry, clock.now()).count > 0) return idle;
		const onDemand = requests - mine.filter(({state}) => state === 'acquired').length;
		return entry.limit === 0 || mine.length + onDemand < entry.limit ? 'on demand' : undefined;
	}

	function acquire(entry: RunnerEntry, requests: number): ((job: Job | undefined) => void) | undefined {
		const room = roomFor(entry, requests);
		if (room === undefined) return undefined;
		const idle = room === 'on demand' ? undefined : room;
		if (idle) idle.state = 'acquired';
		return (job) => {
			if (idle?.state === 'acquired') idle.state = 'idle';
			if (!job) return;
			if (idle?.state === 'idle') run(idle, job, entry);
			else create(entry, job);
		};
	}

	/** A worker's instance is gone: its job fails once Docker doesn't answer, and the machine is noticed to be gone when it's wanted again. */
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
			over(job, {is: 'failed', reason: `waiting for container: ${noDocker(worker)}`, why: 'runner_system_failure'});
			if (entry) rest(worker, entry);
			else worker.state = 'idle';
			process.dispatch();
		});
	}

	const instanceOf = ({instanceId = ''}: Worker) => hosts.cloud.account.regions.get(machine.region)?.instances.get(instanceId);
	const noDocker = (worker: Worker): string =>
		`Cannot connect to the Docker daemon at tcp://${instanceOf(worker)?.privateIp}:2376. Is the docker daemon running? (wait.go:58:10s)`;

	function review(): void {
		for (const worker of workers.values()) {
			if (worker.state !== 'creating' && worker.state !== 'removing' && instanceOf(worker)?.ending) lose(worker);
		}
	}

	/** Idle machines are taken along where `shutdown_drain` says so. */
	function drain(): boolean {
		const all = [...workers.values()].filter(({token}) => runner.entryOf(token) !== undefined);
		const idle = process.config && drainsIdle(process.config) ? all.filter(({state}) => state === 'idle' || state === 'acquired') : [];
		if (idle.length === 0 && !all.some(({state}) => state === 'removing' || state === 'creating')) return false;
		for (const worker of idle) remove(worker, 'shutdown drain');
		return true;
	}

	function stop(how: 'as told' | 'by itself'): void {
		for (const worker of workers.values()) {
			worker.callOff?.();
			if (how === 'by itself' && worker.state === 'creating') halfMade(machine).add(worker.name);
		}
		workers.clear();
	}

	const states = ['acquired', 'creating', 'idle', 'used', 'removing', 'stuck-on-removing'];
	const machineState = (state: string): string =>
		`gitlab_runner_autoscaling_machine_states${labels({executor, state, target_machine_type: '', target_project: '', target_region: '', target_zone: ''})} ${[...workers.values()].filter((worker) => worker.state === state).length}`;
	const metrics = (): string[] => [
		...states.map(machineState),
		`gitlab_runner_autoscaling_actions_total${labels({action: 'created', executor})} ${totals.created}`,
		`gitlab_runner_autoscaling_actions_total${labels({action: 'creation-failed', executor})} ${totals.creationFailed}`,
		`gitlab_runner_autoscaling_actions_total${labels({action: 'removed', executor})} ${totals.removed}`,
		`gitlab_runner_autoscaling_machine_creation_duration_seconds_sum${labels({executor})} ${totals.createdSeconds}`,
		`gitlab_runner_autoscaling_machine_creation_duration_seconds_count${labels({executor})} ${totals.created}`,
	];

	return {workers, canServe: isUsable, isAble: isUsable, adopt, keepIdle, acquire, review, drain, stop, metrics};
}

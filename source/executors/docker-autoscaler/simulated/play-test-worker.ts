import {isRefusal} from '../../../simulated/cloud/refusal.ts';
import type {Work} from '../../../simulated/host/machine.ts';
import {awsCall, type Caller} from '../../../simulated/host/manager-calls.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {locked} from '../../../simulated/host/running.ts';
import type {TestWorker, TestWorkerOutcome} from '../scripts/test-worker.ts';
import {shut} from './worker-door.ts';
import {dockerUpFrom, dockerVersionOn} from './worker-system.ts';

type TryFailure = {code: string; detail: string};
/** One try of a worker: what it does on the way, and the instance that it has seen. */
type Trying = {given: TestWorker; running: ScriptRun; caller: Caller; over(): string | undefined; instanceId?: string};

/** Throws what the script fails by. */
const failing = (code: string, detail: string): Error & TryFailure => Object.assign(new Error(detail), {code, detail});
const isFailure = (error: unknown): error is Error & TryFailure => error instanceof Error && 'code' in error && 'detail' in error;

/** The `test-worker` script: a group launches one real worker in the simulated EC2; it's ended whatever happens. */
export function* testWorker(given: TestWorker, running: ScriptRun): Work<TestWorkerOutcome> {
	return yield* locked(running, trying(given, running), 'test');
}

function* trying(given: TestWorker, running: ScriptRun): Work<TestWorkerOutcome> {
	const {hosts, machine, lost} = running;
	const begun = hosts.clock.now();
	const one: Trying = {
		given,
		running,
		caller: {cloud: hosts.cloud, machine, now: hosts.clock.now},
		over() {
			if (lost()) return 'the connection was lost';
			return hosts.clock.now() - begun > given.limitSeconds * 1000 ? `not ready after ${given.limitSeconds} s` : undefined;
		},
	};
	const proof = yield* told(proving(one));
	const removal = yield* told(removing(one));
	const failure = 'failed' in proof ? proof.failed : 'failed' in removal ? {...removal.failed, code: 'not-removed'} : undefined;
	if (failure) return {is: 'failed', ...failure, ...(one.instanceId === undefined ? {} : {instanceId: one.instanceId})};
	return {is: 'proven', seconds: Math.round((hosts.clock.now() - begun) / 100) / 10, ...('done' in proof ? proof.done : {docker: '', at: 0})};
}

/** A work with what it fails by: its own words, or AWS's code and words. */
function* told<Result>(work: Work<Result>): Work<{done: Result} | {failed: TryFailure}> {
	try {
		return {done: yield* work};
	} catch (error) {
		if (isRefusal(error)) return {failed: {code: error.name, detail: error.message}};
		if (isFailure(error)) return {failed: {code: error.code, detail: error.detail}};
		throw error;
	}
}

function goOn({over}: Trying): void {
	const why = over();
	if (why !== undefined) throw failing('given-up', why);
}

function groupNow({caller, given}: Trying) {
	const {AutoScalingGroups = []} = awsCall(caller, given.region, 'DescribeAutoScalingGroups', {AutoScalingGroupNames: [given.group]});
	const [group] = AutoScalingGroups;
	if (!group) throw failing('group-missing', `there is no Auto Scaling group ${given.group}`);
	return {instances: group.Instances ?? [], desired: group.DesiredCapacity ?? 0};
}

function setDesired({caller, given}: Trying, count: number): void {
	awsCall(caller, given.region, 'SetDesiredCapacity', {AutoScalingGroupName: given.group, DesiredCapacity: count, HonorCooldown: false});
}

function* launched(one: Trying): Work<string> {
	const {given, running} = one;
	running.tell({stage: 'launch'});
	setDesired(one, 1);
	const until = running.hosts.clock.now() + given.readySeconds * 1000;
	while (true) {
		goOn(one);
		const [first] = groupNow(one).instances;
		if (first?.InstanceId !== undefined) one.instanceId = first.InstanceId;
		if (first?.InstanceId !== undefined && first.LifecycleState === 'InService') return first.InstanceId;
		if (running.hosts.clock.now() > until) throw failing('not-launched', `no instance in service after ${given.readySeconds} s`);
		yield 2000;
	}
}

/** Tries until nothing stands against it any more, for so many seconds at most; `why` tells what does. */
function* awaited(one: Trying, code: string, seconds: number, why: () => string | undefined): Work<void> {
	const {clock} = one.running.hosts;
	const until = clock.now() + seconds * 1000;
	for (let said = why(); said !== undefined; said = why()) {
		goOn(one);
		if (clock.now() > until) throw failing(code, said);
		yield said.includes('timeout') ? 7000 : 2000;
	}
	goOn(one);
}

function* proving(one: Trying): Work<{docker: string; at: number}> {
	const {caller, given, running} = one;
	const {clock, cloud, dockerHubRefuses} = running.hosts;
	const id = yield* launched(one);
	const region = cloud.account.regions.get(given.region);
	running.tell({stage: 'ssh'});
	yield* awaited(one, 'ssh-failed', 120, () => {
		// By a filter, since EC2 may not know yet by its id what the group has just launched.
		const {Reservations = []} = awsCall(caller, given.region, 'DescribeInstances', {Filters: [{Name: 'instance-id', Values: [id]}]});
		return Reservations.length > 0 ? undefined : `${id} has no private address`;
	});
	yield* awaited(one, 'ssh-failed', 180, () => sshWords(shut(caller, given.region, id, {keyPath: given.keyPath, port: 22, user: given.user}), given.user));
	running.tell({stage: 'docker'});
	yield 700;
	const instance = region?.instances.get(id);
	const image = instance && region?.images.get(instance.imageId);
	if (!instance || !image) throw failing('ssh-failed', 'no answer');
	const docker = () => dockerUpFrom(caller, given.region, instance, image);
	yield* awaited(one, 'docker-failed', 240, () => {
		const up = docker();
		if (up === undefined) return 'bash: line 1: docker: command not found';
		return up > clock.now() ? 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' : undefined;
	});
	running.tell({stage: 'container'});
	yield 4000;
	goOn(one);
	if (instance.ending) throw failing('container-failed', `client_loop: send disconnect: Broken pipe`);
	if (dockerHubRefuses) throw failing('container-failed', `docker: toomanyrequests: You have reached your unauthenticated pull rate limit.`);
	return {docker: dockerVersionOn(caller, image), at: clock.now()};
}

/** What OpenSSH says where Go would say this. */
function sshWords(why: string | undefined, user: string): string | undefined {
	if (why === undefined) return undefined;
	const [, host = '', port = '22'] = /dial tcp ([\d.]+):(\d+)/.exec(why) ?? [];
	if (why.includes('i/o timeout')) return `ssh: connect to host ${host} port ${port}: Connection timed out (timeout)`;
	if (why.includes('refused')) return `ssh: connect to host ${host} port ${port}: Connection refused`;
	return `${user}@worker: Permission denied (publickey).`;
}

/** Ends what the group has; whoever asked may be gone. */
function* removing(one: Trying): Work<void> {
	const {caller, given, running} = one;
	const {clock} = running.hosts;
	running.tell({stage: 'removal'});
	const until = clock.now() + 120_000;
	let quiet: number | undefined;
	while (clock.now() < until) {
		const {desired, instances} = groupNow(one);
		const living = instances.filter(({LifecycleState = ''}) => !LifecycleState.startsWith('Terminat'));
		for (const {InstanceId = ''} of living) {
			one.instanceId ??= InstanceId;
			awsCall(caller, given.region, 'TerminateInstanceInAutoScalingGroup', {InstanceId, ShouldDecrementDesiredCapacity: desired > 0});
		}
		if (living.length === 0 && desired > 0) setDesired(one, 0);
		const isQuiet = living.length === 0 && desired === 0;
		quiet = isQuiet ? (quiet ?? clock.now()) : undefined;
		if (quiet !== undefined && clock.now() - quiet >= (one.instanceId === undefined ? 15_000 : 2000)) return;
		yield 1000;
	}
	throw failing('not-removed', `instances are still in ${given.group}`);
}

import type {Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {locked} from '../../../simulated/host/running.ts';
import type {ScriptProgress} from '../../../world/host/port.ts';
import {machineStages, type TestMachine, type TestMachineOutcome} from '../scripts/test-machine.ts';
import {createMachine, removeMachine} from './docker-machine.ts';
import {type DockerMachine, dockerOn} from './driver-calls.ts';
import {storeFolder, storeOf} from './store.ts';

/** The `test-machine` script: makes a real worker in the simulated EC2, and takes it away whatever happens. */
export function* testMachine(given: TestMachine, running: ScriptRun): Work<TestMachineOutcome> {
	return yield* locked(running, proving(given, running), 'test');
}

function* proving(given: TestMachine, running: ScriptRun): Work<TestMachineOutcome> {
	const {hosts, machine, tell, lost} = running;
	const begun = hosts.clock.now();
	const errors: string[] = [];
	let last = 'check';
	const stage = (name: string) => {
		last = name;
		tell({stage: name});
	};
	const tooLong = () => hosts.clock.now() - begun > given.limitSeconds * 1000;
	const docker = dockerOn(hosts, machine, {
		say(line, isError) {
			if (isError) errors.push(line);
			const bare = line.startsWith(`(${given.name}) `) ? line.slice(given.name.length + 3) : line;
			const begins = machineStages.find((one) => one.begins !== '' && bare.startsWith(one.begins));
			if (begins) stage(begins.name);
			tell({line});
		},
		givenUp: () => (lost() ? 'Given up, since the connection was lost.' : tooLong() ? `Given up after ${given.limitSeconds} s.` : undefined),
	});
	yield* leftovers(given.name, docker, tell);
	stage('check');
	const created = yield* limited(createMachine(docker, given.name, given.options), docker, errors);
	let failedAt = created?.made ? undefined : last;
	if (failedAt === undefined) {
		stage('container');
		yield 3500;
		const fault = machine.faults.stage;
		if (fault?.name === 'container' && fault.times > 0) {
			fault.times -= 1;
			errors.push(fault.detail);
			failedAt = 'container';
		}
	}
	const engine = storeOf(machine).find(({name}) => name === given.name)?.engine;
	if (failedAt === undefined) stage('removal');
	else tell({stage: 'removal'});
	const removed = yield* removeMachine(docker, given.name);
	if (!removed) failedAt ??= 'removal';
	if (failedAt === undefined) return {is: 'proven', seconds: Math.round((hosts.clock.now() - begun) / 100) / 10, engine, at: hosts.clock.now()};
	return {is: 'failed', stage: failedAt, detail: errors.slice(-12).join('\n').slice(-3000), removed};
}

/** A work that ends when its time is over or the laptop is gone; what it made stays, for `rm`. */
function* limited<Result>(work: Work<Result>, docker: DockerMachine, errors: string[]): Work<Result | undefined> {
	for (let next = work.next(); ; next = work.next()) {
		if (next.done) return next.value;
		for (let left = next.value; left > 0; left -= 1000) {
			yield Math.min(1000, left);
			const over = docker.givenUp();
			if (over === undefined || hasNoId(docker)) continue;
			errors.push(over);
			return undefined;
		}
	}
}

/** While an instance is being launched nothing is ended: its id would be forgotten. */
const hasNoId = ({machine}: DockerMachine) => storeOf(machine).some(({instanceId}) => instanceId === '');

function* leftovers(name: string, docker: DockerMachine, tell: (progress: ScriptProgress) => void): Work<void> {
	const prefix = name.replace(/\d+-[0-9a-f]+$/, '');
	for (const {name: old} of storeOf(docker.machine)) {
		if (!old.startsWith(prefix) || !/^\d+-[0-9a-f]+$/.test(old.slice(prefix.length))) continue;
		tell({says: `${old} of an earlier run going`});
		yield* removeMachine(docker, old);
		docker.machine.files.delete(`${storeFolder}${old}/config.json`);
	}
}

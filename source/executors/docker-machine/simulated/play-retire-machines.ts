import {isAnotherConfig, watchedRunner} from '../../../simulated/host/gone-over.ts';
import type {Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {locked} from '../../../simulated/host/running.ts';
import type {RemoveDockerMachineOutcome, RetireMachines, RetireMachinesOutcome} from '../scripts/old-machines.ts';
import {removeMachine} from './docker-machine.ts';
import {dockerOn} from './driver-calls.ts';
import {forgetDockerMachine, storeOf} from './store.ts';

/** How the lines of the runner begin that say that a job came to a machine. */
const came = ['Using existing docker-machine', 'Created docker-machine'];

/** The `retire-machines` script. */
export function* retireMachines(given: RetireMachines, running: ScriptRun): Work<RetireMachinesOutcome> {
	return yield* locked(running, retiring(given, running));
}

function* retiring({from, names, quietSeconds}: RetireMachines, running: ScriptRun): Work<RetireMachinesOutcome> {
	const {machine, hosts} = running;
	yield 600;
	if (isAnotherConfig(machine, from)) return {is: 'changed-meanwhile'};
	const here = (): string[] =>
		storeOf(machine)
			.map(({name}) => name)
			.filter((name) => names.includes(name));
	const seen = watchedRunner(hosts, machine, {
		came,
		quietSeconds,
		count: (by) => {
			const states = by('gitlab_runner_autoscaling_machine_states', 'state');
			return {used: states.used ?? 0, coming: (states.acquired ?? 0) + (states.creating ?? 0)};
		},
	});
	const none = {is: 'looked' as const, ...seen, left: here(), stay: []};
	if (!seen.loaded || seen.coming !== 0 || seen.quiet < quietSeconds) return none;
	const inUse = (machine.process?.jobs ?? []).flatMap(({worker}) => (worker !== undefined && names.includes(worker) ? [worker] : []));
	if (inUse.length !== seen.used) return none;
	const free = here().filter((name) => !inUse.includes(name));
	const stay = yield* removing(free, running);
	return {is: 'looked', ...seen, left: here(), stay};
}

/** Takes machines away; gives those that stay. */
function* removing(names: readonly string[], {hosts, machine}: ScriptRun): Work<{name: string; detail: string}[]> {
	const stay: {name: string; detail: string}[] = [];
	for (const name of names) if (!(yield* removeMachine(dockerOn(hosts, machine), name))) stay.push({name, detail: `Error removing host "${name}"`});
	return stay;
}

/** The `remove-docker-machine` script. */
export function* removeDockerMachine(given: {from: string}, running: ScriptRun): Work<RemoveDockerMachineOutcome> {
	return yield* locked(running, removingProgram(given, running));
}

function* removingProgram({from}: {from: string}, {machine}: ScriptRun): Work<RemoveDockerMachineOutcome> {
	yield 300;
	if (isAnotherConfig(machine, from)) return {is: 'changed-meanwhile'};
	const names = storeOf(machine).map(({name}) => name);
	if (names.length > 0) return {is: 'machines-stay', names};
	forgetDockerMachine(machine);
	return {is: 'removed'};
}

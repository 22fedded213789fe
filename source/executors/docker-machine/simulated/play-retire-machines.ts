import {digest, type Machine, textOf, type Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {readConfig} from '../../../simulated/host/runner-config.ts';
import {locked} from '../../../simulated/host/running.ts';
import {readPrometheus} from '../../../world/host/prometheus.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import {same} from '../../../world/host/toml.ts';
import type {RemoveDockerMachineOutcome} from '../scripts/remove-docker-machine.ts';
import type {RetireMachines, RetireMachinesOutcome} from '../scripts/retire-machines.ts';
import {removeMachine} from './docker-machine.ts';
import {dockerOn} from './driver-calls.ts';
import {forgetDockerMachine, storeOf} from './store.ts';

/** How the lines of the runner begin that say that a job came to a machine. */
const came = ['Using existing docker-machine', 'Created docker-machine'];

/** The `retire-machines` script. */
export function* retireMachines(given: RetireMachines, running: ScriptRun): Work<RetireMachinesOutcome> {
	return yield* locked(running, retiring(given, running));
}

const isAnother = (machine: Machine, from: string): boolean => digest(textOf(machine, paths.config) ?? '') !== from;

function* retiring({from, names, quietSeconds}: RetireMachines, running: ScriptRun): Work<RetireMachinesOutcome> {
	const {machine, hosts} = running;
	yield 600;
	if (isAnother(machine, from)) return {is: 'changed-meanwhile'};
	const here = storeOf(machine)
		.map(({name}) => name)
		.filter((name) => names.includes(name));
	const {process} = machine;
	if (!process) return {is: 'looked', loaded: true, used: 0, coming: 0, jobs: 0, quiet: quietSeconds, ...(yield* removing(here, running))};
	const read = readConfig(textOf(machine, paths.config) ?? '');
	const loaded = 'config' in read && process.config !== undefined && same(read.config.table, process.config.table);
	const states = readPrometheus(process.metrics().join('\n'), ['gitlab_runner_']).by('gitlab_runner_autoscaling_machine_states', 'state');
	const [used, coming] = [states.used ?? 0, (states.acquired ?? 0) + (states.creating ?? 0)];
	const lines = machine.journal.filter(({message}) => [...came, 'Configuration loaded'].some((text) => message.includes(text)));
	const quiet = Math.min(quietSeconds + 1, (hosts.clock.now() - Math.max(process.startedAt, lines.at(-1)?.at ?? 0)) / 1000);
	const told = {is: 'looked', loaded, used, coming, jobs: process.jobs.length, quiet, removed: [], stay: []} as const;
	if (here.length === 0 || !loaded || coming > 0 || quiet < quietSeconds) return {...told, removed: [], stay: []};
	const inUse = process.jobs.flatMap(({worker}) => (worker !== undefined && here.includes(worker) ? [worker] : []));
	if (inUse.length !== used) return {...told, removed: [], stay: []};
	return {
		...told,
		...(yield* removing(
			here.filter((name) => !inUse.includes(name)),
			running,
		)),
	};
}

function* removing(names: readonly string[], {hosts, machine}: ScriptRun): Work<{removed: string[]; stay: {name: string; detail: string}[]}> {
	const [removed, stay]: [string[], {name: string; detail: string}[]] = [[], []];
	for (const name of names) {
		if (yield* removeMachine(dockerOn(hosts, machine), name)) removed.push(name);
		else stay.push({name, detail: `Error removing host "${name}"`});
	}
	return {removed, stay};
}

/** The `remove-docker-machine` script. */
export function* removeDockerMachine(given: {from: string}, running: ScriptRun): Work<RemoveDockerMachineOutcome> {
	return yield* locked(running, removingProgram(given, running));
}

function* removingProgram({from}: {from: string}, {machine}: ScriptRun): Work<RemoveDockerMachineOutcome> {
	yield 300;
	if (isAnother(machine, from)) return {is: 'changed-meanwhile'};
	const names = storeOf(machine).map(({name}) => name);
	if (names.length > 0) return {is: 'machines-stay', names};
	forgetDockerMachine(machine);
	return {is: 'removed'};
}

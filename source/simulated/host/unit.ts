import type {Hosts} from './machine.ts';
import {isUp, type Machine, runnerProgram, versionOf} from './machine.ts';
import {print} from './runner-log.ts';
import type {ProcessEnd} from './worker.ts';

/** The unit's RestartSec, in milliseconds. */
const restartAfter = 120_000;

const exits: Record<number, string> = {1: '/FAILURE', 2: '/INVALIDARGUMENT'};
const signals: Record<number, string> = {6: '/ABRT', 9: '/KILL', 11: '/SEGV', 15: '/TERM'};

/** What systemd writes into the unit's journal of a process that ended by itself. */
function tell(machine: Machine, now: number, {result, status}: ProcessEnd): void {
	const say = (text: string) => print(machine, now, `gitlab-runner.service: ${text}`);
	if (result === 'success') {
		say('Deactivated successfully.');
		return;
	}
	say(
		result === 'signal'
			? `Main process exited, code=killed, status=${status}${signals[status] ?? ''}`
			: `Main process exited, code=exited, status=${status}${exits[status] ?? '/n/a'}`,
	);
	say(`Failed with result '${result}'.`);
}

/** The process has ended by itself: Restart=always starts it again, RestartSec later. */
function ended(hosts: Hosts, machine: Machine, end: ProcessEnd): void {
	const {clock} = hosts;
	tell(machine, clock.now(), end);
	const waiting = {...machine.service, ...end, active: 'activating' as const, since: clock.now()};
	machine.service = waiting;
	clock.at(clock.now() + restartAfter, () => {
		if (machine.service !== waiting || machine.shuttingDown || !isUp(machine, clock.now())) return;
		print(machine, clock.now(), `gitlab-runner.service: Scheduled restart job, restart counter is at ${waiting.restarts + 1}.`);
		begin(hosts, machine, waiting.restarts + 1);
	});
}

function begin(hosts: Hosts, machine: Machine, restarts: number): void {
	machine.service = {...machine.service, active: 'active', since: hosts.clock.now(), result: 'success', status: 0, restarts};
	print(machine, hosts.clock.now(), 'Started gitlab-runner.service - GitLab Runner.');
	machine.process = hosts.startProcess(machine, (end) => ended(hosts, machine, end));
	hosts.review();
}

/**
 * `systemctl start` or `restart`: true once the unit is started, or a sentence of why it can't be. A wait for the next start is over with it: to
 * systemd a start then is the restart that it waited for, and counted, while a restart counts anew.
 */
export function startService(hosts: Hosts, machine: Machine, verb: 'start' | 'restart' = 'start'): true | string {
	const {active, restarts} = machine.service;
	if (active === 'active') return true;
	if (versionOf(machine, runnerProgram) === undefined) return 'Failed to start gitlab-runner.service: Unit gitlab-runner.service not found.';
	const isAwaited = active === 'activating' && verb === 'start';
	if (isAwaited)
		print(machine, hosts.clock.now(), `gitlab-runner.service: Scheduled restart job immediately on client request, restart counter is at ${restarts + 1}.`);
	begin(hosts, machine, isAwaited ? restarts + 1 : 0);
	return true;
}

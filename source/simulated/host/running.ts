import type {ScriptProgress} from '../../world/host/port.ts';
import type {Hosts, Machine, Work} from './machine.ts';

/** What a script on a machine has around it. */
export type ScriptRun = {
	hosts: Hosts;
	machine: Machine;
	/** Prints progress; throws `hangup` once nobody reads any more, as a pipe breaks. */
	say(progress: ScriptProgress): void;
	/** Prints progress and doesn't mind that nobody reads. */
	tell(progress: ScriptProgress): void;
	/** Whether the connection is lost. */
	lost(): boolean;
};

/** How a script of this world works: the same JSON in and out as the real one. Written as a method, since each takes its own script's input. */
export type Played = {play(input: unknown, running: ScriptRun): Work<object>}['play'];

/** What a script ends with when it writes and nobody reads. */
export const hangup = new Error('The pipe is broken.');

/** Holds the host's lock while a work is done, waiting for whoever has it. */
export function* locked<Result>({machine}: ScriptRun, work: Work<Result>): Work<Result> {
	while (machine.locked) yield 500;
	machine.locked = true;
	try {
		return yield* work;
	} finally {
		machine.locked = false;
	}
}

/** A running service sees a new file within 3 s (gitlab-runner, common/consts.go). */
export function noticeConfig({machine, hosts}: Pick<ScriptRun, 'machine' | 'hosts'>): void {
	const {process} = machine;
	if (!process) return;
	hosts.clock.at(hosts.clock.now() + 3000, () => {
		if (machine.process !== process) return;
		process.reload();
		process.dispatch();
		hosts.review();
	});
}

import {waitsFor} from '../../world/host/script.ts';
import type {Hosts, Lock, Work} from './machine.ts';
import type {ScriptRun} from './plays.ts';

/** What a script ends with when it writes and nobody reads. */
export const hangup = new Error('The pipe is broken.');

/** Holds a lock while a work is done, waiting for whoever has it, and telling so: the host's, unless another is named. */
export function* locked<Result>({hosts: {clock}, machine: {locks}, say}: ScriptRun, work: Work<Result>, lock: Lock = 'host'): Work<Result> {
	const since = locks.get(lock);
	if (since !== undefined) say({says: waitsFor((clock.now() - since) / 1000)});
	while (locks.has(lock)) yield 500;
	locks.set(lock, clock.now());
	try {
		return yield* work;
	} finally {
		locks.delete(lock);
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

/** Lets a work go on by itself as time passes; gives what calls it off. */
export function inBackground<Result>(hosts: Hosts, work: Work<Result>, done: (result: Result) => void): () => void {
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

import type {Hosts, Work} from './machine.ts';

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

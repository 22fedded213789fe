import {isProblem, type Problem, Stopped} from '../problem.ts';
import type {Cloud, Input, OperationName, Output} from '../world/cloud/port.ts';
import {dataOf, type Emit} from './plan.ts';
import {secondsSince} from './run.ts';
import type {Look, Looking} from './step.ts';

/** How often a session that has expired is looked at, while somebody logs in elsewhere; milliseconds. */
const pause = 5000;

/** A call that is still refused after this many sessions were seen to work is refused for another reason. */
const most = 3;

/** What a context that waits for a session works with. */
export type Pausing = {
	emit: Emit;
	/** Ends the work besides the context's own signal. */
	signal: AbortSignal;
	/** Hears how to have the session looked at now, rather than in a few seconds: because somebody logged in. */
	onLook(look: () => void): void;
};

type Gate = <Result>(call: () => Promise<Result>) => Promise<Result>;

/** Makes calls go through until one says that the session has expired; then all wait until AWS takes it again, and that call is made again. */
function gateFor({cloud, clock}: Looking, signal: AbortSignal, {emit, onLook}: Pausing): Gate {
	let closed: Promise<void> | undefined;

	/** Waits a few seconds, or until somebody asks. */
	async function rest(): Promise<void> {
		const asked = new AbortController();
		onLook(() => asked.abort());
		try {
			await clock.sleep(pause, AbortSignal.any([signal, asked.signal]));
		} catch (error) {
			if (signal.aborted || !asked.signal.aborted) throw error;
		}
	}

	const isBack = (): Promise<boolean> =>
		cloud.call('GetCallerIdentity', {}).then(
			() => true,
			(error: unknown) => {
				if (error instanceof Stopped) throw error;
				return !isProblem(error, 'session-expired', 'no-credentials');
			},
		);

	async function waitForSession(problem: Problem): Promise<void> {
		const begun = clock.now();
		emit({event: 'run.paused', problem: dataOf(problem)});
		do await rest();
		while (!(await isBack()));
		closed = undefined;
		emit({event: 'run.resumed', seconds: secondsSince(clock, begun)});
	}

	return async (call) => {
		for (let turn = 1; ; turn++) {
			await closed;
			try {
				return await call();
			} catch (error) {
				if (!isProblem(error, 'session-expired') || turn > most) throw error;
				closed ??= waitForSession(error);
			}
		}
	};
}

/** The same context, whose calls to AWS go through a gate, and of which nothing more begins once the signal is aborted. */
function gated<C extends Looking>(base: C, signal: AbortSignal, gate: Gate): C {
	const through = (inner: Cloud): Cloud => ({
		...inner,
		call: <Name extends OperationName>(name: Name, input: Input<Name>): Promise<Output<Name>> =>
			gate(() => (signal.aborted ? Promise.reject(new Stopped()) : inner.call(name, input))),
	});
	const context: C = {
		...base,
		signal,
		cloud: through(base.cloud),
		cloudAt: (region) => through(base.cloudAt(region)),
		clock: {now: () => base.clock.now(), sleep: (ms, more) => base.clock.sleep(ms, more ? AbortSignal.any([signal, more]) : signal)},
		hold: (id, open) => base.hold(id, open, signal),
		host: {...base.host, connect: (target, ending) => (signal.aborted ? Promise.reject(new Stopped()) : base.host.connect(target, ending))},
		// A look is shared with whoever else looks at this fleet, but what it asks goes through the gate as everything here does.
		look: <Result>(look: Look<Result>): Promise<Result> => base.look<Result>({name: look.name, load: () => look.load(context)}),
	};
	return context;
}

/**
 * The same context for a run that somebody looks after: an expired session pauses its calls instead of failing them, and what was begun goes on
 * once there is another one. The refused call was not carried out, so making it again doubles nothing.
 */
export function pausing<C extends Looking>(base: C, options: Pausing): C {
	const signal = AbortSignal.any([base.signal, options.signal]);
	return gated(base, signal, gateFor(base, signal, options));
}

/**
 * The same context for a run that nobody looks after: the first call that says that the session has expired ends the run, since every other one would say
 * so too. What is under way ends by itself, nothing more begins, and `expired` gives what was said.
 */
export function unattended<C extends Looking>(base: C): {context: C; expired(): Problem | undefined} {
	const over = new AbortController();
	let expired: Problem | undefined;
	const gate: Gate = async (call) => {
		try {
			return await call();
		} catch (error) {
			if (!isProblem(error, 'session-expired', 'no-credentials')) throw error;
			expired ??= error;
			over.abort();
			throw new Stopped();
		}
	};
	return {context: gated(base, AbortSignal.any([base.signal, over.signal]), gate), expired: () => expired};
}

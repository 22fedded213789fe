import type {Asked} from '../../answers/question.ts';
import type {Event, Happening} from '../../engine/events.ts';
import type {Proposal} from '../../engine/step.ts';
import {Stopped} from '../../problem.ts';
import type {Clock} from '../../world/laptop/clock.ts';
import type {Face} from '../face.ts';
import {nothingSeen} from '../wizard/seen.ts';
import {beginning, reduce, stamped} from '../words/run-state.ts';
import {agreedDefault, unanswered} from '../words/unanswered.ts';
import {moveFor} from './keys.ts';
import type {Move, Press, Screen, ScreenListener, Store, UiState, View} from './screen.ts';
import {choicesOf, chooseFor} from './screens/choose.ts';
import {fieldFor} from './screens/field.ts';
import {planScreen} from './screens/plan.ts';
import {reviewOf} from './screens/review.ts';
import {runScreen} from './screens/run.ts';
import {screensOn} from './screens-on.ts';
import {wizardMoveIn} from './wizard/terminal.ts';

/** Milliseconds between two updates that events cause. */
const pause = 100;

/** The screen at the bottom follows what is going on, whatever lies on top of it. */
function bottomFor(event: Event, bottom: Screen): Screen {
	if (event.event === 'plan.started' && bottom.is !== 'plan') return planScreen;
	return event.event === 'run.started' ? runScreen : bottom;
}

/** Makes the store; `later` runs a callback after some milliseconds (a test brings its own). */
export function makeStore(later: (callback: () => void, ms: number) => void): Store {
	let now: UiState = {state: beginning, screens: [planScreen], stops: 0, wizard: nothingSeen};
	let shown = now;
	let due = false;
	const listeners = new Set<() => void>();
	const show = () => {
		due = false;
		if (shown === now) return;
		shown = now;
		for (const listener of listeners) listener();
	};
	return {
		now: () => now,
		shown: () => shown,
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		take(event) {
			const [bottom, ...above] = now.screens;
			now = {...now, state: reduce(now.state, event), screens: [bottomFor(event, bottom), ...above]};
			if (due) return;
			due = true;
			later(show, pause);
		},
		set(change) {
			now = {...now, ...change(now)};
			show();
		},
	};
}

/** What a controller is made with. */
export type ControllerOptions = {
	/** Agrees to everything and takes every default; nobody is asked. */
	yes: boolean;
	clock: Pick<Clock, 'now'>;
	/** Ctrl-c: first `soft` (finish the call under way), then `hard` (now). */
	onStop(kind: 'soft' | 'hard'): void;
	/** Aborted when the work was stopped from outside, by a signal: whoever waits for the person ends. */
	ended?: AbortSignal | undefined;
	/** Calls back after some milliseconds, unless what it gives is called before. */
	later(callback: () => void, ms: number): () => void;
	/** Hands the terminal to a command, and takes it back. */
	handOver(run: () => boolean): Promise<boolean>;
	/** Stops this process as a shell's job, until the shell wakes it; absent where there are no jobs. */
	suspend?: (() => void) | undefined;
	/** Writes past the frame, for what draws nothing: the clipboard. */
	write?(text: string): void;
};

/** The Ink face without its terminal: screens are put on a store, presses come in, and whoever waits for the person is answered. */
type Controller = Pick<Face, 'ask' | 'agree' | 'walk' | 'run' | 'show' | 'emit' | 'watch'> & {
	readonly store: Store;
	press(press: Press, view: View): void;
	/** All that was told, but for lines and downloads. */
	readonly told: readonly Event[];
};

/** Makes a controller with an empty store. */
export function makeController(options: ControllerOptions): Controller {
	const {clock, yes, later, handOver} = options;
	const store = makeStore(later);
	const told: Event[] = [];
	const waiting: ScreenListener[] = [];

	const onTop = (screen: Screen) => store.set(({screens}) => ({screens: [...screens, screen]}));
	const downTo = (depth: number) => store.set(({screens: [bottom, ...above]}) => ({screens: [bottom, ...above.slice(0, depth - 1)]}));

	/** Puts a screen on top until the person is done with it. */
	function until<Result>(
		screen: Screen,
		handlers: (settle: (result: Result) => void, refuse: (error: unknown) => void) => Partial<ScreenListener>,
	): Promise<Result> {
		// Stopped before anybody could be asked: nobody is any more.
		if (options.ended?.aborted) return Promise.reject(new Stopped());
		return new Promise((resolve, reject) => {
			const depth = store.now().screens.length;
			const end = (): void => {
				// Work that was left ends later than its screen: another one may lie there by then.
				if (!waiting.includes(one)) return;
				waiting.splice(0, waiting.length, ...waiting.filter((other) => other !== one));
				downTo(depth);
			};
			const settle = (result: Result): void => {
				end();
				resolve(result);
			};
			const refuse = (error: unknown): void => {
				end();
				reject(error);
			};
			const one: ScreenListener = {stop: () => refuse(new Stopped()), ...handlers(settle, refuse)};
			waiting.push(one);
			onTop(screen);
		});
	}

	function stop(): void {
		const {stops} = store.now();
		if (stops === 2) return;
		store.set(() => ({stops: stops === 0 ? 1 : 2}));
		options.onStop(stops === 0 ? 'soft' : 'hard');
	}

	/** Puts a text into the clipboard of the person's own terminal, over SSH too (OSC 52). */
	const toClipboard = (text: string): void => options.write?.(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);

	function carryOut(move: Move): void {
		const on = waiting.at(-1);
		const wizard = on?.wizard && wizardMoveIn(move);
		if (wizard) on?.wizard?.(wizard);
		else if ('panel' in move) on?.panel?.(move.panel);
		else if ('chosen' in move) on?.chosen?.(move.chosen);
		else if ('help' in move) on?.helps?.(move.help);
		else if ('copy' in move) {
			toClipboard(move.copy);
			store.set(({screens}) => replaceTop(screens, move.to));
		} else if ('to' in move) store.set(({screens}) => replaceTop(screens, move.to));
		else if ('push' in move) onTop(move.push);
		else if ('pop' in move) downTo(store.now().screens.length - 1);
		else if ('answer' in move) on?.answer?.(move.answer);
		else if ('agree' in move) on?.agree?.(move.agree);
		else if ('leave' in move) on?.leave?.();
		else if (!('stop' in move)) return;
		else if (on) on.stop(false);
		else stop();
		const top = store.now().screens.at(-1);
		if (top) on?.changed?.(top);
	}

	/** Leaves the terminal to the shell, until it wakes us. */
	function suspended(one: Press): boolean {
		const {suspend} = options;
		if (!suspend || !('key' in one) || one.key !== 'ctrl-z') return false;
		void handOver(() => {
			suspend();
			return true;
		});
		return true;
	}

	function press(one: Press, view: View): void {
		if (suspended(one)) return;
		if (waiting.at(-1)?.holds?.(one, view)) return;
		const top = store.now().screens.at(-1);
		const move = top && moveFor(top, view, one);
		if (move) carryOut(move);
	}

	function emit(happening: Happening): void {
		const event = stamped(happening, clock.now());
		if (event.event !== 'step.line' && event.event !== 'step.download') told.push(event);
		store.take(event);
	}

	options.ended?.addEventListener('abort', () => {
		if (store.now().stops > 0) return;
		store.set(() => ({stops: 1}));
		for (const one of waiting.toReversed()) one.stop(true);
	});

	return {
		store,
		press,
		told,
		async ask(asked: Asked) {
			if (yes) return answeredByYes(asked);
			const choices = choicesOf(asked);
			return until<unknown>(choices ? chooseFor(asked, choices) : fieldFor(asked), (settle) => ({answer: settle}));
		},
		async agree(proposal: Proposal) {
			if (!yes) return until<boolean>(reviewOf(proposal), (settle) => ({agree: settle}));
			emit({event: 'agreement.asked', says: proposal.says, agreed: true, by: 'flag'});
			return true;
		},
		emit,
		watch<Result>(what: string, work: (signal: AbortSignal) => Promise<Result>) {
			const controller = new AbortController();
			return until<Result | undefined>({is: 'watch', title: what, from: clock.now()}, (settle, reject) => {
				work(controller.signal).then(settle, (error: unknown) => (controller.signal.aborted ? settle(undefined) : reject(error)));
				const leave = () => {
					controller.abort();
					settle(undefined);
				};
				return {
					leave,
					stop(outside) {
						leave();
						if (!outside) stop();
					},
				};
			});
		},
		...screensOn({store, waiting, until, stop, press, handOver, later, toClipboard, now: () => clock.now()}),
	};
}

function answeredByYes(asked: Asked): unknown {
	const taken = agreedDefault(asked);
	if (!taken) throw unanswered(asked, 'yes');
	return taken.value;
}

const replaceTop = ([bottom, ...above]: UiState['screens'], screen: Screen): Partial<UiState> => ({
	screens: above.length === 0 ? [screen] : [bottom, ...above.slice(0, -1), screen],
});

import {render} from 'ink';
import type {Clock} from '../clock.ts';
import type {Event, Happening} from '../engine/events.ts';
import type {AfterRun, Asked, Face, HomeChoice, Proposal} from '../face.ts';
import type {Look} from '../glyphs.ts';
import {type Problem, Stopped} from '../problem.ts';
import {problemLines} from '../telling/problems.ts';
import {stamped} from '../telling/run-state.ts';
import {toText} from '../telling/style.ts';
import {agreedDefault, unanswered} from '../telling/unanswered.ts';
import {App} from './app.tsx';
import {moveFor} from './keys.ts';
import type {Press} from './press.ts';
import type {Move, Screen, View} from './screen.ts';
import {choicesOf, chooseFor} from './screens/choose.ts';
import {fieldFor} from './screens/field.ts';
import {reviewOf} from './screens/review.ts';
import {screensOn} from './screens-on.ts';
import {makeStore, type Shown} from './store.ts';
import {summary} from './summary.ts';
import type {WizardMove} from './wizard/seen.ts';
import {wizardMoveIn} from './wizard/stage.ts';

export type InkOptions = {
	stdin: NodeJS.ReadStream;
	stdout: NodeJS.WriteStream;
	stderr: NodeJS.WriteStream;
	colour: boolean;
	ascii: boolean;
	/** Agrees to everything and takes every default; nobody is asked. */
	yes: boolean;
	clock: Pick<Clock, 'now'>;
	/** What the person set out to do, for the line of place: `set up`. */
	title: string;
	/** Ctrl-c: first `soft` (finish the call under way), then `hard` (now). */
	onStop(kind: 'soft' | 'hard'): void;
	/** For a screen reader: as Ink's own setting says when absent. */
	screenReader?: boolean;
	/** Aborted when the work was stopped from outside, by a signal: whoever waits for the person ends. */
	ended?: AbortSignal;
};

/** Who waits for the screen on top: what to do with what the person does there. */
export type Waiting = {
	answer?(value: unknown): void;
	agree?(agreed: boolean): void;
	leave?(): void;
	wizard?(move: WizardMove): void;
	chosen?(choice: HomeChoice | AfterRun | 'login'): void;
	/** True when a press has to wait. */
	holds?(press: Press, view: View): boolean;
	changed?(screen: Screen): void;
	/** `outside`: by a signal, which the rest of the program has heard of. */
	stop(outside: boolean): void;
};

const later = (callback: () => void, ms: number): (() => void) => {
	const timer = setTimeout(callback, ms);
	timer.unref();
	return () => clearTimeout(timer);
};

/** The face of screens: the whole terminal while it is open, and a summary on the normal screen once it closes. */
export function inkFace(options: InkOptions): Face {
	const {stdin, stdout, stderr, clock, title, yes} = options;
	const look: Look = {colour: options.colour, ascii: options.ascii};
	const store = makeStore(later);
	const told: Event[] = [];
	const problems: Problem[] = [];
	const waiting: Waiting[] = [];
	let isClosed = false;
	let suspend: ((work: () => void) => Promise<void>) | undefined;

	const onTop = (screen: Screen) => store.set(({screens}) => ({screens: [...screens, screen]}));
	const downTo = (depth: number) => store.set(({screens: [bottom, ...above]}) => ({screens: [bottom, ...above.slice(0, depth - 1)]}));

	/** Puts a screen on top until the person is done with it. */
	function until<Result>(screen: Screen, handlers: (settle: (result: Result) => void, refuse: (error: unknown) => void) => Partial<Waiting>): Promise<Result> {
		return new Promise((resolve, reject) => {
			const depth = store.now().screens.length;
			const end = (): void => {
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
			const one: Waiting = {stop: () => refuse(new Stopped()), ...handlers(settle, refuse)};
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

	function carryOut(move: Move): void {
		const on = waiting.at(-1);
		const wizard = on?.wizard && wizardMoveIn(move);
		if (wizard) on?.wizard?.(wizard);
		else if ('chosen' in move) on?.chosen?.(move.chosen);
		else if ('to' in move) store.set(({screens}) => replaceTop(screens, move.to));
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

	function press(one: Press, view: View): void {
		if (waiting.at(-1)?.holds?.(one, view)) return;
		const top = store.now().screens.at(-1);
		const move = top && moveFor(top, view, one);
		if (move) carryOut(move);
	}

	function emit(happening: Happening): void {
		const event = stamped(happening, clock.now());
		told.push(...(event.event === 'step.line' || event.event === 'step.download' ? [] : [event]));
		store.take(event);
	}

	async function handOver(run: () => boolean): Promise<boolean> {
		let went = false;
		await suspend?.(() => {
			went = run();
		});
		return went;
	}

	options.ended?.addEventListener('abort', () => {
		if (store.now().stops > 0) return;
		store.set(() => ({stops: 1}));
		for (const one of waiting.toReversed()) one.stop(true);
	});

	const app = render(<App store={store} look={look} title={title} now={() => clock.now()} press={press} suspends={(how) => void (suspend = how)} />, {
		stdin,
		stdout,
		stderr,
		exitOnCtrlC: false,
		alternateScreen: true,
		incrementalRendering: true,
		maxFps: 10,
		...(options.screenReader === undefined ? {} : {isScreenReaderEnabled: options.screenReader}),
	});

	return {
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
		screens: screensOn({store, waiting, until, press, handOver, later}),
		fail: (problem) => {
			problems.push(problem);
		},
		async close() {
			if (isClosed) return;
			isClosed = true;
			app.unmount();
			await app.waitUntilExit();
			const {state} = store.now();
			const columns = stdout.columns;
			const text = summary(told, state).map((line) => `${toText(line, columns, look)}\n`);
			stdout.write(text.join(''));
			for (const problem of problems) for (const line of problemLines(problem)) stderr.write(`${toText(line, columns, look)}\n`);
		},
	};
}

function answeredByYes(asked: Asked): unknown {
	const taken = agreedDefault(asked);
	if (!taken) throw unanswered(asked, 'yes');
	return taken.value;
}

const replaceTop = ([bottom, ...above]: Shown['screens'], screen: Screen): Partial<Shown> => ({
	screens: above.length === 0 ? [screen] : [bottom, ...above.slice(0, -1), screen],
});

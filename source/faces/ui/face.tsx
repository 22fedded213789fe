import {render} from 'ink';
import type {Event, EventName} from '../../engine/events.ts';
import type {Problem} from '../../problem.ts';
import type {Face} from '../face.ts';
import type {TerminalLook} from '../words/glyphs.ts';
import {type Line, problemLines, toText} from '../words/lines.ts';
import {knowing, type RunState} from '../words/run-state.ts';
import {linesOf} from '../words/sentences.ts';
import {App} from './app.tsx';
import {type ControllerOptions, makeController} from './controller.ts';
import {fitHeap} from './heap.ts';

/** What stays of a command on the normal screen: where, what was found or done, what went wrong, what comes next. */
const kept: ReadonlySet<EventName> = new Set([
	'fleet.known',
	'step.found',
	'plan.ended',
	'agreement.asked',
	'step.done',
	'step.failed',
	'step.skipped',
	'run.ended',
	'note',
	'standing.listed',
	'orphan.found',
	'orphan.removed',
	'job.seen',
	'ended',
	'problem',
	'document',
]);

/** Events that a later one of the same sort makes old. */
const onlyLast: ReadonlySet<EventName> = new Set(['fleet.known', 'job.seen']);

/** The events worth a line in the end: a new plan forgets the plan before, and a run the plan it came from. */
function worthKeeping(events: readonly Event[]): Event[] {
	const left: Event[] = [];
	for (const event of events) {
		const {event: name} = event;
		if (name === 'step.started' || name === 'step.done')
			left.splice(0, left.length, ...left.filter((one) => one.event !== 'step.failed' || one.step !== event.step));
		const forgets = name === 'plan.started' || name === 'run.started' ? isOfPlan : onlyLast.has(name) ? (one: Event) => one.event === name : undefined;
		if (forgets) left.splice(0, left.length, ...left.filter((one) => !forgets(one)));
		if (kept.has(name)) left.push(event);
	}
	return left;
}

const isOfPlan = ({event}: Event): boolean => event === 'step.found' || event === 'plan.ended';

/** The lines left on the normal screen once the screens are gone. Pure. */
export function summary(events: readonly Event[], last: RunState): Line[] {
	const titled = events.reduce((state, event) => ('steps' in event ? knowing(state, event.steps) : state), last);
	const state: RunState = titled.doing ? {...titled, phase: 'run'} : titled;
	return worthKeeping(events).flatMap((event) => linesOf(event, state));
}

type InkOptions = Omit<ControllerOptions, 'later' | 'handOver' | 'write'> & {
	stdin: NodeJS.ReadStream;
	stdout: NodeJS.WriteStream;
	stderr: NodeJS.WriteStream;
	colour: boolean;
	ascii: boolean;
	/** What the person set out to do, for the header: `set up`. */
	title: string;
	/** For a screen reader: as Ink's own setting says when absent. */
	screenReader?: boolean;
};

const later = (callback: () => void, ms: number): (() => void) => {
	const timer = setTimeout(callback, ms);
	timer.unref();
	return () => clearTimeout(timer);
};

/** The face of screens: the whole terminal while it is open, and a summary on the normal screen once it closes. */
export function inkFace(options: InkOptions): Face {
	const {stdin, stdout, stderr, clock, title} = options;
	const look: TerminalLook = {colour: options.colour, ascii: options.ascii};
	const problems: Problem[] = [];
	let isClosed = false;
	let suspend: ((work: () => void) => Promise<void>) | undefined;

	const suspends = (how: NonNullable<typeof suspend>): void => {
		suspend = how;
	};

	async function handOver(run: () => boolean): Promise<boolean> {
		let went = false;
		await suspend?.(() => {
			went = run();
		});
		return went;
	}

	const {store, press, told, ...verbs} = makeController({...options, later, handOver, write: (text) => void stdout.write(text)});

	const fitted = fitHeap(store);
	const app = render(<App store={store} look={look} title={title} now={() => clock.now()} press={press} suspends={suspends} />, {
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
		...verbs,
		showsStops: true,
		fail: (problem) => {
			problems.push(problem);
		},
		async close() {
			if (isClosed) return;
			isClosed = true;
			fitted();
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

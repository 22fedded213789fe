import {render} from 'ink';
import type {Problem} from '../../problem.ts';
import type {Face} from '../face.ts';
import type {TerminalLook} from '../words/glyphs.ts';
import {problemLines} from '../words/problems.ts';
import {toText} from '../words/style.ts';
import {App} from './app.tsx';
import {type ControllerOptions, makeController} from './controller.ts';
import {fitHeap} from './heap.ts';
import {summary} from './summary.ts';

export type InkOptions = Omit<ControllerOptions, 'later' | 'handOver' | 'write'> & {
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

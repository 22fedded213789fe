import {type Asked, isSecret} from '../../answers/question.ts';
import {toText as answerText} from '../../answers/value.ts';
import type {Event, Happening} from '../../engine/events.ts';
import type {Proposal} from '../../engine/step.ts';
import {running, spent} from '../../panel/formats.ts';
import type {Problem} from '../../problem.ts';
import type {Clock} from '../../world/laptop/clock.ts';
import {type Face, unattended} from '../face.ts';
import {plainText} from '../words/glyphs.ts';
import {type Line, problemLines, toText} from '../words/lines.ts';
import {beginning, inLine, type RunState, reduce, type StepSeen, saysSomething, stamped, waitsForJobs} from '../words/run-state.ts';
import {findingLines, linesOf} from '../words/sentences.ts';
import {agreedDefault, unagreed, unanswered} from '../words/unanswered.ts';
import {wrapColumns} from '../words/wrapping.ts';
import type {inLines, LinesParts} from './attended.ts';
import type {LineReader} from './line-reader.ts';
import type {Talk} from './prompts.ts';

/** Waits for work that a person may leave by pressing Enter; without an input it just waits. The work's signal is aborted when they leave. */
async function watched<Result>(work: (signal: AbortSignal) => Promise<Result>, input: NodeJS.ReadableStream | undefined): Promise<Result | undefined> {
	const controller = new AbortController();
	if (!input) return work(controller.signal);
	let leave = () => {};
	const left = new Promise<undefined>((resolve) => {
		leave = () => {
			controller.abort();
			resolve(undefined);
		};
		input.once('data', leave);
		// A prompt before has paused it, and listening alone doesn't go on then.
		input.resume();
	});
	try {
		return await Promise.race([work(controller.signal).catch((error: unknown) => (controller.signal.aborted ? undefined : Promise.reject(error))), left]);
	} finally {
		input.off('data', leave);
		input.pause();
	}
}

/** Nothing new for this long is worth a word, then each minute again. Milliseconds. */
const firstAfter = 30_000;
const thenEach = 60_000;

const doing = (step: StepSeen): string => step.says ?? step.stages.at(-1)?.stage ?? 'working';

function waitLine(step: StepSeen, silent: number, now: number): Line {
	const ran = (now - (step.from ?? now)) / 1000;
	const usual = step.usual === undefined ? '' : ` (usually about ${spent(step.usual)})`;
	const seen = silent >= thenEach && step.log.length > 0 ? ` Its last line: ${step.log.at(-1)}` : '';
	return {mark: 'pending', text: `${inLine(step.title)}: still ${doing(step)}, ${running(ran)}${usual}.${seen}`};
}

/** Says what a silent step waits for and how long so far: a line after half a minute, then one a minute. Each call gives the lines that are due. */
function waits(): (state: RunState, now: number) => Line[] {
	const told = new Map<string, number>();
	return (state, now) =>
		state.steps.flatMap((step) => {
			const from = step.saidAt;
			if (step.state !== 'working' || from === undefined) return [];
			const last = told.get(step.name) ?? 0;
			const due = last > from ? last + thenEach : from + firstAfter;
			if (now < due) return [];
			told.set(step.name, now);
			return [waitLine(step, now - from, now)];
		});
}

export type PlainOptions = {
	out: NodeJS.WritableStream;
	/** Where problems go, and what is no part of what was asked for. */
	err: NodeJS.WritableStream;
	in: NodeJS.ReadableStream & {setRawMode?(isRaw: boolean): unknown};
	/** Asked before each line, so that a resized terminal is met. */
	columns: number | (() => number);
	colour: boolean;
	ascii: boolean;
	/** Agrees to everything and takes every default; nobody is asked. */
	yes: boolean;
	/** Whether somebody sits at the terminal. */
	interactive: boolean;
	clock: Pick<Clock, 'now'>;
	/** Aborted when the work is stopped: whoever is asked needs to answer no more. */
	ended?: AbortSignal;
	/** Calls back each second until the returned function is called; real time unless a test brings its own. */
	every?: (callback: () => void) => () => void;
};

function eachSecond(callback: () => void): () => void {
	const timer = setInterval(callback, 1000);
	timer.unref();
	return () => clearInterval(timer);
}

/** What an event says once: the same line of the same step isn't repeated until another one came between. */
function once(): (event: Event, text: string) => boolean {
	const last = new Map<string, string>();
	return (event, text) => {
		const about = 'step' in event ? `${event.event.startsWith('step.found') ? 'found' : 'run'} ${event.step}` : event.event;
		if (last.get(about) === text) return false;
		last.set(about, text);
		return true;
	};
}

/** What is looked at beside the questions, which whoever walks through them says himself. */
const ofPlan: ReadonlySet<string> = new Set(['plan.started', 'step.found', 'plan.ended']);

/** The calm face: a line when a thing begins or ends, no frames; questions one below the other. The same words as on the screens. */
export function plainFace(options: PlainOptions): Face {
	const {out, err, clock, yes, interactive} = options;
	const look = {colour: options.colour, ascii: options.ascii};
	const columns = () => (typeof options.columns === 'number' ? options.columns : options.columns());
	const isNew = once();
	const waiting = waits();
	const held: string[] = [];
	let asking = false;
	let state = beginning;
	let told = 0;

	const write = (text: string) => {
		if (asking) held.push(text);
		else out.write(`${text}\n`);
	};
	const print = (lines: Line[]) => {
		for (const line of lines) write(toText(line, columns(), look));
	};
	const complain = (lines: Line[]) => void err.write(lines.map((line) => `${toText(line, columns(), look)}\n`).join(''));
	const stopTicking = (options.every ?? eachSecond)(() => print(waiting(state, clock.now())));

	let opened: Promise<LineReader> | undefined;
	const reader = (): Promise<LineReader> => {
		opened ??= import('./line-reader.ts').then(({lineReader}) => lineReader(options.in, out, options.ended));
		return opened;
	};
	const talk: Talk = {
		say: print,
		hear: async (over) => (await reader()).heard(over),
		/** Lines that come while a prompt is open wait until it's answered, or they would break it. */
		async ask(prompt, hidden = false) {
			const lines = await reader();
			const put = (): void => {
				// A column stays for what is typed.
				out.write(`${wrapColumns(plainText(prompt, look).trimEnd(), columns() - 2).join('\n')} `);
				asking = true;
			};
			try {
				if (hidden) return await lines.hidden(put);
				put();
				return await lines.line();
			} finally {
				asking = false;
				for (const text of held.splice(0)) write(text);
			}
		},
	};
	let jobsWaited = (): void => {};
	const onJobsWaited = (listens: () => void): void => {
		jobsWaited = () => {
			jobsWaited = () => {};
			listens();
		};
	};
	let isQuiet = false;
	async function quietly<Result>(work: () => Promise<Result>): Promise<Result> {
		isQuiet = true;
		try {
			return await work();
		} finally {
			isQuiet = false;
		}
	}

	async function ask(asked: Asked): Promise<unknown> {
		if (yes) return answeredByYes(asked);
		if (!interactive) throw unanswered(asked, 'no-terminal');
		const {putQuestion} = await import('./prompts.ts');
		return putQuestion(asked, talk);
	}

	function answeredByYes(asked: Asked): unknown {
		const taken = agreedDefault(asked);
		if (!taken) throw unanswered(asked, 'yes');
		print([{mark: 'pending', text: `${asked.question.title} ${isSecret(asked.question) ? '' : answerText(taken.value)} (default, agreed by --yes)`}]);
		return taken.value;
	}

	async function agree(proposal: Proposal): Promise<boolean> {
		if (!yes && !interactive) throw unagreed(proposal, 'no-terminal');
		print([
			{text: proposal.says + (yes ? ' (agreed by --yes)' : '')},
			...proposal.details.flatMap((detail) => wrapColumns(plainText(detail, look), columns() - 2)).map((text): Line => ({text, indent: 2, verbatim: true})),
		]);
		if (yes) return true;
		const {putAgreement} = await import('./prompts.ts');
		return putAgreement(proposal.word, talk);
	}

	/** Findings in the order of the steps, each as soon as those before it are there, whoever answered first; a plan that has ended leaves none out. */
	function inOrder({all}: RunState, ended: boolean): Line[] {
		const lines: Line[] = [];
		for (let next = all[told]; next && (next.finding || ended); next = all[told]) {
			if (next.finding && saysSomething(next)) lines.push(...findingLines(next, next.finding, state));
			told++;
		}
		return lines;
	}

	function linesFor(event: Event, before: RunState): Line[] {
		if (event.event === 'plan.ended') return [...inOrder(state, true), ...linesOf(event, state)];
		return before.phase === 'plan' && event.event === 'step.found' ? inOrder(state, false) : linesOf(event, state);
	}

	function emit(happening: Happening): void {
		const event = stamped(happening, clock.now());
		// A download tells itself many times; it's said when it begins.
		const begun =
			event.event !== 'step.download' || !state.steps.some(({name, downloads}) => name === event.step && downloads.some(({what}) => what === event.what));
		const before = state;
		state = reduce(state, event);
		if (event.event === 'plan.started') told = 0;
		// What was agreed to has been said while it was asked.
		if (!begun || event.event === 'agreement.asked' || (isQuiet && ofPlan.has(event.event))) return;
		const lines = linesFor(event, before);
		if (lines.length === 0 || !isNew(event, lines.map(({text}) => text).join('\n'))) return;
		// A document or a table may be read by another program.
		if (event.event === 'note' && event.about === 'laptop') complain(lines);
		else print(lines);
		if (event.event === 'step.says' && waitsForJobs(state) && /\bjobs? still runs?\b/.test(event.says)) jobsWaited();
	}

	const face: Face = {
		...unattended,
		ask,
		agree,
		emit,
		watch(title, work) {
			print([{mark: 'pending', text: title + (interactive && !yes ? ' Press Enter to leave it.' : '')}]);
			return watched(work, interactive && !yes ? options.in : undefined);
		},
		fail(problem: Problem) {
			complain(problemLines(problem));
		},
		async close() {
			stopTicking();
		},
	};
	if (!interactive || yes) return face;
	const parts: LinesParts = {talk, agree, columns, look, now: () => clock.now(), state: () => state, quietly, onJobsWaited, ended: options.ended};
	const lines = async (): Promise<ReturnType<typeof inLines>> => (await import('./attended.ts')).inLines(parts);
	return {
		...face,
		walk: async (interviewer) => (await lines()).walk(interviewer),
		run: async (login, work) => (await lines()).run(login, work),
		show: {
			...unattended.show,
			home: async (seen) => (await lines()).show.home(seen),
			panel: async (driver) => (await lines()).show.panel(driver),
		},
	};
}

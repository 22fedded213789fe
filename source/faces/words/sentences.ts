import {changeInWords} from '../../answers/value.ts';
import type {Event} from '../../engine/events.ts';
import {age, many, money, size, spent} from '../../panel/formats.ts';
import {type Mark, marks} from './glyphs.ts';
import {type Line, problemLines, sentenceOf} from './lines.ts';
import {type EventOf, type FindingSeen, inLine, type RunState, type StepSeen, saysSomething, stepIn, wordsOf} from './run-state.ts';

type Orphan = Omit<EventOf<'orphan.found'>, 'event' | 'at'>;

/** What a leftover is called: an instance is a worker here. */
export const orphanNoun = (kind: Orphan['kind']): string => (kind === 'instance' ? 'worker' : kind);

/** Columns of the widest. */
export const nounWidth = 'launch template'.length;

/** A leftover in one line: what it is, how old, what it costs, and why it is judged so. `at` is when it was seen, in milliseconds since 1970. */
export function orphanWords({because, createdAt, id, kind, name, region, sizeGib, type, usdPerHour, usdSoFar, zone}: Orphan, at: number): string {
	const old = createdAt === undefined ? undefined : `${age((at - Date.parse(createdAt)) / 1000)} old`;
	const cost = usdPerHour === undefined ? undefined : `about ${money(usdPerHour)} an hour${usdSoFar === undefined ? '' : `, ${money(usdSoFar)} so far`}`;
	const what = kind === 'key pair' || name === id || name === '' ? name || id : `${id} ${name}`;
	const parts = [type, sizeGib === undefined ? undefined : `${sizeGib} GiB`, zone ?? region, old, cost].filter((part) => part !== undefined && part !== '');
	return `${what}: ${parts.join(', ')}; ${because}`;
}

/** The same as a line with its state. */
const orphanLine = (orphan: EventOf<'orphan.found'>): Line => ({
	mark: orphan.is === 'orphan' ? 'extra' : 'waiting',
	word: orphan.is === 'orphan' ? 'orphan' : 'not known',
	subject: orphanNoun(orphan.kind),
	subjectWidth: nounWidth,
	text: orphanWords(orphan, Date.parse(orphan.at)),
});

const titleWidth = (state: RunState): number => Math.max(0, ...state.steps.map(({title}) => title.length));

/** A finding as aligned lines: state, step, what was found; then each change, note and fix below it. */
export function findingLines(step: StepSeen, finding: FindingSeen, state: RunState): Line[] {
	const mark: Mark = finding.is;
	const head: Line = {mark, word: marks[mark].word, subject: inLine(step.title), subjectWidth: titleWidth(state), text: wordsOf(finding, state)};
	const lines = [head];
	if (finding.is === 'blocked' && finding.problem) {
		head.text = sentenceOf(finding.problem);
		if (finding.problem.advice !== undefined) lines.push({text: finding.problem.advice, indent: 4});
	}
	for (const change of finding.changes ?? []) lines.push({text: `${changeInWords(change, ': ')} (${howWords[change.how]})`, indent: 4});
	for (const note of finding.notes ?? []) lines.push({mark: 'note', text: noteText(note), indent: 4});
	if (finding.fix !== undefined) lines.push({text: `What would mend it: ${finding.fix}.`.replace(/\.\.$/, '.'), indent: 4});
	return lines;
}

/** What a change does to a fleet that stands. */
const howWords = {
	live: 'at once, jobs run on',
	drain: 'after running jobs',
	replace: 'by a new manager',
	never: "can't be changed: another fleet",
} as const;

const noteText = ({says, advice}: {says: string; advice?: string | undefined}): string => (advice === undefined ? says : `${says} ${advice}`);

/** The counts of a plan, the ones that are none left out. */
export function countsOf(plan: Omit<EventOf<'plan.ended'>, 'event' | 'at'>): string {
	const parts: [Mark, number][] = [
		['ready', plan.ready],
		['missing', plan.missing],
		['different', plan.different],
		['extra', plan.extra],
		['waiting', plan.waiting],
		['blocked', plan.blocked],
	];
	const shown = parts.filter(([, count]) => count > 0).map(([mark, count]) => `${count} ${marks[mark].word}`);
	return shown.join(', ') || 'nothing to look at';
}

/**
 * What is told of a text that was put into the terminal's clipboard by an escape code (OSC 52): no terminal says whether it took it, and many don't unless they
 * are set so. `otherwise` is the way to it then.
 */
export const copiedWords = (otherwise?: string): string =>
	`Copied, if the terminal allows it: macOS's, GNOME's and tmux often don't.${otherwise === undefined ? '' : ` Nothing to paste? ${otherwise}`}`;

/** The way to a text that is on the screen. */
export const byMouse = 'Mark it with the mouse.';

/** Why a step wasn't tried: what it needs that failed or was stopped, and of what was skipped for that nothing, since it says so itself. */
export function skipWords(because: readonly string[], state: RunState): string {
	// With the demo all is over: no command goes on with it.
	if (because.length === 0) return `stopped half way${state.target?.demo ? '' : '; the same command goes on'}`;
	const needs = because.map((name) => stepIn(state, name));
	const first = needs.filter((need) => need.state !== 'skipped' || need.because?.length === 0);
	return `skipped, since it needs ${(first.length === 0 ? needs : first).map(({title}) => inLine(title)).join(', ')}`;
}

/** How a run went, in one sentence. */
export function runWords(run: Omit<EventOf<'run.ended'>, 'event' | 'at'>): string {
	const parts = [`${run.done} done`];
	if (run.failed > 0) parts.push(`${run.failed} failed`);
	if (run.skipped > 0) parts.push(`${run.skipped} skipped`);
	return `${parts.join(', ')} in ${spent(run.seconds)}.`;
}

/** Another step's line of the tool below stays on the screen only when it failed: this many. */
const tailOnFailure = 8;

function failureLines(event: EventOf<'step.failed'>, state: RunState): Line[] {
	const step = stepIn(state, event.step);
	const tail = step.log.slice(-tailOnFailure).map((line): Line => ({text: `  ${line}`, verbatim: true, indent: 2}));
	return [...problemLines(event.problem, 0, `${inLine(step.title)}, after ${spent(event.seconds)}`), ...tail];
}

const standingLines = ({when, standing}: EventOf<'standing.listed'>, state: RunState): Line[] => {
	// What is to go is listed where it is agreed to.
	if (when === 'before' && standing.some(({goes}) => goes)) return [];
	const width = Math.max(...standing.map(({step}) => stepIn(state, step).title.length));
	return standing.map(({step, id, says, goes, costs}) => {
		const mark = goes ? 'extra' : 'kept';
		// What stays and costs isn't as it should be.
		return {
			mark: costs && !goes ? 'note' : mark,
			word: marks[mark].word,
			subject: inLine(stepIn(state, step).title),
			subjectWidth: width,
			text: says.includes(id) ? says : `${id}: ${says}`,
		};
	});
};

/** The end of a command: what now is, and the commands that come next. */
function endingLines(ended: Omit<EventOf<'ended'>, 'event' | 'at'>): Line[] {
	const lines: Line[] = [{mark: 'done', text: ended.says}];
	for (const {command, does} of ended.next) lines.push({text: command, verbatim: true, indent: 4}, {text: does, indent: 8});
	return lines;
}

function documentLines({value}: EventOf<'document'>): Line[] {
	const texts =
		Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : [typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)];
	return texts.map((text) => ({text, verbatim: true}));
}

/** Answers that nobody here typed and that aren't simply the usual ones are said with where they came from. */
const worthSaying = new Set(['flag', 'preset', 'environment', 'found', 'derived']);

function answerLines({key, value, source}: EventOf<'answer.given'>): Line[] {
	if (!worthSaying.has(source)) return [];
	const shown = typeof value === 'string' ? value : JSON.stringify(value);
	return [{mark: 'pending', text: `${key}: ${shown} (${source})`}];
}

/** How a demo's time goes, for whoever watches it. */
export const demoTime = 'clock runs some 20 times as fast as yours';

function placeLines({fleet, region, account, arn, stands, demo}: EventOf<'fleet.known'>): Line[] {
	const line: Line = {text: `Fleet ${fleet} in ${region}, account ${account}, as ${arn}: ${stands ? 'it stands' : 'not there yet'}.`};
	return demo ? [{mark: 'note', text: 'This is a demo: everything below happens in a simulated account, and nothing is made or paid for.'}, line] : [line];
}

/** A leftover that nobody was told of isn't missed either. */
function skippedLines({because, step}: EventOf<'step.skipped'>, state: RunState): Line[] {
	const seen = stepIn(state, step);
	return saysSomething(seen) ? [{mark: 'skipped', text: `${inLine(seen.title)}: ${skipWords(because, state)}`}] : [];
}

/** What an event says in lines, given the state after it. Pure; most small events say nothing. */
export function linesOf(event: Event, state: RunState): Line[] {
	switch (event.event) {
		case 'fleet.known':
			return placeLines(event);
		case 'answer.given':
			return answerLines(event);
		case 'plan.started':
			return [{text: `Looking at ${many(event.steps.filter(({leftover}) => !leftover).length, 'thing')}…`}];
		case 'step.found':
			if (!saysSomething(stepIn(state, event.step))) return [];
			if (state.phase === 'run') return event.is === 'ready' ? [{mark: 'ready', text: `${inLine(stepIn(state, event.step).title)}: ${event.says}`}] : [];
			return findingLines(stepIn(state, event.step), event, state);
		case 'plan.ended':
			return [{text: `Plan: ${countsOf(event)}.`}];
		case 'run.started':
			return [{text: `${event.doing === 'apply' ? 'Making' : 'Taking away'}: ${state.steps.map(({title}) => inLine(title)).join(', ')}.`}];
		case 'step.started':
			return [{mark: 'pending', text: `${inLine(stepIn(state, event.step).title)}: begins`}];
		case 'step.says':
			return [{mark: 'pending', text: `${inLine(stepIn(state, event.step).title)}: ${event.says}`}];
		case 'step.stage':
			return [{mark: 'pending', text: `${inLine(stepIn(state, event.step).title)}: ${event.stage}`}];
		case 'step.download':
			return [
				{mark: 'pending', text: `${inLine(stepIn(state, event.step).title)}: ${event.what} downloading${event.of === undefined ? '' : `, ${size(event.of)}`}`},
			];
		case 'step.again':
			return [{mark: 'note', text: `${inLine(stepIn(state, event.step).title)}: ${sentenceOf(event.problem)} Asked again in ${spent(event.seconds)}.`}];
		case 'step.done':
			return [{mark: 'done', text: `${inLine(stepIn(state, event.step).title)}: ${event.says}, ${spent(event.seconds)}`}];
		case 'step.failed':
			return failureLines(event, state);
		case 'run.paused':
			return [{mark: 'note', text: `Paused: ${sentenceOf(event.problem)} What stands is kept.`}];
		case 'run.resumed':
			return [{mark: 'done', text: `AWS takes the session again, after ${spent(event.seconds)}; it goes on.`}];
		case 'step.skipped':
			return skippedLines(event, state);
		case 'run.ended':
			return [{text: runWords(event)}];
		case 'standing.listed':
			return standingLines(event, state);
		case 'orphan.found':
			return [orphanLine(event)];
		case 'orphan.removed':
			return [{mark: 'done', text: `${orphanNoun(event.kind)} ${event.kind === 'key pair' ? event.name : event.id}: gone`}];
		case 'note':
			return [{mark: event.about === 'progress' ? 'pending' : 'note', text: noteText(event)}];
		case 'job.seen':
			return [{mark: 'pending', text: `job: ${event.says}`}, ...(event.url === undefined ? [] : [{text: event.url, verbatim: true, indent: 4}])];
		case 'ended':
			return endingLines(event);
		case 'problem':
			return problemLines(event);
		case 'document':
			return documentLines(event);
		case 'step.looking':
		case 'step.line':
			return [];
		case 'agreement.asked':
			return event.by === 'flag' ? [{text: `${event.says} (agreed by --yes)`}] : [];
	}
}

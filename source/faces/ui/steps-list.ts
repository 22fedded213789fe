import {running, spent} from '../../panel/formats.ts';
import {glyphOf, type Mark, marks, plainText, spinner} from '../words/glyphs.ts';
import {longest, sentenceOf} from '../words/lines.ts';
import {inLine, type RunState, type StepSeen, stepIn} from '../words/run-state.ts';
import {skipWords} from '../words/sentences.ts';
import {padded} from '../words/width.ts';
import {apart, markSpan, type Row, row, type Span, windowed} from './row.ts';
import type {View} from './screen.ts';

const markOf: Record<StepSeen['state'], Mark> = {
	pending: 'pending',
	looking: 'working',
	found: 'pending',
	working: 'working',
	done: 'done',
	failed: 'failed',
	skipped: 'skipped',
};

/** The steps that one waits for; in the stead of one that nobody is told of, those that it waits for itself. */
function waitedFor({needs}: StepSeen, state: RunState): StepSeen[] {
	const open = needs.map((name) => stepIn(state, name)).filter((need) => need.state !== 'done');
	return [...new Set(open.flatMap((need) => (state.steps.includes(need) ? [need] : waitedFor(need, state))))];
}

/** What a step of a run says of itself in one line, a word of its state in it. */
function stepWords(step: StepSeen, state: RunState): string {
	if (step.state === 'failed') return `failed: ${step.problem ? sentenceOf(step.problem) : ''}`;
	if (step.state === 'skipped') return skipWords(step.because ?? [], state);
	if (step.state === 'done') return step.says ?? 'done';
	if (step.state === 'working')
		return step.again ? `asked again in ${spent(step.again.seconds)}: ${step.again.problem.message}` : (step.says ?? step.stages.at(-1)?.stage ?? 'working');
	const before = waitedFor(step, state);
	return before.length === 0 ? 'begins soon' : `after ${before.map(({title}) => inLine(title)).join(', ')}`;
}

/** The glyph before a step; what works turns. */
export function glyphSpan(step: StepSeen, {look, tick}: View): Span {
	const mark = markOf[step.state];
	if (mark !== 'working') return markSpan(mark, look);
	const frames = look.ascii ? spinner.ascii : spinner.glyphs;
	return {text: `${frames[tick % frames.length] ?? glyphOf(mark, look)} `, role: marks[mark].role};
}

/** How long a step took or has been at it. */
export function timeOf(step: StepSeen, now: number): string {
	if (step.state === 'working' && step.from !== undefined) return running((now - step.from) / 1000);
	return step.seconds === undefined ? '' : spent(step.seconds);
}

function stepRow(step: StepSeen, focused: boolean, titleWidth: number, view: View): Row {
	const {look, state, now} = view;
	const title = padded(plainText(inLine(step.title), look), titleWidth);
	const left: Span[] = [{text: focused ? (look.ascii ? '>' : '›') : ' ', role: 'accent'}, glyphSpan(step, view), {text: `${title}  `, bold: focused}];
	left.push({text: plainText(stepWords(step, state), look), role: step.state === 'pending' ? 'quiet' : undefined});
	return apart(left, [{text: `${timeOf(step, now).padStart(8)} `}], Math.min(view.columns, longest + titleWidth), look);
}

const isActive = ({state}: StepSeen): boolean => state === 'working' || state === 'failed' || state === 'looking';
const isOver = ({state}: StepSeen): boolean => state === 'done' || state === 'skipped';

/** The step that the details are of while the person has chosen none: a test machine first, since it takes longest; else what has worked longest. */
export function followed(state: RunState): StepSeen | undefined {
	const working = state.steps.filter(({state: is}) => is === 'working');
	return (
		working.find(({stages}) => stages.length > 0) ??
		working.toSorted((one, other) => (one.from ?? 0) - (other.from ?? 0))[0] ??
		state.steps.findLast(({state: is}) => is === 'failed') ??
		state.steps.findLast(({state: is}) => is === 'done') ??
		state.steps[0]
	);
}

const summary = (mark: Mark, word: string, steps: readonly StepSeen[], view: View): Row =>
	row(' ', markSpan(mark, view.look), `${steps.length} ${word}: `, {
		text: plainText(steps.map(({title}) => inLine(title)).join(', '), view.look),
		role: 'quiet',
	});

/** The steps as rows: all of them, or, where they don't fit, those at work and the focused one, with what is done and what comes after in a row each. */
export function stepRows(focus: string | undefined, height: number, view: View): Row[] {
	const {steps} = view.state;
	const titleWidth = Math.max(0, ...steps.map(({title}) => title.length));
	const focused = focus ?? followed(view.state)?.name;
	const draw = (step: StepSeen) => stepRow(step, step.name === focused, titleWidth, view);
	if (steps.length <= height) return steps.map(draw);
	const alone = (step: StepSeen) => isActive(step) || step.name === focused;
	const over = steps.filter((step) => isOver(step) && !alone(step));
	const after = steps.filter((step) => !isOver(step) && !alone(step));
	const shown = steps.filter(alone);
	const room = height - (over.length > 0 ? 1 : 0) - (after.length > 0 ? 1 : 0);
	return [
		...(over.length > 0 ? [summary('done', over.every(({state}) => state === 'done') ? 'done' : 'done or skipped', over, view)] : []),
		...windowed(
			shown.map(draw),
			shown.findIndex(({name}) => name === focused),
			room,
			view.look,
		),
		...(after.length > 0 ? [summary('pending', 'to come', after, view)] : []),
	];
}

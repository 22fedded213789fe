import {keyWords} from '../../../answers/question.ts';
import {answerOf, blockedIn, mendable, mendsOf, type Walking} from '../../wizard/seen.ts';
import {marks, plainText, signOf} from '../../words/glyphs.ts';
import {sentenceOf} from '../../words/lines.ts';
import {inLine, type StepSeen} from '../../words/run-state.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {markSpan, type Row, row} from '../row.ts';
import type {Binding, Move, Screen, View} from '../screen.ts';
import {handScreen, handSteps} from '../screens/by-hand.ts';

/** The screen lies in the walk, beside the live plan. */
export const isWalk = (screen: Screen): boolean => screen.is === 'overview' || ('walk' in screen && screen.walk !== undefined);

/** Whether the credentials no longer hold, so that a login would help. */
const isExpired = ({state}: View): boolean => state.steps.some(({finding}) => finding?.is === 'blocked' && finding.problem?.code === 'session-expired');

const wizard =
	(move: Extract<Move, {wizard: unknown}>['wizard']): (() => Move) =>
	() => ({wizard: move});

/** Mends the blocked finding: with the answers that the finding brings, else by changing the answer that it is about. */
export function mendKeys(view: View, typing = false, about?: string): Binding[] {
	const step = mendable(view.state, about);
	const mends = step?.finding && mendsOf(step.finding);
	const says = step?.finding?.fix ?? '';
	// Where letters are typed, ctrl stands in.
	const press = typing ? 'ctrl-f' : 'f';
	const mending: Binding[] = mends ? [{press: [press], shows: press, does: says === '' ? 'mend' : says, act: wizard({do: 'mend', answers: mends, says})}] : [];
	const other = typing
		? undefined
		: blockedIn(view.state)
				.map((one) => changeKey(view, one))
				.find(Boolean);
	return [...mending, ...(other ? [other] : [])];
}

/** Codes of a token that GitLab doesn't take. */
const refusedTokens = ['runner-token-refused', 'gitlab-token-refused', 'gitlab-not-allowed'];

/** Changes the answer that a blocked finding is about, where nothing mends it. */
function changeKey({wizard: {answers, secret}}: View, {name, finding}: StepSeen): Binding | undefined {
	// An organization's tag policy is met by other tags, whichever step it refuses.
	const key = finding?.problem?.code === 'TagPolicyViolation' ? 'tags' : answerOf(name);
	if (answers.length > 0 && secret !== undefined && refusedTokens.includes(finding?.problem?.code ?? ''))
		return {press: ['t'], shows: 't', does: 'enter another token', act: wizard({do: 'secret'})};
	if (!finding || mendsOf(finding) || key === undefined || !answers.some((answer) => answer.key === key)) return undefined;
	return {press: ['c'], shows: 'c', does: `change ${keyWords(key)}`, act: wizard({do: 'change', key})};
}

/** One blocked finding whole: title and why, what else to do where nothing mends it, and last the key that mends it or that changes its answer; `about` is the step that `f` is about first. */
export function blockedRows(step: StepSeen, view: View, {columns, typing = false, about}: {columns: number; typing?: boolean; about?: string}): Row[] {
	const {look, state} = view;
	const {finding} = step;
	const problem = finding?.problem;
	const says = problem ? sentenceOf(problem) : (finding?.says ?? '');
	const [first = '', ...more] = wrapWhole(plainText(`${inLine(step.title)}: ${marks.blocked.word}: ${says}`, look), columns - 2);
	const lines = [row(markSpan('blocked', look), {text: first, role: 'blocked'}), ...more.map((text) => row('  ', text))];
	const key = step.name === mendable(state, about)?.name ? mendKeys(view, typing, about)[0] : typing ? undefined : changeKey(view, step);
	if (finding && mendsOf(finding) === undefined && problem?.advice !== undefined)
		lines.push(...wrapWhole(plainText(problem.advice, look), columns - 2).map((text) => row('  ', text)));
	if (key) lines.push(row('  ', {text: key.shows, role: 'accent'}, `  ${plainText(key.does, look)}`));
	return lines;
}

/** The commands of the step that a question, or a finding, is about; else the first step's. */
function handFor(view: View, about: string | undefined): Screen {
	const at = handSteps(view).findIndex(({step}) => step === about || (about !== undefined && answerOf(step) === about));
	return handScreen(Math.max(0, at));
}

/** Opens the plan and the commands by hand, and logs in where that would help: works on every screen of the walk. */
export function planKeys(view: View, typing: boolean, about?: string): Binding[] {
	// Of a text ctrl-e is the end.
	const hand = typing ? 'ctrl-o' : 'e';
	return [
		{press: ['tab'], shows: 'tab', does: 'plan', act: () => ({push: {is: 'plan' as const, over: true as const}})},
		...(view.wizard.login !== undefined && !typing && isExpired(view) ? [{press: ['L'], shows: 'L', does: 'log in', act: wizard({do: 'login'})}] : []),
		{
			press: [hand],
			shows: hand,
			does: 'commands',
			help: {says: 'of AWS and of a shell that do the same, to read or to copy'},
			act: () => ({push: handFor(view, about)}),
		},
	];
}

/** What can be done beside any question. */
export const walkingKeys = (view: View, typing: boolean, about?: string): Binding[] => [...mendKeys(view, typing, about), ...planKeys(view, typing, about)];

/** The way back, where there is one. */
export function backKey(walking: Walking, press: readonly string[], view: View): Binding[] {
	if (!walking.back) return [];
	return [
		{press, shows: press.includes('left') ? signOf('back', view.look) : 'esc', does: walking.change ? 'back to the review' : 'back', act: wizard({do: 'back'})},
	];
}

/** Asks every key instead of those that most people must choose. */
export const everythingKey = (view: View): Binding[] =>
	view.wizard.everything
		? []
		: [
				{
					press: ['a'],
					shows: 'a',
					does: 'ask everything',
					help: {says: 'also what has a good default and stands in the review'},
					act: wizard({do: 'everything'}),
				},
			];

import {signOf} from '../../glyphs.ts';
import type {Binding, Move, Screen, View} from '../screen.ts';
import {mendable, mendsOf} from './seen.ts';

/** How a question stands in the walk through them. */
export type Walking = {
	/** The key or the secret it is about. */
	about: string;
	/** Whether there is a question before this one, or the review that it was opened from. */
	back: boolean;
	/** One answer changed from the review. */
	change?: true;
	/** The runner's token: the runner can be made with a GitLab token instead. */
	create?: true;
	/** Live choices are still being asked for. */
	loading?: true;
};

/** The screen lies in the walk, beside the live plan. */
export const isWalk = (screen: Screen): boolean => screen.is === 'overview' || ('walk' in screen && screen.walk !== undefined);

/** Whether the credentials no longer hold, so that a login would help. */
const isExpired = ({state}: View): boolean => state.steps.some(({finding}) => finding?.is === 'blocked' && finding.problem?.code === 'session-expired');

const wizard =
	(move: Extract<Move, {wizard: unknown}>['wizard']): (() => Move) =>
	() => ({wizard: move});

/** Mends the blocked finding, opens the plan and the commands by hand: works on every screen of the walk. Where letters are typed, ctrl stands in. */
export function walkingKeys(view: View, typing: boolean, about?: string): Binding[] {
	const step = mendable(view.state, about);
	const mends = step?.finding && mendsOf(step.finding);
	const says = step?.finding?.fix ?? '';
	const letter = (key: string) => (typing ? `ctrl-${key}` : key);
	return [
		...(mends ? [{press: [letter('f')], shows: letter('f'), does: says === '' ? 'mend' : says, act: wizard({do: 'mend', answers: mends, says})}] : []),
		{press: ['tab'], shows: 'tab', does: 'plan', act: () => ({push: {is: 'plan' as const, over: true as const}})},
		...(view.wizard.login !== undefined && !typing && isExpired(view) ? [{press: ['L'], shows: 'L', does: 'log in', act: wizard({do: 'login'})}] : []),
		{press: [letter('e')], shows: letter('e'), does: 'by hand', act: () => ({push: {is: 'hand' as const, at: 0, top: 0}})},
	];
}

/** The way back, where there is one. */
export function backKey(walking: Walking, press: readonly string[], view: View): Binding[] {
	if (!walking.back) return [];
	return [
		{press, shows: press.includes('left') ? signOf('back', view.look) : 'esc', does: walking.change ? 'back to the review' : 'back', act: wizard({do: 'back'})},
	];
}

/** Asks every key instead of those that most people must choose. */
export const everythingKey = (view: View): Binding[] =>
	view.wizard.everything ? [] : [{press: ['a'], shows: 'a', does: 'ask everything', act: wizard({do: 'everything'})}];

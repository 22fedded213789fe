import type {AnswerKey, Answers} from '../../fleet.ts';
import {inOrder, isComplete} from '../../questions/all.ts';
import {type Settled, toAsk, type Walk} from '../../questions/settle.ts';
import {inWords} from '../../questions/value.ts';
import {keyWords, type WizardSeen} from './seen.ts';

/** How far a person has come: what was given so far, what follows from it, and the questions that were answered here. */
export type Progress = {walk: Walk; settled: Settled; visited: ReadonlySet<AnswerKey>};

/** The questions of the walk, in the order of asking: those answered here that still mean something, and those still open. */
export async function pathOf({walk, settled, visited}: Progress): Promise<AnswerKey[]> {
	const open = await toAsk(walk, settled);
	return inOrder.flatMap(({id, when}) => (open.includes(id) || (visited.has(id) && when?.(settled.given) !== false) ? [id] : []));
}

/** The question after one; what is still open anywhere once there is none. */
export async function after(progress: Progress, key: AnswerKey | undefined): Promise<AnswerKey | undefined> {
	const path = await pathOf(progress);
	const order = inOrder.map(({id}) => id);
	const at = key === undefined ? -1 : order.indexOf(key);
	const next = path.find((id) => order.indexOf(id) > at);
	return next ?? (await toAsk(progress.walk, progress.settled))[0];
}

/** The question before one, which was answered here. */
export async function before(progress: Progress, key: AnswerKey | undefined): Promise<AnswerKey | undefined> {
	const order = inOrder.map(({id}) => id);
	const at = key === undefined ? order.length : order.indexOf(key);
	return (await pathOf(progress)).findLast((id) => order.indexOf(id) < at && progress.visited.has(id));
}

/** The answers once they are whole and each can be taken; else nothing can be looked at with them. */
export const completeIn = ({given, wrong}: Settled): Answers | undefined => (wrong.length === 0 && isComplete(given) ? given : undefined);

/** Answered questions, each in a line, but for the one that is asked now. */
export const answeredSeen = ({settled, visited}: Progress, now?: AnswerKey): WizardSeen['answered'] =>
	inOrder.flatMap(({id}) => (id !== now && visited.has(id) && settled.given[id] !== undefined ? [{key: keyWords(id), says: inWords(settled.given[id])}] : []));

/** Typed answers that name a thing which isn't where the answers now are. */
export async function elsewhere({walk, settled}: Progress): Promise<AnswerKey[]> {
	const typed = walk.layers.typed ?? {};
	const kept = await Promise.all(
		inOrder.map(async ({id, regional, choices}) => {
			if (!regional || typed[id] === undefined) return [];
			const there = await choices?.(walk.asking(settled.given));
			return there?.some(({value}) => value === typed[id]) === false ? [id] : [];
		}),
	);
	return kept.flat();
}

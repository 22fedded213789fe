import type {Ask} from '../../answers/question.ts';
import {Problem} from '../../problem.ts';
import type {MoveChoice, PanelAct} from './driver.ts';

/** The last word of an act that may wait for running jobs: they end at once, and fail. */
const now = 'now';

/** What can be typed to change a fleet that stands, in `status` and in a panel of lines. Those that may wait for running jobs take `now`. */
export const actWords = [
	{typed: 'limit', takes: 'N [now]', does: 'lets so many workers run at once; now ends jobs that this waits for'},
	{typed: 'idle', takes: 'N [now]', does: 'keeps so many workers waiting for jobs'},
	{typed: 'move', takes: '[WHERE] [now]', does: 'has new workers made elsewhere, or bought otherwise'},
	{typed: 'drain', takes: '[now]', does: 'takes no more jobs, and lets those that run end; now ends them'},
	{typed: 'resume', does: 'takes jobs again'},
	{typed: 'pause', does: 'has GitLab give the runner no more jobs'},
	{typed: 'unpause', does: 'has GitLab give it jobs again'},
	{typed: 'start', does: 'starts the service'},
	{typed: 'restart', takes: '[now]', does: 'restarts the service once running jobs have ended; now ends them'},
	{typed: 'reload', does: 'has the service read its config.toml again'},
	{typed: 'remove', takes: 'WORKER', does: 'removes one idle worker'},
	{typed: 'undo', takes: '[now]', does: 'brings the answers before the last change back'},
] as const satisfies readonly {typed: string; takes?: string; does: string}[];

/** What was typed, as an act, and whether it waits for no job; `move` where the places are still to be looked up, and a sentence where it is none. */
export type TypedAct = ({act: PanelAct} | {move: string | undefined}) & {now: boolean};
export type WrongAct = {wrong: string};

const takesNow = (word: string): boolean => actWords.some(({typed, ...more}) => typed === word && 'takes' in more && more.takes.endsWith(`[${now}]`));

/** An act with a number: a whole one, not below the least. */
function numbered(word: string, value: string | undefined, least: number, act: (number: number) => PanelAct): {act: PanelAct} | WrongAct {
	const number = /^\d{1,4}$/.test(value ?? '') ? Number(value) : Number.NaN;
	return number >= least ? {act: act(number)} : {wrong: `\`${word}\` takes a number of workers, ${least} or more: \`${word} ${least + 4}\`.`};
}

/** Reads an act from words such as `limit 20` and `drain now`. */
export function actTyped(words: readonly string[]): TypedAct | WrongAct {
	const [word = ''] = words;
	const isNow = words.length > 1 && words.at(-1) === now && takesNow(word);
	const read = actIn(isNow ? words.slice(0, -1) : words);
	return 'wrong' in read ? read : {...read, now: isNow};
}

function actIn([word = '', value, ...rest]: readonly string[]): {act: PanelAct} | {move: string | undefined} | WrongAct {
	if (word === 'move') return {move: value === undefined ? undefined : [value, ...rest].join(' ')};
	if (rest.length > 0) return {wrong: `"${rest.join(' ')}" is more than \`${word}\` takes.`};
	switch (word) {
		case 'limit':
			return numbered(word, value, 1, (limit) => ({do: 'scale', limit}));
		case 'idle':
			return numbered(word, value, 0, (count) => ({do: 'idle', count}));
		case 'remove':
			return value === undefined ? {wrong: '`remove` takes the name of a worker.'} : {act: {do: 'remove', worker: value}};
	}
	if (value !== undefined) return {wrong: `"${value}" is more than \`${word}\` takes.`};
	switch (word) {
		case 'drain':
		case 'resume':
		case 'restart':
		case 'start':
		case 'reload':
		case 'undo':
			return {act: {do: word}};
		case 'pause':
			return {act: {do: 'pause', paused: true}};
		case 'unpause':
			return {act: {do: 'pause', paused: false}};
	}
	return {wrong: `"${word}" is nothing that can be done; there is ${actWords.map(({typed}) => typed).join(', ')}.`};
}

/**
 * The move to the place that was named, by the whole of its name or the beginning of it, else to the one that somebody chooses. Throws a Problem (exit 2) that
 * names the places where there is no such one, or nobody can be asked.
 */
export async function moveChosen(choices: readonly MoveChoice[], named: string | undefined, ask: Ask | undefined): Promise<PanelAct> {
	const isNamed = ({label}: MoveChoice): boolean => named !== undefined && label.toLowerCase().startsWith(named.toLowerCase());
	const answer =
		named === undefined && ask
			? await ask({
					question: {
						id: 'which',
						flag: '--worker-type',
						title: 'Where are new workers made?',
						help: 'Those that run stay where they are.',
						kind: 'choice',
						closed: true,
					},
					choices: choices.map(({label, says, disabled}) => ({value: label, label, hint: says, ...(disabled === undefined ? {} : {disabled})})),
					wrong: (value) => (choices.some(({label}) => label === value) ? undefined : 'It takes one of these.'),
				})
			: undefined;
	const chosen = choices.find(({label}) => label === answer) ?? choices.find(isNamed);
	if (chosen && chosen.disabled === undefined) return {do: 'move', to: chosen.to, label: chosen.label};
	throw new Problem({
		code: 'which-move',
		exit: 2,
		message: chosen ? `New workers can't be made there: ${chosen.disabled}.` : `\`move\` takes a place${named === undefined ? '' : `, and ${named} is none`}.`,
		advice: `There is ${choices.flatMap(({label, disabled}) => (disabled === undefined ? [`\`move ${label}\``] : [])).join(', ')}.`,
	});
}

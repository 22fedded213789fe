import {createHash} from 'node:crypto';
import type {Change} from '../../engine/step.ts';
import type {AnswerKey, Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {parseConfig, plain, putAt, type Table, tablesAt, valueAt, whole} from '../../world/host/toml.ts';
import {printableIn} from '../../world/printable.ts';
import {answersIn} from './answers.ts';
import {type Edited, edited} from './edit.ts';
import {fieldsOf} from './fields.ts';
import {differences, entryOf, type Whose} from './merge.ts';

/** Numbers of config.toml that the panel changes; what is absent stays. */
export type Numbers = {limit?: number; concurrent?: number; idleCount?: number};

/** SHA-256 of a file's text, as the scripts on the manager reckon it. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const read = (text: string): Table => parseConfig(text, 'config.toml on the manager');

function oursIn(document: Table, whose: Whose): Table {
	const ours = entryOf(tablesAt(document, 'runners'), whose);
	if (ours) return ours;
	throw new Problem({
		code: 'runner-missing',
		message: `config.toml on the manager has no runner ${whose.runnerName}.`,
		advice: `Run \`gitlab-runner-aws setup --fleet ${whose.fleet.name} --region ${whose.fleet.region}\`, which writes it.`,
	});
}

/** The numbers as they stand. Throws `config-broken`, and `runner-missing` where our entry isn't there. */
export function numbersIn(text: string, whose: Whose): Required<Numbers> {
	const document = read(text);
	const ours = oursIn(document, whose);
	const number = (table: Table, path: string, absent: number): number => Number(plain(valueAt(table, path)) ?? absent);
	return {limit: number(ours, 'limit', 0), concurrent: number(document, 'concurrent', 1), idleCount: number(ours, 'machine.IdleCount', 0)};
}

/** The text with other numbers; all else stays. Throws as `numbersIn` does. */
export function withNumbers(text: string, whose: Whose, {limit, concurrent, idleCount}: Numbers): Edited {
	const document = read(text);
	const ours = oursIn(document, whose);
	if (concurrent !== undefined) document.concurrent = whole(concurrent);
	if (limit !== undefined) ours.limit = whole(limit);
	if (idleCount !== undefined) putAt(ours, 'machine.IdleCount', whole(idleCount));
	return edited(text, document);
}

/** A change taken back: the text, what it changes in the plan's words, and the answers that the file then says as they were given. */
export type TakenBack = Edited & {changes: Change[]; answers: Given};

/**
 * The standing text with all that is ours in it as it was in an earlier one: what the person or the runner wrote since stays, the token too, since the
 * runner rotates it by itself. Throws as `numbersIn` does.
 */
export function takenBack(standing: string, earlier: string, whose: Whose): TakenBack {
	const [before, now, then] = [read(standing), read(standing), read(earlier)];
	const [ours, theirs] = [oursIn(now, whose), oursIn(then, whose)];
	for (const {byRunner, path, write} of fieldsOf(whose.config)) {
		if (!write || byRunner) continue;
		if (path.startsWith('runners.')) putAt(ours, path.slice('runners.'.length), valueAt(theirs, path.slice('runners.'.length)));
		else putAt(now, path, valueAt(then, path));
	}
	const {answers, resolved} = answersIn(whose.config, now, ours);
	const given: Given = Object.fromEntries(Object.entries(answers).filter(([key]) => !resolved.includes(key as AnswerKey)));
	return {
		...edited(standing, now),
		changes: printableIn(differences(whose.config, {globals: before, entry: oursIn(before, whose)}, {globals: now, entry: ours})),
		answers: given,
	};
}

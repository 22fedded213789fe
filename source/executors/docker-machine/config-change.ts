import {createHash} from 'node:crypto';
import {type AnswerKey, type Fleet, type Given, wrongShape} from '../../fleet.ts';
import {printableIn} from '../../printable.ts';
import {Problem} from '../../problem.ts';
import type {Change} from '../../step.ts';
import {answersIn} from './config-answers.ts';
import {isTable, numberAt, parseConfig, printConfig, type Table, tablesAt, textAt, whole} from './config-document.ts';
import {isFleetRunner} from './config-toml.ts';

/** Which `[[runners]]` entry is meant. */
export type Whose = {fleet: Fleet; runnerName: string};

/** Numbers of config.toml that the panel changes; what is absent stays. */
export type Numbers = {limit?: number; concurrent?: number; idleCount?: number};

/** SHA-256 of a file's text, as the scripts on the manager reckon it. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function oursIn(document: Table, {fleet, runnerName}: Whose): Table {
	const ours = tablesAt(document, 'runners').find((runner) => isFleetRunner(runner, runnerName, fleet));
	if (ours) return ours;
	throw new Problem({
		code: 'runner-missing',
		message: `config.toml on the manager has no runner ${runnerName}.`,
		advice: `Run \`gitlab-runner-aws setup --fleet ${fleet.name} --region ${fleet.region}\`, which writes it.`,
	});
}

/** The numbers as they stand. Throws `config-broken`, and `runner-missing` where our entry isn't there. */
export function numbersIn(text: string, whose: Whose): Required<Numbers> {
	const document = parseConfig(text, 'config.toml on the manager');
	const ours = oursIn(document, whose);
	const machine = ours.machine;
	return {
		limit: numberAt(ours, 'limit') ?? 0,
		concurrent: numberAt(document, 'concurrent') ?? 1,
		idleCount: isTable(machine) ? (numberAt(machine, 'IdleCount') ?? 0) : 0,
	};
}

/** The text with other numbers; all else stays. Throws as `numbersIn` does. */
export function withNumbers(text: string, whose: Whose, {limit, concurrent, idleCount}: Numbers): string {
	const document = parseConfig(text, 'config.toml on the manager');
	const ours = oursIn(document, whose);
	if (concurrent !== undefined) document.concurrent = whole(concurrent);
	if (limit !== undefined) ours.limit = whole(limit);
	if (idleCount !== undefined && isTable(ours.machine)) ours.machine.IdleCount = whole(idleCount);
	return printConfig(document);
}

/** Answers that a config.toml holds as they were given, so that one can be read back from it. */
const exact = [
	...(['limit', 'concurrent', 'idleCount', 'idleTime', 'maxGrowthRate', 'maxBuilds', 'checkInterval'] as const),
	...(['workerType', 'workerDisk', 'spot', 'spotPrice', 'dockerImage', 'privileged', 'disableCache'] as const),
] as const satisfies readonly AnswerKey[];

/** What two texts of config.toml say otherwise, as answers where they are some; a secret is never in it. */
export function answersBetween(before: string, after: string, runnerName: string): {changes: Change[]; answers: Given} {
	const [from, to] = [answersIn(before, runnerName) ?? {}, answersIn(after, runnerName) ?? {}];
	const shown = (value: unknown): string => (value === undefined ? 'not set' : typeof value === 'string' ? value : JSON.stringify(value));
	const keys = Object.keys({...from, ...to}).filter((key): key is AnswerKey => key in from || key in to);
	const other = keys.filter((key) => shown(from[key]) !== shown(to[key]));
	const answers: Given = {};
	Object.assign(
		answers,
		Object.fromEntries(other.flatMap((key) => (exact.some((one) => one === key) && wrongShape(key, to[key]) === undefined ? [[key, to[key]]] : []))),
	);
	return {changes: printableIn(other.map((key): Change => ({what: key, from: shown(from[key]), to: shown(to[key]), how: 'live'}))), answers};
}

/** The token of our entry: for seeing whether it was rotated; it goes nowhere. */
export const tokenIn = (text: string, whose: Whose): string | undefined => textAt(oursIn(parseConfig(text, 'config.toml on the manager'), whose), 'token');

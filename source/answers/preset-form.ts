import {executorMeant} from '../executors/offered.ts';
import type {AnswerKey, Answers, Given, Source} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {printable} from '../world/printable.ts';
import {inOrder, isKey, questions} from './all.ts';
import {nearest} from './nearest.ts';
import {take} from './value.ts';
import {isOpen} from './walk.ts';

/** Saved answers, never a secret: the public contract of a preset's file. */
export type Preset = {version: 1; description: string; answers: Given};

/** The form that is written now. */
export const presetVersion = 1;

type Document = Record<string, unknown>;

/** From each older form to the next. Version 1 is the first one. */
const migrations: Record<number, (document: Document) => Document> = {};

/**
 * Brings a document of an older form to today's, one form after the other; pure. Throws a Problem for a form that is newer than this program
 * knows, or none at all.
 */
export function migrate(document: Document, where: string, steps = migrations, newest: number = presetVersion): Document {
	let current = document;
	for (let version = versionOf(current, where, newest); version < newest; version += 1) {
		const step = steps[version];
		if (!step) throw refused(where, [`version is ${version}. It takes ${newest}.`]);
		current = {...step(current), version: version + 1};
	}
	return current;
}

function versionOf({version}: Document, where: string, newest: number): number {
	if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
		throw refused(where, [`version is ${JSON.stringify(version) ?? 'missing'}. It takes ${newest}.`]);
	if (version > newest)
		throw new Problem({
			code: 'preset-newer',
			exit: 2,
			message: `${where} is of version ${version}, and this release reads presets up to version ${newest}.`,
			advice: 'Run it with the release that saved it, or a newer one.',
		});
	return version;
}

/** Keys beside `answers`. */
const known = ['version', 'description', 'answers'];

/**
 * Reads a preset from what its file holds. Throws one Problem (exit 2) with all that is wrong, by key: unknown keys, wrong types with what would be
 * right, secrets, which are never repeated.
 */
export function presetIn(content: unknown, where: string): Preset {
	if (!isObject(content)) throw refused(where, ['It holds no object. It takes {"version": 1, "description": "…", "answers": {…}}.']);
	const {version: _, description, answers, ...rest} = migrate(content, where);
	const wrong = Object.keys(rest).map((key) => unknownKey(key, known));
	if (description !== undefined && typeof description !== 'string') wrong.push('description is no text. It takes a text.');
	if (!isObject(answers)) wrong.push('answers is no object. It takes answers by their keys, such as {"limit": 10}.');
	const given: Given = {};
	for (const [key, value] of Object.entries(isObject(answers) ? answers : {}))
		wrong.push(...[isKey(key) ? take(given, key, value) : unknownAnswer(key)].filter((says) => says !== undefined));
	const meant = given.executor === undefined ? executorMeant(given) : undefined;
	if (meant && 'torn' in meant) wrong.push(meant.torn);
	if (wrong.length > 0) throw refused(where, wrong);
	return {version: presetVersion, description: typeof description === 'string' ? printable(description) : '', answers: ordered(given)};
}

/** Reads a preset from the text of a file. */
export function presetInText(text: string, where: string): Preset {
	try {
		return presetIn(JSON.parse(text), where);
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		throw new Problem({
			code: 'preset-corrupt',
			exit: 2,
			message: `${where} holds no JSON${positionOf(error)}.`,
			advice: 'Mend the file, or save the preset anew.',
		});
	}
}

/**
 * The preset of an interview's answers: what somebody decided, and what most people must choose. The rest stays out, so that it follows the
 * defaults of later releases.
 */
export function presetOf(answers: Answers, sources: Partial<Record<AnswerKey, Source>>, description: string): Preset {
	const decided = inOrder.filter(({id, asked}) => asked === true || (!isOpen(sources[id]) && sources[id] !== 'environment'));
	const given: Given = {};
	for (const {id} of decided) if (answers[id] !== undefined) take(given, id, answers[id]);
	return {version: presetVersion, description, answers: ordered(given)};
}

const isObject = (value: unknown): value is Document => typeof value === 'object' && value !== null && !Array.isArray(value);

function unknownAnswer(key: string): string {
	if (/token|secret|passw|passphrase|access-?key|credential/i.test(key))
		return `${key} would hold a secret, and a preset never does. Give it with \`--token-file\`, \`--gitlab-token-file\` or \`--access-key-file\`.`;
	return unknownKey(key, Object.keys(questions));
}

function unknownKey(key: string, keys: readonly string[]): string {
	const near = nearest(key, keys);
	return `${key} is no key of a preset.${near ? ` ${near} is.` : ''}`;
}

/** The same answers in the order of asking, so that the same answers make the same file. */
const ordered = (given: Given): Given => Object.fromEntries(inOrder.flatMap(({id}) => (given[id] === undefined ? [] : [[id, given[id]]])));

const refused = (where: string, wrong: readonly string[]): Problem =>
	new Problem({
		code: 'preset-refused',
		exit: 2,
		message: `${where} can't be used.\n${wrong.join('\n')}`,
		advice: 'Change it there; `gitlab-runner-aws help presets` lists the keys.',
	});

/** Where JSON's own parser stopped; the rest of its message quotes the text, which could be a secret. */
function positionOf({message}: SyntaxError): string {
	const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
	return line && column ? `: line ${line}, column ${column}` : '';
}

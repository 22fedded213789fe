import {checkbox, confirm, input, number, password, search, select} from '@inquirer/prompts';
import type {Asked} from '../../answers/ask.ts';
import {type Choice, isClosed, isSecret} from '../../answers/question.ts';
import {toText, typedFor} from '../../answers/value.ts';
import {Stopped} from '../../problem.ts';

/** Where a prompt reads and writes. */
export type Terminal = {input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal?: AbortSignal};

/** More choices than this are searched by typing. */
const searchedFrom = 12;

/** Judges by the question's own validator, in inquirer's terms. */
const judge =
	<Typed>(asked: Asked, meaning: (typed: Typed) => unknown) =>
	(typed: Typed): true | string =>
		asked.wrong(meaning(typed)) ?? true;

const offered = ({value, label, hint, disabled}: Choice<unknown>) => ({
	value: {taken: value},
	name: hint === undefined ? label : `${label}  ${hint}`,
	short: label,
	...(disabled === undefined ? {} : {disabled: `(${disabled})`}),
});

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

type Other = {taken: unknown; typed?: true};

/** A typed answer, whatever kind it's for. */
async function typed(asked: Asked, terminal: Terminal): Promise<unknown> {
	const meaning = (text: string) => typedFor(asked.question, text);
	const given = asked.default === undefined ? {} : {default: toText(asked.default.value)};
	return meaning(await input({message: asked.question.title, ...given, validate: judge(asked, meaning)}, terminal));
}

async function chosen(asked: Asked, choices: Choice<unknown>[], terminal: Terminal): Promise<unknown> {
	const message = asked.question.title;
	const listed: {value: Other; name: string; short: string; disabled?: string}[] = choices.map(offered);
	if (!isClosed(asked.question)) listed.push({value: {taken: undefined, typed: true}, name: 'Another, typed…', short: 'Another'});
	const first = listed.find(({value}) => !value.typed && same(value.taken, asked.default?.value));
	const start = first ? {default: first.value} : {};
	const answer =
		listed.length > searchedFrom
			? await search({message, source: (term) => listed.filter(({name, value}) => value.typed || matches(name, term)), ...start}, terminal)
			: await select({message, choices: listed, ...start}, terminal);
	return answer.typed ? typed(asked, terminal) : answer.taken;
}

const matches = (name: string, term: string | undefined): boolean =>
	(term ?? '')
		.toLowerCase()
		.split(' ')
		.every((part) => name.toLowerCase().includes(part));

async function several(asked: Asked, choices: Choice<unknown>[], terminal: Terminal): Promise<unknown> {
	const taken = Array.isArray(asked.default?.value) ? asked.default.value : [];
	const answers = await checkbox(
		{
			message: asked.question.title,
			choices: choices.map((choice) => ({...offered(choice), checked: taken.some((value) => same(value, choice.value))})),
			validate: (picked) => asked.wrong(picked.map(({value}) => value.taken)) ?? true,
		},
		terminal,
	);
	return answers.map(({taken: value}) => value);
}

async function counted(asked: Asked, terminal: Terminal): Promise<unknown> {
	const {question} = asked;
	const unit = 'unit' in question && question.unit !== undefined ? ` (${question.unit})` : '';
	const given = typeof asked.default?.value === 'number' ? {default: asked.default.value} : {};
	// Without a step inquirer takes whole numbers only, and gives undefined for a default such as 0.2 (@inquirer/prompts 8.8).
	return number({message: question.title + unit, step: 'any', ...given, validate: judge(asked, (value: number | undefined) => value)}, terminal);
}

function prompt(asked: Asked, terminal: Terminal): Promise<unknown> {
	const {question, choices = []} = asked;
	if (isSecret(question))
		return password({message: question.title, mask: false, validate: judge(asked, (text: string) => text.trim())}, terminal).then((text) => text.trim());
	if (question.kind === 'boolean') return confirm({message: question.title, default: asked.default?.value !== false}, terminal);
	if (question.kind === 'list' && choices.length > 0) return several(asked, choices, terminal);
	if (choices.some(({disabled}) => disabled === undefined)) return chosen(asked, choices, terminal);
	return question.kind === 'number' ? counted(asked, terminal) : typed(asked, terminal);
}

const isLeaving = (error: unknown): boolean => error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError');

/** Turns ctrl-c in a prompt into `Stopped`. */
async function leaving<Answer>(answer: Promise<Answer>): Promise<Answer> {
	try {
		return await answer;
	} catch (error) {
		throw isLeaving(error) ? new Stopped() : error;
	}
}

/** Puts a question in the terminal, until its answer passes the validator. Rejects with `Stopped` on ctrl-c. */
export async function putQuestion(asked: Asked, terminal: Terminal): Promise<unknown> {
	for (let refused: string | undefined; ; ) {
		const answer = await leaving(prompt(refused === undefined ? asked : {...asked, refused}, terminal));
		refused = asked.wrong(answer);
		if (refused === undefined) return answer;
		terminal.output.write(`${refused}\n`);
	}
}

/** Asks whether to go on: yes or no, or a word that has to be typed. */
export async function putAgreement(word: string | undefined, terminal: Terminal): Promise<boolean> {
	if (word === undefined) return leaving(confirm({message: 'Go on?', default: true}, terminal));
	const typedWord = await leaving(input({message: `Type ${word} to agree, or press Enter to leave it:`}, terminal));
	return typedWord.trim() === word;
}

import {wrongShape} from '../../answers/value.ts';
import type {AnswerKey, Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {isTable, parseConfig, plain, type Table, tablesAt, textAt, textsAt} from '../../world/host/toml.ts';
import {printableIn} from '../../world/printable.ts';
import {fields, inForce} from './config-fields.ts';
import {optionsRead} from './machine-options.ts';

/** What a `[[runners]]` entry says in our answers, and what of it can't be said so. */
export type AnswersRead = {
	answers: Given;
	notes: string[];
	/** Answers that are what they were resolved to: an image's id where its name was answered. */
	resolved: AnswerKey[];
};

const put = <Key extends AnswerKey>(into: Given, key: Key, value: Given[Key]): void => {
	into[key] = value;
};

/** Reads the answers of one entry and of the keys that all share, whoever wrote them. An absent key is the runner's own default. No secret is read. */
export function answersIn(document: Table, entry: Table): AnswersRead {
	const machine = isTable(entry.machine) ? entry.machine : {};
	const driver = textAt(machine, 'MachineDriver') ?? '';
	const isOurs = driver === 'amazonec2';
	const options = isOurs ? optionsRead(textsAt(machine, 'MachineOptions')) : undefined;
	const known = fields.filter(({answer, path}) => answer !== undefined && (isOurs || !path.startsWith('runners.machine.')));
	const read = known.map(({answer, path, read = plain}) => {
		const value = inForce(document, entry, path);
		return [answer, value === undefined ? undefined : read(value)] as const;
	});
	const said: Partial<Record<AnswerKey, unknown>> = {};
	for (const [answer, value] of read) if (answer !== undefined && value !== undefined) said[answer] = value;
	const answers: Given = {};
	const notes = isOurs ? [] : [`Its machines are made by ${driver || 'no driver'}, not by amazonec2, so nothing of them is taken.`];
	if (options?.secrets) notes.push('Its access key stays out: a preset never holds a secret. Workers get no key from the manager that is made.');
	for (const [key, value] of Object.entries({...said, ...options?.answers}) as [AnswerKey, unknown][]) {
		if (value === undefined) continue;
		const wrong = wrongShape(key, value);
		if (wrong === undefined) put(answers, key, value as Given[typeof key]);
		else notes.push(`${key} is left out: ${wrong}`);
	}
	return {answers, notes, resolved: [...known.flatMap(({answer, resolved}) => (answer && resolved ? [answer] : [])), ...(options?.resolved ?? [])]};
}

/**
 * Reads a preset's answers from a manager's config.toml: of its first docker+machine runner. Its name stays its own. Throws `config-broken`, and
 * `no-docker-machine` where no runner of the file makes machines.
 */
export function readAnswers(text: string): Pick<AnswersRead, 'answers' | 'notes'> {
	const document = parseConfig(text, "The manager's config.toml");
	const runners = tablesAt(document, 'runners').filter((one) => textAt(one, 'executor') === 'docker+machine');
	const [runner] = runners;
	if (!runner)
		throw new Problem({
			code: 'no-docker-machine',
			message: "The manager's config.toml has no runner with the executor docker+machine.",
			advice: 'Name another manager with `--from`.',
		});
	const {answers, notes} = answersIn(document, runner);
	const {executor: _executor, runnerName: _name, ...kept} = answers;
	const first = `Its first of ${runners.length} docker+machine runners is taken: ${textAt(runner, 'name') ?? 'without a name'}.`;
	return {answers: {...kept, runner: 'token'}, notes: printableIn([...(runners.length > 1 ? [first] : []), ...notes])};
}

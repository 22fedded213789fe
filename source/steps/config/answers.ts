import {wrongShape} from '../../answers/value.ts';
import {isOfAnother, limitsOf} from '../../executors/offered.ts';
import type {AnswerKey, AnswerValue, Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {parseConfig, plain, type Table, tablesAt, textAt} from '../../world/host/toml.ts';
import {printableIn} from '../../world/printable.ts';
import {fatesOf} from './fates.ts';
import type {OptionFate} from './fields.ts';
import {type ExecutorConfig, fieldsOf, inForce} from './fields.ts';

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

const least = (one: unknown, other: unknown): unknown => (typeof one === 'number' && typeof other === 'number' ? Math.min(one, other) : other);

/** Reads the answers of one entry and of the keys that all share, whoever wrote them. An absent key is the runner's own default. No secret is read. */
export function answersIn(config: ExecutorConfig, document: Table, entry: Table): AnswersRead {
	const foreign = config.foreign?.(entry);
	const known = fieldsOf(foreign === undefined ? config : {rows: []});
	const answers: Given = {};
	const notes = foreign === undefined ? [] : [foreign];
	const said: Partial<Record<AnswerKey, unknown>> = {};
	const resolved: AnswerKey[] = [];
	const each = config.jobsPerWorker?.(entry) ?? 1;
	for (const {answer, path, read = plain, readAll, ...row} of known) {
		const value = inForce(config, document, entry, path);
		if (answer !== undefined && row.resolved) resolved.push(answer);
		if (value === undefined) continue;
		const several = readAll?.(value, each) ?? {answers: answer === undefined ? {} : {[answer]: read(value, each)}, resolved: [], notes: []};
		for (const [key, one] of Object.entries(several.answers) as [AnswerKey, unknown][])
			if (one !== undefined) said[key] = row.caps ? least(said[key], one) : one;
		resolved.push(...several.resolved);
		notes.push(...several.notes);
	}
	for (const [key, value] of Object.entries(said) as [AnswerKey, unknown][]) {
		const wrong = wrongShape(key, value);
		if (wrong === undefined) put(answers, key, value as Given[typeof key]);
		else notes.push(`${key} is left out: ${wrong}`);
	}
	return {answers, notes, resolved};
}

/** What a manager's config.toml says in our answers, and what becomes of each of its options. */
export type ManagerRead = Pick<AnswersRead, 'answers' | 'notes'> & {
	options: OptionFate[];
	/** The executor of the runner that is read. */
	from: AnswerValue<'executor'>;
	/** What its owner does with what made the workers, once the runner's jobs come to another fleet. */
	handOver: string | undefined;
};

/** Answers as a fleet of an executor takes them: what it can't do is left out, and said beside the option. */
function takenBy(executor: AnswerValue<'executor'>, read: Given, config: ExecutorConfig, entry: Table): Given {
	const {idleTime: refusedTime, period: refusedPeriod} = limitsOf({executor});
	const all = executor === config.executor ? read : (config.elsewhere?.(read, entry) ?? read);
	const seconds = (time: number): number => (refusedTime?.(time) ? 1 : time);
	const answers: Given = Object.fromEntries(Object.entries(all).filter(([key]) => !isOfAnother(key, {executor})));
	const {idleTime, schedule} = answers;
	if (idleTime !== undefined) answers.idleTime = seconds(idleTime);
	if (schedule)
		answers.schedule = schedule
			.filter(({periods}) => periods.every((period) => !refusedPeriod?.(period)))
			.map((window) => ({...window, idleTime: seconds(window.idleTime)}));
	return {...answers, executor};
}

/**
 * Reads a preset's answers from a manager's config.toml, for a fleet of an executor, or of its own: of the first runner of an executor that is known. Its
 * name stays its own. Throws `config-broken`, and `no-known-executor` where no runner of the file has one.
 */
export function readAnswers(text: string, configs: readonly ExecutorConfig[], executor?: AnswerValue<'executor'>): ManagerRead {
	const document = parseConfig(text, "The manager's config.toml");
	const configOf = (runner: Table): ExecutorConfig | undefined => configs.find(({executor}) => executor === textAt(runner, 'executor'));
	const runners = tablesAt(document, 'runners').flatMap((runner) => (configOf(runner) ? [runner] : []));
	const [runner] = runners;
	const config = runner && configOf(runner);
	const names = configs.map(({executor}) => executor).join(' or ');
	if (!runner || !config)
		throw new Problem({
			code: 'no-known-executor',
			message: `The manager's config.toml has no runner with the executor ${names}.`,
			advice: 'Name another manager with `--from`.',
		});
	const {answers: read, notes} = answersIn(config, document, runner);
	const wanted = executor ?? config.executor;
	const {runnerName: _name, ...answers} = takenBy(wanted, read, config, runner);
	const {options, runnerConfig} = fatesOf(document, runner, config, wanted, answers);
	const first = `Its first of ${runners.length} ${names} runners is taken: ${textAt(runner, 'name') ?? 'without a name'}.`;
	return {
		answers: {...answers, runner: 'token', ...(runnerConfig === undefined ? {} : {runnerConfig})},
		notes: printableIn([...(runners.length > 1 ? [first] : []), ...notes]),
		options: printableIn(options),
		from: config.executor,
		handOver: config.handOver,
	};
}

import {parseArgs} from 'node:util';
import {flagOf, inOrder, keyOfFlag, questions} from '../../answers/all.ts';
import {nearest} from '../../answers/nearest.ts';
import {fromText, secretIn, take} from '../../answers/value.ts';
import type {AnswerKey, Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {type CommandName, type CommandSpec, commands, everywhere, isRemembered, rememberedKinds} from './command-table.ts';

/** Everything on the command line that isn't an answer. */
export type CommandLineOptions = {
	preset: string | undefined;
	yes: boolean;
	/** The face that was asked for by name. */
	face: 'plain' | 'json' | undefined;
	color: boolean;
	help: boolean;
	version: boolean;
	tokenFile: string | undefined;
	gitlabTokenFile: string | undefined;
	accessKeyFile: string | undefined;
	dockerHubTokenFile: string | undefined;
	replaceManager: boolean;
	withCache: boolean;
	/** How long running jobs may take to end, in seconds: 0 with `--now`, undefined unless given. */
	drainSeconds: number | undefined;
	watch: boolean;
	report: boolean;
	/** A manager's instance id, or `choose`. */
	manager: string | undefined;
	/** The manager that a preset is saved from. */
	from: string | undefined;
	allRegions: boolean;
	/** Of the images that were baked. */
	list: boolean;
	prune: boolean;
};

/** A command line, understood. `words` are what follows the command; `remote` is what follows `--`. */
export type Parsed = {command: CommandName | 'home'; words: string[]; remote: string[]; given: Given; options: CommandLineOptions};

const switches = [...everywhere, ...commands.flatMap(({options}) => options)].filter(({value}) => !value).map(({flag}) => flag.replace(/^no-/, ''));
const valued = [...everywhere, ...commands.flatMap(({options}) => options)].filter(({value}) => value).map(({flag}) => flag);
const booleanKeys = inOrder.filter(({kind}) => kind === 'boolean').map(({id}) => flagOf(id).slice(2));

const config: NonNullable<Parameters<typeof parseArgs>[0]>['options'] = {
	...Object.fromEntries([...valued, ...keyOfFlag.keys()].map((name) => [name, {type: 'string'} as const])),
	...Object.fromEntries([...switches, ...booleanKeys].map((name) => [name, {type: 'boolean'} as const])),
	help: {type: 'boolean', short: 'h'},
	version: {type: 'boolean', short: 'v'},
};

/**
 * Reads a command line, without node and the script. Throws one Problem (exit 2) with everything that is wrong with it: unknown names with the
 * nearest known one, missing values, answers of a wrong shape, and secrets, which have no place here.
 */
export function parse(argv: readonly string[]): Parsed {
	const {flags, all, remote} = split(argv);
	refuseSecrets(flags, all);
	const [name, ...words] = all;
	const options = optionsIn(flags);
	const given: Given = {};
	const command = commands.find((one) => one.name === name);
	const unknown =
		name !== undefined && !command
			? [
					`There is no command "${name}".${suggest(
						name,
						commands.map((one) => one.name),
					)}`,
				]
			: [];
	const wrongAnswers = answersIn(flags, given);
	if (!options.help && !options.version) {
		const wrong = [...unknown, ...flags.flatMap((flag) => wrongFlag(flag, command, takesValue) ?? []), ...together(flags), ...wrongAnswers];
		if (command && wrong.length === 0) wrong.push(...wrongWords(command, words, remote));
		if (wrong.length > 0) throw usage(wrong, command?.name);
	}
	return {command: command?.name ?? 'home', words, remote: [...(remote ?? [])], given, options};
}

/** Whether a flag takes a value; undefined for one that isn't known. */
function takesValue(name: string): boolean | undefined {
	const type = config?.[name]?.type;
	return type && type === 'string';
}

function split(argv: readonly string[]): {flags: Flag[]; all: string[]; remote: readonly string[] | undefined} {
	const {tokens} = parseArgs({args: [...argv], options: config, strict: false, tokens: true, allowNegative: true, allowPositionals: true});
	const end = tokens.find(({kind}) => kind === 'option-terminator')?.index;
	const flags: Flag[] = [];
	const all: string[] = [];
	for (const token of tokens) {
		if (token.kind === 'positional' && (end === undefined || token.index < end)) all.push(token.value);
		if (token.kind !== 'option') continue;
		const written = token.rawName;
		const flag = {name: token.name, written, negated: written === `--no-${token.name}`, inline: token.inlineValue === true};
		flags.push(token.value === undefined ? flag : {...flag, value: token.value});
	}
	return {flags, all, remote: end === undefined ? undefined : argv.slice(end + 1)};
}

/** Reads the answers into `given`; gives a sentence for each that can't be taken. A list's flag may come more than once; of others the last holds. */
function answersIn(flags: readonly Flag[], given: Given): string[] {
	const read = new Map<AnswerKey, unknown>();
	for (const {name, negated, value} of flags) {
		const key = keyOfFlag.get(name);
		if (key === undefined) continue;
		const question = questions[key];
		if (value === undefined && question.kind !== 'boolean') continue;
		const answer = value === undefined ? !negated : fromText(question, value);
		const before = read.get(key);
		read.set(key, question.kind === 'list' && Array.isArray(before) && Array.isArray(answer) ? [...before, ...answer] : answer);
	}
	return [...read].flatMap(([key, value]) => take(given, key, value, flagOf(key)) ?? []);
}

/** How long running jobs may take to end, in seconds, where nobody says it. */
export const usualDrainSeconds = 1800;

function optionsIn(flags: readonly Flag[]): CommandLineOptions {
	const last = (name: string) => flags.findLast((flag) => flag.name === name);
	const has = (name: string) => last(name) !== undefined;
	const text = (name: string) => last(name)?.value;
	return {
		preset: text('preset'),
		yes: has('yes'),
		face: has('json') ? 'json' : has('plain') ? 'plain' : undefined,
		color: last('color')?.negated !== true,
		help: has('help'),
		version: has('version'),
		tokenFile: text('token-file'),
		gitlabTokenFile: text('gitlab-token-file'),
		accessKeyFile: text('access-key-file'),
		dockerHubTokenFile: text('docker-hub-token-file'),
		replaceManager: has('replace-manager'),
		withCache: has('with-cache'),
		drainSeconds: has('now') ? 0 : secondsIn(text('drain-timeout') ?? ''),
		watch: has('watch'),
		report: has('report'),
		manager: text('manager'),
		from: text('from'),
		allRegions: has('all-regions'),
		list: has('list'),
		prune: has('prune'),
	};
}

/** Flags that can't stand together. */
function together(flags: readonly Flag[]): string[] {
	const has = (name: string) => flags.some((flag) => flag.name === name);
	const fromInput = flags.filter(({value}) => value === '-').map(({written}) => written);
	return [
		...(has('json') && has('plain') ? ['`--json` and `--plain` are two faces: one of them can be had.'] : []),
		...(has('now') && has('drain-timeout') ? ['`--now` waits for no job, and `--drain-timeout` waits: one of them can hold.'] : []),
		...(fromInput.length > 1 ? [`${fromInput.join(' and ')} both read standard input, which can be read once.`] : []),
	];
}

/** Flags by which people try to give a secret, and how it is given instead. */
const secretFlags: readonly [name: RegExp, instead: string][] = [
	[
		/^(runner-|registration-|auth-)?token$/,
		'Put it in a file and give `--token-file token.txt`, pipe it in with `--token-file -`, or set `GITLAB_RUNNER_TOKEN`.',
	],
	[/^(gitlab|private|api|personal)-(access-)?token$/, 'Put it in a file and give `--gitlab-token-file token.txt`, or set `GITLAB_TOKEN`.'],
	[/^(docker-hub|registry-mirror)-(token|password)$/, 'Set `DOCKER_HUB_TOKEN`, or give it with `--docker-hub-token-file -`.'],
	[/^(aws-)?(access-key|secret-key|secret-access-key|access-key-id|secret)$/, 'Put id and secret in a file and give `--access-key-file key.txt`.'],
	[/^(pass(word|phrase)|mfa-code)$/, 'Leave it out: it is asked for, hidden.'],
];

function refuseSecrets(flags: readonly Flag[], words: readonly string[]): void {
	const refused = flags.find(({name, value}) => (!config?.[name] && secretFlags.some(([pattern]) => pattern.test(name))) || secretInFlag(name, value));
	const word = words.find((one) => secretIn(one, true));
	if (!refused && word === undefined) return;
	const what = refused?.written ?? 'A word here';
	throw new Problem({
		code: 'secret-on-command-line',
		exit: 2,
		message: `${what} holds a secret. A command line is kept in the shell's history and seen by everyone in the list of processes.`,
		advice: secretFlags.find(([pattern]) => pattern.test(refused?.name ?? 'token'))?.[1] ?? secretFlags[0]?.[1],
	});
}

/** A flag that is none of ours may be anyone's path. */
function secretInFlag(name: string, value: string | undefined): boolean {
	const key = keyOfFlag.get(name);
	return value !== undefined && secretIn(value, key === undefined || questions[key].holds !== undefined) !== undefined;
}

const suggest = (written: string, names: Iterable<string>): string => {
	const name = nearest(written, names);
	return name ? ` Did you mean \`${name}\`?` : '';
};

function usage(wrong: readonly string[], command: CommandName | undefined): Problem {
	return new Problem({
		code: 'usage',
		exit: 2,
		message: wrong.join('\n'),
		advice: `\`gitlab-runner-aws help${command ? ` ${command}` : ''}\` says what there is.`,
	});
}

/** A flag as it was written: its name without hyphens and without `no-`, and its value where it has one. */
type Flag = {name: string; written: string; negated: boolean; value?: string; inline: boolean};

/** Says what is wrong with one flag, or nothing. `takesValue` is undefined for a flag that isn't known. */
function wrongFlag(flag: Flag, command: CommandSpec | undefined, takesValue: (name: string) => boolean | undefined): string | undefined {
	const {name, written, negated, value, inline} = flag;
	const wants = takesValue(name);
	if (wants === undefined) return unknown(flag, command);
	const key = keyOfFlag.get(name);
	const elsewhere = key || !command ? undefined : owner(name, command);
	if (elsewhere) return `\`${written}\` belongs to ${elsewhere}, not to ${command?.name}.`;
	if (negated && wants) return `There is no \`${written}\`; \`--${name}\` takes a value.`;
	if (negated && !key && name !== 'color') return `There is no \`${written}\`.`;
	if (wants && (value === undefined || value === '' || (!inline && value.startsWith('--'))))
		return `\`${written}\` takes a value${value?.startsWith('--') ? `, and ${value} follows it` : ''}.`;
	if (!wants && !key && value !== undefined) return `\`${written}\` takes no value.`;
	if (name === 'drain-timeout' && value !== undefined && secondsIn(value) === undefined)
		return `\`--drain-timeout\` is "${value}". It takes a duration such as 90s, 30m or 2h.`;
	return undefined;
}

function unknown({name, written, negated}: Flag, command: CommandSpec | undefined): string {
	const own = [...everywhere, ...(command?.options ?? [])].map((option) => option.flag);
	const near = nearest(negated ? `no-${name}` : name, [...own, ...keyOfFlag.keys()]);
	return `There is no flag \`${written}\`.${near ? ` Did you mean \`--${near}\`?` : ''}`;
}

/** The commands that an option belongs to, where this one isn't among them. */
function owner(name: string, command: CommandSpec): string | undefined {
	const bears = (options: readonly {flag: string}[]) => options.some(({flag}) => flag === name || flag === `no-${name}`);
	if (bears(everywhere) || bears(command.options)) return undefined;
	return (
		commands
			.filter(({options}) => bears(options))
			.map((one) => one.name)
			.join(', ') || undefined
	);
}

/** Says what is wrong with the words after a command. */
function wrongWords(command: CommandSpec, words: readonly string[], remote: readonly string[] | undefined): string[] {
	const [least, most] = command.count;
	if (remote && command.name !== 'ssh') return ['Only ssh takes a command after `--`.'];
	const [first] = words;
	if (command.words && first !== undefined && !command.words.includes(first)) {
		const near = nearest(first, command.words);
		return [`${command.name} takes ${command.words.join(', ')}; "${first}" is none of them.${near ? ` Did you mean \`${near}\`?` : ''}`];
	}
	if (words.length < least) return [`${command.name} takes ${command.takes}.`];
	if (words.length > most) return [tooMany(command, words.slice(most))];
	if (command.name === 'presets' && first !== undefined) return wrongPresetWords(first, words.length);
	if (command.name === 'completions' && first !== undefined) return wrongCompletionWords(command, words);
	return [];
}

function tooMany(command: CommandSpec, extra: readonly string[]): string {
	const written = extra.map((word) => `"${word}"`).join(' ');
	if (command.name === 'ssh') return `${written} is more than a worker's name; a command for it comes after \`--\`.`;
	if (extra.some((word) => /^(true|false|yes|no)$/.test(word)))
		return `${written} belongs to no flag: a flag that is true or false is written \`--spot\` or \`--no-spot\`.`;
	return `${written} belongs to nothing here.`;
}

function wrongPresetWords(first: string, count: number): string[] {
	if (first === 'list') return count > 1 ? ['presets list takes no name.'] : [];
	return count < 2 ? [`presets ${first} takes a name, such as \`presets ${first} small\`.`] : [];
}

function wrongCompletionWords(command: CommandSpec, [shell, ...kinds]: readonly string[]): string[] {
	if (shell !== 'values') return kinds.length > 0 ? [tooMany(command, kinds)] : [];
	return isRemembered(kinds[0]) ? [] : [`completions values takes ${rememberedKinds.join(', ')}.`];
}

const unitSeconds: Record<string, number> = {s: 1, m: 60, h: 3600};

/** A duration such as 90s, 30m or 2h in seconds; undefined for anything else. Bare numbers are seconds. */
function secondsIn(duration: string): number | undefined {
	const [, number, unit = 's'] = /^(\d{1,6})([smh])?$/.exec(duration) ?? [];
	return number === undefined ? undefined : Number(number) * (unitSeconds[unit] ?? 1);
}

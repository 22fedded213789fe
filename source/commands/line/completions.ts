import {flagOf, inOrder} from '../../answers/all.ts';
import {type AnyQuestion, nothingAround} from '../../answers/question.ts';
import {type CommandOption, type CommandSpec, commands, everywhere, lists, type Remembered} from './command-table.ts';

/** Shells that completions can be printed for. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** Whether completions can be printed for it. */
export const isShell = (name: string): name is Shell => name === 'bash' || name === 'zsh' || name === 'fish';

/** A script for a shell's own completion: commands, their words, the flags that each takes, and whatever values can be known without asking AWS. */
export async function completions(shell: Shell): Promise<string> {
	const answers = await Promise.all(inOrder.map(async (question) => ({question, flag: await answerFlag(question)})));
	const offers = [...commands, home].map((command): Offers => {
		const own = answers.filter(({question}) => lists(command, question)).map(({flag}) => flag);
		return {command: command.name, words: wordsOf(command), flags: [...command.options, ...everywhere].map(optionFlag).concat(own)};
	});
	return {bash, zsh, fish}[shell](offers);
}

/** A flag as completion needs it. `asks` is what this laptop remembers when it is asked: presets come and go. */
type Completed = {flags: string[]; help: string; takes: 'nothing' | 'file' | 'value'; values: readonly string[]; asks?: Remembered | undefined};

/** What follows a command: its own words, and its flags. */
type Offers = {command: string; words: readonly string[]; flags: readonly Completed[]};

/** Before a command is named: what can follow the program itself. */
const home: Pick<CommandSpec, 'options' | 'answers' | 'words'> & {name: ''} = {name: '', answers: 'fleet', options: [], words: commands.map(({name}) => name)};

const wordsOf = ({name, words = []}: Pick<CommandSpec, 'words'> & {name: string}): readonly string[] =>
	name === 'help' ? commands.map((one) => one.name) : words;

/** Answers whose values this laptop remembers. */
const remembered: Partial<Record<string, Remembered>> = {profile: 'profile', fleet: 'fleet', preset: 'preset'};

async function answerFlag(question: AnyQuestion): Promise<Completed> {
	const flag = flagOf(question.id);
	const help = question.title;
	if (question.kind === 'boolean') return {flags: [flag, `--no-${flag.slice(2)}`], help, takes: 'nothing', values: []};
	const takes = question.holds === 'file' ? 'file' : 'value';
	return {flags: [flag], help, takes, values: await valuesKnown(question), asks: remembered[question.id]};
}

/** Values that are the same everywhere: those that the record names, and choices for which no cloud is asked. */
async function valuesKnown({id, known = [], choices}: AnyQuestion): Promise<readonly string[]> {
	if (remembered[id] || known.length > 0 || !choices) return known;
	return (await choices(nothingAround)).map(({value}) => String(value));
}

const optionFlag = ({flag, value, help, values = []}: CommandOption): Completed => ({
	flags: [`--${flag}`],
	help,
	takes: !value ? 'nothing' : value.includes('FILE') ? 'file' : 'value',
	values,
	asks: remembered[flag],
});

/** Words after a command's word that this laptop remembers. */
const after: readonly (readonly [command: string, word: string, asks: Remembered])[] = [
	['presets', 'show', 'preset'],
	['presets', 'rm', 'own-preset'],
	['presets', 'save', 'own-preset'],
];

const asking = (what: Remembered): string => `gitlab-runner-aws completions values ${what} 2>/dev/null`;
const names = commands.map(({name}) => name);
const written = (flags: readonly Completed[]): string => flags.flatMap((one) => one.flags).join(' ');

/** Each flag that takes something, once, whichever commands take it. */
const valued = (offers: readonly Offers[]): Completed[] => [
	...new Map(offers.flatMap(({flags}) => flags.filter(({takes}) => takes !== 'nothing').map((one) => [one.flags[0], one]))).values(),
];

const indented = (depth: number, lines: readonly string[]): string => lines.map((line) => '\t'.repeat(depth) + line).join('\n');

function bash(offers: readonly Offers[]): string {
	const value = ({flags, takes, values, asks}: Completed): string => {
		const from = [
			...(values.length > 0 ? [`compgen -W '${values.join(' ')}' -- "$current"`] : []),
			...(asks ? [`compgen -W "$(${asking(asks)})" -- "$current"`] : []),
			...(takes === 'file' ? ['compgen -f -- "$current"'] : []),
		];
		// Only readline knows of a completion under way.
		const slash = takes === 'file' ? 'compopt -o filenames 2>/dev/null; ' : '';
		return `${flags.join('|')}) ${from.length > 0 ? `${slash}mapfile -t COMPREPLY < <(${from.join('; ')}); ` : ''}return ;;`;
	};
	return `_gitlab_runner_aws() {
	local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' word='' offered='' one
	COMPREPLY=()
	if [[ $current == '=' ]]; then
		current=''
	elif [[ $before == '=' ]]; then
		before=\${COMP_WORDS[COMP_CWORD-2]}
	fi
	for one in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $command ]]; then
			[[ $word ]] || word=$one
		else
			case $one in ${names.join('|')}) command=$one ;; esac
		fi
	done
	case $before in
${indented(2, valued(offers).map(value))}
	esac
	case "$command $word" in
${indented(
	2,
	after.map(([command, word, asks]) => `'${command} ${word}') offered=$(${asking(asks)}) ;;`),
)}
	esac
	if [[ $current == -* ]]; then
		case $command in
${indented(
	3,
	offers.map(({command, flags}) => `'${command}') offered='${written(flags)}' ;;`),
)}
		esac
	elif [[ ! $word ]]; then
		case $command in
${indented(
	3,
	offers.filter(({words}) => words.length > 0).map(({command, words}) => `'${command}') offered='${words.join(' ')}' ;;`),
)}
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
}
complete -F _gitlab_runner_aws gitlab-runner-aws
`;
}

function zsh(offers: readonly Offers[]): string {
	const value = ({flags, takes, values, asks}: Completed): string => {
		const from = [
			...(values.length > 0 ? [`compadd -- ${values.map(quoted).join(' ')}`] : []),
			...(asks ? [`compadd -- \${(f)"$(${asking(asks)})"}`] : []),
			...(takes === 'file' ? ['_files'] : []),
		];
		return `(${flags.join('|')}) ${from.map((one) => `${one}; `).join('')}return ;;`;
	};
	return `#compdef gitlab-runner-aws
_gitlab_runner_aws() {
	local before=\${words[CURRENT-1]} command='' word='' one
	for one in \${words[2,CURRENT-1]}; do
		if [[ -n $command ]]; then
			[[ -n $word ]] || word=$one
		else
			case $one in (${names.join('|')}) command=$one ;; esac
		fi
	done
	if [[ \${words[CURRENT]} == --*=* ]]; then
		before=\${words[CURRENT]%%=*}
		compset -P '*='
	fi
	case $before in
${indented(2, valued(offers).map(value))}
	esac
	if [[ \${words[CURRENT]} == -* ]]; then
		case $command in
${indented(
	3,
	offers.map(({command, flags}) => `('${command}') compadd -- ${written(flags)} ;;`),
)}
		esac
		return
	fi
	case "$command $word" in
${indented(
	2,
	after.map(([command, word, asks]) => `('${command} ${word}') compadd -- \${(f)"$(${asking(asks)})"} ;;`),
)}
${indented(
	2,
	offers.filter(({words}) => words.length > 0).map(({command, words}) => `('${command} ') compadd -- ${words.join(' ')} ;;`),
)}
	esac
}
compdef _gitlab_runner_aws gitlab-runner-aws
`;
}

function fish(offers: readonly Offers[]): string {
	const seen = (...words: readonly string[]): string => `__fish_seen_subcommand_from ${words.join(' ')}`;
	const given = (when: string, what: string): string => `complete -c gitlab-runner-aws -n ${quoted(when)}${what}`;
	/** Each flag with the commands that take it. */
	const all = new Map<string, {one: Completed; by: string[]}>();
	for (const {command, flags} of offers) {
		for (const one of flags) {
			const known = all.get(written([one])) ?? {one, by: []};
			known.by.push(command);
			all.set(written([one]), known);
		}
	}
	const lines = ({one: {flags, help, takes, values, asks}, by}: {one: Completed; by: string[]}): string[] => {
		const offered = [...values, ...(asks ? [`(${asking(asks)})`] : [])].join(' ');
		const value = takes === 'nothing' ? '' : `${takes === 'file' ? ' -r -F' : ' -x'}${offered === '' ? '' : ` -a ${quoted(offered)}`}`;
		const when = [...(by.includes('') ? ['__fish_use_subcommand'] : []), seen(...by.filter((name) => name !== ''))].join('; or ');
		return flags.map((flag) => given(when, ` -l ${flag.slice(2)}${value} -d ${quoted(help)}`));
	};
	return `${[
		'complete -c gitlab-runner-aws -f',
		...commands.map(({name, does}) => given('__fish_use_subcommand', ` -a ${name} -d ${quoted(does)}`)),
		...offers.flatMap(({command, words}) =>
			command === '' || words.length === 0
				? []
				: [
						given(
							`${seen(command)}; and not __fish_seen_subcommand_from ${words.filter((word) => word !== command).join(' ')}`,
							` -a ${quoted(words.join(' '))}`,
						),
					],
		),
		...after.map(([command, word, asks]) => given(`${seen(command)}; and ${seen(word)}`, ` -a ${quoted(`(${asking(asks)})`)}`)),
		...[...all.values()].flatMap(lines),
	].join('\n')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "'\\''")}'`;

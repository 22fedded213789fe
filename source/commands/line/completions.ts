import {inOrder} from '../../answers/all.ts';
import {type AnyQuestion, flagOf, nothingAround} from '../../answers/question.ts';
import {type CommandOption, type CommandSpec, commands, everywhere} from './command-table.ts';

/** Shells that completions can be printed for. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** Whether completions can be printed for it. */
export const isShell = (name: string): name is Shell => name === 'bash' || name === 'zsh' || name === 'fish';

/** A script for a shell's own completion: commands, their words, every flag, and values where they are fixed. */
export async function completions(shell: Shell): Promise<string> {
	const answers = await Promise.all(inOrder.map(answerFlag));
	return {bash, zsh, fish}[shell](answers);
}

/** A flag as completion needs it. */
type Completed = {flags: string[]; help: string; takes: 'nothing' | 'file' | 'value'; values: readonly string[]};

async function answerFlag(question: AnyQuestion): Promise<Completed> {
	const flag = flagOf(question.id);
	const help = question.title;
	if (question.kind === 'boolean') return {flags: [flag, `--no-${flag.slice(2)}`], help, takes: 'nothing', values: []};
	return {flags: [flag], help, takes: question.holds === 'file' ? 'file' : 'value', values: await fixedValues(question)};
}

/** Values of a closed question: they are the same everywhere, so no cloud is asked. */
async function fixedValues({closed, choices}: AnyQuestion): Promise<string[]> {
	if (!closed) return [];
	const found = await choices?.(nothingAround);
	return (found ?? []).map(({value}) => String(value));
}

const optionFlag = ({flag, value, help, values = []}: CommandOption): Completed => ({
	flags: [`--${flag}`],
	help,
	takes: !value ? 'nothing' : value.includes('FILE') ? 'file' : 'value',
	values,
});

const ofCommand = ({options}: CommandSpec, answers: readonly Completed[]): Completed[] => [
	...options.map(optionFlag),
	...everywhere.map(optionFlag),
	...answers,
];
const allFlags = (answers: readonly Completed[]): Completed[] => [...everywhere, ...commands.flatMap(({options}) => options)].map(optionFlag).concat(answers);
const written = (flags: readonly Completed[]): string => flags.flatMap((one) => one.flags).join(' ');
const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
const names = commands.map(({name}) => name);
const filesOf = (flags: readonly Completed[]): string => unique(flags.filter(({takes}) => takes === 'file').flatMap((one) => one.flags)).join('|');
const valuesOf = (flags: readonly Completed[]): string =>
	unique(flags.filter(({takes, values}) => takes === 'value' && values.length === 0).flatMap((one) => one.flags)).join('|');
const fixedOf = (flags: readonly Completed[]): Completed[] => flags.filter(({values}) => values.length > 0);

function bash(answers: readonly Completed[]): string {
	const flags = allFlags(answers);
	return `_gitlab_runner_aws() {
	local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' word
	COMPREPLY=()
	for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in ${names.join('|')}) command=$word; break ;; esac
	done
	case $before in
		${filesOf(flags)}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
${fixedOf(flags)
	.map((one) => `\t\t${one.flags.join('|')}) mapfile -t COMPREPLY < <(compgen -W '${one.values.join(' ')}' -- "$current"); return ;;`)
	.join('\n')}
		${valuesOf(flags)}) return ;;
	esac
	local offered=''
	if [[ $current == -* ]]; then
		case $command in
${commands.map((command) => `\t\t\t${command.name}) offered='${written(ofCommand(command, answers))}' ;;`).join('\n')}
			*) offered='${written([...everywhere.map(optionFlag), ...answers])}' ;;
		esac
	else
		case $command in
			'') offered='${names.join(' ')}' ;;
${commands.flatMap(({name, words}) => (words ? [`\t\t\t${name}) offered='${words.join(' ')}' ;;`] : [])).join('\n')}
			help) offered='${names.join(' ')}' ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
}
complete -F _gitlab_runner_aws gitlab-runner-aws
`;
}

function zsh(answers: readonly Completed[]): string {
	const flags = allFlags(answers);
	return `#compdef gitlab-runner-aws
_gitlab_runner_aws() {
	local command='' word
	for word in \${words[2,CURRENT-1]}; do
		case $word in (${names.join('|')}) command=$word; break ;; esac
	done
	case \${words[CURRENT-1]} in
		(${filesOf(flags)}) _files; return ;;
${fixedOf(flags)
	.map((one) => `\t\t(${one.flags.join('|')}) compadd -- ${one.values.map(quoted).join(' ')}; return ;;`)
	.join('\n')}
		(${valuesOf(flags)}) return ;;
	esac
	if [[ \${words[CURRENT]} == -* ]]; then
		case $command in
${commands.map((command) => `\t\t\t(${command.name}) compadd -- ${written(ofCommand(command, answers))} ;;`).join('\n')}
			(*) compadd -- ${written([...everywhere.map(optionFlag), ...answers])} ;;
		esac
	else
		case $command in
			('') compadd -- ${names.join(' ')} ;;
${commands.flatMap(({name, words}) => (words ? [`\t\t\t(${name}) compadd -- ${words.join(' ')} ;;`] : [])).join('\n')}
			(help) compadd -- ${names.join(' ')} ;;
		esac
	fi
}
compdef _gitlab_runner_aws gitlab-runner-aws
`;
}

function fish(answers: readonly Completed[]): string {
	const line = (when: string, {flags, help, takes, values}: Completed) =>
		flags.map((flag) => {
			const value = takes === 'nothing' ? '' : takes === 'file' ? ' -r -F' : ` -x${values.length > 0 ? ` -a ${quoted(values.join(' '))}` : ''}`;
			return `complete -c gitlab-runner-aws${when} -l ${flag.slice(2)}${value} -d ${quoted(help)}`;
		});
	return `${[
		'complete -c gitlab-runner-aws -f',
		...commands.map(({name, does}) => `complete -c gitlab-runner-aws -n __fish_use_subcommand -a ${name} -d ${quoted(does)}`),
		...commands.flatMap(({name, words}) =>
			words ? [`complete -c gitlab-runner-aws -n '__fish_seen_subcommand_from ${name}' -a ${quoted(words.join(' '))}`] : [],
		),
		...commands.flatMap(({name, options}) => options.flatMap((option) => line(` -n '__fish_seen_subcommand_from ${name}'`, optionFlag(option)))),
		...[...everywhere.map(optionFlag), ...answers].flatMap((one) => line('', one)),
	].join('\n')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "'\\''")}'`;

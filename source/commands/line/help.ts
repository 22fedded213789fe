import type {AnyQuestion} from '../../answers/question.ts';
import {type CommandName, type CommandOption, type CommandSpec, commands, everywhere, lists} from './command-table.ts';

/** Two columns: a name, and what is said of it. */
type HelpRow = readonly [name: string, says: string];

const width = 80;

/** What the program does, in the order of a first visit. It loads nothing but the table of commands. */
export function help(): string {
	return lines(
		'From an AWS account and a GitLab project to a working, autoscaling GitLab Runner fleet, and back to nothing.',
		'',
		'Usage',
		'  gitlab-runner-aws [COMMAND] [FLAGS]',
		'',
		'Without a command it shows the fleets that stand, and sets one up where none does.',
		'',
		'Commands',
		...table(commands.map(({name, does}) => [name, does])),
		'',
		'Flags of every command',
		...table(everywhere.map(optionRow)),
		'',
		...wrapped('Every answer has a flag too, such as --region or --worker-type: `gitlab-runner-aws help setup` lists them.', ''),
		'',
		'Examples',
		...table([
			['gitlab-runner-aws demo', 'all of it, simulated'],
			['gitlab-runner-aws setup', 'asks, shows, makes'],
			['gitlab-runner-aws plan', 'what setup would change'],
			['gitlab-runner-aws destroy', 'takes it all away'],
		]),
		'',
		...wrapped('Exits with 0 done, 1 a problem, 2 usage, 3 plan found changes, 4 not healthy, 70 a bug, 129/130/143 ended from outside.', ''),
	);
}

/** All that one command takes, with examples. Loads the questions, whose records say what each flag is. */
export async function commandHelp(name: CommandName): Promise<string> {
	const command = commands.find((one) => one.name === name);
	if (!command) return help();
	const {does, takes, says: changes = [], options, examples} = command;
	return lines(
		does,
		'',
		'Usage',
		`  gitlab-runner-aws ${name}${takes ? ` ${takes}` : ''} [FLAGS]`,
		'',
		'Examples',
		...examples.flatMap(([example, says]) => [`  ${example}`, `    ${says}`]),
		'',
		...(changes.length > 0 ? ['Changes', ...table(changes), ''] : []),
		...(options.length > 0 ? ['Flags', ...table(options.map(optionRow)), ''] : []),
		'Flags of every command',
		...table(everywhere.map(optionRow)),
		'',
		...(await answerLines(command)),
	);
}

const optionRow = ({flag, value, help}: CommandOption): HelpRow => [`--${flag}${value ? ` ${value}` : ''}`, help];

async function answerLines(command: CommandSpec): Promise<string[]> {
	if (command.answers === 'none') return [];
	const {inOrder} = await import('../../answers/all.ts');
	const entries = await Promise.all(inOrder.filter((question) => lists(command, question)).map(answerEntry));
	return [command.answers === 'all' ? 'Answers' : 'Which fleet, and how it is reached (it takes all answers of setup)', ...entries.flat()];
}

async function answerEntry(question: AnyQuestion): Promise<string[]> {
	const {flagOf} = await import('../../answers/all.ts');
	const flag = flagOf(question.id);
	const written = question.kind === 'boolean' ? `${flag}, --no-${flag.slice(2)}` : `${flag} ${valueName(question)}`;
	const fallback = await defaultText(question);
	return [`  ${written}`, ...wrapped(`${question.title} ${question.help}${fallback ? ` Default: ${fallback}.` : ''}`, '      '), ...exampleLines(question)];
}

/** An example as it is typed: a line of its own, never broken. */
const exampleLines = ({example, kind, written}: AnyQuestion): string[] =>
	example === undefined || (kind !== 'json' && !written) ? [] : [`      Such as ${example}`];

function valueName({kind, unit}: AnyQuestion): string {
	if (kind === 'number') return unit === 's' ? 'SECONDS' : (unit ?? 'number').toUpperCase();
	if (kind === 'list') return 'LIST';
	return kind === 'json' ? 'JSON' : 'VALUE';
}

/** A default as its flag would be written; nothing where it depends on this laptop or on no one. */
async function defaultText(question: AnyQuestion): Promise<string | undefined> {
	const [{toText}, {defaultOf, nothingAround}] = await Promise.all([import('../../answers/value.ts'), import('../../answers/question.ts')]);
	const fallback = await defaultOf(question, nothingAround);
	if (fallback?.other) return fallback.why;
	const text = fallback === undefined ? '' : toText(fallback.value);
	return ['', '[]', '{}'].includes(text) ? undefined : text;
}

function table(rows: readonly HelpRow[]): string[] {
	const column = Math.max(...rows.map(([name]) => name.length)) + 4;
	return rows.flatMap(([name, says]) => {
		const [first = '', ...rest] = wrapped(says, ' '.repeat(column));
		return [`  ${name}`.padEnd(column) + first.trimStart(), ...rest];
	});
}

/** A text in lines of at most `width` columns, each after this indent. */
function wrapped(text: string, indent: string): string[] {
	const out: string[] = [];
	let line = '';
	for (const word of text.split(' ')) {
		if (line !== '' && indent.length + line.length + 1 + word.length > width) {
			out.push(indent + line);
			line = word;
		} else {
			line = line === '' ? word : `${line} ${word}`;
		}
	}
	return [...out, indent + line];
}

const lines = (...all: string[]): string =>
	`${all
		.flatMap((line) => (line.length > width && !line.startsWith(' ') ? wrapped(line, '') : [line]))
		.join('\n')
		.trimEnd()}\n`;

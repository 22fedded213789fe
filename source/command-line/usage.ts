import {keyOfFlag} from '../questions/all.ts';
import {type Command, commands, everywhere, nearest} from './command-table.ts';

/** A flag as it was written: its name without hyphens and without `no-`, and its value where it has one. */
export type Flag = {name: string; written: string; negated: boolean; value?: string; inline: boolean};

/** Says what is wrong with one flag, or nothing. `takesValue` is undefined for a flag that isn't known. */
export function wrongFlag(flag: Flag, command: Command | undefined, takesValue: (name: string) => boolean | undefined): string | undefined {
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

function unknown({name, written, negated}: Flag, command: Command | undefined): string {
	const own = [...everywhere, ...(command?.options ?? [])].map((option) => option.flag);
	const near = nearest(negated ? `no-${name}` : name, [...own, ...keyOfFlag.keys()]);
	return `There is no flag \`${written}\`.${near ? ` Did you mean \`--${near}\`?` : ''}`;
}

/** The commands that an option belongs to, where this one isn't among them. */
function owner(name: string, command: Command): string | undefined {
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
export function wrongWords(command: Command, words: readonly string[], remote: readonly string[] | undefined): string[] {
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
	return [];
}

function tooMany(command: Command, extra: readonly string[]): string {
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

const unitSeconds: Record<string, number> = {s: 1, m: 60, h: 3600};

/** A duration such as 90s, 30m or 2h in seconds; undefined for anything else. Bare numbers are seconds. */
export function secondsIn(duration: string): number | undefined {
	const [, number, unit = 's'] = /^(\d{1,6})([smh])?$/.exec(duration) ?? [];
	return number === undefined ? undefined : Number(number) * (unitSeconds[unit] ?? 1);
}

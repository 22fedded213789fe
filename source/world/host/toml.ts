import {parse, stringify, TomlDate, TomlError, type TomlTable, type TomlValue} from 'smol-toml';
import {Problem} from '../../problem.ts';

export type Table = TomlTable;
export type Value = TomlValue;

/**
 * A TOML text as tables. Whole numbers come as bigint and fractions as number, so that what was written as `1.0` is written as `1.0` again:
 * gitlab-runner refuses a whole number where it wants a fraction (`IdleScaleFactor`). Throws `config-broken` with line and column.
 */
export function parseConfig(text: string, what: string): Table {
	try {
		return parse(text, {integersAsBigInt: true});
	} catch (error) {
		if (!(error instanceof TomlError)) throw error;
		const reason = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '');
		throw new Problem({code: 'config-broken', message: `${what} isn't TOML: ${reason} (line ${error.line}, column ${error.column}).`, cause: error});
	}
}

/** Tables as a TOML text, the inverse of `parseConfig`; comments are lost. */
export const printConfig = (table: Table): string => stringify(table, {numbersAsFloat: true});

export const isTable = (value: Value | undefined): value is Table =>
	typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);

/** A table under a key, made empty where there is none. */
function tableAt(table: Table, key: string): Table {
	const standing = table[key];
	if (isTable(standing)) return standing;
	const made: Table = {};
	table[key] = made;
	return made;
}

/** A list of tables under a key; anything else counts as none. */
export const tablesAt = (table: Table, key: string): Table[] => {
	const standing = table[key];
	return Array.isArray(standing) ? standing.filter(isTable) : [];
};

/** What stands under a path such as `machine.shutdown_drain.enabled`. */
export function valueAt(table: Table, path: string): Value | undefined {
	let value: Value | undefined = table;
	for (const key of path.split('.')) value = isTable(value) ? value[key] : undefined;
	return value;
}

/** Puts a value under a path, with the tables that lead to it; undefined takes it away. */
export function putAt(table: Table, path: string, value: Value | undefined): void {
	const keys = path.split('.');
	const last = keys.pop() ?? path;
	let inner = table;
	for (const key of keys) {
		if (value === undefined && !isTable(inner[key])) return;
		inner = tableAt(inner, key);
	}
	if (value === undefined) delete inner[last];
	else inner[last] = value;
}

export const textAt = (table: Table, key: string): string | undefined => {
	const value = table[key];
	return typeof value === 'string' ? value : undefined;
};

export const numberAt = (table: Table, key: string): number | undefined => {
	const value = table[key];
	return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : undefined;
};

export const booleanAt = (table: Table, key: string): boolean | undefined => {
	const value = table[key];
	return typeof value === 'boolean' ? value : undefined;
};

export const textsAt = (table: Table, key: string): string[] => {
	const value = table[key];
	return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
};

/** Puts `from` over `into`, table by table; lists and values are replaced whole. */
export function overlay(into: Table, from: Table): void {
	for (const [key, value] of Object.entries(from)) {
		if (isTable(value)) overlay(tableAt(into, key), value);
		else into[key] = value;
	}
}

/** Whether two values are the same in TOML's terms: a whole number isn't the fraction of its size, and the order of keys says nothing. */
export function same(one: Value | undefined, other: Value | undefined): boolean {
	if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((value, index) => same(value, other[index]));
	if (one instanceof TomlDate && other instanceof TomlDate) return one.toISOString() === other.toISOString();
	if (!isTable(one) || !isTable(other)) return Object.is(one, other);
	const keys = Object.keys(one);
	return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}

/** Whole numbers as TOML's integers. */
export const whole = (value: number): bigint => BigInt(value);

/** A time as a TOML datetime. */
export const moment = (milliseconds: number): TomlDate => new TomlDate(new Date(milliseconds));

/** A number, a text or a truth as JavaScript has it; undefined for anything else. */
export function plain(value: Value | undefined): string | number | boolean | undefined {
	if (typeof value === 'bigint') return Number(value);
	return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** A value in one line, for showing and comparing. */
export const shown = (value: Value | undefined): string => {
	if (value === undefined) return 'nothing';
	if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
	if (value instanceof TomlDate) return value.toISOString();
	if (isTable(value))
		return `{${Object.entries(value)
			.map(([key, inner]) => `${key} = ${shown(inner)}`)
			.join(', ')}}`;
	return String(value);
};

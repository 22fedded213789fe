import {shown, type Value} from './toml.ts';

/**
 * What in a config.toml is never shown, whoever wrote it and whatever executor it is for. Told by names, since a file may hold keys that nobody here
 * knows; as regular expressions that JavaScript and Python read alike, since the manager itself hides what it tells. All ignore case.
 */
export const secretWords = {
	/** The end of a key's name. */
	keys: '(?:secret|password|token|(?:access|secret|private|account|api)_?key|credentials?|dsn)$',
	/** Keys of lists of `NAME=value`. */
	variables: '^environment$',
} as const;

const is = (pattern: string): ((name: string) => boolean) => {
	const words = new RegExp(pattern, 'i');
	return (name) => words.test(name);
};

/** Whether the value under a key is a secret. */
export const isSecretKey = is(secretWords.keys);
/** Whether a key's list holds variables, each of which may be a secret. */
const holdsVariables = is(secretWords.variables);

/** A token's first characters are its kind: enough to tell two apart, too few to use. */
const masked = (value: string): string => `${/^gl[a-z]+-(t\d_)?/.exec(value)?.[0] ?? ''}…`;

/** A text without the names and passwords in its URLs. */
export const withoutLogin = (text: string): string => text.replace(/\/\/[^/@\s"]+@/g, '//…@');

/** A value of config.toml as it may be shown. */
export function shownAt(path: string, value: Value | undefined): string {
	const key = path.slice(path.lastIndexOf('.') + 1);
	if (value === undefined) return shown(value);
	if (isSecretKey(key) || holdsVariables(key)) return typeof value === 'string' ? masked(value) : '…';
	return withoutLogin(shown(value));
}

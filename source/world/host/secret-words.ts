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
export const holdsVariables = is(secretWords.variables);

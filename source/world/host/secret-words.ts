/**
 * What in a config.toml is never shown, whoever wrote it and whatever executor it is for. Told by names, since a file may hold keys that nobody here
 * knows; as regular expressions that JavaScript and Python read alike, since the manager itself hides what it tells. All ignore case.
 */
export const secretWords = {
	/** The end of a key's name. */
	keys: '(?:secret|password|token|(?:access|secret|private|account|api)_?key|credentials?|dsn)$',
	/** Keys of lists of `NAME=value`. */
	variables: '^environment$',
	/** One of docker-machine's options; drivers have their own. The instance metadata service has tokens of its own, which aren't meant. */
	options: '^(?!amazonec2-metadata-token)(?:engine-env|.*(?:secret|password|token|api-?key|access-key|private-key|credential).*)$',
} as const;

const is = (pattern: string): ((name: string) => boolean) => {
	const words = new RegExp(pattern, 'i');
	return (name) => words.test(name);
};

/** Whether the value under a key is a secret. */
export const isSecretKey = is(secretWords.keys);
/** Whether a key's list holds variables, each of which may be a secret. */
export const holdsVariables = is(secretWords.variables);
/** Whether the value of one of docker-machine's options is a secret. */
export const isSecretOption = is(secretWords.options);

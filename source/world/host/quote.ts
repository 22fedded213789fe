/** A word as a POSIX shell takes it literally: quoted only where it must be. */
export const quote = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** A command line of these words, whoever wrote them. */
export const commandLine = (...words: readonly string[]): string => words.map(quote).join(' ');

/** A command line of these words, run as root by a login user who isn't. */
export const asRoot = (user: string, ...words: string[]): string => commandLine(...(user === 'root' ? [] : ['sudo', '-n']), ...words);

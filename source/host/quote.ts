/** A word as a POSIX shell takes it literally. */
const quote = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** A command line of these words, run as root by a login user who isn't. */
export const asRoot = (user: string, ...words: string[]): string => [...(user === 'root' ? [] : ['sudo', '-n']), ...words].map(quote).join(' ');

/** What decides which face meets the person. */
export type Terms = {
	json: boolean;
	plain: boolean;
	/** Both ends of the terminal are one. */
	stdinIsTty: boolean;
	stdoutIsTty: boolean;
	env: Readonly<Record<string, string | undefined>>;
};

/** Which face, once, at the edge: screens only where there's a terminal that can draw them and no machine looks on. */
export function pickFace({json, plain, stdinIsTty, stdoutIsTty, env}: Terms): 'json' | 'plain' | 'screens' {
	if (json) return 'json';
	if (plain || !stdinIsTty || !stdoutIsTty || env.TERM === 'dumb') return 'plain';
	return env.CI !== undefined && env.CI !== '' && env.CI !== 'false' && env.CI !== '0' ? 'plain' : 'screens';
}

/** Whether a person sits at the terminal: can be asked. */
export const isInteractive = ({stdinIsTty, stdoutIsTty}: Terms): boolean => stdinIsTty && stdoutIsTty;

/** Whether colours may be used: never into a pipe, nor with `NO_COLOR` or `--no-color`. */
export const mayColour = ({stdoutIsTty, env}: Terms, noColour: boolean): boolean => stdoutIsTty && !noColour && !env.NO_COLOR && env.TERM !== 'dumb';

/** Whether only ASCII may be written: a dumb terminal, or a locale that isn't UTF-8. */
export function onlyAscii(env: Terms['env']): boolean {
	if (env.TERM === 'dumb' || env.TERM === 'linux') return true;
	const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '');
	return locale !== undefined && !/utf-?8/i.test(locale);
}

import {StringDecoder} from 'node:string_decoder';
import {Stopped} from '../../problem.ts';

/** What a person types at, a line at a time: the terminal's own line editing does the rest, so that nothing is ever redrawn. */
export type LineReader = {
	/** The next line, without its end. Rejects with `Stopped` once there is nobody any more. */
	line(): Promise<string>;
	/** A line that may never come, while other lines go by: nothing once `over` is aborted. */
	heard(over: AbortSignal): Promise<string | undefined>;
	/** The same as a line, without an echo: `prompt` is called once there is none, so that nothing that answers it is ever seen. */
	hidden(prompt: () => void): Promise<string>;
};

/** A terminal's input, as far as it is one. */
type TerminalInput = NodeJS.ReadableStream & {setRawMode?(isRaw: boolean): unknown};

/** Keys of a hidden line, which the terminal doesn't edit itself. */
const keys = {stop: '\u0003', end: '\u0004', erase: '\u007f', eraseToo: '\b', clear: '\u0015'} as const;

/** The hidden line after a key, or what it ends with. */
function hiddenAfter(typed: string, key: string): {typed: string; is: 'going' | 'done' | 'stopped'} {
	if (key === '\r' || key === '\n') return {typed, is: 'done'};
	if (key === keys.stop || (key === keys.end && typed === '')) return {typed: '', is: 'stopped'};
	if (key === keys.erase || key === keys.eraseToo) return {typed: [...typed].slice(0, -1).join(''), is: 'going'};
	return {typed: key === keys.clear ? '' : typed + key, is: 'going'};
}

/** Reads lines. What is typed ahead waits for the next question; `ended` is aborted when the work is stopped from outside. */
export function lineReader(input: TerminalInput, output: NodeJS.WritableStream, ended?: AbortSignal): LineReader {
	const decoder = new StringDecoder('utf8');
	let ahead = '';

	/** Takes what comes until `take` has what it wants: it gives a line, or nothing yet. Gives nothing where it is over before. */
	function until(take: () => string | undefined, isOver?: AbortSignal): Promise<string | undefined> {
		if (ended?.aborted) return Promise.reject(new Stopped());
		return new Promise((resolve, reject) => {
			const over = (then: () => void): void => {
				input.off('data', more);
				input.off('end', stop);
				ended?.removeEventListener('abort', stop);
				isOver?.removeEventListener('abort', leave);
				input.pause();
				then();
			};
			const stop = (): void => over(() => reject(new Stopped()));
			const leave = (): void => over(() => resolve(undefined));
			const look = (): void => {
				try {
					const taken = take();
					if (taken !== undefined) over(() => resolve(taken));
				} catch (error) {
					over(() => reject(error));
				}
			};
			const more = (chunk: Buffer | string): void => {
				ahead += typeof chunk === 'string' ? chunk : decoder.write(chunk);
				look();
			};
			input.on('data', more);
			input.once('end', stop);
			ended?.addEventListener('abort', stop, {once: true});
			isOver?.addEventListener('abort', leave, {once: true});
			input.resume();
			look();
		});
	}

	const wholeLine = (): string | undefined => {
		const end = ahead.search(/\r?\n/);
		if (end < 0) return undefined;
		const line = ahead.slice(0, end);
		ahead = ahead.slice(end).replace(/^\r?\n/, '');
		return line;
	};

	return {
		line: async () => (await until(wholeLine)) ?? '',
		heard: (over) => (over.aborted ? Promise.resolve(undefined) : until(wholeLine, over)),
		async hidden(prompt) {
			let typed = '';
			input.setRawMode?.(true);
			try {
				prompt();
				const line = await until(() => {
					for (const key of ahead) {
						ahead = ahead.slice(key.length);
						const after = hiddenAfter(typed, key);
						if (after.is === 'stopped') throw new Stopped();
						typed = after.typed;
						if (after.is === 'done') return typed;
					}
					return undefined;
				});
				return line ?? '';
			} finally {
				input.setRawMode?.(false);
				output.write('\n');
			}
		},
	};
}

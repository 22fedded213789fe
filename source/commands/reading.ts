import {readFile} from 'node:fs/promises';
import {addAbortSignal, type Readable} from 'node:stream';
import {commandLine} from '../host/quote.ts';
import {Problem, Stopped} from '../problem.ts';
import {diskReason} from '../refused-by-disk.ts';

/**
 * The text of a file that the person named, or of standard input for `-`. Throws a Problem (exit 2) when it can't be read, and `Stopped` once the signal is
 * aborted while somebody still types.
 */
export async function readText(path: string, stdin: Readable, signal: AbortSignal): Promise<string> {
	if (path !== '-') {
		try {
			return await Promise.race([readFile(path, 'utf8'), stopped(signal)]);
		} catch (cause) {
			if (cause instanceof Stopped) throw cause;
			throw new Problem({
				code: 'file-unreadable',
				exit: 2,
				message: `${path} can't be read: ${diskReason(cause)}.`,
				advice: `Look at it with \`${commandLine('ls', '-l', path)}\`.`,
				cause,
			});
		}
	}
	let text = '';
	try {
		for await (const chunk of addAbortSignal(signal, stdin.setEncoding('utf8'))) text += String(chunk);
	} catch (error) {
		throw signal.aborted ? new Stopped() : error;
	}
	return text;
}

/** Rejects once the signal is aborted: a named pipe may have nobody who ever writes to it. */
const stopped = (signal: AbortSignal): Promise<never> =>
	new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Stopped()), {once: true}));

import {readFile} from 'node:fs/promises';
import {Problem} from '../problem.ts';

/** The text of a file that the person named, or of standard input for `-`. Throws a Problem (exit 2) when it can't be read. */
export async function readText(path: string, stdin: NodeJS.ReadableStream): Promise<string> {
	if (path !== '-') {
		try {
			return await readFile(path, 'utf8');
		} catch (cause) {
			const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
			throw new Problem({code: 'file-unreadable', exit: 2, message: `${path} can't be read (${code}).`, advice: `Look at it with \`ls -l ${path}\`.`, cause});
		}
	}
	let text = '';
	stdin.setEncoding('utf8');
	for await (const chunk of stdin) text += String(chunk);
	return text;
}

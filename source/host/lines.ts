import {StringDecoder} from 'node:string_decoder';

/** Cuts a stream of bytes into lines, across chunks and characters of several bytes. `end` gives what is left without a newline. */
export function lineCutter(line: (text: string) => void): {take(chunk: Buffer): void; end(): void} {
	const decoder = new StringDecoder('utf8');
	let rest = '';
	const cut = (text: string): void => {
		const lines = (rest + text).split('\n');
		rest = lines.pop() ?? '';
		for (const each of lines) line(each.replace(/\r$/, ''));
	};
	return {
		take: (chunk) => cut(decoder.write(chunk)),
		end() {
			cut(decoder.end());
			if (rest !== '') line(rest);
			rest = '';
		},
	};
}

/** The last lines of a text that says much, for a message. */
export const tail = (text: string, lines = 3): string => text.trim().split('\n').slice(-lines).join('; ');

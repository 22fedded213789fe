/** One entry of the journal. */
export type Entry = {
	/** Milliseconds since 1970. */
	at: number;
	/** Without colours. */
	message: string;
	cursor: string | undefined;
};

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, 'g');

/** A text without terminal colours. The runner colours its log whether a terminal reads it or not. */
const withoutColour = (text: string): string => (text.includes('\u001b') ? text.replace(escapes, '') : text);

/** `MESSAGE` is a string, an array of byte numbers where it has colours, and null where it was too long and `--all` wasn't given. */
function textOf(message: unknown): string | undefined {
	if (typeof message === 'string') return message;
	if (!Array.isArray(message)) return undefined;
	if (!message.every((byte) => typeof byte === 'number' && byte >= 0 && byte <= 255)) return undefined;
	return new TextDecoder().decode(Uint8Array.from(message));
}

function parsed(line: string): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === 'object' && value !== null && !Array.isArray(value) ? {...value} : undefined;
	} catch {
		return undefined;
	}
}

/** Reads one line of `journalctl -o json --all`; undefined when it holds no message that can be read. */
function readEntry(line: string): Entry | undefined {
	const fields = parsed(line);
	if (!fields) return undefined;
	const message = textOf(fields.MESSAGE);
	const microseconds = Number(fields.__REALTIME_TIMESTAMP);
	if (message === undefined || !Number.isFinite(microseconds)) return undefined;
	const cursor = fields.__CURSOR;
	return {at: Math.floor(microseconds / 1000), message: withoutColour(message), cursor: typeof cursor === 'string' ? cursor : undefined};
}

/** Reads the output of `journalctl -o json --all` and counts the lines that couldn't be read. Never throws. */
export function readEntries(text: string): {entries: Entry[]; unread: number} {
	const lines = text.split('\n').filter((line) => line.trim() !== '');
	const entries = lines.map(readEntry).filter((entry) => entry !== undefined);
	return {entries, unread: lines.length - entries.length};
}

import {printableIn} from '../../world/printable.ts';

/** A line of the runner's log for a person: its message, then its fields; JSON's frame is left out. */
type LogText = {text: string; level: 'error' | 'warning' | 'info'};

/** Fields that every line has, or that the line's own columns show. */
const frame = new Set(['level', 'msg', 'time', 'ts']);

const levelOf = (level: unknown): LogText['level'] => {
	if (level === 'error' || level === 'fatal' || level === 'panic') return 'error';
	return level === 'warning' || level === 'warn' ? 'warning' : 'info';
};

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const known = new Map<string, LogText>();
const kept = 2000;

/** Reads a line, once; a line that isn't JSON is shown as it is. */
export function logText(message: string): LogText {
	const before = known.get(message);
	if (before) return before;
	if (known.size >= kept) known.clear();
	const made = read(message);
	known.set(message, made);
	return made;
}

function read(message: string): LogText {
	if (!message.startsWith('{')) return {text: message, level: /^(?:ERROR|FATAL)\b/.test(message) ? 'error' : /^WARNING\b/.test(message) ? 'warning' : 'info'};
	try {
		const fields: Record<string, unknown> = printableIn(JSON.parse(message));
		const rest = Object.entries(fields).filter(([key]) => !frame.has(key));
		return {text: [shown(fields.msg ?? ''), ...rest.map(([key, value]) => `${key}=${shown(value)}`)].join('  ').trim(), level: levelOf(fields.level)};
	} catch {
		return {text: message, level: 'info'};
	}
}

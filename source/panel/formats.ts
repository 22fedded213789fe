import {counted} from '../world/printable.ts';

/** A time that goes on, short and in a column: `40 s`, `12 m`, `3.2 h`, `12 d`. Takes seconds; a dash where it isn't known. */
export function age(seconds: number | undefined): string {
	if (seconds === undefined) return '–';
	if (seconds < 99.5) return `${Math.round(seconds)} s`;
	if (seconds < 99.5 * 60) return `${Math.round(seconds / 60)} m`;
	if (seconds < 36 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
	return `${Math.round(seconds / 86_400)} d`;
}

/** A time that something takes: `40 s`, `1 m 40 s`. Takes seconds. */
export function takes(seconds: number): string {
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole} s`;
	return whole % 60 === 0 ? `${Math.floor(whole / 60)} m` : `${Math.floor(whole / 60)} m ${whole % 60} s`;
}

/** A sum: `$6.10`, `$0.41`, `$0.004`; a dash where it isn't known. */
export function money(usd: number | undefined): string {
	if (usd === undefined) return '–';
	if (usd !== 0 && usd < 0.1) return `$${usd.toFixed(3)}`;
	return `$${counted(usd.toFixed(2))}`;
}

/** A sum in a column of its own, whose header says USD: `0.034`; a dash where it isn't known. */
export const figure = (usd: number | undefined): string => (usd === undefined ? '–' : usd < 100 ? usd.toFixed(3) : usd.toFixed(1));

/** A zone without its region: `us-east-2a` in us-east-2 is `2a`. */
export function shortZone(zone: string | undefined): string {
	if (zone === undefined) return '–';
	return /(\d[a-z])$/.exec(zone)?.[1] ?? zone;
}

/** Bytes in the unit that fits: `40 MB`, `7.6 GB`. */
export function bytes(count: number): string {
	if (count < 1e9) return `${Math.round(count / 1e6)} MB`;
	return `${(count / 1e9).toFixed(1)} GB`;
}

/** `1 job`, `3 jobs`. */
export const many = (count: number, one: string, more = `${one}s`): string => `${counted(count)} ${count === 1 ? one : more}`;

/** `, for 12 m`, or nothing while that isn't known or is a moment. Milliseconds since 1970. */
export const forTime = (since: number | undefined, now: number): string =>
	since === undefined || now - since < 10_000 ? '' : `, for ${age((now - since) / 1000)}`;

/** `12:00`, or `24 Nov 12:00` where it wasn't today; UTC, as AWS's. Milliseconds since 1970. */
export function clockWords(at: number, now: number): string {
	const date = new Date(at);
	const time = date.toISOString().slice(11, 16);
	if (new Date(now).toISOString().slice(0, 10) === date.toISOString().slice(0, 10)) return `${time} UTC`;
	return `${date.getUTCDate()} ${date.toUTCString().slice(8, 11)} ${time} UTC`;
}

const blocks = '▁▂▃▄▅▆▇█';
const plainBlocks = '.:-=+*#@';

/** Where the lowest bar and the highest stand. */
export type BarScale = {from: number; to: number};

/** The last values as bars, one a column, on a scale from 0 to the greatest where none is given; nothing known is an empty place. */
export function sparkline(values: readonly (number | undefined)[], columns: number, ascii = false, scale?: BarScale): string {
	const shown = values.slice(-columns);
	const {from, to} = scale ?? {from: 0, to: shown.reduce<number>((top, value) => Math.max(top, value ?? 0), 0)};
	const bars = ascii ? plainBlocks : blocks;
	const height = (value: number): number => (to <= from ? 0 : Math.max(0, Math.min(7, Math.floor(((value - from) / (to - from)) * 7.999))));
	return shown.map((value) => (value === undefined ? ' ' : (bars[height(value)] ?? ' '))).join('');
}

/** Prices as bars: the lowest is the ground, and half as much again the top at least, so that a price that stays is low and one that doubles is seen. */
export function priceline(prices: readonly number[], columns: number, ascii = false): string {
	const shown = prices.slice(-columns);
	const from = Math.min(...shown);
	return sparkline(shown, columns, ascii, {from, to: Math.max(...shown, from * 1.5)});
}

/** A time spent, as a person reads it: `0.4 s`, `31 s`, `1 m 48 s`, `3 h 12 m`. Takes seconds. */
export function spent(seconds: number): string {
	const whole = Math.round(seconds);
	if (seconds < 9.95) return `${Number(Math.max(0, seconds).toFixed(1))} s`;
	if (whole < 60) return `${whole} s`;
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return whole % 60 === 0 ? `${minutes} m` : `${minutes} m ${whole % 60} s`;
	return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

/** A time that still runs: whole seconds only, so that it doesn't flicker. Takes seconds. */
export const running = (seconds: number): string => spent(Math.max(0, Math.floor(seconds)));

/** A size in the unit a download page uses: `512 B`, `34 kB`, `86 MB`. Takes bytes. */
export function size(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`;
	if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
	const mega = bytes / 1_000_000;
	return mega < 1000 ? `${mega < 9.95 ? mega.toFixed(1) : Math.round(mega)} MB` : `${(mega / 1000).toFixed(1)} GB`;
}

/** An error of the runner's in one line: without where in its source it comes from, and without the last stop. */
export const runnerWords = (error: string): string =>
	error
		.replace(/\s*\(\w+\.go:\d+:\S+\)/g, '')
		.replace(/\s+/g, ' ')
		.replace(/[\s.]+$/, '');

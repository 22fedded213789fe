import {Cron} from 'croner';
import * as z from 'zod';
import {limitsOf} from '../executors/offered.ts';
import {type Asking, type Choice, choice, count, matching, question, whyNot, words} from './question.ts';
import {tooManyIdle} from './scaling.ts';

/** One window of the week with its own idle machines, in GitLab Runner's terms. */
const period = z.strictObject({
	/** GitLab Runner's seven fields: second minute hour day-of-month month day-of-week year. */
	periods: z
		.array(matching(/^[\w*/,?#-]+( [\w*/,?#-]+){6}$/, 'seven fields such as "* * 9-17 * * mon-fri *"'), words('a list such as ["* * 8-17 * * mon-fri *"]'))
		.min(1, words('at least one period')),
	timezone: matching(/^[\w+/-]+$/, 'a time zone such as Europe/Berlin'),
	idleCount: count(0, 1000, 'machines'),
	idleTime: count(0, 86_400, 'seconds'),
});

/** Windows of the week with their own idle machines: of those that hold at once the last one counts. */
export type Schedule = z.infer<typeof windows>;

const windows = z.array(
	period,
	words('none, or days, hours, idle workers and a time zone, such as "weekdays 8-18, 2 idle, Europe/Berlin", more of them parted by semicolons'),
);

/** Seconds that an idle worker of a window waits for a job where nobody says otherwise. */
const usualIdleTime = 1800;

/** What days are called here, and in the runner's field. */
const dayWords: Readonly<Record<string, string>> = {daily: '*', weekdays: 'mon-fri', weekends: 'sat,sun'};
const dayName = '(?:mon|tue|wed|thu|fri|sat|sun)';
const daysPattern = `${Object.keys(dayWords).join('|')}|${dayName}(?:[-,]${dayName})*`;

const inText = new RegExp(
	`^(?<days>${daysPattern})(?: (?<from>\\d{1,2})-(?<to>\\d{1,2}))?, (?<idle>\\d+) idle(?:, (?<zone>[A-Za-z][\\w+/-]*))?(?:, (?<wait>\\d+) s)?$`,
	'i',
);
const inFields = new RegExp(`^\\* \\* (?<hours>\\*|(?<from>\\d{1,2})(?:-(?<last>\\d{1,2}))?) \\* \\* (?<days>\\*|${dayName}(?:[-,]${dayName})*) \\*$`, 'i');

/**
 * Reads `weekdays 8-18, 2 idle, Europe/Berlin`: from 8 until 18, in the runner's own terms; without hours around the clock. Undefined where it isn't
 * written so; without a time zone that is empty.
 */
function readWindow(text: string): Schedule[number] | undefined {
	const {days = '', from = '0', to = '24', idle, zone = '', wait} = inText.exec(text.trim().replace(/\s+/g, ' '))?.groups ?? {};
	if (idle === undefined || Number(from) >= Number(to) || Number(to) > 24) return undefined;
	const hours = Number(from) === 0 && Number(to) === 24 ? '*' : `${Number(from)}-${Number(to) - 1}`;
	const name = days.toLowerCase();
	return {periods: [`* * ${hours} * * ${dayWords[name] ?? name} *`], timezone: zone, idleCount: Number(idle), idleTime: Number(wait ?? usualIdleTime)};
}

/** A window as it's typed; undefined where only the runner's own fields say it. */
function writeWindow({periods, timezone, idleCount: idle, idleTime}: Schedule[number]): string | undefined {
	const {hours, from, last = from, days} = (periods.length === 1 && inFields.exec(periods[0] ?? '')?.groups) || {};
	if (days === undefined) return undefined;
	const name = Object.keys(dayWords).find((word) => dayWords[word] === days.toLowerCase()) ?? days.toLowerCase();
	const when = hours === '*' ? name : `${name} ${Number(from)}-${Number(last) + 1}`;
	return [when, `${idle} idle`, timezone, ...(idleTime === usualIdleTime ? [] : [`${idleTime} s`])].join(', ');
}

/** Reads a schedule as a person types it: `none`, windows parted by semicolons, or the runner's fields as JSON. */
function read(text: string): unknown {
	const trimmed = text.trim();
	if (/^none$/i.test(trimmed)) return [];
	const each = trimmed.split(';').map(readWindow);
	if (!each.every((one) => one !== undefined)) return undefined;
	// One time zone does for all windows.
	const zone = each.find(({timezone}) => timezone !== '')?.timezone ?? '';
	return each.map((one) => (one.timezone === '' ? {...one, timezone: zone} : one));
}

function write(value: unknown): string | undefined {
	const {data} = windows.safeParse(value);
	if (!data) return undefined;
	const each = data.map(writeWindow);
	if (each.length === 0) return 'none';
	return each.every((one) => one !== undefined) ? each.join('; ') : undefined;
}

/** Whether a value is a schedule. */
export const scheduleIn = (value: unknown): Schedule | undefined => windows.safeParse(value).data;

export const schedule = question(
	'schedule',
	windows,
)({
	title: 'When do other idle numbers hold?',
	help: 'none, or days, hours, idle workers and their time zone, such as "weekdays 8-18, 2 idle, Europe/Berlin", parted by semicolons; or GitLab Runner\'s own fields as JSON.',
	kind: 'choice',
	change: 'live',
	example: "'weekdays 8-18, 2 idle, Europe/Berlin'",
	default: [],
	written: {read, write},
	choices: async (asking) => offered(asking),
	against(value, given) {
		const {idleTime: noTime, period: noPeriod} = limitsOf(given);
		for (const {periods, timezone, idleCount: idle, idleTime: seconds} of value) {
			const wrong =
				periods.map((one) => wrongPeriod(one) ?? whyNot(noPeriod?.(one))).find(Boolean) ??
				wrongTimezone(timezone) ??
				tooManyIdle(idle, given.limit) ??
				whyNot(noTime?.(seconds));
			if (wrong) return wrong;
		}
		return undefined;
	},
});

/** Windows that many fleets have, in this laptop's time zone, and how many hours each is. */
function offered({timeZone}: Asking): Choice<Schedule>[] {
	const usual = [
		['weekdays 8-18', '50 hours a week'],
		['weekdays 6-22', '80 hours a week'],
		['weekdays', 'around the clock, 120 hours a week'],
		['daily 8-20', '84 hours a week'],
	] as const;
	const each = usual.flatMap(([when, hint]) => {
		const window = readWindow(`${when}, 1 idle, ${timeZone()}`);
		return window ? [choice([window], writeWindow(window) ?? when, hint)] : [];
	});
	return [choice<Schedule>([], 'none', 'the idle count holds at all times'), ...each];
}

/** Says what is wrong with a period in GitLab Runner's seven fields (second minute hour day month weekday year), or nothing. */
function wrongPeriod(text: string): string | undefined {
	try {
		new Cron(text, {paused: true});
		return undefined;
	} catch (error) {
		const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
		return `It takes periods such as "* * 9-17 * * mon-fri *"; "${text}" isn't one (${reason}).`;
	}
}

/** Whether a text is a time zone's name as GitLab Runner takes it, `Local` included. */
export function isTimezone(name: string): boolean {
	if (name === 'Local') return true;
	try {
		new Intl.DateTimeFormat('en-US', {timeZone: name});
		return true;
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
}

/** Says what is wrong with a time zone's name, or nothing. */
const wrongTimezone = (timezone: string): string | undefined =>
	isTimezone(timezone) ? undefined : `It takes a time zone such as Europe/Berlin; "${timezone}" isn't one.`;

/** Idle workers in each hour of a week, from Monday on; undefined where no window holds, and the usual number counts. */
export type Week = {timezone: string; days: readonly {day: string; hours: readonly (number | undefined)[]}[]};

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const halfHour = 1_800_000;

/** The seven days from now on, in the time zone of the first window, as a week from Monday to Sunday. `now` in milliseconds since 1970. */
export function weekOf(schedule: Schedule, now: number): Week | undefined {
	const timezone = schedule[0]?.timezone;
	if (timezone === undefined) return undefined;
	const windows = schedule.map((one) => ({...one, crons: one.periods.map((text) => new Cron(text, {paused: true, timezone: zoneOf(one.timezone)}))}));
	const clock = new Intl.DateTimeFormat('en-GB', {timeZone: zoneOf(timezone), weekday: 'short', hour: '2-digit', hourCycle: 'h23'});
	const hours = new Map<string, number | undefined>();
	const from = Math.floor(now / halfHour) * halfHour;
	// Half hours, since some zones are half an hour apart.
	for (let half = 0; half < 7 * 48; half++) {
		const at = new Date(from + half * halfHour);
		// As the runner does: of windows that hold at once the last one counts.
		const idle = windows.findLast(({crons}) => crons.some((cron) => cron.match(at)))?.idleCount;
		const parts = clock.formatToParts(at);
		const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
		const cell = `${part('weekday')} ${Number(part('hour'))}`;
		hours.set(cell, hours.get(cell) ?? idle);
	}
	return {timezone, days: dayNames.map((day) => ({day, hours: Array.from({length: 24}, (_, hour) => hours.get(`${day} ${hour}`))}))};
}

/** The manager's own zone is taken for UTC, which the publishers' images are set to. */
const zoneOf = (timezone: string): string => (timezone === 'Local' ? 'UTC' : timezone);

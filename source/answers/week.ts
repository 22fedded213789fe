import {Cron} from 'croner';
import type {Schedule} from './schedule.ts';

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

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** A field's number: as it is, or by a day's or a month's name. */
function numberOf(text: string): number {
	const name = text.toLowerCase();
	if (days.includes(name)) return days.indexOf(name);
	return months.includes(name) ? months.indexOf(name) + 1 : Number(text);
}

/** Whether a value is in a field: `*`, `9-17`, `1,15`, `mon-fri`, or any of them with a step: `0-58/2`. */
function isIn(field: string, value: number): boolean {
	return field.split(',').some((part) => {
		const [range = '*', step = '1'] = part.split('/');
		const [from = '', to = from] = range.split('-');
		const [low, high] = range === '*' || range === '?' ? [0, 9999] : [numberOf(from), numberOf(to)];
		return value >= low && value <= high && (value - low) % Number(step) === 0;
	});
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What shows the time in a zone; made once, since making it is slow. */
function clockOf(timezone: string): Intl.DateTimeFormat {
	const known = clocks.get(timezone);
	if (known) return known;
	const made = new Intl.DateTimeFormat('en-US', {
		...{year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', weekday: 'short', hourCycle: 'h23'},
		timeZone: timezone === 'Local' || timezone === '' ? 'UTC' : timezone,
	});
	clocks.set(timezone, made);
	return made;
}

/** Fields of a period, by the names of a time's parts: docker+machine's periods have seven, a policy's have the five of cron. */
export const periodFields = {
	seven: ['second', 'minute', 'hour', 'day', 'month', 'weekday', 'year'],
	five: ['minute', 'hour', 'day', 'month', 'weekday'],
} as const;

/** Whether a time (milliseconds since 1970) is within a period. Without a time zone it's the machine's own, UTC. */
export function isWithin(period: string, names: readonly string[], timezone: string | undefined, at: number): boolean {
	const fields = period.trim().split(/\s+/);
	if (fields.length !== names.length) return false;
	if (fields.every((field) => field === '*')) return true;
	const parts = clockOf(timezone ?? 'Local').formatToParts(at);
	return fields.every((field, index) => {
		const name = names[index];
		const value = numberOf(parts.find(({type}) => type === name)?.value ?? '');
		return isIn(field, value) || (name === 'weekday' && value === 0 && isIn(field, 7));
	});
}

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
		timeZone: timezone === 'Local' ? 'UTC' : timezone,
	});
	clocks.set(timezone, made);
	return made;
}

/** Whether a time (milliseconds since 1970) is within a period of GitLab Runner's seven fields: second minute hour day month weekday year. */
export function isWithin(period: string, timezone: string, at: number): boolean {
	const parts = clockOf(timezone).formatToParts(at);
	const read = (type: string) => numberOf(parts.find((part) => part.type === type)?.value ?? '');
	const now = ['second', 'minute', 'hour', 'day', 'month', 'weekday', 'year'].map(read);
	const fields = period.trim().split(/\s+/);
	return fields.length === now.length && fields.every((field, index) => isIn(field, now[index] ?? 0) || (index === 5 && now[index] === 0 && isIn(field, 7)));
}

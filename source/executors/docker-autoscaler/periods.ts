/** A period in five fields, or why it can't be said so and what to write instead. */
type FiveFields = {period: string} | {because: string; instead: string};

/** Fields that leave nothing out, in the ways in which people write them. */
const every = {second: ['*', '?', '*/1', '0-59'], year: ['*', '?', '*/1', '1970-2099']};

/** What GitLab Runner's own cron of docker+machine knows (gorhill/cronexpr) and five fields don't: the last day, the nearest weekday, the nth weekday. */
const extension = /#|\bLW?\b|(?<=\d)[LW]\b|\bW\b/i;

/**
 * GitLab Runner's seven fields (second minute hour day-of-month month day-of-week year) as the five that docker-autoscaler's policies take. The first and
 * the last go where they leave nothing out.
 */
export function fiveFields(period: string): FiveFields {
	const fields = period.trim().split(/\s+/);
	const [second = '', minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = fields;
	if (fields.length !== 7) return {because: `has ${fields.length} fields of seven`, instead: 'Write seven fields such as "* * 9-17 * * mon-fri *".'};
	const five = [minute, hour, day, month, weekday].map((field) => (field === '?' ? '*' : field));
	const withStars = `"* ${five.join(' ')} *"`;
	if (!every.second.includes(second))
		return {because: `holds for some seconds of a minute only (${second})`, instead: `Write ${withStars}, which holds for whole minutes.`};
	if (!every.year.includes(year)) return {because: `holds in some years only (${year})`, instead: `Write ${withStars}, and take it out once the year is over.`};
	const beyond = five.find((field) => extension.test(field));
	if (beyond !== undefined)
		return {
			because: `has ${beyond}, which only docker+machine's periods know`,
			instead: 'Write days by their numbers or names, such as 28-31, mon-fri or sun.',
		};
	const wrong = wrongFiveFields(five.join(' '));
	if (wrong !== undefined)
		return {because: `isn't one there, since ${wrong}`, instead: 'Write ranges from the lower to the higher value, such as mon-fri, and lists with commas.'};
	return {period: five.join(' ')};
}

/** Five fields as seven: every second of them, in every year. */
export const sevenFields = (period: string): string => `* ${period.trim().split(/\s+/).join(' ')} *`;

const days = 'sun|mon|tue|wed|thu|fri|sat';
const months = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';

/** What each of five fields may hold: its name, its bounds, and the names that stand for numbers, the first for the least. */
const fieldsOfFive: readonly {name: string; least: number; most: number; names: readonly string[]; first: number}[] = [
	{name: 'minute', least: 0, most: 59, names: [], first: 0},
	{name: 'hour', least: 0, most: 23, names: [], first: 0},
	{name: 'day of month', least: 1, most: 31, names: [], first: 0},
	{name: 'month', least: 1, most: 12, names: months.split('|'), first: 1},
	{name: 'weekday', least: 0, most: 7, names: days.split('|'), first: 0},
];

/** Says what is wrong with a period in five fields, or nothing: `gitlab-runner lint` lets any pass. */
export function wrongFiveFields(period: string): string | undefined {
	const fields = period.trim().split(/\s+/);
	if (fields.length !== 5) return `it has ${fields.length} fields of five, minute to weekday`;
	const at = fields.findIndex((field, index) => !isFieldOf(field, index));
	return at < 0 ? undefined : `its ${fieldsOfFive[at]?.name} is "${fields[at]}"`;
}

function isFieldOf(field: string, index: number): boolean {
	const known = fieldsOfFive[index];
	if (known === undefined) return false;
	const number = (text: string): number => {
		const named = known.names.indexOf(text.toLowerCase());
		return named >= 0 ? named + known.first : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
	};
	return field.split(',').every((part) => {
		const [, range = '', from = '', to = from, step = '1'] = /^(\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part) ?? [];
		if (range === '' || Number(step) < 1) return false;
		return range === '*' || (number(from) >= known.least && number(to) <= known.most && number(from) <= number(to));
	});
}

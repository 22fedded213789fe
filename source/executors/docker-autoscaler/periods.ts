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
	return {period: five.join(' ')};
}

import {Cron} from 'croner';
import {z} from 'zod';
import {jobsPerWorker, limitsOf} from '../executors/offered.ts';
import {count, matching, question, whyNot, words} from './question.ts';

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

export const limit = question(
	'limit',
	count(1, 5000, 'machines'),
)({
	title: 'How many workers may run at once?',
	help: 'Machines in all states count. It is what the most that this can cost depends on.',
	kind: 'number',
	unit: 'machines',
	asked: true,
	change: 'live',
	mends: 'quota',
	default: 10,
});

export const concurrent = question(
	'concurrent',
	count(1, 10_000, 'jobs'),
)({
	title: 'How many jobs may run at once?',
	help: 'The limit, times the jobs that a worker runs at a time: more than that changes nothing.',
	kind: 'number',
	unit: 'jobs',
	change: 'live',
	follows: 'limit',
	async default({given}) {
		const [limit, each] = [given.limit ?? 10, jobsPerWorker(given)];
		return {value: Math.min(10_000, limit * each), why: each === 1 ? 'the limit' : `${each} jobs on each of ${limit} workers`, other: true};
	},
});

export const idleCount = question(
	'idleCount',
	count(0, 1000, 'machines'),
)({
	title: 'How many workers wait idle for jobs?',
	help: 'With 0 a job waits until its worker is made, about 1 m 40 s. Above 0 jobs start at once, and idle workers cost.',
	kind: 'number',
	unit: 'machines',
	change: 'live',
	default: 0,
	against: (value, given) => tooManyIdle(value, given.limit),
});

export const idleTime = question(
	'idleTime',
	count(0, 86_400, 'seconds'),
)({
	title: 'How long does a worker wait for its next job?',
	help: 'Seconds after its last job; then it is terminated, unless it is one of the idle ones.',
	kind: 'number',
	unit: 's',
	change: 'live',
	default: 300,
	against: (value, given) => whyNot(limitsOf(given).idleTime?.(value)),
});

export const maxBuilds = question(
	'maxBuilds',
	count(0, 100_000, 'jobs'),
)({
	title: 'After how many jobs is a worker replaced?',
	help: '0 means never; 1 gives each job a fresh machine.',
	kind: 'number',
	unit: 'jobs',
	change: 'live',
	default: 0,
});

export const checkInterval = question(
	'checkInterval',
	count(1, 3600, 'seconds'),
)({
	title: 'How often does the manager ask GitLab for jobs?',
	help: 'Every so many seconds.',
	kind: 'number',
	unit: 's',
	change: 'live',
	default: 3,
});

export const schedule = question(
	'schedule',
	z.array(period, words('a list of {periods, timezone, idleCount, idleTime}')),
)({
	title: 'When do other idle numbers hold?',
	help: "A list of {periods, timezone, idleCount, idleTime}; the last one that matches holds. Periods are GitLab Runner's seven fields: second minute hour day month weekday year.",
	kind: 'json',
	change: 'live',
	example: `'[{"periods":["* * 8-17 * * mon-fri *"],"timezone":"Europe/Berlin","idleCount":2,"idleTime":1800}]'`,
	default: [],
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

const tooManyIdle = (idle: number, most: number | undefined) =>
	most !== undefined && idle > most ? `It takes at most the limit, ${most}: ${idle} idle workers can never be made.` : undefined;

/** Says what is wrong with a period in GitLab Runner's seven fields (second minute hour day month weekday year), or nothing. */
function wrongPeriod(period: string): string | undefined {
	try {
		new Cron(period, {paused: true});
		return undefined;
	} catch (error) {
		const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
		return `It takes periods such as "* * 9-17 * * mon-fri *"; "${period}" isn't one (${reason}).`;
	}
}

/** Says what is wrong with a time zone's name, or nothing. */
function wrongTimezone(timezone: string): string | undefined {
	if (timezone === 'Local') return undefined;
	try {
		new Intl.DateTimeFormat('en-US', {timeZone: timezone});
		return undefined;
	} catch (error) {
		if (error instanceof RangeError) return `It takes a time zone such as Europe/Berlin; "${timezone}" isn't one.`;
		throw error;
	}
}

import {jobsPerWorker, limitsOf} from '../executors/offered.ts';
import {count, question, whyNot} from './question.ts';

export const limit = question(
	'limit',
	count(1, 5000, 'machines'),
)({
	title: 'How many workers may run at once?',
	help: 'Machines in all states count. The most that this can cost depends on it.',
	kind: 'number',
	unit: 'machines',
	asked: true,
	change: 'live',
	mends: 'quota',
	default: 10,
	against: (value, given) => whyNot(limitsOf(given).workers?.(value)),
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

/** Why so many idle workers can never be, or nothing. */
export const tooManyIdle = (idle: number, most: number | undefined) =>
	most !== undefined && idle > most ? `It takes at most the limit, ${most}: ${idle} idle workers can never be made.` : undefined;

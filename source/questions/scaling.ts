import {wrongPeriod, wrongTimezone} from './periods.ts';
import type {Question} from './question.ts';

const limit: Question<'limit'> = {
	id: 'limit',
	title: 'How many workers may run at once?',
	help: 'Machines in all states count. It is what the most that this can cost depends on.',
	kind: 'number',
	unit: 'machines',
	asked: true,
	change: 'live',
	default: async () => ({value: 10}),
};

const concurrent: Question<'concurrent'> = {
	id: 'concurrent',
	title: 'How many jobs may run at once?',
	help: 'One worker runs one job, so more than the limit changes nothing.',
	kind: 'number',
	unit: 'jobs',
	asked: false,
	change: 'live',
	default: async ({given}) => ({value: given.limit ?? 10, why: 'the limit'}),
};

const idleCount: Question<'idleCount'> = {
	id: 'idleCount',
	title: 'How many workers wait idle for jobs?',
	help: 'With 0 a job waits until its worker is made, about 1 m 40 s. Above 0 jobs start at once, and idle workers cost.',
	kind: 'number',
	unit: 'machines',
	asked: false,
	change: 'live',
	default: async () => ({value: 0}),
	against: (value, given) => tooManyIdle(value, given.limit),
};

const idleTime: Question<'idleTime'> = {
	id: 'idleTime',
	title: 'How long does a worker wait for its next job?',
	help: 'Seconds after its last job; then it is terminated, unless it is one of the idle ones.',
	kind: 'number',
	unit: 's',
	asked: false,
	change: 'live',
	default: async () => ({value: 300}),
};

const maxGrowthRate: Question<'maxGrowthRate'> = {
	id: 'maxGrowthRate',
	title: 'How many workers are made side by side?',
	help: '0 means no bound.',
	kind: 'number',
	unit: 'machines',
	asked: false,
	change: 'live',
	default: async () => ({value: 10}),
};

const maxBuilds: Question<'maxBuilds'> = {
	id: 'maxBuilds',
	title: 'After how many jobs is a worker replaced?',
	help: '0 means never; 1 gives each job a fresh machine.',
	kind: 'number',
	unit: 'jobs',
	asked: false,
	change: 'live',
	default: async () => ({value: 0}),
};

const checkInterval: Question<'checkInterval'> = {
	id: 'checkInterval',
	title: 'How often does the manager ask GitLab for jobs?',
	help: 'Every so many seconds.',
	kind: 'number',
	unit: 's',
	asked: false,
	change: 'live',
	default: async () => ({value: 3}),
};

const schedule: Question<'schedule'> = {
	id: 'schedule',
	title: 'When do other idle numbers hold?',
	help: "A list of {periods, timezone, idleCount, idleTime}; the last one that matches holds. Periods are GitLab Runner's seven fields: second minute hour day month weekday year.",
	kind: 'json',
	asked: false,
	change: 'live',
	default: async () => ({value: []}),
	against(value, given) {
		for (const {periods, timezone, idleCount: idle} of value) {
			const wrong = periods.map(wrongPeriod).find(Boolean) ?? wrongTimezone(timezone) ?? tooManyIdle(idle, given.limit);
			if (wrong) return wrong;
		}
		return undefined;
	},
};

const tooManyIdle = (idle: number, most: number | undefined) =>
	most !== undefined && idle > most ? `It takes at most the limit, ${most}: ${idle} idle workers can never be made.` : undefined;

/** How many workers, and when. */
export const scalingQuestions = {limit, concurrent, idleCount, idleTime, maxGrowthRate, maxBuilds, checkInterval, schedule};

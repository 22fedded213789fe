import {count, matching, question} from './question.ts';

export const cache = question(
	'cache',
	matching(/^(create|none|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/, 'create, none, or the name of a bucket'),
)({
	title: "Where do jobs' caches go?",
	help: "create makes a private S3 bucket. The name of an existing bucket puts them under the fleet's name in it. none does without.",
	kind: 'choice',
	asked: true,
	change: 'live',
	mends: 'bucket',
	default: 'create',
	choices: async () => [
		{value: 'create', label: 'create', hint: 'a private bucket of its own'},
		{value: 'none', label: 'none', hint: 'jobs keep no cache'},
	],
});

export const cacheDays = question(
	'cacheDays',
	count(1, 3650, 'days'),
)({
	title: 'After how many days is a cache deleted?',
	help: 'A lifecycle rule deletes what is older.',
	kind: 'number',
	unit: 'days',
	change: 'live',
	when: ({cache: where}) => where !== 'none',
	default: 90,
});

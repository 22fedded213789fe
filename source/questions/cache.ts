import type {Question} from './question.ts';

const cache: Question<'cache'> = {
	id: 'cache',
	title: "Where do jobs' caches go?",
	help: "create makes a private S3 bucket. The name of an existing bucket puts them under the fleet's name in it. none does without.",
	kind: 'choice',
	asked: true,
	change: 'live',
	default: async () => ({value: 'create'}),
	choices: async () => [
		{value: 'create', label: 'a bucket made for them'},
		{value: 'none', label: 'no cache'},
	],
};

const cacheDays: Question<'cacheDays'> = {
	id: 'cacheDays',
	title: 'After how many days is a cache deleted?',
	help: 'A lifecycle rule deletes what is older.',
	kind: 'number',
	unit: 'days',
	asked: false,
	change: 'live',
	when: ({cache: where}) => where !== 'none',
	default: async () => ({value: 90}),
};

/** The cache that jobs share. */
export const cacheQuestions = {cache, cacheDays};

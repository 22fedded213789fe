import * as z from 'zod';
import {printableLines} from '../world/printable.ts';
import {count, matching, optional, question, words, yesOrNo} from './question.ts';

const toml = z
	.string(words('TOML'))
	.min(1, words('TOML that is not empty'))
	.refine((value) => printableLines(value.replaceAll('\t', ' ')) === value.replaceAll('\t', ' '), words('TOML without control characters'));

/** A reference of an image as Docker reads it: registry, path, tag, digest. */
const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const imageReference = new RegExp(
	`^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\\d{1,5})?/)?${part}(?:/${part})*(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][\\w.+-]*:[0-9a-fA-F]{32,})?$`,
);

export const privileged = question(
	'privileged',
	yesOrNo,
)({
	title: 'May jobs run privileged containers?',
	help: 'Docker-in-Docker needs it. A job can then do anything on its worker, and nothing on the manager.',
	kind: 'boolean',
	change: 'live',
	default: true,
});

export const disableCache = question(
	'disableCache',
	yesOrNo,
)({
	title: "Are Docker's cache volumes switched off?",
	help: 'It concerns volumes on the worker only; the cache bucket stays as it is.',
	kind: 'boolean',
	change: 'live',
	default: false,
});

export const dockerImage = question(
	'dockerImage',
	matching(imageReference, 'an image such as alpine:latest or registry.example.com/ci/base:1.2'),
)({
	title: 'Which Docker image do jobs get that name none?',
	help: 'The image of jobs without `image:` in their .gitlab-ci.yml.',
	kind: 'text',
	change: 'live',
	default: 'alpine:latest',
});

export const bakeImages = optional(
	'bakeImages',
	z.array(matching(imageReference, 'images such as node:24 or registry.example.com/ci/base:1.2')).max(50, words('at most 50 images')),
)({
	title: 'Which images does `bake` put into the image of workers besides?',
	help: "Jobs that use one of them need not fetch it. Its own image for jobs and the runner's helper are in there anyway. Only images that need no login.",
	kind: 'list',
	change: 'live',
	example: 'node:24,postgres:17',
});

export const runnerConfig = optional(
	'runnerConfig',
	toml,
)({
	title: "What else goes into the runner's table of config.toml?",
	help: 'TOML as in [[runners]], such as output_limit = 8192. GitLab Runner judges it before it is written.',
	kind: 'text',
	change: 'live',
});

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

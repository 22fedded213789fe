import type {Question} from './question.ts';

const privileged: Question<'privileged'> = {
	id: 'privileged',
	title: 'May jobs run privileged containers?',
	help: 'Docker-in-Docker needs it. A job can then do anything on its worker, and nothing on the manager.',
	kind: 'boolean',
	asked: false,
	change: 'live',
	default: async () => ({value: true}),
};

const disableCache: Question<'disableCache'> = {
	id: 'disableCache',
	title: "Are Docker's cache volumes switched off?",
	help: 'It concerns volumes on the worker only; the cache bucket stays as it is.',
	kind: 'boolean',
	asked: false,
	change: 'live',
	default: async () => ({value: false}),
};

const dockerImage: Question<'dockerImage'> = {
	id: 'dockerImage',
	title: 'Which Docker image do jobs get that name none?',
	help: 'The image of jobs without `image:` in their .gitlab-ci.yml.',
	kind: 'text',
	asked: false,
	change: 'live',
	default: async () => ({value: 'alpine:latest'}),
};

const runnerConfig: Question<'runnerConfig'> = {
	id: 'runnerConfig',
	title: "What else goes into the runner's table of config.toml?",
	help: 'TOML as in [[runners]], such as output_limit = 8192. GitLab Runner judges it before it is written.',
	kind: 'text',
	asked: false,
	change: 'live',
};

/** What jobs find on their worker. */
export const jobQuestions = {privileged, disableCache, dockerImage, runnerConfig};

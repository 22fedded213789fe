import type {Given} from '../fleet.ts';
import type {Question} from './question.ts';

const creates = ({runner: way}: Given): boolean => way === 'create';

const gitlabUrl: Question<'gitlabUrl'> = {
	id: 'gitlabUrl',
	title: 'Which GitLab?',
	help: 'Its address, without a slash at the end. Tokens go only to gitlab.com and to one that was named on this laptop, whatever a fleet says.',
	kind: 'text',
	asked: false,
	change: 'drain',
	default: async () => ({value: 'https://gitlab.com'}),
};

const gitlabCa: Question<'gitlabCa'> = {
	id: 'gitlabCa',
	title: "Which CA vouches for that GitLab's certificate?",
	help: 'The path of a PEM file, where a private CA signed it. It is used here and on the manager.',
	kind: 'text',
	asked: false,
	change: 'drain',
	when: ({gitlabUrl: url}) => url === undefined || url.startsWith('https:'),
};

const runner: Question<'runner'> = {
	id: 'runner',
	title: 'Where does the runner in GitLab come from?',
	help: "token takes the token of a runner that you make on GitLab's page. create makes the runner with a GitLab token of yours.",
	kind: 'choice',
	closed: true,
	asked: true,
	change: 'drain',
	default: async () => ({value: 'token'}),
	choices: async () => [
		{value: 'token', label: "I make it on GitLab's page", hint: 'and enter its token, glrt-…'},
		{value: 'create', label: 'make it for me', hint: 'with a GitLab token that has the scope create_runner'},
	],
};

const project: Question<'project'> = {
	id: 'project',
	title: 'Which project is the runner for?',
	help: 'The path or id of a GitLab project. With neither project nor group, the runner is for the whole GitLab, which takes an administrator.',
	kind: 'text',
	asked: async ({given}) => creates(given) && given.group === undefined,
	change: 'live',
	when: creates,
};

const group: Question<'group'> = {
	id: 'group',
	title: 'Which group is the runner for?',
	help: 'The path or id of a GitLab group, where no project is given.',
	kind: 'text',
	asked: async ({given}) => creates(given) && given.project === undefined,
	change: 'live',
	when: creates,
	against: (_value, given) => (given.project === undefined ? undefined : `It takes a project or a group; the project is ${given.project} already.`),
};

const runnerName: Question<'runnerName'> = {
	id: 'runnerName',
	title: 'What is the runner called in GitLab?',
	help: 'Its description in the list of runners.',
	kind: 'text',
	asked: false,
	change: 'live',
	when: creates,
	default: async ({given}) => ({value: given.fleet ?? 'gitlab-runners', why: "the fleet's name"}),
};

const runnerTags: Question<'runnerTags'> = {
	id: 'runnerTags',
	title: 'Which tags does the runner serve?',
	help: 'Jobs with any of these tags come to it. Tags are set when the runner is made.',
	kind: 'list',
	asked: false,
	change: 'live',
	when: creates,
	default: async () => ({value: []}),
};

const runUntagged: Question<'runUntagged'> = {
	id: 'runUntagged',
	title: 'Does the runner take jobs without tags?',
	help: 'A runner that has no tags must take them.',
	kind: 'boolean',
	asked: false,
	change: 'live',
	when: creates,
	default: async () => ({value: true}),
	against: (value, {runnerTags: tags}) =>
		!value && tags?.length === 0 ? 'It takes true, or a tag in runnerTags: a runner without tags that takes no untagged jobs runs none.' : undefined,
};

const tokenStore: Question<'tokenStore'> = {
	id: 'tokenStore',
	title: "Where is the runner's token kept?",
	help: 'manager keeps it in config.toml alone. ssm keeps it in an encrypted parameter too, so that a dead manager comes back without asking.',
	kind: 'choice',
	closed: true,
	asked: false,
	change: 'live',
	default: async () => ({value: 'manager'}),
	choices: async () => [
		{value: 'manager', label: 'on the manager alone'},
		{value: 'ssm', label: 'in an encrypted SSM parameter too'},
	],
};

/** The GitLab that the jobs come from, and the runner there. */
export const runnerQuestions = {gitlabUrl, gitlabCa, runner, project, group, runnerName, runnerTags, runUntagged, tokenStore};

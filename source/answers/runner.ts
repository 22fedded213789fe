import * as z from 'zod';
import type {Given} from '../fleet.ts';
import {bareUrl, gitlabUrlPattern} from '../world/gitlab/url.ts';
import {usualFleet} from './account.ts';
import {matching, optional, programUrlPattern, question, text, words, yesOrNo} from './question.ts';

/** A path in GitLab, or an id. */
const gitlabPath = /^\w[\w.-]*(\/\w[\w.-]*)*$/;

const creates = ({runner: way}: Given): boolean => way === 'create';

export const gitlabUrl = question(
	'gitlabUrl',
	matching(gitlabUrlPattern, 'a URL such as https://gitlab.com'),
)({
	title: 'Which GitLab?',
	help: 'Its address. Tokens go only to gitlab.com and to one that was named on this laptop, whatever a fleet says.',
	kind: 'text',
	change: 'drain',
	mends: 'service',
	tells: 'gitlab',
	default: 'https://gitlab.com',
	example: 'https://gitlab.example.com',
	tidy: bareUrl,
});

export const gitlabCa = optional(
	'gitlabCa',
	text,
)({
	title: "Which CA vouches for that GitLab's certificate?",
	help: 'The path of a PEM file, where a private CA signed it. It is used here and on the manager.',
	kind: 'text',
	change: 'drain',
	tells: 'gitlab',
	holds: 'file',
	when: ({gitlabUrl: url}) => url === undefined || url.startsWith('https:'),
});

export const runner = question(
	'runner',
	z.enum(['token', 'create'], words('token or create')),
)({
	title: 'Where does the runner in GitLab come from?',
	help: "token takes the token of a runner that you make on GitLab's page. create makes the runner with a GitLab token of yours.",
	kind: 'choice',
	closed: true,
	asked: true,
	change: 'drain',
	mends: 'runner',
	default: 'token',
	choices: async () => [
		{value: 'token', label: 'token', hint: "you make it on GitLab's page, and enter its token, glrt-…"},
		{value: 'create', label: 'create', hint: 'made here, with a GitLab token that has the scope create_runner'},
	],
});

export const project = optional(
	'project',
	matching(gitlabPath, 'an id, or a path such as my-group/my-project'),
)({
	title: 'Which project is the runner for?',
	help: 'The path or id of a GitLab project. With neither project nor group, the runner is for the whole GitLab, which takes an administrator.',
	kind: 'text',
	asked: async ({given}) => creates(given) && given.group === undefined,
	change: 'live',
	when: creates,
});

export const group = optional(
	'group',
	matching(gitlabPath, 'an id, or a path such as my-group'),
)({
	title: 'Which group is the runner for?',
	help: 'The path or id of a GitLab group, where no project is given.',
	kind: 'text',
	asked: async ({given}) => creates(given) && given.project === undefined,
	change: 'live',
	when: creates,
	against: (_value, given) => (given.project === undefined ? undefined : `It takes a project or a group; the project is ${given.project} already.`),
});

export const runnerName = question(
	'runnerName',
	text,
)({
	title: 'What is the runner called in GitLab?',
	help: 'Its description in the list of runners.',
	kind: 'text',
	change: 'live',
	when: creates,
	counts: true,
	default: async ({given}) => ({value: given.fleet ?? usualFleet, why: "the fleet's name", other: true}),
});

export const runnerTags = question(
	'runnerTags',
	z.array(text.regex(/^[^,]*[^,\s][^,]*$/, words('tags without commas, by which GitLab parts them')), words('a list of tags')),
)({
	title: 'Which tags does the runner serve?',
	help: 'Jobs with any of these tags come to it. Tags are set when the runner is made.',
	kind: 'list',
	change: 'live',
	when: creates,
	default: [],
});

export const runUntagged = question(
	'runUntagged',
	yesOrNo,
)({
	title: 'Does the runner take jobs without tags?',
	help: 'A runner that has no tags must take them.',
	kind: 'boolean',
	change: 'live',
	when: creates,
	default: true,
	against: (value, {runnerTags: tags}) =>
		!value && tags?.length === 0 ? 'It takes true, or a tag in runnerTags: a runner without tags that takes no untagged jobs runs none.' : undefined,
});

export const tokenStore = question(
	'tokenStore',
	z.enum(['manager', 'ssm'], words('manager or ssm')),
)({
	title: "Where is the runner's token kept?",
	help: 'manager keeps it in config.toml alone. ssm keeps it in an encrypted parameter too, so that a dead manager comes back without asking.',
	kind: 'choice',
	closed: true,
	change: 'live',
	default: 'manager',
	choices: async () => [
		{value: 'manager', label: 'manager', hint: 'in its config.toml alone'},
		{value: 'ssm', label: 'ssm', hint: 'in an encrypted parameter too'},
	],
});

const folderUrl = matching(new RegExp(`^${programUrlPattern}/?$`), 'the https URL of a folder');

/** The version that this release was proven with; never "latest". */
export const gitlabRunnerVersion = question(
	'gitlabRunnerVersion',
	matching(/^\d+\.\d+\.\d+$/, 'a version such as 19.3.0'),
)({
	title: 'Which version of GitLab Runner?',
	help: 'The one that this release was proven with, unless another is given. A newer one is a note, never an upgrade by itself.',
	kind: 'text',
	change: 'drain',
	mends: 'software',
	default: async () => ({value: '19.3.0', why: 'pinned by this release'}),
});

export const downloads = optional(
	'downloads',
	z.strictObject(
		{gitlabRunner: folderUrl, dockerMachine: folderUrl, registry: folderUrl.optional()},
		words('{gitlabRunner, dockerMachine}, and registry for a mirror: folder URLs'),
	),
)({
	title: "Where are the manager's programs downloaded from?",
	help: "gitlabRunner=URL,dockerMachine=URL, and registry=URL for a mirror: folders that hold one folder a version, instead of the publishers'. Checksums are verified all the same.",
	kind: 'json',
	change: 'live',
	holds: 'path',
});

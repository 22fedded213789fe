import {unsupportedRegion} from '../host/docker-machine.ts';
import {fleetsKept, regionChoices} from './places.ts';
import {type Question, whyNot} from './question.ts';

const profile: Question<'profile'> = {
	id: 'profile',
	title: 'Which AWS profile?',
	help: "The credentials to work with. Without it the AWS SDK's own chain decides: environment, SSO, the default profile.",
	kind: 'choice',
	asked: async (asking) => (await asking.profiles()).length > 1,
	change: undefined,
	choices: async (asking) => (await asking.profiles()).map((value) => ({value, label: value})),
};

const region: Question<'region'> = {
	id: 'region',
	title: 'Which region?',
	help: 'The AWS region that the whole fleet lives in.',
	kind: 'choice',
	asked: true,
	change: 'never',
	async default(asking) {
		const value = await asking.profileRegion();
		if (value === undefined) return undefined;
		return {value, why: asking.given.profile ? `AWS profile ${asking.given.profile}` : 'AWS configuration', found: true};
	},
	choices: regionChoices,
	against: (value) => whyNot(unsupportedRegion(value)),
};

const fleet: Question<'fleet'> = {
	id: 'fleet',
	title: 'What is the fleet called?',
	help: "The name in the fleet's tags and in the names of all that it consists of. The name of one that stands goes on with that one.",
	kind: 'choice',
	asked: false,
	change: 'never',
	default: async () => ({value: 'gitlab-runners'}),
	choices: fleetsKept,
};

const executor: Question<'executor'> = {
	id: 'executor',
	title: 'Which executor runs the jobs?',
	help: 'docker+machine starts one EC2 instance a job. GitLab takes it away in GitLab 20.0, planned for May 2027.',
	kind: 'choice',
	closed: true,
	asked: false,
	change: 'drain',
	default: async () => ({value: 'docker+machine'}),
	choices: async () => [{value: 'docker+machine', label: 'docker+machine', hint: 'leaves GitLab in 20.0'}],
};

/** Whose account, where, and which fleet. */
export const accountQuestions = {profile, region, fleet, executor};

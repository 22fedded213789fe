import {questions} from '../../source/answers/all.ts';
import type {AnyQuestion, Asked} from '../../source/answers/question.ts';
import {runnerTokenQuestion} from '../../source/answers/secrets.ts';
import {wrongShape} from '../../source/answers/value.ts';

const about = (question: AnyQuestion, more: Partial<Asked> = {}): Asked => ({question, wrong: (value) => wrongShape(question.id, value), ...more});

export const limit = (): Asked =>
	about(
		{...questions.limit, title: 'How many workers at most?', help: 'Jobs beyond this wait.', kind: 'number', unit: 'machines', asked: true, change: 'live'},
		{default: {value: 10, why: 'as many as a small team uses'}},
	);

export const fleetName = (): Asked =>
	about(
		{...questions.fleet, title: "What is the fleet's name?", help: 'It is in the name of all that is made.', kind: 'text', asked: false, change: 'never'},
		{default: {value: 'gitlab-runners'}},
	);

export const spot = (): Asked =>
	about(
		{...questions.spot, title: 'Spot machines for the workers?', help: 'Cheaper, and AWS may take one back.', kind: 'boolean', asked: true, change: 'live'},
		{default: {value: true}},
	);

export const spotPrice = (): Asked =>
	about(
		{...questions.spotPrice, title: 'The most to pay for a spot machine?', help: 'USD an hour.', kind: 'number', asked: false, change: 'live'},
		{default: {value: 0.2}},
	);

/** Any region can be typed here, as where AWS doesn't tell which are enabled. */
const {unlisted: _unlisted, ...anyRegion} = questions.region;

export const region = (): Asked =>
	about(
		{...anyRegion, title: 'Which region?', help: 'Where the fleet lives.', kind: 'choice', asked: true, change: 'never'},
		{
			choices: [
				{value: 'us-east-2', label: 'us-east-2', hint: 'Ohio'},
				{value: 'eu-west-1', label: 'eu-west-1', hint: 'Ireland'},
				{value: 'af-south-1', label: 'af-south-1', disabled: 'not enabled in this account'},
			],
			default: {value: 'eu-west-1', why: "the profile's"},
		},
	);

export const runner = (): Asked =>
	about(
		{
			...questions.runner,
			title: 'Where does the runner come from?',
			help: 'A token from the page, or made here.',
			kind: 'choice',
			closed: true,
			asked: true,
			change: 'drain',
		},
		{
			choices: [
				{value: 'token', label: 'a token'},
				{value: 'create', label: 'made here'},
			],
		},
	);

export const machineOptions = (): Asked =>
	about(
		{...questions.machineOptions, title: 'More docker-machine options?', help: 'Separated by commas.', kind: 'list', asked: false, change: 'live'},
		{default: {value: []}},
	);

export const tags = (): Asked =>
	about({...questions.tags, title: 'Tags for everything?', help: 'A JSON object.', kind: 'json', asked: false, change: 'live'}, {default: {value: {}}});

export const runnerToken = (): Asked => ({
	question: {
		...runnerTokenQuestion({gitlabUrl: 'https://gitlab.com', fleet: 'ci'}),
		title: "What is the runner's token?",
		help: 'From Settings › CI/CD › Runners.',
	},
	wrong: (value) => (typeof value === 'string' && value.startsWith('glrt-') ? undefined : 'It takes a token that begins with glrt-.'),
});

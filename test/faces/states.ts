import type {Happening} from '../../source/engine/events.ts';
import type {HomeSeen} from '../../source/faces/face.ts';
import type {Screen, View} from '../../source/faces/ui/screen.ts';
import {choicesOf, chooseFor} from '../../source/faces/ui/screens/choose.ts';
import {fieldFor} from '../../source/faces/ui/screens/field.ts';
import {overviewScreen} from '../../source/faces/ui/screens/overview.ts';
import {reviewOf} from '../../source/faces/ui/screens/review.ts';
import {saveScreen} from '../../source/faces/ui/screens/save.ts';
import type {WizardSeen} from '../../source/faces/wizard/seen.ts';
import {beginning, type RunState, reduce, stamped} from '../../source/faces/words/run-state.ts';
import {limit, region, runnerToken, spot} from './asked.ts';

/** When recorded runs begin, in milliseconds since 1970. */
export const start = Date.parse('2026-11-24T12:00:00Z');

/** The state after these happenings. */
export const stateAfter = (happenings: readonly (readonly [number, Happening])[]): RunState =>
	happenings.reduce((state, [ms, happening]) => reduce(state, stamped(happening, start + ms)), beginning);

export const viewOf = (state: RunState, more: Partial<View> = {}): View => ({
	state,
	columns: 80,
	rows: 24,
	now: start + 72_000,
	tick: 0,
	look: {colour: false, ascii: false},
	title: 'set up',
	stops: 0,
	wizard: walkSeen,
	...more,
});

const proposal = {
	says: 'This is going to be made in us-east-2.',
	details: Array.from({length: 40}, (_, at) => `Answer ${at + 1}   value ${at + 1}   (default)`),
};

const chosen = (asked: Parameters<typeof choicesOf>[0]): Screen => chooseFor(asked, choicesOf(asked) ?? []);

/** Home in the middle of its look around. */
export const homeSeen: HomeSeen = {
	who: '123456789012, alice',
	regions: 17,
	looked: 14,
	refused: [{region: 'af-south-1', says: 'alice may not look there: AWS refused ssm:GetParametersByPath.'}],
	fleets: [
		{name: 'gitlab-runners', region: 'us-east-2', is: 'ready', says: 'manager i-0ab1 t3.small running'},
		{name: 'linux-spot', region: 'eu-west-1', is: 'note', says: 'manager stopped: r starts it again'},
	],
	presets: [{name: 'small', says: 'A few jobs at a time.', used: 'yesterday'}],
};

/** Every screen there is, by a name for a test's title. */
export const everyScreen: Record<string, Screen> = {
	plan: {is: 'plan'},
	run: {is: 'run'},
	log: {is: 'log', step: 'test-machine'},
	review: reviewOf(proposal),
	'review with a word': reviewOf({...proposal, word: 'gitlab-runners'}),
	choice: chosen(region()),
	boolean: chosen(spot()),
	number: fieldFor(limit()),
	secret: fieldFor(runnerToken()),
	watch: {is: 'watch', title: 'Waiting for the first job.', from: start},
	help: {is: 'help', bindings: []},
	'a choice in the walk': chooseFor(region(), choicesOf(region()) ?? [], {about: 'region', back: true}),
	'a choice still asked for': chooseFor(region(), choicesOf(region()) ?? [], {about: 'region', back: true, loading: true}),
	'a field in the walk': fieldFor(limit(), undefined, {about: 'limit', back: true}),
	'the token in the walk': fieldFor(runnerToken(), undefined, {about: 'runnerToken', back: true, create: true}),
	overview: overviewScreen,
	'an answer of the overview': {is: 'overview', on: 'limit', top: 0},
	'the plan over a question': {is: 'plan', over: true},
	'by hand': {is: 'hand', at: 0, top: 0},
	'by hand, copied': {is: 'hand', at: 0, top: 0, copied: true},
	'saving a preset': saveScreen('mine'),
	trouble: {
		is: 'trouble',
		problem: {code: 'session-expired', message: 'The session of AWS profile acme-dev has expired.', fault: 'told'},
		login: 'aws sso login --profile acme-dev',
		back: true,
	},
	'a run that is helped along': {is: 'run', helped: {login: 'aws sso login --profile acme-dev'}},
	end: {is: 'end', says: 'gitlab-runners is set up.', next: [{command: 'gitlab-runner-aws plan', does: 'says what differs'}], saves: 'mine'},
	home: {is: 'home', seen: homeSeen},
};

/** A walk in the middle, with everything that its screens can show. */
export const walkSeen: WizardSeen = {
	answered: [{key: 'region', says: 'us-east-2'}],
	at: 3,
	of: 9,
	everything: false,
	answers: [
		{key: 'region', value: 'us-east-2', raw: 'us-east-2', source: 'found', why: 'AWS profile acme-dev'},
		{key: 'limit', value: '10 machines', raw: 10, source: 'typed'},
		{key: 'idleCount', value: '0 machines', raw: 0, source: 'default'},
	],
	byHand: [
		{
			step: 'bucket',
			title: 'Cache bucket',
			makes: true,
			lines: ['aws --region us-east-2 s3api create-bucket --bucket gitlab-runners-cache-123456789012-us-east-2'],
		},
	],
	costs: ['The manager: about $19 a month with disk and address.'],
	secret: 'runner token',
	login: 'aws sso login',
	changes: false,
};

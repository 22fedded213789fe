import type {Happening} from '../../source/engine/events.ts';
import {beginning, type RunState, reduce, stamped} from '../../source/telling/run-state.ts';
import type {Screen, View} from '../../source/ui/screen.ts';
import {choicesOf, chooseFor} from '../../source/ui/screens/choose.ts';
import {fieldFor} from '../../source/ui/screens/field.ts';
import {reviewOf} from '../../source/ui/screens/review.ts';
import {nothingSeen} from '../../source/ui/wizard/seen.ts';
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
	wizard: nothingSeen,
	...more,
});

const proposal = {
	says: 'This is going to be made in us-east-2.',
	details: Array.from({length: 40}, (_, at) => `Answer ${at + 1}   value ${at + 1}   (default)`),
};

const chosen = (asked: Parameters<typeof choicesOf>[0]): Screen => chooseFor(asked, choicesOf(asked) ?? []);

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
};

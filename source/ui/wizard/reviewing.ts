import type {Ended} from '../../engine/live-plan.ts';
import type {Agreed} from '../../face.ts';
import {Stopped, toProblem} from '../../problem.ts';
import {walk} from '../../questions/walk.ts';
import {type OverviewScreen, overviewScreen} from '../screens/overview.ts';
import {elsewise, type Walker} from './moves.ts';
import type {News, WizardMove} from './seen.ts';

const blockedNews: News = {says: 'Nothing is made while something is blocked. f mends it where it says so; else change the answer.', role: 'blocked'};
const lookingNews: News = {says: "Not everything is looked at yet, so it isn't known what would be made.", role: 'warning'};

/** Where the cursor of the review was when it was left, by walk. */
const lastOn = new WeakMap<Walker, OverviewScreen>();

/** Shows the review until the person agrees, or goes to another place. */
export async function reviewed(walker: Walker): Promise<Agreed | undefined> {
	const {stage, state, interviewer} = walker;
	let ended: Ended | undefined;
	const follow = async (): Promise<void> => {
		ended = await interviewer.plan.ended();
		stage.tell({costs: ended ? await interviewer.costs(ended) : []});
	};
	follow().catch((error: unknown) => {
		// Prices are still asked for when the person leaves.
		if (!(error instanceof Stopped)) stage.tell({news: {says: toProblem(error).message, role: 'blocked'}});
	});
	stage.show(lastOn.get(walker) ?? overviewScreen);
	stage.onChange((screen) => screen.is === 'overview' && lastOn.set(walker, screen));
	for (;;) {
		const move = await stage.next();
		stage.tell({news: undefined});
		if (move.do !== 'go') return leaving(walker, move);
		if (ended && ![...ended.plan.values()].some(({is}) => is === 'blocked')) return {walk: state.walk, settled: state.settled, ended};
		stage.tell({news: ended ? blockedNews : lookingNews});
	}
}

/** A move at the review that leads on. */
async function leaving(walker: Walker, move: WizardMove): Promise<undefined> {
	walker.stage.onChange(undefined);
	if (move.do === 'back') walker.state = await walk(walker.state, move);
	else await elsewise(walker, move);
}

import {Stopped} from '../../problem.ts';
import type {AfterRun, Face, Helping} from '../face.ts';
import {runWizard} from '../wizard/wizard.ts';
import type {RunState} from '../words/run-state.ts';
import {homeInLines} from './home.ts';
import {hurriedInLines, type PanelInLines, panelInLines} from './panel.ts';
import type {Talk} from './prompts.ts';
import {keyNamed, walkInLines} from './walk.ts';

/** What these need of the plain face. */
export type LinesParts = PanelInLines & {
	state(): RunState;
	/** Keeps the findings beside the questions to itself: the walk says them where they belong. */
	quietly<Result>(work: () => Promise<Result>): Promise<Result>;
	/** Calls back once a removal waits for jobs. */
	onJobsWaited(listens: () => void): void;
	ended: AbortSignal | undefined;
};

/** Rejects once the work is stopped from outside. */
const untilEnded = (ended: AbortSignal | undefined): Promise<never> =>
	new Promise((_, reject) => {
		if (ended?.aborted) reject(new Stopped());
		ended?.addEventListener('abort', () => reject(new Stopped()), {once: true});
	});

/** Nobody presses a key while lines go by: what failed waits until the run has ended. */
const never = new AbortController().signal;
const helpingWith = (hurry: AbortSignal): Helping => ({again: async () => false, signal: never, hurry, onLook: () => undefined});

/** What to do after a run in which something failed. */
async function afterRun({say, ask}: Talk, {doing}: RunState): Promise<AfterRun> {
	const changing = doing === 'apply' ? ', or the answer to change' : '';
	for (;;) {
		const typed = (await ask(`again tries what failed once more, leave ends here${changing}: `)).trim();
		if (typed === 'again' || typed === 'leave') return typed;
		const key = doing === 'apply' ? keyNamed(typed) : undefined;
		if (key) return {change: key};
		say([{mark: 'blocked', text: `It takes again or leave${changing}.`}]);
	}
}

/** All that somebody at a terminal can be asked and shown, in lines that are never redrawn: for a screen reader, for Emacs, and for whoever likes it calm. */
export function inLines(parts: LinesParts): Pick<Face, 'walk' | 'run'> & {show: Pick<Face['show'], 'home' | 'panel'>} {
	const {talk, state, quietly, onJobsWaited, ended} = parts;
	return {
		walk: (interviewer) => quietly(() => Promise.race([runWizard(interviewer, walkInLines(talk, state)), untilEnded(ended)])),
		async run(_login, work) {
			const result = await hurriedInLines(talk, (hurry, listens) => {
				onJobsWaited(listens);
				return work(helpingWith(hurry));
			});
			const hasFailed = state().steps.some((step) => step.state === 'failed');
			if (!hasFailed || ended?.aborted) return {result, choice: undefined};
			try {
				return {result, choice: await afterRun(talk, state())};
			} catch (error) {
				// Whoever leaves here is told what stands, as after any run that was stopped.
				if (error instanceof Stopped) return {result, choice: 'leave'};
				throw error;
			}
		},
		show: {home: (look) => homeInLines(talk, look), panel: (driver) => panelInLines(parts, driver)},
	};
}

import {type Problem, Stopped, toProblem} from '../problem.ts';
import type {Clock} from '../world/laptop/clock.ts';
import {dataOf, type Emit} from './plan.ts';
import {secondsSince} from './walk.ts';

/** A part of some work that isn't a fleet's step, by its name in events; each comes after the one before it. */
type ToldPart = {name: string; title: string};

/** Tells work as a run of steps, one after the other, where no plan has them. */
export type ToldRun = {
	/** What went wrong, in the order in which it did. */
	problems: Problem[];
	/** Does one part, and tells how it ended by the sentence that `work` gives; false where it failed. Throws `Stopped`. */
	part(name: string, work: () => Promise<string>): Promise<boolean>;
	/** Tells the end of all of it. */
	end(): void;
};

/** Begins to tell such a run. */
export function toldRun({clock, emit}: {clock: Clock; emit: Emit}, parts: readonly ToldPart[]): ToldRun {
	const begun = clock.now();
	const problems: Problem[] = [];
	let done = 0;
	emit({
		event: 'run.started',
		doing: 'apply',
		steps: parts.map(({name, title}, at) => ({name, title, needs: parts.slice(Math.max(0, at - 1), at).map((before) => before.name)})),
	});
	return {
		problems,
		async part(name, work) {
			const start = clock.now();
			emit({event: 'step.started', step: name});
			try {
				const says = await work();
				emit({event: 'step.done', step: name, says, seconds: secondsSince(clock, start)});
				done += 1;
				return true;
			} catch (error) {
				if (error instanceof Stopped) throw error;
				problems.push(toProblem(error));
				emit({event: 'step.failed', step: name, problem: dataOf(error), seconds: secondsSince(clock, start)});
				return false;
			}
		},
		end() {
			const failed = problems.length;
			emit({event: 'run.ended', done, failed, skipped: parts.length - done - failed, seconds: secondsSince(clock, begun)});
		},
	};
}

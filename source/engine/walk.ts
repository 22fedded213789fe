import {type Problem, Stopped, toProblem} from '../problem.ts';
import type {ScriptProgress} from '../world/host/port.ts';
import type {Clock} from '../world/laptop/clock.ts';
import type {Happening} from './events.ts';
import {dataOf, type Emit} from './plan.ts';
import type {AnyStep, StepName} from './step.ts';

export type StepEnding = 'done' | 'failed' | 'skipped';

/** How many steps a walk set out to do, and how these ended. */
type StepCounts = {of: number; done: number; failed: number; skipped: number};

/** How a walk over steps ended; `problems` are those of the steps that failed, in the order in which they did. */
export type RunResult = {done: StepName[]; failed: StepName[]; skipped: StepName[]; problems: Problem[]; stopped: boolean; counts: StepCounts};

/** Seconds since a moment, to a tenth. */
export const secondsSince = (clock: Clock, start: number): number => Math.round((clock.now() - start) / 100) / 10;

/** A script's progress as an event of the step it works for. */
export function progressEvent(step: string, progress: ScriptProgress): Happening {
	if ('line' in progress) return {event: 'step.line', step, line: progress.line};
	if ('says' in progress) return {event: 'step.says', step, says: progress.says};
	if ('stage' in progress) return {event: 'step.stage', step, stage: progress.stage};
	return {event: 'step.download', step, what: progress.download, bytes: progress.bytes, ...(progress.of === undefined ? {} : {of: progress.of})};
}

/** What a walk goes over, and what it does at each step. */
export type StepWalk = {
	steps: readonly AnyStep[];
	/** Those of them that it sets out to do: the others are only looked at. */
	todo: readonly AnyStep[];
	/** The steps that must be done before this one starts. */
	before(step: AnyStep): AnyStep[];
	/** Does one step; what it throws makes the step failed, and `Stopped` skips it. */
	work(step: AnyStep): Promise<void>;
	/** Says whether a step that failed is to be tried again, while the rest goes on; where nobody can say, it's left. */
	again?: Again | undefined;
	signal: AbortSignal;
	clock: Clock;
	emit: Emit;
};

/** Resolves to true once somebody wants a failed step tried again, to false once it's left as it is. */
export type Again = (step: StepName) => Promise<boolean>;

/** Does every step as soon as those before it are done, side by side. A failed one stops only what comes after it; an abort starts no more. */
export async function walk({steps, todo, before, work, again, signal, clock, emit}: StepWalk): Promise<RunResult> {
	const result: Omit<RunResult, 'counts'> = {done: [], failed: [], skipped: [], problems: [], stopped: false};
	const attempt = async (step: AnyStep): Promise<StepEnding> => {
		while (!signal.aborted) {
			const start = clock.now();
			try {
				await work(step);
				return 'done';
			} catch (error) {
				if (error instanceof Stopped) {
					result.stopped = true;
					// What was under way isn't done, and is told: it's where the next run goes on.
					emit({event: 'step.skipped', step: step.name, because: []});
					return 'skipped';
				}
				emit({event: 'step.failed', step: step.name, problem: dataOf(error), seconds: secondsSince(clock, start)});
				if (await again?.(step.name)) continue;
				result.problems.push(toProblem(error));
				return 'failed';
			}
		}
		return 'skipped';
	};
	const endings = new Map<StepName, Promise<StepEnding>>();
	const start = (step: AnyStep): Promise<StepEnding> => {
		const known = endings.get(step.name);
		if (known) return known;
		const ending = (async (): Promise<StepEnding> => {
			const above = await Promise.all(before(step).map(async (other) => ({name: other.name, ending: await start(other)})));
			const because = above.filter((one) => one.ending !== 'done').map(({name}) => name);
			if (because.length > 0) emit({event: 'step.skipped', step: step.name, because});
			const how = because.length > 0 ? 'skipped' : await attempt(step);
			result[how].push(step.name);
			return how;
		})();
		endings.set(step.name, ending);
		return ending;
	};
	await Promise.all(steps.map(start));
	if (signal.aborted) result.stopped = true;
	const among = (names: readonly StepName[]): number => todo.filter(({name}) => names.includes(name)).length;
	const {done, failed, skipped} = result;
	return {...result, counts: {of: todo.length, done: among(done), failed: among(failed), skipped: among(skipped)}};
}

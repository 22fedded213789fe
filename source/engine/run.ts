import {Problem, Stopped, toProblem} from '../problem.ts';
import type {ScriptProgress} from '../world/host/port.ts';
import type {Clock} from '../world/laptop/clock.ts';
import type {Happening} from './events.ts';
import {type Allowed, dataOf, type Emit, foundEvent, foundIn, guarded, look, mayChange, type Plan, says, wanted} from './plan.ts';
import type {AnyFinding, AnyStep, Context, StepName} from './step.ts';

type StepEnding = 'done' | 'failed' | 'skipped';

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
type StepWalk = {
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
	/** What nobody set out to do isn't missed where it is left: the run's counts are without it too. */
	const tellSkipped = (step: AnyStep, because: readonly StepName[]): void => {
		if (todo.includes(step)) emit({event: 'step.skipped', step: step.name, because: [...because]});
	};
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
					tellSkipped(step, []);
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
			if (because.length > 0) tellSkipped(step, because);
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

/** Apply is tried this often when its problem says `again`: each try looks first, so nothing is doubled. */
const tries = 3;
const pauseSeconds = 5;
/** Where a step says nothing of its own, AWS gets this long to show what was just made. */
const usualSettling = {tries: 6, seconds: 2};

/**
 * Makes a plan so: each step as soon as what it needs and comes after is ready. After each apply the same check looks again, and only that makes a
 * step done. `usual` is how long each step took in earlier runs, in seconds; `again` says what becomes of a step that failed, where somebody can say.
 */
export async function runPlan(
	steps: readonly AnyStep[],
	context: Context,
	plan: Plan,
	emit: Emit,
	options: Allowed & {usual?: Record<string, number>; again?: Again | undefined},
): Promise<RunResult> {
	const {clock} = context;
	const asked = wanted(steps, context);
	const findings = new Map(plan);
	const begun = clock.now();
	const before = (step: AnyStep): AnyStep[] => {
		const not = step.except?.(context.answers) ?? [];
		const after = [...(step.after ?? []), ...(plan.get(step.name)?.is === 'missing' ? [] : (step.changesAfter ?? []))].filter((name) => !not.includes(name));
		return asked.filter(({name}) => step.needs.includes(name) || after.includes(name));
	};
	const todo = asked.filter((step) => mayChange(options, step) && plan.get(step.name)?.is !== 'ready');
	emit({
		event: 'run.started',
		doing: 'apply',
		steps: todo.map((step) => {
			const usual = options.usual?.[step.name];
			const {leftover, name, title} = step;
			return {name, title, ...(leftover ? {leftover} : {}), needs: before(step).map((one) => one.name), ...(usual === undefined ? {} : {usual})};
		}),
	});

	const lookAt = async (step: AnyStep): Promise<AnyFinding> => guarded(step, await look(step, context, foundIn(findings)), options);

	const settle = async (step: AnyStep): Promise<AnyFinding> => {
		const {seconds, tries: times} = step.settles ?? usualSettling;
		for (let turn = 1; ; turn++) {
			const finding = await lookAt(step);
			if (finding.is === 'ready' || finding.is === 'blocked' || turn >= times) return finding;
			emit({event: 'step.says', step: step.name, says: 'done; looking again until it can be seen'});
			await clock.sleep(seconds * 1000);
			context.forget();
		}
	};

	/** Waits before another try of what may pass by itself; throws what doesn't, and what has been tried often enough. */
	const again = async (step: AnyStep, problem: Problem, turn: number): Promise<void> => {
		if (!problem.again || turn >= tries) throw problem;
		emit({event: 'step.again', step: step.name, problem: dataOf(problem), seconds: pauseSeconds * turn});
		await clock.sleep(pauseSeconds * turn * 1000);
		context.forget();
	};

	/** Gives the problem of one that is to be looked at and tried again; undefined when it was applied. */
	const applyOnce = async (step: AnyStep, finding: AnyFinding, turn: number): Promise<Problem | undefined> => {
		try {
			await step.apply?.(context, foundIn(findings), finding, (progress) => emit(progressEvent(step.name, progress)));
			return undefined;
		} catch (error) {
			if (error instanceof Stopped) throw error;
			const problem = toProblem(error);
			await again(step, problem, turn);
			return problem;
		}
	};

	const makeSo = async (step: AnyStep, first: AnyFinding): Promise<AnyFinding> => {
		let finding = first;
		let failed: Problem | undefined;
		for (let turn = 1; finding.is !== 'ready'; turn++) {
			if (finding.is === 'blocked') {
				await again(step, finding.problem, turn);
				finding = await lookAt(step);
				continue;
			}
			// What it waits for is what went wrong: the manager that can't be reached any more, say.
			if (finding.is === 'waiting' || !step.apply) throw failed ?? notReady(step, finding);
			failed = await applyOnce(step, finding, turn);
			finding = failed ? await lookAt(step) : await settle(step);
			if (turn >= tries && finding.is !== 'ready' && finding.is !== 'blocked') throw notReady(step, finding);
		}
		return finding;
	};

	const applied = new Set<StepName>();
	/** Steps that were begun: whoever begins one again looks at it anew, since the world has gone on. */
	const tried = new Set<StepName>();
	/** What the plan saw may no longer hold once something before it was changed: a config.toml that is so on the manager that was just replaced. */
	const isStale = (step: AnyStep, planned: AnyFinding): boolean =>
		planned.is !== 'missing' && planned.is !== 'blocked' && before(step).some(({name}) => applied.has(name));

	const work = async (step: AnyStep): Promise<void> => {
		if (!mayChange(options, step)) return;
		const start = clock.now();
		const planned = plan.get(step.name);
		const isAgain = tried.has(step.name);
		if (isAgain) {
			emit({event: 'step.started', step: step.name});
			context.forget();
		}
		tried.add(step.name);
		const finding = isAgain || !planned || planned.is === 'waiting' || isStale(step, planned) ? await lookAt(step) : planned;
		findings.set(step.name, finding);
		if (finding.is === 'ready' && !isAgain) {
			if (planned?.is !== 'ready') emit(foundEvent(step.name, finding));
			return;
		}
		if (!isAgain) emit({event: 'step.started', step: step.name});
		applied.add(step.name);
		const now = await makeSo(step, finding);
		findings.set(step.name, now);
		emit({event: 'step.done', step: step.name, says: says(now), seconds: secondsSince(clock, start)});
		for (const note of now.notes ?? []) emit({event: 'note', ...note});
	};

	const result = await walk({steps: asked, todo, before, work, again: options.again, signal: context.signal, clock, emit});
	emit({
		event: 'run.ended',
		done: result.counts.done,
		failed: result.counts.failed,
		skipped: result.counts.skipped,
		seconds: secondsSince(clock, begun),
	});
	return result;
}

/** What a step that was applied still isn't: AWS may be late, or somebody works against us. */
function notReady(step: AnyStep, finding: AnyFinding): Problem {
	return new Problem({
		code: 'not-so-after-apply',
		fault: 'outside',
		message: `${step.title} was changed, but looking again it isn't so yet: ${says(finding)}.`,
		advice: 'Run the same command again; it looks first and goes on.',
	});
}

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

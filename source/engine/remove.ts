import type {Emit} from './plan.ts';
import {type Again, progressEvent, type RunResult, secondsSince, walk} from './run.ts';
import type {AnyStep, Removal, Standing, StepName} from './step.ts';

/** What stands, with the step it belongs to. */
export type Stands = Standing & {step: StepName};

/** Everything that mark, names and patterns can find of a fleet, by step. */
export async function listStanding(steps: readonly AnyStep[], removal: Removal, emit: Emit, when: 'before' | 'after'): Promise<Stands[]> {
	const listed = await Promise.all(steps.map(async (step) => ((await step.stands?.(removal)) ?? []).map((one) => ({...one, step: step.name}))));
	const standing = listed.flat();
	emit({event: 'standing.listed', when, standing});
	return standing;
}

/** Takes a fleet away in the reverse order of its steps, side by side; one failure doesn't stop what doesn't depend on it. */
export async function removeAll(steps: readonly AnyStep[], removal: Removal, emit: Emit, {again}: {again?: Again | undefined} = {}): Promise<RunResult> {
	const {clock} = removal;
	const begun = clock.now();
	const removable = steps.filter((step) => step.remove !== undefined);
	const below = dependants(steps);
	const before = (step: AnyStep): AnyStep[] => removable.filter((other) => below(step.name).has(other.name));
	emit({
		event: 'run.started',
		doing: 'remove',
		steps: removable.map((step) => ({name: step.name, title: step.title, needs: before(step).map(({name}) => name)})),
	});
	const begunOnce = new Set<StepName>();
	const work = async (step: AnyStep): Promise<void> => {
		const start = clock.now();
		let last = 'nothing left';
		// Begun once before: what was seen then may have gone meanwhile.
		if (begunOnce.has(step.name)) removal.forget();
		begunOnce.add(step.name);
		emit({event: 'step.started', step: step.name});
		await step.remove?.(removal, (progress) => {
			if ('says' in progress) last = progress.says;
			emit(progressEvent(step.name, progress));
		});
		emit({event: 'step.done', step: step.name, says: last, seconds: secondsSince(clock, start)});
	};
	const result = await walk({steps: removable, todo: removable, before, work, again, signal: removal.signal, clock, emit});
	const {done, failed, skipped} = result;
	emit({event: 'run.ended', done: done.length, failed: failed.length, skipped: skipped.length, seconds: secondsSince(clock, begun)});
	return result;
}

/** For each step, all that depend on it, at any distance. */
function dependants(steps: readonly AnyStep[]): (name: StepName) => Set<StepName> {
	const known = new Map<StepName, Set<StepName>>();
	const of = (name: StepName): Set<StepName> => {
		const before = known.get(name);
		if (before) return before;
		const all = new Set<StepName>();
		known.set(name, all);
		for (const step of steps) {
			if (![...step.needs, ...(step.after ?? []), ...(step.changesAfter ?? [])].includes(name)) continue;
			all.add(step.name);
			for (const further of of(step.name)) all.add(further);
		}
		return all;
	};
	return of;
}

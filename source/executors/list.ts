import type {AnyStep, Removal, Report, StepName} from '../engine/step.ts';
import {recordRead} from '../steps/looks/record.ts';
import {dockerAutoscaler} from './docker-autoscaler/executor.ts';
import {dockerMachine} from './docker-machine/executor.ts';
import type {Executor} from './executor.ts';

/** Each by itself, the one that a new fleet gets first. */
const alone: readonly [Executor, ...Executor[]] = [dockerAutoscaler, dockerMachine];

const union = <Item>(lists: readonly (readonly Item[] | undefined)[]): Item[] => [...new Set(lists.flatMap((list) => list ?? []))];

/** What is left of another executor may need the manager's rights, so they go after it. */
const rights: StepName = 'earlier-rights';

/** An executor with what the others leave behind where a fleet has gone over to it. */
function afterOthers(executor: Executor): Executor {
	const left = alone.flatMap((other) => (other === executor ? [] : other.leaving));
	const after = left.map(({name}) => name);
	const {steps} = executor;
	const at = steps.findIndex(({name}) => name === rights);
	const [before, last] = at < 0 ? [steps, []] : [steps.slice(0, at), steps.slice(at)];
	return {...executor, steps: [...before, ...left, ...last.map((step) => (step.name === rights ? {...step, after: union([step.after, after])} : step))]};
}

const [first, ...others] = alone;

/** The executors there are, the one that a new fleet gets first. */
export const executors: readonly [Executor, ...Executor[]] = [afterOthers(first), ...others.map(afterOthers)];

/** The executor that answers, or an entry of config.toml, name; without one the first. */
export const executorOf = ({executor}: {executor?: string | undefined}): Executor => executors.find(({name}) => name === executor) ?? executors[0];

/** The executor that calls its workers so; the first where none does. */
export const executorNaming = (worker: string): Executor => executors.find(({view}) => view.isWorkerName(worker)) ?? executors[0];

/** A step as one executor has it. */
type StepOf = {executor: string; step: AnyStep};

/** Takes away what the fleet's own executor says that the step has made, where they don't all say the same. */
function removalOf(same: readonly StepOf[]): Pick<AnyStep, 'remove'> {
	const [first, ...others] = same;
	if (!first?.step.remove) return {};
	if (others.every(({step}) => step.remove === first.step.remove)) return {};
	return {
		async remove(removal: Removal, report: Report) {
			const executor = removal.answers?.executor ?? (await recordRead(removal)).answers.executor;
			const {step} = others.find((one) => one.executor === executor) ?? first;
			await step.remove?.(removal, report);
		},
	};
}

/** One step of several executors' that bear its name: it comes after all that it comes after in any of them. */
function merged(same: readonly [StepOf, ...StepOf[]]): AnyStep {
	const [{step}] = same;
	const lists = same.map((one) => one.step);
	return {
		...step,
		needs: union(lists.map(({needs}) => needs)),
		after: union(lists.map(({after}) => after)),
		changesAfter: union(lists.map(({changesAfter}) => changesAfter)),
		actions: union(lists.map(({actions}) => actions)),
		...removalOf(same),
	};
}

/** The steps of all executors, each once, in the order in which they may be taken back: for whoever knows no answers, such as a removal. */
export const allSteps: readonly AnyStep[] = [
	...Map.groupBy(
		executors.flatMap(({name, steps}) => steps.map((step): StepOf => ({executor: name, step}))),
		({step}) => step.name,
	).values(),
].flatMap(([first, ...others]) => (first ? [merged([first, ...others])] : []));

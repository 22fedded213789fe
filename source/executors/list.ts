import type {AnyStep} from '../engine/step.ts';
import {dockerAutoscaler} from './docker-autoscaler/executor.ts';
import {dockerMachine} from './docker-machine/executor.ts';
import type {Executor} from './executor.ts';

/** The executors there are, the one that a new fleet gets first. */
export const executors: readonly [Executor, ...Executor[]] = [dockerMachine, dockerAutoscaler];

/** The executor that answers, or an entry of config.toml, name; without one the first. */
export const executorOf = ({executor}: {executor?: string | undefined}): Executor => executors.find(({name}) => name === executor) ?? executors[0];

/** The executor that calls its workers so; the first where none does. */
export const executorNaming = (worker: string): Executor => executors.find(({view}) => view.isWorkerName(worker)) ?? executors[0];

const union = <Item>(lists: readonly (readonly Item[] | undefined)[]): Item[] => [...new Set(lists.flatMap((list) => list ?? []))];

/** The steps of all executors, each once, in the order in which they may be taken back: for whoever knows no answers, such as a removal. */
export const allSteps: readonly AnyStep[] = [
	...Map.groupBy(
		executors.flatMap(({steps}) => steps),
		({name}) => name,
	).values(),
].flatMap((same) =>
	same.slice(0, 1).map((first) => ({
		...first,
		needs: union(same.map(({needs}) => needs)),
		after: union(same.map(({after}) => after)),
	})),
);

import {executorOf, executors} from '../../executors/list.ts';
import type {Instance} from '../../steps/looks/account.ts';
import {type Made, makersIn, type TellsMaking} from '../makers.ts';
import {type Metrics, metricsIn} from '../metrics.ts';

const countings = executors.map(({workers}) => workers.counted);

/** Reads the text of `/metrics`, whichever executor the manager has. Never throws. */
export const readMetrics = (text: string): Metrics => metricsIn(text, countings);

/** How each runner of config.toml that makes machines makes them now, as far as it says so. */
export const allMade = (snapshot: TellsMaking): Made[] => makersIn(snapshot).flatMap((maker) => executorOf(maker).made(maker, snapshot) ?? []);

/** How workers are made now: by the first runner that makes machines. */
export function workersMade(snapshot: TellsMaking): Made | undefined {
	const [maker] = makersIn(snapshot);
	return maker && executorOf(maker).made(maker, snapshot);
}

/** What an instance is called as a worker of any executor; undefined where it isn't one. */
export function workerNameOf(instance: Instance): string | undefined {
	for (const {view} of executors) {
		const name = view.nameOf(instance);
		if (name !== undefined) return name;
	}
	return undefined;
}

/** Whether a name is one that only runners give their workers. */
export const isRunnersName = (name: string): boolean => executors.some(({view}) => view.isWorkerName(name));

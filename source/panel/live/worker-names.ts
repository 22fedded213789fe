import {executors} from '../../executors/list.ts';
import type {Instance} from '../../steps/looks/account.ts';

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

import {executorOf, executors} from '../../executors/list.ts';
import type {Instance} from '../../steps/looks/account.ts';
import type {LogEvent} from '../journal/events.ts';
import {refusalIn, type WorkerRefusal} from '../journal/refusal.ts';
import {readingBy, textsFor} from '../journal/rule.ts';
import {runnerRules} from '../journal/runner-rules.ts';
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

const words = executors.flatMap(({refusals}) => refusals);

/** Why a worker couldn't be made, in the words of AWS, of the runner or of any executor; undefined where a text tells none. */
export const readRefusal = (text: string): WorkerRefusal | undefined => refusalIn(text, words);

const rules = [...executors.flatMap(({journal}) => journal), ...runnerRules(readRefusal)];

/** What one entry of the journal tells; mostly nothing. Never throws. */
export const eventsOf = readingBy(rules);

/** Texts of which each line that `eventsOf` understands holds one: the manager sends no other of the past. */
export const eventTexts: readonly string[] = [...new Set(rules.flatMap(({texts}) => texts))];

/** The same for lines that tell one of these events. */
export const textsOf = (...events: readonly LogEvent['is'][]): readonly string[] => textsFor(rules, ...events);

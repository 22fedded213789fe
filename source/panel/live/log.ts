import {executors} from '../../executors/list.ts';
import type {LogEvent} from '../journal/events.ts';
import {refusalIn, type WorkerRefusal} from '../journal/refusal.ts';
import {readingBy, textsFor} from '../journal/rule.ts';
import {runnerRules} from '../journal/runner-rules.ts';

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

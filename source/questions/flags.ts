import type {AnswerKey} from '../fleet.ts';
import {inOrder} from './all.ts';

/** The flag of an answer's key: `managerType` → `--manager-type`. */
export const flagOf = (key: AnswerKey): string => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The key of each flag, without its hyphens. */
export const keyOfFlag: ReadonlyMap<string, AnswerKey> = new Map(inOrder.map(({id}) => [flagOf(id).slice(2), id]));

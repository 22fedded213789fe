import type {AnyStep} from '../engine/step.ts';
import type {AnswerValue} from '../fleet.ts';

/** A way to run jobs: the steps that a fleet of it consists of. Another executor is another folder and one line in each of the lists beside this file. */
export type Executor = {
	readonly name: AnswerValue<'executor'>;
	readonly steps: readonly AnyStep[];
};

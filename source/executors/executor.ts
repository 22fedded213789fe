import type {AnyStep} from '../engine/step.ts';

/** A way to run jobs: the steps that a fleet of it consists of. Another executor is another folder and one line in the list. */
export type Executor = {
	readonly name: 'docker+machine';
	readonly steps: readonly AnyStep[];
};

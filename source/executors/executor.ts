import type {AnyStep} from '../engine/step.ts';
import type {AnswerValue, Given} from '../fleet.ts';
import type {CauseRow} from '../panel/causes/cause.ts';
import type {RefusalWords} from '../panel/journal/refusal.ts';
import type {LogRule} from '../panel/journal/rule.ts';
import type {LeftoverView} from '../panel/leftovers.ts';
import type {Made, MoveTarget, TellsMaking} from '../panel/makers.ts';
import type {WorkerView} from '../panel/workers.ts';
import type {RunnerFacts} from '../steps/config/facts.ts';
import type {WorkerMaking} from '../steps/worker-making.ts';

/** A worker by its name; EC2 is asked for its address by an executor that goes by that. */
export type WorkerAt = {name: string; address(): Promise<string | undefined>};

/**
 * A way to run jobs: the steps that a fleet of it consists of, and how it makes workers. Another executor is another folder and one line in each of the
 * lists beside this file.
 */
export type Executor = {
	readonly name: AnswerValue<'executor'>;
	readonly steps: readonly AnyStep[];
	/**
	 * What is left of it once a fleet has gone over to another executor: each of these finds by itself whether anything is, and takes it away when no job needs
	 * it any more. They are steps of all other executors, after those of their own, and need nothing that another executor's steps don't find.
	 */
	readonly leaving: readonly AnyStep[];
	readonly workers: WorkerMaking;
	/** How the panel finds, calls and judges them. */
	readonly view: WorkerView;
	/** What they leave behind, and how that is known and taken away. */
	readonly leftovers: LeftoverView;
	/** How a runner's workers are made now, by its entry in config.toml and what else tells; undefined where that isn't known. */
	made(runner: RunnerFacts, seen: TellsMaking): Made | undefined;
	/** The answers by which new workers are made elsewhere, or as something else, on top of these. */
	moved(to: MoveTarget, given: Given): Given;
	/** What the runner's log tells of its workers, and by which words it says why one couldn't be made. */
	readonly journal: readonly LogRule[];
	readonly refusals: RefusalWords;
	/** The command line that takes a manager's login user on to a worker: `words` is a command line for the worker's own shell, none opens one. Throws a Problem where there is no way. */
	onWorker(user: string, worker: WorkerAt, words: string | undefined): Promise<string>;
	/** Why its workers can't be made or used, where that is true of this executor alone. */
	readonly causes: readonly CauseRow[];
};

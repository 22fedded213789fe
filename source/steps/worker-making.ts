import type {Change, Context, Found, Note, StepName} from '../engine/step.ts';
import type {HostFacts} from '../executors/scripts.ts';
import type {Answers} from '../fleet.ts';
import type {readPrometheus} from '../world/host/prometheus.ts';
import type {ExecutorConfig} from './config/fields.ts';

/**
 * Workers as the runner counts them itself, by what they do; the counts of several runners on one manager are merged there. `made` are those since its
 * service started, with the mean of the seconds that each took.
 */
export type WorkersCounted = {
	states: {acquired: number; creating: number; idle: number; used: number; removing: number; stuck: number} | undefined;
	made: {count: number; meanSeconds: number} | undefined;
	/** Jobs that the runner has taken and that wait for a worker, where the executor counts them itself. */
	waiting?: number | undefined;
};

/** What would be lost of the workers once another config.toml is written: `left` are workers that no runner manages then. */
export type Stranded = {left: string[]; drains: boolean};

/** What an executor's workers need of an image that is baked for them, as lines of sh that root runs, with the functions `say`, `fail` and `apt_install` at hand. */
export type BakeParts = {
	/** Puts Docker there where the image has none. */
	install: string;
	/** The storage driver that Docker gets there later, where that isn't its own choice: images pulled with another aren't seen. */
	storageDriver?: 'overlay2';
	/** What comes once all images are pulled. */
	last?: string;
};

/** How an executor makes workers, as far as the steps need to know it that all executors share. The executor gives it to each of them. */
export type WorkerMaking = {
	/** config.toml as its runners have it. */
	readonly config: ExecutorConfig;
	/** The step that proves how workers are made: what nobody has proven never reaches a config.toml that a running service reads. */
	readonly provenBy: StepName;
	/** The steps that another way of making workers may change, besides those that all executors share. */
	readonly madeBy: readonly StepName[];
	/** The steps that another number of workers may change, besides the record and the runner. */
	readonly countedBy: readonly StepName[];
	/** The step that takes workers away: a removal drains the service before. */
	readonly removedBy: StepName;
	/** config.toml as it is to be written, with the options by which workers are made. Throws `config-broken` when the one that stands can't be read. */
	wanted(context: Context, found: Pick<Found, 'network' | 'images'>, facts: HostFacts): Promise<{config: ExecutorConfig; notes: Note[]}>;
	/** What has to go before this text of config.toml is written; `isRefused` where GitLab takes the runner's token no more, so that no job comes by it. */
	stranded(context: Context, facts: HostFacts, text: string, isRefused: boolean): Stranded;
	/** What goes, in the plan's words, with what it costs as long as it stays. */
	going(context: Context, facts: HostFacts, left: readonly string[]): Promise<Change[]>;
	/** What these answers' workers need of an image that is baked for them. */
	bakeParts(answers: Answers): BakeParts;
	/** Reads the runner's metrics. */
	counted(metrics: ReturnType<typeof readPrometheus>): WorkersCounted;
};

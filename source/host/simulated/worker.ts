import type {Job} from '../../gitlab/simulated.ts';
import type {RunnerConfig} from './runner-config.ts';

/** A machine that a runner knows: what it is doing, and for which job. */
export type Worker = {
	name: string;
	token: string;
	state: 'creating' | 'idle' | 'used' | 'removing';
	used: number /** When it was there, and last used: milliseconds since 1970. */;
	createdAt?: number;
	usedAt?: number;
	instanceId?: string;
	job?: Job;
	callOff?: (() => void) | undefined;
};

/** GitLab Runner as it runs on a manager: it takes jobs, makes machines, runs jobs, takes machines away. */
export type RunnerProcess = {
	readonly startedAt: number;
	config: RunnerConfig | undefined;
	/** Takes no more jobs, and ends when the running ones have ended. */
	ending: boolean;
	readonly workers: Map<string, Worker>;
	/** Jobs that it has taken and that haven't ended. */
	readonly jobs: Job[];
	readonly totals: {jobs: number; failed: number; created: number; creationFailed: number; removed: number};
	/** Looks at config.toml again, as it does every 3 s by the file's time. */
	reload(): void;
	/** Whether it would take a job from GitLab now, were there room. */
	takes(): boolean;
	/** Takes what jobs it can. */
	dispatch(): void;
	/** SIGQUIT: no new jobs, ends when the running ones have ended. */
	quit(): void;
	/** SIGTERM, or the host's end: running jobs end now, and so does the process. */
	kill(reason: string): void;
	/** A worker's instance is gone: its job fails. */
	lose(worker: Worker): void;
};

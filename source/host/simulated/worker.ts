import type {Job} from '../../gitlab/simulated.ts';
import type {DockerMachine} from './docker-machine.ts';
import type {Hosts} from './hosts.ts';
import type {Machine} from './machine.ts';
import type {RunnerConfig, RunnerEntry} from './runner-config.ts';

/** A machine that a runner knows: what it is doing, and for which job. Acquired: a request for a job is under way for it. */
export type Worker = {
	name: string;
	token: string;
	state: 'creating' | 'acquired' | 'idle' | 'used' | 'removing';
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
	readonly totals: {loads: number; jobs: number; failed: number; created: number; createdSeconds: number; creationFailed: number; removed: number};
	/** Requests for jobs by short token and HTTP status. */
	readonly answers: Map<string, Map<number, number>>;
	/** Looks at config.toml again, as it does every 3 s by the file's time. */
	reload(): void;
	/** Whether it would take a job from GitLab now, were there room. */
	takes(): boolean;
	/** Keeps machines idle, and asks for what jobs there is room for. */
	dispatch(): void;
	/** SIGQUIT: no new jobs, ends when the running ones have ended. */
	quit(): void;
	/** SIGTERM, or the host's end: running jobs end now, and so does the process. */
	kill(reason: string): void;
	/** A worker's instance is gone: its job fails. */
	lose(worker: Worker): void;
};

/** What the parts of a runner's process have in common. */
export type Runner = {
	readonly hosts: Hosts;
	readonly machine: Machine;
	readonly process: RunnerProcess;
	/** A line in the service's log. */
	note(level: 'info' | 'warning' | 'error', message: string, fields?: Record<string, string | number>): void;
	/** docker-machine, as the runner calls it for one machine. */
	dockerFor(name: string, operation: 'create' | 'remove' | 'stop'): DockerMachine;
	/** The entry of a token as config.toml has it now. */
	entryOf(token: string): RunnerEntry | undefined;
	/** Whether the process still lives. */
	lives(): boolean;
	/** A job has ended: a process that ends may be over with it. */
	ended(): void;
};

/** An entry's machines. */
export const workersOf = ({process}: Runner, {token}: RunnerEntry): Worker[] => [...process.workers.values()].filter((worker) => worker.token === token);

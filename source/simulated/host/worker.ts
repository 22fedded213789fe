import type {Job} from '../gitlab/gitlab.ts';
import type {RunnerConfig} from './runner-config.ts';

/** How a process ended by itself, as systemd puts it: `status` is its exit code, or the signal's number. */
export type ProcessEnd = {result: 'success' | 'exit-code' | 'signal'; status: number};

/** GitLab Runner as it runs on a manager: it takes jobs, gets machines for them, runs them. */
export type RunnerProcess = {
	readonly startedAt: number;
	config: RunnerConfig | undefined;
	/** Takes no more jobs, and ends when the running ones have ended. */
	ending: boolean;
	/** Machines that it knows, by their names. */
	readonly workers: ReadonlyMap<string, object>;
	/** Jobs that it has taken and that haven't ended. */
	readonly jobs: Job[];
	/** Short tokens of the runners that took them, by the jobs' ids. */
	readonly takenBy: Map<number, string>;
	readonly totals: {loads: number; jobs: number};
	/** Failed jobs by GitLab's reason. */
	readonly failed: Map<string, number>;
	/** Jobs that still waited for it in GitLab when it was last given one, by short token: not known before a first one. */
	readonly queued: Map<string, number>;
	/** Requests for jobs by short token and HTTP status. */
	readonly answers: Map<string, Map<number, number>>;
	/** Looks at config.toml again, as it does every 3 s by the file's time. */
	reload(): void;
	/** Its token runs out, so it has had another one given for it: it saves config.toml and loads it. */
	rotate(): void;
	/** Whether it would take a job from GitLab now, were there room. */
	takes(): boolean;
	/** Keeps machines idle, and asks for what jobs there is room for. */
	dispatch(): void;
	/** SIGQUIT: no new jobs, ends when the running ones have ended. */
	quit(): void;
	/** SIGKILL, or the host's end: running jobs end now, and so does the process. */
	kill(reason: string): void;
	/** As SIGTERM does: its jobs end now, and it goes as it does at any end. */
	abort(reason: string): void;
	/** It ends by itself, and says no more than this: jobs are left to GitLab, machines to the next process. */
	crash(end: ProcessEnd, says?: {message: string; error: string}): void;
	/** Looks whether machines are gone. */
	review(): void;
	/** Lines of `/metrics` that tell of machines. */
	metrics(): string[];
};

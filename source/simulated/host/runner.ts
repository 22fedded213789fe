import type {Job} from '../gitlab/gitlab.ts';
import type {Hosts, Machine} from './machine.ts';
import type {RunnerEntry} from './runner-config.ts';
import type {Fields, Level} from './runner-log.ts';
import type {RunnerProcess} from './worker.ts';

/** What the parts of a runner's process have in common. */
export type Runner = {
	readonly hosts: Hosts;
	readonly machine: Machine;
	readonly process: RunnerProcess;
	/** A line in the service's log. */
	note(level: Level, message: string, fields?: Fields): void;
	/** The entry of a token as config.toml has it now. */
	entryOf(token: string): RunnerEntry | undefined;
	/** A duration as the log has it now: nanoseconds in JSON, Go's text otherwise. */
	took(ms: number): string | number;
	/** Whether the process still lives. */
	lives(): boolean;
	/** A job has ended: a process that ends may be over with it. */
	ended(): void;
};

/** The part of a runner's process that gets machines for the jobs of one executor, which GitLab Runner calls the executor's provider. */
export type Provider = {
	/** Machines that it knows, by their names. */
	readonly workers: ReadonlyMap<string, object>;
	/** Whether it can do anything with an entry at all. */
	canServe(entry: RunnerEntry): boolean;
	/** Whether nothing is missing that it begins with, so that a job of such an entry gets a machine. */
	isAble(entry: RunnerEntry): boolean;
	/** Looks after what a process before this one has left behind. */
	adopt(): void;
	/** Makes machines until so many are idle as are to be. */
	keepIdle(entry: RunnerEntry): void;
	/**
	 * Keeps room for one more job while GitLab is asked for it, `requests` of the entry being under way; undefined where there is none. GitLab's answer goes
	 * to what it gives: a job that has begun, for which it finds a machine, or none.
	 */
	acquire(entry: RunnerEntry, requests: number): ((job: Job | undefined) => void) | undefined;
	/** Looks whether machines are gone. */
	review(): void;
	/** The process ends once jobs and machines are over: takes along what it is to take along, and tells whether anything is under way. */
	drain(): boolean;
	/** The process has ended, `as told` or `by itself`: nothing of it goes on. */
	stop(how: 'as told' | 'by itself'): void;
	/** Its lines of `/metrics`. */
	metrics(): string[];
};

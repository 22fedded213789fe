import type {DockerMachine} from './docker-machine-calls.ts';
import type {Hosts, Machine} from './machine.ts';
import {manages, type RunnerEntry} from './runner-config.ts';
import type {Fields, Level} from './runner-log.ts';
import type {RunnerProcess, Worker} from './worker.ts';

/** What the parts of a runner's process have in common. */
export type Runner = {
	readonly hosts: Hosts;
	readonly machine: Machine;
	readonly process: RunnerProcess;
	/** A line in the service's log. */
	note(level: Level, message: string, fields?: Fields): void;
	/** docker-machine, as the runner calls it for one machine. */
	dockerFor(name: string, operation: 'create' | 'remove' | 'stop'): DockerMachine;
	/** The entry of a token as config.toml has it now. */
	entryOf(token: string): RunnerEntry | undefined;
	/** A duration as the log has it now: nanoseconds in JSON, Go's text otherwise. */
	took(ms: number): string | number;
	/** Whether the process still lives. */
	lives(): boolean;
	/** A job has ended: a process that ends may be over with it. */
	ended(): void;
};

/** An entry's machines, by their names: one that bears another token or another MachineName is nobody's. */
export const workersOf = ({process}: Runner, entry: RunnerEntry): Worker[] => [...process.workers.values()].filter(({name}) => manages(entry, name));

import type {ScriptProgress} from '../../world/host/port.ts';
import type {Install} from '../../world/host/scripts/install.ts';
import type {ServiceRequest} from '../../world/host/scripts/service.ts';
import type {Hosts, Machine, Work} from './machine.ts';
import type {Provider, Runner} from './runner.ts';

/** What a script on a machine has around it. */
export type ScriptRun = {
	hosts: Hosts;
	machine: Machine;
	/** How it behaves with each executor. */
	plays: readonly Plays[];
	/** Prints progress; throws `hangup` once nobody reads any more, as a pipe breaks. */
	say(progress: ScriptProgress): void;
	/** Prints progress and doesn't mind that nobody reads. */
	tell(progress: ScriptProgress): void;
	/** Whether the connection is lost. */
	lost(): boolean;
};

/** How a script of this world works: the same JSON in and out as the real one. Written as a method, since each takes its own script's input. */
export type Played = {play(input: unknown, running: ScriptRun): Work<object>}['play'];

/** How the simulated manager behaves with one executor: another one is another such record in source/executors/simulated.ts. */
export type Plays = {
	/** As config.toml names it. */
	readonly executor: string;
	/** Scripts of its own, by name. */
	readonly scripts: Readonly<Record<string, Played>>;
	/** What it adds to the facts of what is installed, to all facts besides, and to what the panel is told. */
	software(machine: Machine): object;
	facts(machine: Machine): object;
	panel(machine: Machine): object;
	/** Whether the value of one of its options is a secret. */
	isSecretOption(option: string): boolean;
	/** Makes what its runner needs besides programs, where it isn't there, and calls `stop` first where no runner may work meanwhile; gives why it can't. */
	prepare(given: Install, running: ScriptRun, stop: () => Work<void>): Work<string | undefined>;
	/** Ends the workers that a drained service leaves behind; gives how many. */
	takeAway(given: ServiceRequest, running: ScriptRun): Work<number>;
	/** Its part of a runner's process. */
	provider(runner: Runner): Provider;
};

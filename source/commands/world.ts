import type {Adapters} from '../engine/step.ts';
import {type Cloud, type CloudAt, changes} from '../world/cloud/port.ts';
import {type RealCloud, realCloud} from '../world/cloud/real.ts';
import {realGitlab} from '../world/gitlab/real.ts';
import {realHost} from '../world/host/real.ts';
import {realAddress} from '../world/laptop/address.ts';
import {realClock, setByAws} from '../world/laptop/clock.ts';
import {foldersOf, realDisk} from '../world/laptop/disk/real.ts';

/** A signal that ends the program, by Node's name. */
type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** All that a command knows of the process it runs in; `cli.tsx` alone touches the process itself. */
export type Surroundings = {
	argv: string[];
	/** Secrets are in it; the process's own environment has dropped them. */
	env: Record<string, string | undefined>;
	version: string;
	stdin: NodeJS.ReadStream;
	stdout: NodeJS.WriteStream;
	stderr: NodeJS.WriteStream;
	home: string;
	platform: string;
	/** `alice@laptop`, for rule descriptions. */
	who: string;
	/** The folder of the presets that are shipped. */
	shipped: URL;
	onSignal(handle: (signal: Signal) => void): void;
	/** Hears once nobody reads standard output any more. */
	onUnread(handle: () => void): void;
	/** Takes what leaves the terminal as it was found, for a process that ends before its work has. */
	atEnd(close: () => Promise<void>): void;
	/** Stops the process as a job of its shell, until that wakes it; absent where shells have no jobs. */
	suspend?: (() => void) | undefined;
	/** Ends the process now, whatever is open; the terminal is left as it was found. */
	end(code: number): void;
};

/**
 * How the person ends the work: the first signal finishes the call under way and starts nothing more (`soft`), the second one ends that too (`hard`).
 */
export type Stops = {
	readonly soft: AbortSignal;
	readonly hard: AbortSignal;
	/** Ctrl-c in a face counts as SIGINT. */
	raise(signal: Signal): void;
	/** Nobody reads what is said any more, as when `head` has had enough or the terminal is gone: like a first SIGHUP, and never like a second. */
	unread(): void;
	/** Whether somebody reads what is said. */
	isRead(): boolean;
	/** 130, 143 or 129, by the first signal; undefined when there was none. */
	exit(): 129 | 130 | 143 | undefined;
};

const exits = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const;

/** Makes the two signals, to be raised by whoever hears of a stop. */
export function makeStops(): Stops {
	const soft = new AbortController();
	const hard = new AbortController();
	let first: Signal | undefined;
	let read = true;
	const begin = (signal: Signal): void => {
		first = signal;
		soft.abort();
	};
	return {
		soft: soft.signal,
		hard: hard.signal,
		raise(signal) {
			if (first) return hard.abort();
			begin(signal);
		},
		unread() {
			read = false;
			if (!first) begin('SIGHUP');
		},
		isRead: () => read,
		exit: () => first && exits[first],
	};
}

/** Everything outside that commands work with: the real one, or the simulated. */
export type CommandWorld = Pick<Adapters, 'host' | 'gitlabAt' | 'address' | 'disk' | 'clock' | 'random'> & {
	cloudAt: CloudAt;
	/** The region that the environment or the AWS profile names. */
	defaultRegion(): Promise<string | undefined>;
	/** Works with this AWS profile from now on; undefined: the SDK's own chain. */
	use(profile: string | undefined): void;
	/** The command that renews the session of the profile in use; undefined where none does. */
	login(): readonly string[] | undefined;
	/** AWS profiles of this laptop. */
	profiles(): Promise<string[]>;
	/** This laptop's time zone, such as Europe/Berlin. */
	timeZone(): string;
	close(): void;
};

/** A region's cloud, whose calls end as a stop has it: what only looks ends with the first one, what changes something is let end until the second. */
function cloudIn(world: CommandWorld, region: string, {soft, hard}: Stops): Cloud {
	const [looking, changing] = [world.cloudAt(region, soft), world.cloudAt(region, hard, soft)];
	return {...looking, call: (name, input) => (changes(name, input) ? changing : looking).call(name, input)};
}

/** The world's ports for one region; every call ends once the person wants it to end now. */
export function adaptersAt(world: CommandWorld, region: string, stops: Stops, who: string): Adapters {
	const {host, gitlabAt, address, disk, clock, random} = world;
	return {
		cloud: cloudIn(world, region, stops),
		cloudAt: (other) => cloudIn(world, other, stops),
		host: {...host, connect: (target, signal) => host.connect(target, signal ?? stops.hard)},
		gitlabAt,
		address: {mine: (signal) => address.mine(signal ?? stops.hard)},
		disk,
		clock,
		random,
		who,
	};
}

/** What the real world needs of the person: the code of an MFA device, by its serial. */
type Person = {mfaCode(serial: string): Promise<string>};

/** AWS, GitLab, SSH and this laptop. The name of the address service can be given by `GITLAB_RUNNER_AWS_ADDRESS_URL`. */
export function realWorld({env, home}: Surroundings, person: Person): CommandWorld {
	const random = Math.random;
	const clouds = new Map<string | undefined, RealCloud>();
	let profile: string | undefined;
	const cloud = (): RealCloud => {
		const known = clouds.get(profile) ?? realCloud({env, profile, clock: realClock, random, mfaCode: person.mfaCode});
		clouds.set(profile, known);
		return known;
	};
	return {
		cloudAt: (region, ...ends) => cloud().at(region, ...ends),
		host: realHost(),
		gitlabAt: realGitlab({env}),
		address: realAddress({url: env.GITLAB_RUNNER_AWS_ADDRESS_URL}),
		disk: realDisk(foldersOf(env, home)),
		clock: setByAws(realClock, () => cloud().ahead()),
		random,
		defaultRegion: () => cloud().defaultRegion(),
		login: () => cloud().login(),
		use(named) {
			profile = named;
		},
		profiles: () => cloud().profiles(),
		timeZone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
		close() {
			for (const opened of clouds.values()) opened.close();
		},
	};
}

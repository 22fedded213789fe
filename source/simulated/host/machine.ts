import {createHash} from 'node:crypto';
import {paths} from '../../world/host/scripts/paths.ts';
import type {Unit} from '../../world/host/unit.ts';
import type {SimulatedClock} from '../clock.ts';
import type {ImageState, InstanceState} from '../cloud/account.ts';
import {stateOf} from '../cloud/account.ts';
import type {SimulatedCloud} from '../cloud/cloud.ts';
import {hostKeyOf} from '../cloud/console.ts';
import type {Job, SimulatedGitlab} from '../gitlab/gitlab.ts';
import type {ProcessEnd, RunnerProcess} from './worker.ts';

/** What a script or a command on a machine does: it gives the milliseconds that each part takes, and its result at the end. */
export type Work<Result> = Generator<number, Result, void>;

/** What weighs on a machine besides its runner. */
export type Strain = {
	/** Share of its memory that is left. */
	memoryFree?: number;
	/** Share of the processor's time that the hypervisor keeps: on a burstable type, its CPU credits are used up. */
	stolen?: number;
	/** Tasks that want the processor. */
	load?: number;
};

/** The processor's ticks up to a time (milliseconds since 1970), and how they go on from there. */
export type Ticked = {at: number; idle: number; stolen: number};

/** Faults of a machine that a test or the demo sets. */
export type MachineFaults = {
	/** SSH closes, or drops packets, whatever the security group says. */
	ssh?: 'refused' | 'silent';
	cloudInit?: 'error' | 'degraded' | 'slow';
	/** Downloads whose checksum doesn't fit, by program. */
	checksum?: string;
	downloads?: 'unreachable';
	/** A worker that is being made fails when a stage of that begins, this often, with these lines. */
	stage?: {name: string; detail: string; times: number};
	/** Another program listens where the runner's metrics are to be. */
	metricsPort?: 'taken';
	/** The mirror of Docker Hub ends as soon as it's started, with these words. */
	mirror?: string;
};

/** The runner's unit as systemd tells of it. `activating`: its process has ended by itself, and is started again when RestartSec is over. */
type UnitState = {
	active: 'inactive' | 'active' | 'activating' | 'deactivating' | 'failed';
	enabled: boolean;
	/** Milliseconds since 1970. */
	since?: number;
	/** How the last process ended. */
	result: ProcessEnd['result'];
	status: number;
	/** How often it was started again by itself. */
	restarts: number;
};

/** The unit's SubState. */
const subStates: Record<UnitState['active'], string> = {
	inactive: 'dead',
	active: 'running',
	activating: 'auto-restart',
	deactivating: 'stop-sigterm',
	failed: 'failed',
};

/** A unit as systemd's properties tell of it. */
export const unitOf = ({active, result, status, restarts, since}: UnitState): Unit => ({
	active,
	sub: subStates[active],
	result,
	status,
	restarts,
	...(since === undefined ? {} : {since}),
});

/** The unit of a machine that has just booted. */
export const stoppedUnit = (enabled: boolean): UnitState => ({active: 'inactive', enabled, result: 'success', status: 0, restarts: 0});

/** What a manager has of a mirror of Docker Hub besides its files. */
type MirrorState = {
	/** GiB of its own file system; undefined where that isn't there. */
	diskGib: number | undefined;
	service: UnitState;
	/** What workers have pulled through it since it was started; `held`: it has the image that jobs use. */
	served: {parts: number; hits: number; pulledBytes: number; pushedBytes: number; held: boolean};
};

/** Nothing was pulled yet. */
export const nothingServed = (): MirrorState['served'] => ({parts: 0, hits: 0, pulledBytes: 0, pushedBytes: 0, held: false});

/** What a script on a machine keeps others from meanwhile. */
export type Lock = 'host' | 'test';

/** The system of one instance, as it stands behind its sshd. */
export type Machine = {
	instance: InstanceState;
	region: string;
	image: ImageState;
	hostKeyGeneration: number;
	files: Map<string, {text: string; mode: number}>;
	diskFreeGib: number;
	strain: Strain;
	ticked: Ticked | undefined;
	service: UnitState;
	/** The runner's process, while the service isn't inactive. */
	process: RunnerProcess | undefined;
	/** Its mirror of Docker Hub, where it has one. */
	mirror: MirrorState | undefined;
	/** What the runner's service has printed, oldest first. Times are milliseconds since 1970. */
	journal: {number: number; at: number; message: string}[];
	/** The locks that scripts hold, and since when: of the host, which it takes to change it, or of a worker that is tried. */
	locks: Map<Lock, number>;
	/** The start of the instance that the machine has last booted from. */
	bootedFor: number | undefined;
	/** How often it was rebooted: what ran before is gone. */
	reboots: number;
	/** It shuts down: sshd has ended with every session, and no unit can be started. */
	shuttingDown: boolean;
	faults: MachineFaults;
};

/** All machines of the world behind their sshds, and the jobs that managers take. */
export type Hosts = {
	cloud: SimulatedCloud;
	gitlab: SimulatedGitlab;
	clock: SimulatedClock;
	random: () => number;
	/** The system of an instance, made when somebody first asks; undefined where there is no such instance. */
	machineOf(instanceId: string): Machine | undefined;
	/** The machine that an address leads to now. */
	machineAt(address: string, port: number): Machine | undefined;
	/** What mirrors of others answer managers at `/v2/`, by URL: an HTTP status. */
	mirrors: Map<string, number>;
	/** Docker Hub gives no more images to workers: too many pulls from their address. */
	dockerHubRefuses: boolean;
	/** How each job ends as soon as it has begun, while something that jobs need is broken. */
	jobsFail: {reason: string; why: 'script_failure' | 'runner_system_failure' | 'runner_external_dependency_failure'} | undefined;
	/** Ways to machines that have no public address: `host:port` by instance id. */
	tunnels: Map<string, string>;
	/** Starts the runner's process on a machine; `ended` is called when it ends by itself. */
	startProcess(machine: Machine, ended: (end: ProcessEnd) => void): RunnerProcess;
	/** Looks whether managers and workers still run: called after everything that may have changed that. */
	review(): void;
	/** A machine boots anew, with nobody waited for: what runs on it ends without a word, and 25 s later what is enabled starts. */
	reboot(machine: Machine): void;
	/** A machine's system shuts down and boots anew: its runner ends as its unit says, and is waited for so many milliseconds at most. */
	shutDown(machine: Machine, patience: number): void;
	/** Puts jobs into GitLab's queue; managers ask for them within their check interval. */
	queueJobs(count: number, fields?: Partial<Pick<Job, 'name' | 'project' | 'ref' | 'retry' | 'seconds' | 'tags'>>): Job[];
	/** Managers that would take a job now. */
	takers(): number;
	/** The least number of takers since this was last asked. */
	leastTakers(): number;
};

export const runnerProgram = '/usr/local/bin/gitlab-runner';
export const unitPath = '/etc/systemd/system/gitlab-runner.service';
export const systemIdPath = '/etc/gitlab-runner/.runner_system_id';
export const credentialsPath = '/root/.aws/credentials';

/** GiB of a manager's disk that nobody wanted larger. */
const usualDiskGib = 16;

/** Makes the system that an image boots into, on a disk of so many GiB. */
export function newMachine(instance: InstanceState, image: ImageState, region: string, diskGib = usualDiskGib): Machine {
	const files: Machine['files'] = new Map();
	if (instance.publicKey !== undefined) files.set(keysPath(image.user), {text: `${instance.publicKey}\n`, mode: 0o600});
	files.set(hostKeyPath, {text: `${hostKeyOf(instance.id).line} root@${instance.id}\n`, mode: 0o644});
	return {
		instance,
		region,
		image,
		hostKeyGeneration: 0,
		files,
		diskFreeGib: 5.4 + Math.max(0, diskGib - usualDiskGib),
		strain: {},
		ticked: undefined,
		service: stoppedUnit(false),
		process: undefined,
		mirror: undefined,
		journal: [],
		locks: new Map(),
		bootedFor: undefined,
		reboots: 0,
		shuttingDown: false,
		faults: {},
	};
}

export const hostKeyPath = '/etc/ssh/ssh_host_ed25519_key.pub';

export const keysPath = (user: string): string => `/home/${user}/.ssh/authorized_keys`;

/** The public half of a machine's host key as it is now. */
export const hostKeyNow = (machine: Machine) => hostKeyOf(machine.instance.id, machine.hostKeyGeneration);

/** Whether the machine runs: its processes live. */
export const isUp = (machine: Machine, now: number): boolean => stateOf(machine.instance, now) === 'running';

export const textOf = (machine: Machine, path: string): string | undefined => machine.files.get(path)?.text;

/** Whether the runner's unit has the drop-in by which a stop waits for running jobs. */
export const isGraceful = (machine: Machine): boolean => textOf(machine, paths.dropIn)?.includes('KillSignal=SIGQUIT') === true;

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The version of a program that is installed, as the program itself tells. */
export const versionOf = (machine: Machine, path: string): string | undefined => / (\S+)$/.exec(textOf(machine, path) ?? '')?.[1];

/** The id that this manager has for GitLab, made at first need. */
export function systemIdOf(machine: Machine): string {
	const standing = textOf(machine, systemIdPath)?.trim();
	if (standing) return standing;
	const made = `s_${digest(machine.instance.id).slice(0, 12)}`;
	machine.files.set(systemIdPath, {text: made, mode: 0o600});
	return made;
}

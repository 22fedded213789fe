import {plays} from '../executors/simulated.ts';
import type {CloudAt} from '../world/cloud/port.ts';
import {printableAt} from '../world/cloud/printable-at.ts';
import {patientAt, type Retrying} from '../world/cloud/retry.ts';
import type {GitlabAt} from '../world/gitlab/port.ts';
import type {Host} from '../world/host/port.ts';
import type {Address} from '../world/laptop/address.ts';
import {type Clock, type Random, setByAws} from '../world/laptop/clock.ts';
import {type SimulatedClock, type Speed, seededRandom, simulatedClock} from './clock.ts';
import {type CallMade, simulatedCloud} from './cloud/cloud.ts';
import {datedCalls} from './cloud/dates.ts';
import type {CloudFaults} from './cloud/faults.ts';
import type {Lateness} from './cloud/lateness.ts';
import {newAccount} from './cloud/new-account.ts';
import {type CloudOutside, cloudOutside} from './cloud/outside.ts';
import type {MachineCall} from './cloud/rights.ts';
import {type SimulatedDisk, simulatedDisk} from './disk.ts';
import {type GitlabHealth, type Job, type SimulatedGitlab, simulatedGitlab} from './gitlab/gitlab.ts';
import {simulatedHost} from './host/host.ts';
import {simulatedHosts} from './host/hosts.ts';
import type {Hosts} from './host/machine.ts';
import {type HostFaults, type HostOutside, hostFaults, hostOutside, type ScriptBegun} from './host/outside.ts';
import {type Acts, type Laptop, newLaptop, simulatedAddress} from './laptop.ts';
import type {Pace} from './pace.ts';

/** All ports as one laptop has them. */
export type Ports = {
	cloudAt: CloudAt;
	host: Host;
	gitlabAt: GitlabAt;
	address: Address;
	disk: SimulatedDisk;
	clock: Clock;
	random: Random;
	/** Who works at this laptop, for rule descriptions and history. */
	who: string;
	laptop: Laptop;
};

export type WorldOptions = {
	seed?: number;
	account?: string;
	/** Milliseconds since 1970 at the world's beginning. */
	now?: number;
	speed?: Speed;
	/** How long calls, boots, downloads and Docker's install take: exactly so, and not by chance. */
	pace?: Pace;
	/** How late AWS knows new things at most, in milliseconds; 0 for a cloud that answers at once. */
	lagMs?: number;
	/** What is late by exactly so much, whatever `lagMs` says. */
	late?: Lateness;
	/** Public IPv4 address of the first laptop; given as undefined: no service tells it. */
	ownAddress?: string | undefined;
	/** The one GitLab of this world; any other URL leads nowhere. */
	gitlabUrl?: string;
	/** Hears of each call that is made again. */
	onRetry?: Retrying['onRetry'];
};

/** One deterministic world behind all ports: source/simulated/world.md says how it behaves. The ports on it are the first laptop's. */
export type World = Ports & {
	/** The world's own clock, which goes on when laptops die. */
	time: SimulatedClock;
	/** Every call that laptops made to AWS so far, in the order in which they began. */
	calls: CallMade[];
	/** Every call that machines made to AWS by their roles so far. */
	machineCalls: MachineCall[];
	/** Every changing act of laptops so far: AWS's operations, and `script install`, `write /path`, `gitlab createRunner`. */
	acts: readonly string[];
	/** All scripts that laptops began on machines so far, in their order. */
	scripts: readonly ScriptBegun[];
	/** Tokens that the world's GitLab knows: of its runner 41, and of a person with the scope `api`. */
	tokens: {runner: string; gitlab: string; unknown: string};
	/** GitLab's jobs, in the order in which they were queued. */
	jobs: Job[];
	/** Managers that would take a job now, and the least number of them since that was last asked. */
	takers(): number;
	leastTakers(): number;
	/** SSH connections of laptops that are open, and forwards. */
	connections(): number;
	outside: CloudOutside &
		HostOutside & {
			/** GitLab's own state: runners, tokens, health. */
			gitlab: SimulatedGitlab;
			/** A token as somebody would type it: the runner's, a person's, or one that this GitLab doesn't know. */
			token(kind?: keyof World['tokens']): string;
			/** How GitLab does, to everybody or to managers only: their network, or what they trust, is at fault then. */
			setGitlab(health: GitlabHealth, whom?: 'everybody' | 'managers'): void;
			/** The first laptop moves to another network; undefined: no service tells its address. */
			setOwnAddress(address: string | undefined): void;
			/** The first laptop's clock goes wrong by so many milliseconds: ahead, or behind where negative. */
			setClock(ahead: number): void;
			/**
			 * A machine is rebooted, and its runner isn't waited for: so EC2 does where a system hasn't shut down within a few minutes, and so does one
			 * whose kernel panics. Connections break off, its addresses stay.
			 */
			reboot(instanceId: string): void;
			/**
			 * Somebody, or an upgrade of its system, types `systemctl reboot` on a machine: sshd ends at once, the runner as its unit says. It's waited for
			 * so many milliseconds: half an hour, or as few minutes as EC2 does where EC2 was asked to reboot it.
			 */
			systemctlReboot(instanceId: string, patience?: number): void;
			/** Somebody looks right after each changing act of laptops from now on, and is told which of all it was (1 is the first); undefined: nobody does. */
			afterActs(look: ((nth: number) => void) | undefined): void;
		};
	faults: CloudFaults &
		HostFaults & {
			/** The laptop that makes the n-th changing act of all (1 is the first) dies right after it: from then on every port of it throws. */
			dieAt(nth: number): void;
		};
	/** A laptop that has never seen any fleet: its own address, an empty disk, the same account. */
	another(options?: {address?: string; who?: string}): Ports;
	/** The same laptop switched on again after it died: same disk, same address. */
	reboot(ports?: Ports): Ports;
};

const firstAddress = '203.0.113.7';

/** How long systemd lets a system shut down before it's rebooted all the same, in milliseconds: `JobTimeoutSec` of its reboot.target. */
const rebootPatience = 1_800_000;

/** Makes a world: the same for the same options and the same calls. */
export function simulatedWorld(options: WorldOptions = {}): World {
	const now = options.now ?? Date.parse('2026-11-24T09:00:00Z');
	const random = seededRandom(options.seed ?? 1);
	const time = simulatedClock(now, options.speed ?? 'instant');
	const account = newAccount(options.account ?? '123456789012', now, random, options.pace);
	const cloud = simulatedCloud(account, time, random, {lagMs: options.lagMs ?? 1500, late: options.late ?? {}});
	const tokens = {runner: 'glrt-t3_simulated-runner-token', gitlab: 'glpat-simulated', unknown: 'glrt-t3_nobody-knows-this-one'};
	const gitlab = simulatedGitlab(options.gitlabUrl ?? 'https://gitlab.com', time.now, random, tokens);
	const hosts: Hosts = simulatedHosts(cloud, gitlab, time, random, plays);
	cloud.whenChanged.push(hosts.review);
	const onHosts = hostOutside(hosts);
	const {faults: sshFaults, opened, open, scripts} = hostFaults(time.now);
	const acts: Acts = {done: [], dieAt: undefined, whenDone: undefined};
	let laptops = 0;

	function portsFor(address: string, who: string, disk?: SimulatedDisk): Ports {
		laptops += 1;
		const laptop = newLaptop({number: laptops, address, arn: `arn:aws:iam::${account.id}:user/${who.split('@')[0]}`}, time, acts);
		const dates = datedCalls(laptop.clock.now, time.now);
		return {
			cloudAt: printableAt(patientAt(cloud.at(laptop, dates), {clock: laptop.clock, random, onRetry: options.onRetry})),
			host: simulatedHost(hosts, plays, laptop, opened),
			gitlabAt: gitlab.at(laptop),
			address: simulatedAddress(laptop),
			disk: disk?.in(laptop) ?? simulatedDisk(laptop),
			clock: setByAws(laptop.clock, dates.ahead),
			random,
			who,
			laptop,
		};
	}
	const first = portsFor(options.ownAddress ?? firstAddress, 'alice@laptop');

	if ('ownAddress' in options && options.ownAddress === undefined) first.laptop.addressTold = false;

	return {
		...first,
		time,
		calls: cloud.calls,
		machineCalls: cloud.machineCalls,
		acts: acts.done,
		scripts,
		tokens,
		jobs: gitlab.jobs,
		takers() {
			time.settle();
			return hosts.takers();
		},
		leastTakers: hosts.leastTakers,
		connections: open,
		outside: {
			...cloudOutside(cloud, time.now, (when, happen) => void time.at(when, happen)),
			...onHosts,
			gitlab,
			token: (kind = 'runner') => tokens[kind],
			setGitlab(health, whom = 'everybody') {
				gitlab.managersMeet = whom === 'managers' ? health : undefined;
				if (whom === 'everybody') gitlab.health = health;
			},
			setOwnAddress(address) {
				first.laptop.addressTold = address !== undefined;
				first.laptop.address = address ?? first.laptop.address;
			},
			setClock(ahead) {
				first.laptop.clockAhead = ahead;
			},
			reboot(instanceId) {
				hosts.reboot(onHosts.machine(instanceId));
				sshFaults.cutConnections();
			},
			systemctlReboot(instanceId, patience = rebootPatience) {
				hosts.shutDown(onHosts.machine(instanceId), patience);
				sshFaults.cutConnections();
			},
			afterActs(look) {
				acts.whenDone = look;
			},
		},
		faults: {
			...cloud.faults,
			...sshFaults,
			dieAt(nth) {
				acts.dieAt = nth;
			},
		},
		another: ({address = '198.51.100.4', who = 'bob@desk'} = {}) => portsFor(address, who),
		reboot: (ports = first) => portsFor(ports.laptop.address, ports.who, ports.disk),
	};
}

import * as z from 'zod';
import type {ConfigFacts} from '../steps/config/facts.ts';
import type {Instance} from '../steps/looks/account.ts';
import type {Leftovers} from '../steps/looks/leftovers.ts';
import type {PendingJob, RunnerManager, RunnerServed, RunningOnRunner} from '../world/gitlab/port.ts';
import type {RunningJob} from '../world/host/job-list.ts';
import type {Unit} from '../world/host/unit.ts';
import {printableIn} from '../world/printable.ts';
import type {History} from './journal/history.ts';
import type {Entry} from './journal/rule.ts';
import type {Metrics} from './metrics.ts';
import type {MirrorSeen} from './mirror.ts';
import {nothingPaid, type Paid} from './paid.ts';
import type {ScalingGroupsSeen} from './scaling-groups.ts';
import {type Seen, unseen} from './seen.ts';

/** The manager and everything that looks like a worker in its region, terminated ones included as long as EC2 tells of them. */
export type Ec2 = {
	manager: Instance | undefined;
	instances: readonly Instance[];
	/** Other managers of the same fleet that are alive: a machine of theirs isn't in this one's store. */
	otherManagers: readonly Instance[];
	/** Managers of the same fleet that have ended, as long as EC2 tells of them. */
	goneManagers?: readonly Instance[] | undefined;
	/** How spot requests ended of which the instances themselves don't tell it, by the instances' ids. */
	spotEnds?: Readonly<Record<string, SpotEnd>> | undefined;
	/** How big the disks of each manager and builder of images are, in GiB, by the instances' ids. */
	disks?: Readonly<Record<string, number>> | undefined;
};

/** How a spot request ended: its status code, such as `instance-terminated-no-capacity`, and when (milliseconds since 1970), as far as EC2 tells. */
export type SpotEnd = {code: string; at: number | undefined};

/** Counters of the manager's processor since it booted, in ticks. */
export type Ticks = {total: number; idle: number; stolen: number};

/** How the manager's machine is. Sizes are bytes. */
export type Resources = {
	diskFree: number;
	diskTotal: number;
	memoryFree: number;
	memoryTotal: number;
	load1: number;
	cpus: number;
	/** Share of the processor's time since the last round that the hypervisor kept for others, 0 to 1: on a t3 it means that the CPU credits are used up. */
	stolen?: number | undefined;
};

/** What executors' own parts of a round tell of a manager. The folder of each declares its fields; whoever else wants to know asks the executor. */
// biome-ignore lint/suspicious/noEmptyInterface: It is filled by declaration merging.
export interface HostOfExecutors {}

/** The manager's machine: what one script a round tells, less what the runner itself tells. */
export type HostSeen = HostOfExecutors & {
	config: {hash: string; text: string; facts: ConfigFacts | undefined} | undefined;
	service: Unit;
	resources: Resources | undefined;
	/** The mirror of Docker Hub on it, where it has one. */
	mirror?: MirrorSeen | undefined;
	/** Whether GitLab took the runner's token when that was last asked, and when (milliseconds since 1970): asked only while the runner has switched itself off. */
	verified?: {is: 'valid' | 'refused' | 'unreachable' | 'silent'; at: number} | undefined;
};

/** What the runner's own HTTP server tells. */
export type RunnerSees = {metrics: Metrics; jobs: readonly RunningJob[]};

/** What GitLab tells of the runner, with a token. */
export type GitlabSees = {
	runner: RunnerServed;
	managers: readonly RunnerManager[];
	running: readonly RunningOnRunner[];
	/** Pending jobs of each project that was looked at. */
	pending: readonly {project: string; jobs: readonly PendingJob[]}[];
	/** Projects that can't be read with this token. */
	unreadable: readonly string[];
	/** How long images took to be pulled on new workers, in seconds, by jobs whose logs were read; the last ones. */
	pulls?: ReadonlyMap<number, number> | undefined;
	/** Other runners of these projects that could take a job, when they are known. */
	others?: readonly RunnerServed[] | undefined;
};

/** Prices in USD. What isn't known isn't there. */
export type Prices = {
	/** Spot, an hour, by `type zone`: `c5.large us-east-2a`. */
	spot: Readonly<Record<string, number>>;
	/** The same over the last hours, oldest first, for a sparkline. */
	spotHistory: Readonly<Record<string, readonly number[]>>;
	/** Spot prices since the month began, the oldest first, each until the next one. */
	spotChanges?: Readonly<Record<string, readonly {at: number; usd: number}[]>> | undefined;
	/** On demand, an hour, by type. */
	onDemand: Readonly<Record<string, number>>;
};

/** One version of the fleet's record; `note` is what was done besides, as its description says. */
export type RecordVersion = {version: number; at: number; by: string; changes: readonly {what: string; from: string; to: string}[]; note?: string | undefined};

/** Everything the panel shows, each source by itself: any subset works. */
export type Snapshot = {
	region: string;
	/** Undefined for a manager that bears no mark. */
	fleet?: string | undefined;
	ec2: Seen<Ec2>;
	/** Auto Scaling groups that workers are in. */
	group: Seen<ScalingGroupsSeen>;
	leftovers: Seen<Leftovers>;
	host: Seen<HostSeen>;
	runner: Seen<RunnerSees>;
	journal: Seen<History>;
	/** The log's last lines, at most 500, oldest first. */
	log: readonly Entry[];
	gitlab: Seen<GitlabSees>;
	prices: Seen<Prices>;
	/** What is paid for, reckoned from all of these. */
	paid: Paid;
	record: Seen<readonly RecordVersion[]>;
	/** Decoded refusals, by their encoded text. */
	denials: Readonly<Record<string, Denial>>;
};

/** The parts of a snapshot that are looked at by themselves. */
export type SourceName = 'ec2' | 'group' | 'leftovers' | 'host' | 'runner' | 'journal' | 'gitlab' | 'prices' | 'record';

/** Nothing looked at yet. */
export const nothingSeen = (region: string, fleet?: string): Snapshot => ({
	region,
	...(fleet === undefined ? {} : {fleet}),
	ec2: unseen,
	group: unseen,
	leftovers: unseen,
	host: unseen,
	runner: unseen,
	journal: unseen,
	log: [],
	gitlab: unseen,
	prices: unseen,
	paid: nothingPaid,
	record: unseen,
	denials: {},
});

/** Sources as a person calls them. */
export const sourceTitles: Readonly<Record<SourceName, string>> = {
	ec2: 'EC2',
	group: 'Auto Scaling',
	leftovers: 'EC2 leftovers',
	host: 'manager',
	runner: 'runner metrics',
	journal: 'runner log',
	gitlab: 'GitLab',
	prices: 'prices',
	record: 'record',
};

const context = z.object({
	explicitDeny: z.boolean().default(false),
	context: z.object({
		principal: z.object({arn: z.string().default('')}).default({arn: ''}),
		action: z.string().default(''),
	}),
});

/** What sts:DecodeAuthorizationMessage tells of a refused call. */
type Denial = {
	/** A policy says no, rather than none saying yes. */
	explicit: boolean;
	action: string;
	principal: string;
};

/** Reads `DecodedMessage`; undefined when it isn't what we know. Never throws. */
export function readDenial(text: string): Denial | undefined {
	try {
		const read = context.safeParse(printableIn(JSON.parse(text)));
		if (!read.success || read.data.context.action === '') return undefined;
		const {action, principal} = read.data.context;
		return {explicit: read.data.explicitDeny, action, principal: principal.arn};
	} catch {
		return undefined;
	}
}

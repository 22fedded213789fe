import type {HostPart} from '../executors/scripts.ts';
import type {AnswerValue, Fleet} from '../fleet.ts';
import type {ConfigFacts} from '../steps/config/facts.ts';
import type {Instance} from '../steps/looks/account.ts';
import type {MachineStory} from './journal/history.ts';
import type {MachineCounts} from './metrics.ts';
import type {RowState} from './rows.ts';
import type {GroupMember, ScalingGroupsSeen} from './scaling-groups.ts';
import type {Seen} from './seen.ts';
import type {HostOfExecutors, HostSeen, Snapshot} from './snapshot.ts';

/** A worker in its executor's own store on the manager. What the store doesn't say is empty; an empty `instanceId` means that its launch failed or still runs. */
export type StoredMachine = {
	name: string;
	instanceId: string;
	ip: string;
	privateIp: string;
	type: string;
	region: string;
	/** The zone's letter. */
	zone: string;
	spot?: boolean | undefined;
	diskGib?: number | undefined;
	privateOnly?: boolean | undefined;
	/** Milliseconds since 1970. */
	createdAt: number | undefined;
};

/** A worker as its executor finds it: in its store on the manager, by its instance, or both. */
export type FoundWorker = {
	executor: AnswerValue<'executor'>;
	name: string;
	machine: StoredMachine | undefined;
	instance: Instance | undefined;
	/** What its Auto Scaling group tells of it, where it is in one. */
	member?: GroupMember | undefined;
	/** Milliseconds since 1970, where anything but EC2 tells. */
	createdAt: number | undefined;
};

/** Everything that tells what a worker is doing. */
export type StateSeen = FoundWorker & {
	story: MachineStory | undefined;
	/** A job is known to run on it. */
	busy: boolean;
	/** Whether jobs run, or may run, of which nobody knows on which machine; reckoned when it is asked. */
	hasLooseJobs(): boolean;
	counts: MachineCounts | undefined;
	host: Seen<HostSeen>;
	groups: Seen<ScalingGroupsSeen>;
	/** Another manager of the fleet is alive, whose machines this one doesn't know. */
	otherManagers: boolean;
	now: number;
};

/** What a worker is doing, and the words for it. */
export type StateDetail = {state: RowState; detail: string | undefined};

/** How an executor's workers are found, called and judged. */
export type WorkerView = {
	/** Reads the executor's part of a round; what is the same as in the round before stays the same object. Never throws. */
	hostSeen(told: HostPart, before: HostSeen | undefined): Partial<HostOfExecutors>;
	/** Why a manager has no way into a worker, as a sentence: a name that just stands in EC2, where anybody may have written it, leads nowhere. Undefined where it has one. */
	noWay(host: HostSeen, worker: string): string | undefined;
	/** Names of the Auto Scaling groups that its workers are in, as far as the sources tell; none where it needs none. */
	groups(snapshot: Snapshot): readonly string[];
	/** EC2's filters that find instances of these runners' workers and groups, else of any runner's; each is a name and values of which one fits. */
	filters(of: {fleet: Fleet | undefined; shortTokens: readonly string[]; groups: readonly string[]}): readonly {name: string; values: readonly string[]}[];
	/** What an instance is called as a worker; undefined where it isn't one. */
	nameOf(instance: Instance): string | undefined;
	/** Whether a name is one that only a runner gives its workers, whoever's it is. */
	isWorkerName(name: string): boolean;
	/** The workers of a manager or a fleet, from whatever sources have told; one that was found before, and of which the same is told, is the same object. */
	found(snapshot: Snapshot, before?: readonly FoundWorker[]): FoundWorker[];
	/** Those whose instances have been terminated, as long as EC2 tells of them: they were paid for. */
	ended(snapshot: Snapshot): readonly FoundWorker[];
	/** What `found` goes by besides EC2, config.toml and the fleet: as long as each is the same object, it finds the same. */
	foundBy(snapshot: Snapshot): readonly unknown[];
	/** Judges what workers are doing, as long as config.toml is so. */
	stateBy(facts: ConfigFacts | undefined): (seen: StateSeen) => StateDetail;
};

import type {AnswerValue} from '../../fleet.ts';
import type {ConfigFacts, RunnerFacts} from '../../steps/config/facts.ts';
import type {Instance} from '../../steps/looks/account.ts';
import type {ActionId} from '../actions.ts';
import type {History} from '../journal/history.ts';
import type {Made} from '../makers.ts';
import type {Metrics} from '../metrics.ts';
import type {Counts, WorkerRow} from '../rows.ts';
import type {ScalingGroupSeen} from '../scaling-groups.ts';
import type {GitlabSees, HostSeen, Snapshot, SourceName} from '../snapshot.ts';
import type {WaitingJobs} from '../waiting.ts';

/**
 * What a cause does to jobs. `unasked`: nobody asks GitLab for jobs, or GitLab gives none. `unmade`: no machine can be made. `unusable`: machines are
 * made, and no job can run on them. `hampered`: machines come late, or are too many. `full`: all is as it was asked to be, and there is no more of it.
 * `coming`: machines are on their way. `unserved`: no runner takes these jobs, however many machines there are. `mishap`: something went wrong, and
 * other jobs run.
 */
export type Rank = 'unasked' | 'unmade' | 'unusable' | 'hampered' | 'full' | 'coming' | 'unserved' | 'mishap';

/** One reason why jobs wait, or one thing that is wrong. */
export type Cause = {
	id: string;
	rank: Rank;
	/** One sentence, as told. */
	says: string;
	/** Who told. */
	source: SourceName;
	/** What to do about it. */
	key: ActionId;
	/** Milliseconds since 1970. */
	since?: number | undefined;
	/** Somebody wants it to be so: it is no trouble until a job waits. */
	intended?: true;
};

/** What a cause says where it holds; a source or a key that differs from its row's usual one. */
export type CauseStatement = Pick<Cause, 'says' | 'since'> & Partial<Pick<Cause, 'source' | 'key'>>;

/**
 * One cause, as a row of its source's file. Causes are told by rank, and within a rank in the order of the sources (`why-waiting.ts`) and of a file's
 * rows: the one to act on first comes first.
 */
export type CauseRow = Omit<Cause, 'says' | 'since'> & {
	/** It is judged only where some runner has this executor, or workers of it are there. */
	executor?: AnswerValue<'executor'>;
	/** Codes of refusals that this cause explains, without `Client.` and `Server.`: what no row explains is told as it is. */
	refusals?: readonly string[];
	/** The sentence, where the cause holds; undefined where it doesn't, or where what it needs isn't known. Pure; never throws. */
	tells(it: Case): string | CauseStatement | undefined;
};

/** What causes are judged by: a snapshot, with what several of them need already picked out. What isn't known is undefined. */
export type Case = {
	snapshot: Snapshot;
	now: number;
	rows: readonly WorkerRow[];
	counts: Counts;
	waiting: WaitingJobs;
	manager: Instance | undefined;
	/** The instance of the machine of this name, also once it has ended, as long as EC2 tells of it. */
	instanceOf(machine: string): Instance | undefined;
	host: HostSeen | undefined;
	metrics: Metrics | undefined;
	history: History | undefined;
	gitlab: GitlabSees | undefined;
	config: ConfigFacts | undefined;
	/** The first runner that makes machines. */
	runner: RunnerFacts | undefined;
	/** How its machines are made. */
	made: Made | undefined;
	/** What all runners that make machines may make together; undefined where one has no limit or none is known. */
	limit: number | undefined;
	/** Machines that they may have for a while, with those that replace others: the limit, where none are made besides. */
	limitWithReplacements: number | undefined;
	/** Machines in all states, by the runner's count, else by rows. */
	machines: number | undefined;
	creating: number | undefined;
	idle: number | undefined;
	removing: number | undefined;
	/** The Auto Scaling groups of its runners, where they have some. */
	groups: readonly ScalingGroupSeen[];
	/** Codes of all refusals that a row explains. */
	explained: ReadonlySet<string>;
};

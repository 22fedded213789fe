import type {Instance} from '../../steps/looks/account.ts';
import type {ActionId} from '../actions.ts';
import type {ConfigFacts, RunnerFacts} from '../config-facts.ts';
import type {History} from '../journal/history.ts';
import type {Metrics} from '../metrics.ts';
import type {Counts, Row} from '../rows.ts';
import type {GitlabSees, HostSeen, Snapshot, SourceName} from '../snapshot.ts';
import type {Waiting} from '../waiting.ts';

/** One reason why jobs wait. */
export type Cause = {
	id: string;
	/** One sentence, as told. */
	says: string;
	/** Who told. */
	source: SourceName;
	/** What to do about it. */
	key: ActionId;
	/** Milliseconds since 1970. */
	since?: number | undefined;
};

/** What causes are judged by: a snapshot, with what several of them need already picked out. What isn't known is undefined. */
export type Case = {
	snapshot: Snapshot;
	now: number;
	rows: readonly Row[];
	counts: Counts;
	waiting: Waiting;
	manager: Instance | undefined;
	host: HostSeen | undefined;
	metrics: Metrics | undefined;
	history: History | undefined;
	gitlab: GitlabSees | undefined;
	config: ConfigFacts | undefined;
	/** The first runner that makes machines. */
	runner: RunnerFacts | undefined;
	/** What all runners that make machines may make together; undefined where one has no limit or none is known. */
	limit: number | undefined;
	/** Machines in all states, by the runner's count, else by rows. */
	machines: number | undefined;
	creating: number | undefined;
	idle: number | undefined;
	removing: number | undefined;
};

/** Judges whether one cause holds. Pure; never throws. */
export type Judge = (it: Case) => Cause | undefined;

/** Times that GitLab tells as text, in milliseconds since 1970, the earliest first; what isn't a time isn't known. */
export const timesIn = (texts: readonly (string | undefined)[]): number[] =>
	texts
		.map((text) => Date.parse(text ?? ''))
		.filter((at) => !Number.isNaN(at))
		.toSorted((one, other) => one - other);

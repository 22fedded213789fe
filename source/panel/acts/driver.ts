import type {Proposal} from '../../engine/step.ts';
import type {MoveTarget} from '../makers.ts';
import type {Snapshot} from '../snapshot.ts';

/** One way to move new workers, with what helps to choose it: price, quota, whether it's offered now. */
export type MoveChoice = {
	to: MoveTarget;
	label: string;
	says: string;
	/** Why it can't be taken now. */
	disabled?: string | undefined;
};

/** Something to do from the panel. Limits are machines. */
export type PanelAct =
	| {do: 'scale'; limit: number}
	| {do: 'idle'; count: number}
	| {do: 'drain'}
	| {do: 'resume'}
	| {do: 'restart'}
	| {do: 'start'}
	| {do: 'reload'}
	| {do: 'pause'; paused: boolean}
	| {do: 'remove'; worker: string}
	| {do: 'undo'}
	| {do: 'move'; to: MoveTarget; label: string};

/** Something that can be done, once it's known what will happen: nothing has been changed yet. */
export type Prepared = {
	proposal: Proposal;
	/**
	 * Does it; `tell` hears what is being done, and `hurry` is aborted once somebody no longer wants to wait for running jobs. Gives a sentence that says
	 * what now is, once that was seen. Throws Problems.
	 */
	carryOut(tell: (says: string) => void, hurry?: AbortSignal): Promise<string>;
	/** Whether it waits for running jobs, which could end at once. */
	waits?: boolean;
};

/** What the panel is about. */
export type PanelAbout = {
	/** The fleet's name, or the manager's id. */
	title: string;
	region: string;
	/** Why nothing can be changed from here; absent where it can. */
	readOnly?: string | undefined;
	/** Seconds between two rounds. */
	every: number;
	demo?: boolean | undefined;
	/** What happened right before it opened: told as its first news. */
	before?: {says: string; well: boolean} | undefined;
};

/** Where a person goes from the panel. */
export type PanelLeft = 'quit' | 'repair' | 'orphans';

/** What drives the panel: looks and acts, whatever draws it. */
export type PanelDriver = {
	about: PanelAbout;
	/** Looks until the signal is aborted. Never rejects. */
	watch(tell: (snapshot: Snapshot) => void, signal: AbortSignal): Promise<void>;
	/** Finds out what would happen; with `endsJobs` jobs end at once that it would wait for. Throws Problems. */
	prepare(act: PanelAct, snapshot: Snapshot, endsJobs?: boolean): Promise<Prepared>;
	moves(snapshot: Snapshot): Promise<readonly MoveChoice[]>;
	/** Readies a shell on the manager, or on a worker through it; what it gives runs it in a terminal that was handed over, and gives its exit code. */
	shell(worker: string | undefined, snapshot: Snapshot): Promise<{run(): number; close(): Promise<void>}>;
	/** One page of text for the team. */
	report(snapshot: Snapshot): string;
};

import type {Proposal} from '../../../engine/step.ts';
import type {MoveChoice, PanelAct} from '../../../panel/acts/driver.ts';
import type {Entry} from '../../../panel/journal/rule.ts';
import type {ProblemSeen} from '../../words/run-state.ts';
import {type Draft, draftOf} from '../screens/field.ts';
import {atTop, type CursorPosition, jobLines, listed, listedJobs, type Order, orders, positionAfter} from './listing.ts';
import type {PanelSeen} from './seen.ts';

/** Views of the panel, by their keys 1 to 5. */
export const panelViews = ['workers', 'jobs', 'log', 'config', 'costs'] as const;
export type PanelView = (typeof panelViews)[number];

/** The live panel. Cursors stay on their items; the log is followed unless it's held at an entry, which may be open. */
export type PanelScreen = {
	is: 'panel';
	view: PanelView;
	workers: CursorPosition;
	jobs: CursorPosition;
	/** The log's entry under the cursor, and the first one that is shown; absent: the newest are followed. */
	held?: Entry | undefined;
	heldTop?: Entry | undefined;
	/** The entry under the cursor is open, from this row of it on. */
	opened?: number | undefined;
	/** First lines that are shown. */
	config: number;
	costs: number;
	filter: Draft;
	typing: boolean;
	order: Order;
};

/** All that is known of one worker, or of one job. */
export type ItemScreen = {
	is: 'panel-item';
	on: string;
	/** The first row that is shown, where not all fit. */
	top?: number;
};

/** Something to do: what will happen, before it does. */
export type ActScreen = {
	is: 'panel-act';
	act: PanelAct;
	ready?: Proposal | undefined;
	problem?: ProblemSeen | undefined;
	/** The first row that is shown, where not all fit. */
	top?: number;
	/** Digits typed so far. */
	typed?: string | undefined;
};

/** Ways to move new workers. */
export type MovesScreen = {is: 'panel-moves'; choices?: readonly MoveChoice[] | undefined; at: number; problem?: ProblemSeen | undefined};

declare module '../screen.ts' {
	interface ScreenByName {
		panel: PanelScreen;
		'panel-item': ItemScreen;
		'panel-act': ActScreen;
		'panel-moves': MovesScreen;
	}
}

export const panelScreen: PanelScreen = {
	is: 'panel',
	view: 'workers',
	workers: atTop,
	jobs: atTop,
	config: 0,
	costs: 0,
	filter: draftOf(''),
	typing: false,
	order: orders[0],
};

/** The panel once other rows are there: each cursor on its item, at the same height. */
export function settled(screen: PanelScreen, seen: PanelSeen, now: number): PanelScreen {
	const workers = positionAfter(listed(seen.rows, screen.filter.text, screen.order, now), screen.workers);
	const jobs = screen.view === 'jobs' ? positionAfter(listedJobs(jobLines(seen), screen.filter.text), screen.jobs) : screen.jobs;
	const same = (one: CursorPosition, other: CursorPosition): boolean => one.on === other.on && one.at === other.at && one.top === other.top;
	return same(workers, screen.workers) && same(jobs, screen.jobs) ? screen : {...screen, workers, jobs};
}

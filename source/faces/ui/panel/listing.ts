import {age} from '../../../panel/formats.ts';
import type {EndedJob} from '../../../panel/journal/job-history.ts';
import {once} from '../../../panel/once.ts';
import {spentOfRow, type WorkerRow} from '../../../panel/rows.ts';
import type {RunnerSees} from '../../../panel/snapshot.ts';
import type {Unserved} from '../../../panel/waiting.ts';
import {attentionAfter, endedJobCells, type JobColumn, jobCells, needsAttention, workerCells} from '../../words/cells.ts';
import {cursorAfter} from '../../words/columns.ts';
import type {PanelSeen} from './seen.ts';

/** Orders of the workers' table, in the order in which `o` goes through them: first what needs attention, then the newest. */
export const orders = ['attention', 'oldest', 'newest', 'state', 'name', 'job', 'type', 'zone', '$/h', 'spent'] as const;
export type Order = (typeof orders)[number];

/** Where the cursor is: on an item, at a row of the list, in a window that begins at `top`. */
export type CursorPosition = {on?: string | undefined; at: number; top: number};

export const atTop: CursorPosition = {at: 0, top: 0};

const states: readonly WorkerRow['state'][] = ['failed', 'orphan', 'stopped', 'unknown', 'creating', 'busy', 'idle', 'removing'];

const byText = (one: string | undefined, other: string | undefined): number => ((one ?? '') < (other ?? '') ? -1 : (one ?? '') > (other ?? '') ? 1 : 0);

/** Compares by an order; rows come newest first, and a stable sort keeps that among equals. */
function comparing(order: Order, now: number): ((one: WorkerRow, other: WorkerRow) => number) | undefined {
	switch (order) {
		case 'attention':
			return (one, other) => Number(needsAttention(other, now)) - Number(needsAttention(one, now));
		case 'newest':
			return undefined;
		case 'oldest':
			return (one, other) => (one.createdAt ?? 0) - (other.createdAt ?? 0);
		case 'state':
			return (one, other) => states.indexOf(one.state) - states.indexOf(other.state);
		case 'name':
			return (one, other) => byText(one.name, other.name);
		case 'job':
			return (one, other) => (other.job?.id ?? 0) - (one.job?.id ?? 0);
		case 'type':
			return (one, other) => byText(one.type, other.type);
		case 'zone':
			return (one, other) => byText(one.zone, other.zone);
		case '$/h':
			return (one, other) => (other.usdPerHour ?? 0) - (one.usdPerHour ?? 0);
		case 'spent':
			return (one, other) => (spentOfRow(other, now) ?? 0) - (spentOfRow(one, now) ?? 0);
	}
}

/** The text that a filter looks in: all but what changes with time. */
const textOf = once((row: WorkerRow): string => {
	const {age: _age, spent: _spent, ...cells} = workerCells(row, 0);
	return `${Object.values(cells).join(' ')} ${row.job?.project ?? ''} ${row.detail ?? ''}`.toLowerCase();
});

/** The words that a filter looks for: all of them have to be there. */
export const wordsIn = (filter: string): string[] =>
	filter
		.toLowerCase()
		.split(' ')
		.filter((word) => word !== '');

/** After which time a row of these needs attention. */
const firstAttention = once((rows: readonly WorkerRow[]): number =>
	rows.reduce((first, row) => Math.min(first, attentionAfter(row)), Number.POSITIVE_INFINITY),
);

/** The last listing: the same rows in the same order needn't be put in order again for each key. */
let last: {rows: readonly WorkerRow[]; filter: string; order: Order; listed: readonly WorkerRow[]} | undefined;

/** The rows that the filter leaves, in order. */
export function listed(rows: readonly WorkerRow[], filter: string, order: Order, now: number): readonly WorkerRow[] {
	const isAsItComes = order === 'newest' || (order === 'attention' && firstAttention(rows) >= now);
	if (filter.trim() === '' && isAsItComes) return rows;
	if (last?.rows === rows && last.filter === filter && last.order === order) return last.listed;
	const words = wordsIn(filter);
	const left = words.length === 0 ? rows : rows.filter((row) => words.every((word) => textOf(row).includes(word)));
	const compare = comparing(order, now);
	const ordered = compare ? left.toSorted(compare) : left;
	last = {rows, filter, order, listed: ordered};
	return ordered;
}

/** A job in the table of jobs: one that the runner has, one that waits in GitLab, or one that is over. */
export type JobLine = {
	key: string;
	running?: {job: RunnerSees['jobs'][number]; worker: WorkerRow | undefined};
	pending?: {project: string; job: Unserved['job']; served: boolean};
	ended?: EndedJob;
};

const made = new WeakMap<PanelSeen['snapshot'], readonly JobLine[]>();

/** Jobs that wait, the oldest first, then those that run and those that are over, the newest first. */
export function jobLines({snapshot, rows, why}: PanelSeen): readonly JobLine[] {
	const known = made.get(snapshot);
	if (known) return known;
	const workers = new Map(rows.flatMap((row) => (row.job ? [[row.job.id, row] as const] : [])));
	const unserved = new Set(why.waiting.unserved.map(({job}) => job));
	const waiting = (snapshot.gitlab.value?.pending ?? [])
		.flatMap(({project, jobs}) => jobs.map((job): JobLine => ({key: `wait ${job.id}`, pending: {project, job, served: !unserved.has(job)}})))
		.sort((one, other) => (one.pending?.job.id ?? 0) - (other.pending?.job.id ?? 0));
	const running = (snapshot.runner.value?.jobs ?? [])
		.map((job): JobLine => ({key: `run ${job.id}`, running: {job, worker: workers.get(job.id)}}))
		.sort((one, other) => (other.running?.job.id ?? 0) - (one.running?.job.id ?? 0));
	const ended = (snapshot.journal.value?.jobs.ended ?? []).toReversed().map((job): JobLine => ({key: `end ${job.job} ${job.at}`, ended: job}));
	const lines = [...waiting, ...running, ...ended];
	made.set(snapshot, lines);
	return lines;
}

/** A job's texts, by column; `now` in milliseconds since 1970. */
export function jobLineCells({running, pending, ended}: JobLine, now: number): Record<JobColumn, string> {
	if (ended) return endedJobCells(ended);
	if (running) return jobCells(running.job, running.worker);
	const job = pending?.job;
	return {
		job: [pending?.project.split('/').at(-1), `#${job?.id ?? ''}`, job?.name].filter(Boolean).join(' '),
		state: 'waiting',
		stage: pending?.served === false ? 'no runner takes it' : job?.tags.length ? `tags ${job.tags.join(', ')}` : 'untagged',
		age: age(job ? (job.queuedSeconds ?? (now - Date.parse(job.createdAt)) / 1000) : undefined),
		machine: '–',
		project: pending?.project ?? '–',
	};
}

/** The jobs that the filter leaves. */
export function listedJobs(lines: readonly JobLine[], filter: string): readonly JobLine[] {
	const words = wordsIn(filter);
	if (words.length === 0) return lines;
	return lines.filter((line) => {
		const text = Object.values(jobLineCells(line, 0)).join(' ').toLowerCase();
		return words.every((word) => text.includes(word));
	});
}

/** Where the cursor is once items have come and gone: on its item, at the same height of the window. */
export function positionAfter(items: readonly {key: string}[], cursor: CursorPosition): CursorPosition {
	const at = cursorAfter(items, cursor.on, cursor.at);
	const on = cursor.on !== undefined && items[at]?.key === cursor.on ? cursor.on : items[at]?.key;
	return {on: cursor.on === undefined && cursor.at === 0 ? undefined : on, at, top: Math.max(0, cursor.top + at - cursor.at)};
}

/** The cursor after it went up or down. */
export function movedBy(items: readonly {key: string}[], cursor: CursorPosition, by: number): CursorPosition {
	const here = positionAfter(items, cursor);
	const at = Math.max(0, Math.min(items.length - 1, here.at + by));
	return {on: items[at]?.key, at, top: here.top};
}

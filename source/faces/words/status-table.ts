import {panelActions, typedActions} from '../../panel/actions.ts';
import type {Cause} from '../../panel/causes/cause.ts';
import {many} from '../../panel/formats.ts';
import {costs} from '../../panel/live/costs.ts';
import {verdictOf} from '../../panel/live/verdict.ts';
import {type WhyWaiting, whyWaiting} from '../../panel/live/why-waiting.ts';
import {countRows, type WorkerRow} from '../../panel/rows.ts';
import type {Snapshot} from '../../panel/snapshot.ts';
import {columnsForNames, lookOf, workerCells} from './cells.ts';
import {cellsOf, fit, headOf} from './columns.ts';
import type {TerminalLook} from './glyphs.ts';
import {glyphOf, plainText} from './glyphs.ts';
import {
	changeWords,
	costWords,
	emptyWords,
	jobWords,
	limitIn,
	machineWords,
	managerWords,
	runnerWord,
	shownCauses,
	sourceTroubles,
	stateWords,
} from './status-words.ts';
import {wrap} from './wrapping.ts';

const verdictMarks = {healthy: 'ready', trouble: 'blocked', unknown: 'waiting'} as const;
const verdictWords = {healthy: 'healthy', trouble: 'not healthy', unknown: 'not known'} as const;

/** Why jobs wait, without what the verdict has said. */
function whyLines({asks, causes, waiting}: WhyWaiting, said: string): string[] {
	const [first, ...others] = shownCauses(causes).map(({says}) => says);
	if (first === undefined) return [asks];
	if (first !== said || !waiting.known) return [[`${asks} ${first}`, ...others].join(' Also: ')];
	return [[`${many(waiting.jobs, 'job waits', 'jobs wait')} for that.`, ...others].join(' Also: ')];
}

/** What helps, as a command that can be pasted: here are no keys. */
function actionLines(snapshot: Snapshot, causes: readonly Cause[]): string[] {
	const key = causes.find((one) => one.key !== 'wait')?.key;
	const typed = key && typedActions[key];
	const {fleet, region} = snapshot;
	const limit = limitIn(snapshot);
	if (key === undefined || typed === undefined || fleet === undefined || (typeof typed === 'function' && limit === undefined)) return [];
	const words = typeof typed === 'string' ? typed : typed(limit ?? 0);
	return [`${panelActions[key].does}: \`gitlab-runner-aws ${words} --fleet ${fleet} --region ${region}\``];
}

/** The lines above the table: fleet, runner, manager, verdict, jobs, machines, costs, why jobs wait. */
function headLines(snapshot: Snapshot, rows: readonly WorkerRow[], now: number, look: TerminalLook): string[] {
	const counts = countRows(rows);
	const why = whyWaiting(snapshot, now, rows);
	const verdict = verdictOf(snapshot, now, rows);
	const version = snapshot.runner.value?.metrics.version;
	const states = stateWords(counts);
	const change = changeWords(snapshot, now);
	return [
		`${snapshot.fleet ?? 'a manager without our mark'} in ${snapshot.region} · runner${version === undefined ? '' : ` ${version}`} ${runnerWord(snapshot).word} · manager ${managerWords(snapshot, now)}`,
		`${glyphOf(verdictMarks[verdict.is], look)} ${verdictWords[verdict.is]}: ${verdict.says}`,
		`jobs: ${jobWords(why, true)} · machines: ${machineWords(snapshot, counts)}${states === '' ? '' : `: ${states}`} · ${costWords(costs(snapshot, rows, now))}`,
		...whyLines(why, verdict.says),
		...actionLines(snapshot, [...why.causes, ...verdict.causes]),
		...(change === undefined ? [] : [`last change: ${change}`]),
		...sourceTroubles(snapshot, now).map((says) => `${glyphOf('note', look)} ${says}`),
	];
}

/** One worker's line, fitted to the terminal. */
const rowLine = (row: WorkerRow, layout: ReturnType<typeof layoutFor>, {paid}: Snapshot, now: number, look: TerminalLook): string => {
	const {mark} = lookOf(row, now);
	return `${mark === undefined ? ' ' : glyphOf(mark, look)} ${cellsOf(workerCells(row, now, paid.at), layout, look.ascii ? '...' : '…').join('  ')}`.trimEnd();
};

/** The columns of workers' lines, whose first two are a mark's. */
const layoutFor = (rows: readonly WorkerRow[], columns: number) =>
	fit(
		columnsForNames(
			rows.map(({name}) => name),
			columns - 2,
		),
		columns - 2,
	);

/** What `status --plain` prints: the head, then one line a worker. Pure; `now` is milliseconds since 1970. */
export function statusLines(snapshot: Snapshot, rows: readonly WorkerRow[], now: number, columns: number, look: TerminalLook): string[] {
	const head = headLines(snapshot, rows, now, look).flatMap((line) => wrap(plainText(line, look), columns));
	if (rows.length === 0) return [...head, '', ...wrap(emptyWords(snapshot), columns)];
	const layout = layoutFor(rows, columns);
	return [...head, '', `  ${headOf(layout).join('  ')}`.trimEnd(), ...rows.map((row) => rowLine(row, layout, snapshot, now, look))];
}

/** What changed between two rounds, in lines: what the head says otherwise now, workers that came, went or changed. Ages alone are no change. */
export function changedLines(
	before: Snapshot,
	rowsBefore: readonly WorkerRow[],
	after: Snapshot,
	rows: readonly WorkerRow[],
	now: number,
	columns: number,
	look: TerminalLook,
): string[] {
	// The same moment for both: what only grew older is the same line.
	const said = new Set(headLines(before, rowsBefore, now, look));
	const head = headLines(after, rows, now, look).filter((line) => !said.has(line));
	const known = new Map(rowsBefore.map((row) => [row.key, row]));
	const layout = layoutFor(rows, columns);
	const changed = rows.filter((row) => {
		const old = known.get(row.key);
		return old?.state !== row.state || old.job?.id !== row.job?.id || old.detail !== row.detail;
	});
	const left = new Set(rows.map(({key}) => key));
	const vanished = rowsBefore.filter(({key}) => !left.has(key));
	return [
		...head.flatMap((line) => wrap(plainText(line, look), columns)),
		...changed.map((row) => rowLine(row, layout, after, now, look)),
		...vanished.map(({name}) => `${glyphOf('skipped', look)} ${name}  gone`),
	];
}

import {age, clockWords, money} from '../../../panel/formats.ts';
import {ageOfRow, spentOfRow, type WorkerRow} from '../../../panel/rows.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import {counted} from '../../../world/printable.ts';
import {lookOf, stageWords} from '../../words/cells.ts';
import {glyphOf, plainText, signOf} from '../../words/glyphs.ts';
import {reasonWithCode, reasonWords} from '../../words/reasons.ts';
import {padded} from '../../words/width.ts';
import {wrap} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {emptyRow, type Row, row} from '../row.ts';
import type {Binding, Draw, Keys, Move, ScreenSpec} from '../screen.ts';
import type {ItemScreen} from './screen.ts';

/** All that is known of a worker, in lines: label, then value. */
function itemLines(worker: WorkerRow, snapshot: Snapshot, now: number): [string, string][] {
	const {job} = worker;
	const story = snapshot.journal.value?.machines.get(worker.name);
	const lines: [string, string | undefined][] = [
		['State', worker.detail === undefined ? worker.state : `${worker.state}: ${reasonWords(worker.detail)}`],
		['Job', job && `#${job.id} ${[job.project, job.name, job.stage && stageWords(job.stage)].filter(Boolean).join(' · ')}`],
		['', job?.url],
		['', job?.since === undefined ? undefined : `on this machine for ${age((now - job.since) / 1000)}`],
		['Jobs so far', story?.uses === undefined ? undefined : counted(story.uses)],
		['Instance', worker.instanceId && `${worker.instanceId}${worker.instanceState === undefined ? '' : `, ${worker.instanceState}`}`],
		['Type', worker.type && `${worker.type}${worker.spot === undefined ? '' : worker.spot ? ', spot' : ', on demand'}`],
		['Zone', worker.zone],
		['Address', worker.address],
		['Age', worker.createdAt === undefined ? undefined : `${age(ageOfRow(worker, now))}, since ${clockWords(worker.createdAt, now)}`],
		[
			'Cost',
			worker.usdPerHour === undefined
				? 'not known'
				: `about ${money(worker.usdPerHour)} an hour with disk and address, ${money(spentOfRow(worker, now))} so far`,
		],
		['Last stage', story?.stage],
		[
			'Refused',
			story?.refusal && `${reasonWithCode(story.refusal.code)}${story.refusal.requestId === undefined ? '' : `, request ${story.refusal.requestId}`}`,
		],
		['Goes because', story?.reason],
		['To be done', worker.state === 'orphan' ? 'No manager looks after it, so it costs until somebody removes it.' : undefined],
	];
	return lines.flatMap(([label, text]): [string, string][] => (text === undefined || text === '' ? [] : [[label, text]]));
}

const drawItem: Draw<ItemScreen> = ({on}, {panel, look, columns, rows, now}) => {
	const worker = panel?.rows.find(({key}) => key === on);
	if (!panel || !worker) return [row(' ', {text: on, bold: true}), emptyRow, row(' It is gone: neither EC2 nor the manager tells of it any more.')];
	const {mark, role} = lookOf(worker, now);
	const head = row(' ', {text: worker.name, bold: true}, '  ', {text: `${mark === undefined ? '' : `${glyphOf(mark, look)} `}${worker.state}`, role});
	const body = itemLines(worker, panel.snapshot, now).flatMap(([label, text]): Row[] =>
		(/^https?:/.test(text) ? [text] : wrap(plainText(text, look), Math.max(20, Math.min(100, columns - 18)))).map((line, at) =>
			row(` ${signOf('left', look)} `, {text: padded(at === 0 ? label : '', 14), bold: true}, line),
		),
	);
	return [head, emptyRow, ...body].slice(0, bodyRows(rows));
};

const itemKeys: Keys<ItemScreen> = ({on}, {panel, look, now}) => {
	const worker = panel?.rows.find(({key}) => key === on);
	const acts: Binding[] = [];
	if (panel && worker && panel.about.readOnly === undefined) {
		acts.push({press: ['s'], shows: 's', does: 'ssh', act: () => ({panel: {do: 'shell', worker: worker.name}})});
		const removed = removalOf(worker);
		if (removed) acts.push({press: ['X', 'x'], shows: 'x', does: 'remove it', act: () => removed});
	}
	const text = (): string =>
		panel && worker ? [worker.name, ...itemLines(worker, panel.snapshot, now).map(([label, line]) => `${padded(label, 14)}${line}`)].join('\n') : on;
	return [
		{press: ['left', 'escape', 'q', 'enter'], shows: signOf('back', look), does: 'back', act: () => ({pop: true})},
		...acts,
		{press: ['y'], shows: 'y', does: 'copy', act: () => ({panel: {do: 'copy', text: text()}})},
	];
};

/** How a worker is taken away, where nothing runs on it as far as is known: one that no manager knows goes with all that is left over. */
export function removalOf({name, state, job}: WorkerRow): Move | undefined {
	if (state === 'orphan') return {panel: {do: 'leave', to: 'orphans'}};
	const isFree = job === undefined && (state === 'idle' || state === 'failed' || state === 'stopped');
	return isFree ? {panel: {do: 'prepare', act: {do: 'remove', worker: name}}} : undefined;
}

export const item: ScreenSpec<ItemScreen> = {word: 'worker', draw: drawItem, keys: itemKeys};

import {panelActions} from '../../../panel/actions.ts';
import {age, type BarScale, money, priceline, running, sparkline} from '../../../panel/formats.ts';
import {workersMade} from '../../../panel/live/executors.ts';
import {makerIn} from '../../../panel/makers.ts';
import {spotKey} from '../../../panel/price.ts';
import {ageOf} from '../../../panel/seen.ts';
import {type Snapshot, sourceTitles} from '../../../panel/snapshot.ts';
import {glyphOf, marks, plainText, signOf, spinner} from '../../words/glyphs.ts';
import {demoTime} from '../../words/sentences.ts';
import {
	changeWords,
	costWords,
	jobWords,
	jobWordsShort,
	limitIn,
	machineWords,
	managerWords,
	runnerWord,
	shownCauses,
	sourceTroubles,
	stateWords,
} from '../../words/status-words.ts';
import {cut, displayWidth} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {isSmall} from '../layout.ts';
import {apart, cutRow, emptyRow, type Row, row, type Span} from '../row.ts';
import type {View} from '../screen.ts';
import {orders} from './listing.ts';
import {type PanelScreen, panelViews} from './screen.ts';
import {newsNow, type PanelSeen} from './seen.ts';

type HeadPart = Span[];

const widthOf = (part: HeadPart): number => part.reduce((sum, {text}) => sum + displayWidth(text), 0);

/** Packs parts into rows, three spaces between; what has no room goes, the last first. */
function flow(parts: readonly HeadPart[], columns: number, most: number): Row[] {
	const rows: Span[][] = [];
	let left = 0;
	for (const part of parts) {
		const current = rows.at(-1);
		const width = widthOf(part);
		if (current && width + 3 <= left) {
			current.push({text: '   '}, ...part);
			left -= width + 3;
		} else if (rows.length < most) {
			rows.push([{text: ' '}, ...part]);
			left = columns - 1 - width;
		}
	}
	return rows.map((spans) => ({spans}));
}

/** The first of these ways of which nothing is cut or left out, else the last. */
function flowing(ways: readonly (readonly HeadPart[])[], columns: number, most: number): Row[] {
	const last = ways.at(-1) ?? [];
	const fits = (parts: readonly HeadPart[]): boolean => parts.every((part) => widthOf(part) < columns) && flow(parts, columns, parts.length).length <= most;
	return flow(ways.find(fits) ?? last, columns, most);
}

const isStale = (snapshot: Snapshot, ...names: (keyof typeof sourceTitles)[]): boolean => names.some((name) => snapshot[name].problem !== undefined);

/** Fleet, region, runner, manager, costs. */
export function headRows({about, snapshot, costs}: PanelSeen, view: View, most: number): Row[] {
	const {look, columns, now} = view;
	const runner = runnerWord(snapshot);
	const version = snapshot.runner.value?.metrics.version;
	const title: HeadPart = [
		{text: about.title, bold: true},
		{text: `  ${about.region}`},
		...(about.demo ? [{text: columns >= 160 ? `  demo: its ${demoTime}` : '  demo', role: 'warning' as const}] : []),
	];
	const runs = (named: string): HeadPart => [
		{text: `runner ${named}`},
		{text: `${glyphOf(runner.mark, look)} ${runner.word}`, role: isStale(snapshot, 'host') ? 'quiet' : marks[runner.mark].role},
	];
	const versioned = runs(version === undefined ? '' : `${version} `);
	const managed = (idWidth: number | undefined): HeadPart => [
		{text: `manager ${managerWords(snapshot, now, idWidth)}`, role: isStale(snapshot, 'ec2') ? 'quiet' : undefined},
	];
	const manager = managed(columns >= 160 ? undefined : 9);
	const readOnly: HeadPart[] = about.readOnly === undefined ? [] : [[{text: 'read-only', role: 'warning'}]];
	const paid: HeadPart = [{text: plainText(costWords(costs), look), role: isStale(snapshot, 'prices') ? 'quiet' : undefined}];
	// What it costs is worth more than the manager's id.
	if (most > 1)
		return flowing(
			[manager, managed(0)].map((one) => [title, versioned, ...readOnly, one, paid]),
			columns,
			most,
		);
	if (isSmall(view) && columns < 80) return flow([[{text: about.title, bold: true}], runs(''), ...readOnly], columns, 1);
	// In one row the version goes first, then the manager: nothing is cut in its middle.
	const left = columns - widthOf(paid) - 4;
	const fits = (parts: readonly HeadPart[]): boolean => parts.reduce((sum, part) => sum + widthOf(part) + 3, -2) <= left;
	const parts = [title, versioned, ...readOnly, manager];
	const [first = emptyRow] = flow(fits(parts) ? parts : [title, runs(''), ...readOnly, manager], left, 1);
	return [apart(first.spans, [...paid, {text: ' '}], columns, look)];
}

/** The spot price of the type that is made now, over the last hours. */
function spotPart({snapshot}: PanelSeen, ascii: boolean): HeadPart[] {
	const made = workersMade(snapshot);
	if (!made?.spot) return [];
	const key = spotKey(made.type, made.zone);
	const price = snapshot.prices.value?.spot[key];
	if (price === undefined) return [];
	const history = snapshot.prices.value?.spotHistory[key] ?? [];
	return [[{text: `spot ${made.type} ${money(price)} ${priceline(history, 12, ascii)}`, role: isStale(snapshot, 'prices') ? 'quiet' : undefined}]];
}

/** Whether a spot price is told beside jobs and machines. */
export const hasPrice = (seen: PanelSeen): boolean => spotPart(seen, true).length > 0;

/** How many jobs may run at once: by `concurrent`, and by the runner's limit, which counts jobs. */
function mostJobs(snapshot: Snapshot): number | undefined {
	const concurrent = snapshot.runner.value?.metrics.concurrent ?? snapshot.host.value?.config?.facts?.concurrent;
	const bounds = [concurrent, makerIn(snapshot)?.limit].flatMap((one) => one || []);
	return bounds.length === 0 ? undefined : Math.min(...bounds);
}

/** Jobs, machines and the spot price, each with its history: jobs and machines against what there may be of them at most. */
export function gaugeRows(seen: PanelSeen, {look, columns}: View, rows: number): Row[] {
	const {snapshot, counts, why, trends} = seen;
	const wide = columns >= 80 ? 16 : 8;
	const bars = (values: readonly (number | undefined)[], most: number | undefined, width: number): Span[] => {
		const scale: BarScale | undefined = most === undefined ? undefined : {from: 0, to: most};
		return values.length < 2 || width === 0 || values.every((value) => value === undefined)
			? []
			: [{text: `${sparkline(values, width, look.ascii, scale)} `, role: 'accent'}];
	};
	const jobs = (words: string, width = wide): HeadPart => [
		{text: 'jobs '},
		...bars(trends.running, mostJobs(snapshot), width),
		{text: words, role: isStale(snapshot, 'runner') ? 'quiet' : undefined},
	];
	const machines = (states: string, width = wide): HeadPart => [
		{text: 'machines '},
		...bars(trends.machines, limitIn(snapshot), width),
		{text: `${machineWords(snapshot, counts)}${states === '' ? '' : `: ${states}`}`, role: isStale(snapshot, 'host', 'ec2') ? 'quiet' : undefined},
	];
	const spot = spotPart(seen, look.ascii);
	// What gives way: the price, the times of jobs that wait for machines, which the sentence below tells too, the bars, the states.
	const [long, short, states] = [jobWords(why), jobWordsShort(why), stateWords(counts)];
	const ways = [
		[jobs(long), machines(states)],
		[jobs(short), machines(states)],
		[jobs(short, 8), machines(states, 8)],
		[jobs(short, 0), machines(states, 0)],
		[jobs(short, 8), machines('', 8)],
	];
	const flowed = flowing(
		ways.flatMap((parts) => [[...parts, ...spot], parts]),
		columns,
		rows,
	);
	if (flowed.length >= rows) return flowed;
	// No row is blank, and the price keeps its own, so that nothing below moves as jobs come and go.
	const parts = ways[0] ?? [];
	return spot.length > 0 ? [...flowing(ways, columns, rows - 1), ...flow(spot, columns, 1)] : parts.flatMap((part) => flow([part], columns, 1));
}

/** Lines of the sentence: the question, the first causes, who told, the key that acts. */
function whyLines({why, snapshot, about}: PanelSeen, now: number): {text: string; asks: number; key: string} {
	const [first, second] = shownCauses([...why.causes, ...why.troubles]);
	if (!first) return {text: why.asks, asks: why.asks.length, key: ''};
	const told = [...new Set([first, ...(second ? [second] : [])].map(({source}) => source))];
	const sources = told.map((source) => {
		const old = ageOf(snapshot[source], now);
		return `${sourceTitles[source]}${snapshot[source].problem && old !== undefined ? `, ${age(old)} old` : ''}`;
	});
	const waiting = why.waiting.known ? [why.waiting.says.replace(/, \d+ \w old$/, ''), ...sources] : sources;
	const also = second ? ` Also: ${second.says}` : '';
	// Where there's nothing to do for the first but to look on, the key is the second's.
	const {key, does} = panelActions[first.key === 'wait' && second ? second.key : first.key];
	const text = `${why.asks} ${first.says}${also} (${[...new Set(waiting)].join('; ')})`;
	return {text, asks: why.asks.length, key: about.readOnly === undefined ? `${key}  ${does}` : ''};
}

/** Why jobs wait, or what is wrong where none does, with who told. */
export const whySentence = (seen: PanelSeen, now: number): string => whyLines(seen, now).text;

/** As many lines as there is room for; the last of them ends with the sign of what was cut, and leaves room for the key beside it. */
function cutLines(lines: readonly string[], most: number, columns: number, look: View['look']): string[] {
	const more = signOf('more', look);
	const last = lines[most - 1] ?? '';
	const end = displayWidth(last) + displayWidth(more) + 1 <= columns ? `${last} ${more}` : cut(`${last}  `, columns, more);
	return [...lines.slice(0, Math.max(0, most - 1)), ...(most > 0 ? [end] : [])];
}

/** The sentence as rows: the question bold, the key that acts at its end. In fewer rows than it takes, what is cut is its end, with a sign, and never its key. */
export function whyRows(seen: PanelSeen, {look, columns, now}: View, most = Number.POSITIVE_INFINITY): Row[] {
	const {text, asks, key} = whyLines(seen, now);
	const lines = wrapWhole(plainText(text, look), Math.min(columns - 2, 160));
	const [sign = '', ...words] = key.split('  ');
	const spans: Span[] = key === '' ? [] : [{text: '   '}, {text: sign, role: 'accent'}, {text: `  ${words.join('  ')}`}];
	const beside = columns - 2 - widthOf(spans);
	const isBeside = displayWidth(lines.at(-1) ?? '') <= beside;
	const isCut = lines.length + (isBeside ? 0 : 1) > most;
	let begun = 0;
	const rows = (isCut ? cutLines(lines, most, beside, look) : lines).map((line): Row => {
		const bold = Math.max(0, Math.min(line.length, asks - begun));
		begun += line.length + 1;
		return row(' ', {text: line.slice(0, bold), bold: true}, line.slice(bold));
	});
	if (key === '') return rows;
	if (isBeside || isCut) rows.at(-1)?.spans.push(...spans);
	else rows.push({spans});
	return rows;
}

export function changeRow({snapshot}: PanelSeen, {look, now}: View): Row | undefined {
	const words = changeWords(snapshot, now);
	return words === undefined ? undefined : row(' ', {text: plainText(words, look)});
}

/** Sources that don't answer, a row each at least; how many more there are at the beginning of the last. With more rows each is told whole, the first before others. */
export function troubleRows({snapshot}: PanelSeen, {look, columns, now}: View, most = Number.POSITIVE_INFINITY): Row[] {
	const all = sourceTroubles(snapshot, now);
	const shown = all.slice(0, most);
	let left = most - shown.length;
	return shown.flatMap((says, at) => {
		const more = at === shown.length - 1 && all.length > shown.length ? `(and ${all.length - shown.length} more) ` : '';
		const lines = wrapWhole(plainText(`${more}${says}`, look), columns - 4);
		const rows = lines.length <= left + 1 ? lines : [...lines.slice(0, left), lines.slice(left).join(' ')];
		left -= rows.length - 1;
		return rows.map((text, index) =>
			cutRow(row(' ', {text: index === 0 ? `${glyphOf('note', look)} ` : '  ', role: 'warning'}, {text, role: 'warning'}), columns, look),
		);
	});
}

/** The views with their keys, and how old what is shown is. */
export function tabsRow(screen: PanelScreen, {snapshot, about}: PanelSeen, {look, columns, now}: View, spoken = false): Row {
	const tabs = panelViews.flatMap((name, at): Span[] => [
		{text: ` ${at + 1} `, role: 'accent'},
		// Where it is narrow the others are their numbers.
		{text: columns < 50 && screen.view !== name ? '' : `${name} `, bold: screen.view === name, role: screen.view === name ? undefined : 'quiet'},
		...(columns >= 80 ? [{text: ' '}] : []),
	]);
	const ages = [snapshot.ec2, snapshot.host].map((seen) => ageOf(seen, now)).filter((one) => one !== undefined);
	const old = ages.length === 0 ? 'asking' : `${age(Math.max(...ages))} ago`;
	const order = screen.order === orders[0] || screen.view !== 'workers' ? [] : [`by ${screen.order}`];
	const what = [...order, ...(spoken || (columns < 80 && order.length > 0) ? [] : [old, ...(columns >= 100 ? [`every ${about.every} s`] : [])])];
	return apart(tabs, [{text: `${what.join(', ')} `, role: 'quiet'}], columns, look);
}

/** The one slot for news: what is being done, else what happened, else why nothing can be done here. As many rows as it wants, or as there are. */
export function newsRows(seen: PanelSeen, {look, columns, now, tick}: View, height = Number.POSITIVE_INFINITY): Row[] {
	const {doing, about} = seen;
	const told = (sign: Span, says: string): Row[] => {
		const lines = wrapWhole(plainText(says, look), columns - 4);
		const fits = lines.length <= height ? lines : [...lines.slice(0, height - 1), lines.slice(height - 1).join(' ')];
		return fits.map((text, at) => cutRow(row(' ', at === 0 ? sign : '  ', {text}), columns, look));
	};
	if (doing) {
		const frames = look.ascii ? spinner.ascii : spinner.glyphs;
		return told({text: `${frames[tick % frames.length] ?? ''} `, role: 'accent'}, `${doing.says}, ${running((now - doing.from) / 1000)}`);
	}
	const news = newsNow(seen, now);
	if (news) {
		const mark = news.role === 'ready' ? 'ready' : news.role === 'blocked' ? 'failed' : 'note';
		return told({text: `${glyphOf(mark, look)} `, role: news.role}, news.says);
	}
	return [about.readOnly === undefined ? emptyRow : cutRow(row(' ', {text: plainText(about.readOnly, look), role: 'quiet'}), columns, look)];
}

/** Where a filter is typed, or what it is. */
export function filterWords({filter, typing}: PanelScreen, look: View['look']): string {
	if (!typing && filter.text === '') return '';
	return `/ ${filter.text}${typing ? signOf('cursor', look) : ''}`;
}

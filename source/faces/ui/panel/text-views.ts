import {clockWords, many, money, priceline} from '../../../panel/formats.ts';
import {monthOf} from '../../../panel/journal/spans.ts';
import {mirrorWords} from '../../../panel/mirror.ts';
import {notCounted} from '../../../panel/price.ts';
import type {WorkerRow} from '../../../panel/rows.ts';
import {counted} from '../../../world/printable.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {startLinesIn} from '../../words/start-times.ts';
import {limitIn, madeWords, managedOf, versionsTold, whoWords} from '../../words/status-words.ts';
import {padded, pieces} from '../../words/width.ts';
import {wrapColumns, wrapWhole} from '../../words/wrapping.ts';
import {emptyRow, type Row, row} from '../row.ts';
import type {View} from '../screen.ts';
import type {PanelSeen} from './seen.ts';

/** config.toml as it stands, without its secrets, and the record's last changes. */
export function configLines({snapshot}: PanelSeen, {now, columns}: View): string[] {
	const {host, record} = snapshot;
	const changes = versionsTold(record.value)
		.slice(0, 8)
		.map((one) => `version ${one.version}, ${clockWords(one.at, now)}: ${madeWords(one)} by ${whoWords(one)}`);
	const text = host.value?.config?.text;
	const lines = [
		...(record.off === undefined ? ['Changes of the record', ...(changes.length === 0 ? ['  none yet'] : changes.map((line) => `  ${line}`)), ''] : []),
		text === undefined
			? (host.problem?.message ?? (host.value ? 'There is no config.toml.' : 'Reading config.toml.'))
			: 'config.toml on the manager, its secrets hidden',
		...(text ?? '')
			.trimEnd()
			.split('\n')
			.map((line) => `  ${line.replaceAll('\t', '  ')}`),
	];
	return lines.flatMap((line) => pieces(line, columns - 2));
}

function labelled(label: string, text: string): string {
	return `${padded(label, 16)}${text}`;
}

/** USD an hour of all of them whose price is known; undefined where none's is. */
function hourly(rows: readonly WorkerRow[]): number | undefined {
	const known = rows.flatMap(({usdPerHour}) => usdPerHour ?? []);
	return known.length === 0 && rows.length > 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
}

/** Workers by type, zone and market, a line each, the label beside the first. */
function kindLines(label: string, rows: readonly WorkerRow[]): string[] {
	const market = ({spot}: WorkerRow): string => (spot ? 'spot' : 'on demand');
	const kinds = Map.groupBy(
		rows.filter(({type, zone}) => type !== undefined && zone !== undefined),
		(one) => `${one.type} ${one.zone} ${market(one)}`,
	);
	return [...kinds]
		.sort(([one], [other]) => (one < other ? -1 : 1))
		.slice(0, 20)
		.map(([kind, of], at) => {
			const price = of.find(({usdPerHour}) => usdPerHour !== undefined)?.usdPerHour;
			const each = price === undefined ? 'price not known' : `${money(price)}/h each`;
			return labelled(at === 0 ? label : '', `${counted(of.length)} ${kind}, ${each}`);
		});
}

/** A sum, and what isn't in it. */
const sumWords = (sum: {usd: number} | undefined, without: string | undefined): string =>
	sum === undefined ? 'not known' : `about ${money(sum.usd)}${without === undefined ? '' : `, ${without}`}`;

/** What it all costs; guesses are marked "about". */
export function costLines({snapshot, costs, counts, rows}: PanelSeen, {now, look, columns}: View): string[] {
	const {perHour, builders, manager, most, today, month, savedBySpot, unended, unpriced} = costs;
	const date = new Date(now);
	const unknown = (since: number, begin: number): string | undefined =>
		since - begin < 60_000 ? undefined : `without machines that had gone by ${clockWords(since, now)}`;
	const day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
	const of = {today: today && unknown(today.since, day), month: month && unknown(month.since, monthOf(now))};
	const {prices} = snapshot;
	const {mirror} = snapshot.host.value ?? {};
	const orphans = rows.filter(({state}) => state === 'orphan');
	const managed = orphans.length === 0 ? rows : rows.filter(({state}) => state !== 'orphan');
	const building = builders ? `${many(builders.count, 'image builder')} ${money(builders.perHour)}, ` : '';
	const left = orphans.length === 0 ? '' : `, ${many(orphans.length, 'orphan')} ${money(hourly(orphans))}`;
	const kinds = [...kindLines('Workers', managed), ...kindLines('Orphans', orphans)];
	const manages = snapshot.ec2.value?.manager;
	const ran = rows.flatMap(({type}) => type ?? []);
	const spotTrend = Object.entries(prices.value?.spotHistory ?? {}).slice(0, 12);
	const lines = [
		labelled(
			'Now',
			perHour === undefined
				? 'not known'
				: `about ${money(perHour)} an hour: manager ${money(manager)}, ${building}${many(managedOf(counts), 'worker')} ${money(hourly(managed))}${left}`,
		),
		...(unpriced > 0 ? [labelled('', `${many(unpriced, 'worker has', 'workers have')} no price that is known, and aren't in it`)] : []),
		labelled('Today', sumWords(today, of.today === of.month ? undefined : of.today)),
		labelled('This month', sumWords(month, of.today === of.month ? undefined : of.month)),
		...(of.today !== undefined && of.today === of.month ? [labelled('', `both ${of.today}`)] : []),
		...(unended > 0
			? [
					labelled(
						'',
						`${many(unended, 'machine')} of which nobody knows when ${unended === 1 ? 'it' : 'they'} went ${unended === 1 ? "isn't" : "aren't"} in it`,
					),
				]
			: []),
		...(most === undefined
			? []
			: [
					labelled(
						'At most',
						`about ${money(most.perHour)} an hour with all ${counted(limitIn(snapshot) ?? 0)} workers, ${money(most.perMonth)} a month if they ran all the time`,
					),
				]),
		labelled('Spot', savedBySpot === undefined ? 'nothing to compare' : `saves about ${money(savedBySpot)} an hour against on demand`),
		'',
		...(kinds.length === 0 ? [labelled('Workers', 'none')] : kinds),
		'',
		...startLinesIn(snapshot, now),
		'',
		...(mirror ? [labelled('Mirror', mirrorWords(mirror)), ''] : []),
		labelled('Spot prices', spotTrend.length === 0 ? 'not known' : 'the last hours'),
		...spotTrend.map(([key, values]) => labelled('', `${padded(key, 28)}${padded(money(values.at(-1)), 9)}${priceline(values, 24, look.ascii)}`)),
		...(prices.problem ? ['', `Prices: ${prices.problem.message}`] : []),
		'',
		...wrapWhole(
			`Each price is with disk and address. ${notCounted({types: manages === undefined ? ran : [manages.type, ...ran], privately: manages !== undefined && manages.publicIp === undefined, bakes: true})}`,
			columns - 2,
		),
	];
	return lines.flatMap((line) => wrapColumns(line, columns - 2));
}

/** Lines in a window that begins at `top`. */
export function scrolled(lines: readonly string[], top: number, {look}: View, height: number): Row[] {
	const from = Math.max(0, Math.min(top, lines.length - height));
	const shown = lines.slice(from, from + height).map((line) => row(' ', plainText(line, look)));
	const below = lines.length - from - shown.length;
	if (below > 0 && shown.length > 0) shown[shown.length - 1] = row({text: ` ${signOf('down', look)} ${below + 1} more lines`, role: 'quiet'});
	return [...shown, ...Array.from({length: height - shown.length}, () => emptyRow)].slice(0, Math.max(0, height));
}

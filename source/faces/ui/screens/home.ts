import {many} from '../../../panel/formats.ts';
import type {HomeFleet, HomeSeen} from '../../face.ts';
import {glyphOf, marks, plainText, signOf} from '../../words/glyphs.ts';
import {displayWidth, padded} from '../../words/width.ts';
import {wrapWhole} from '../../words/wrapping.ts';
import {bodyRows, isSmall} from '../layout.ts';
import {emptyRow, type Row, row, type Span, textOf, windowed} from '../row.ts';
import type {Binding, Draw, Keys, Move, ScreenSpec, View} from '../screen.ts';

/** Fleets of all regions as they are found, what can be begun, and presets. The cursor follows the item. */
type HomeScreen = {is: 'home'; seen: HomeSeen; on?: string};
declare module '../screen.ts' {
	interface ScreenByName {
		home: HomeScreen;
	}
}

type Item = {id: string; fleet: HomeFleet} | {id: string; preset: string} | {id: string; begins: 'setup' | 'demo' | 'draft'};

/** What can be begun whatever stands, and what it is. */
const beginnings = [
	{begins: 'setup', name: 'a new fleet', says: 'asks what most people must choose; nothing is made before you agree', does: 'set it up'},
	{begins: 'demo', name: 'the demo', says: 'the whole of it on a simulated AWS: needs no account, costs nothing', does: 'show it'},
] as const;

/** A setup that was left, and what is kept of it. */
const draftName = 'where you left';
const leftWords = (draft: string): string => `${draft}; no secret is kept`;

const itemsOf = ({seen}: HomeScreen): Item[] => [
	...seen.fleets.map((fleet) => ({id: `${fleet.region} ${fleet.name}`, fleet})),
	...(seen.draft === undefined ? [] : [{id: 'draft', begins: 'draft' as const}]),
	...beginnings.map(({begins}) => ({id: begins, begins})),
	...seen.presets.map(({name}) => ({id: `preset ${name}`, preset: name})),
];

const focusedIn = (screen: HomeScreen): Item | undefined => {
	const items = itemsOf(screen);
	return items.find(({id}) => id === screen.on) ?? items[0];
};

function moved(screen: HomeScreen, by: number): Move {
	const items = itemsOf(screen);
	const at = items.findIndex(({id}) => id === focusedIn(screen)?.id);
	const next = items[Math.min(items.length - 1, Math.max(0, at + by))];
	return {to: next ? {...screen, on: next.id} : screen};
}

const homeKeys: Keys<HomeScreen> = (screen, {look}) => {
	const on = focusedIn(screen);
	const fleet = on && 'fleet' in on ? {name: on.fleet.name, region: on.fleet.region} : undefined;
	const again: Binding[] = screen.seen.refused.length > 0 ? [{press: ['l'], shows: 'l', does: 'look again', act: () => ({chosen: {do: 'again'}})}] : [];
	return [
		...(fleet ? [{press: ['enter'], shows: signOf('enter', look), does: 'open', act: () => ({chosen: {do: 'open' as const, fleet}})}] : []),
		...(on && 'preset' in on
			? [{press: ['enter'], shows: signOf('enter', look), does: 'set up from it', act: () => ({chosen: {do: 'setup' as const, preset: on.preset}})}]
			: []),
		...beginnings.flatMap(({begins, does}) =>
			on?.id === begins ? [{press: ['enter'], shows: signOf('enter', look), does, act: () => ({chosen: {do: begins}})}] : [],
		),
		...(on?.id === 'draft'
			? [{press: ['enter'], shows: signOf('enter', look), does: 'go on with it', act: () => ({chosen: {do: 'setup' as const, draft: true as const}})}]
			: []),
		// Where nothing could be looked for, there may be fleets once what is told is mended.
		...(screen.seen.regions === 0 ? again : []),
		{press: ['n'], shows: 'n', does: 'set up a new fleet', act: () => ({chosen: {do: 'setup'}})},
		...(fleet
			? [
					{press: ['r'], shows: 'r', does: 'repair', act: () => ({chosen: {do: 'repair' as const, fleet}})},
					{press: ['x'], shows: 'x', does: 'destroy', act: () => ({chosen: {do: 'destroy' as const, fleet}})},
				]
			: []),
		...(screen.seen.regions === 0 ? [] : again),
		{press: ['d'], shows: 'd', does: 'demo', act: () => ({chosen: {do: 'demo'}})},
		...(itemsOf(screen).length > 1
			? [
					{press: ['up', 'k'], shows: signOf('upDown', look), does: 'choose', act: () => moved(screen, -1)},
					{press: ['down', 'j'], shows: '', does: '', act: () => moved(screen, 1)},
				]
			: []),
		{press: ['q'], shows: 'q', does: 'quit', stays: true, act: () => ({chosen: {do: 'quit'}})},
	];
};

function looking({regions, looked, refused}: HomeSeen, view: View): Row[] {
	const {columns, look} = view;
	const done = regions > 0 && looked + refused.length >= regions;
	const more = signOf('more', look);
	const says =
		regions === 0
			? refused.length > 0
				? "can't be looked for"
				: `asking which regions are enabled${more}`
			: done
				? `looked in ${looked} of ${regions} regions`
				: `looked in ${looked} of ${regions} regions${more}`;
	const told = isSmall(view) ? 0 : 3;
	const failures = refused.slice(0, told).flatMap(({region, says: why}) => wrapWhole(plainText(`! ${region}: ${why}`, look), columns - 14));
	const others = refused.length - told;
	const rest = others > 0 ? [told === 0 ? `! ${many(others, 'region')} didn't answer` : `! and ${others} more regions didn't answer`] : [];
	return [row(' ', {text: padded('Fleets', 11), bold: true}, says), ...[...failures, ...rest].map((text) => row(' '.repeat(12), {text, role: 'warning'}))];
}

function fleetRow(fleet: HomeFleet, focused: boolean, widths: [number, number], {look}: View): Row {
	const mark = fleet.is === 'looking' ? 'working' : fleet.is;
	const glyph: Span = {text: `${glyphOf(mark, look)} `, role: marks[mark].role};
	return row(
		{text: focused ? ` ${signOf('focus', look)} ` : '   ', role: 'accent'},
		{text: `${padded(fleet.name, widths[0])}   `, bold: focused},
		`${padded(fleet.region, widths[1])}   `,
		glyph,
		plainText(fleet.says, look),
	);
}

/** What didn't fit of the focused row, whole. */
function cutWords(focused: Row | undefined, {columns, look}: View, on: Item | undefined, {presets, draft = ''}: HomeSeen): Row[] {
	if (!focused || !on || displayWidth(textOf(focused)) <= columns) return [];
	const says =
		'fleet' in on
			? on.fleet.says
			: 'preset' in on
				? presets.find(({name}) => name === on.preset)?.says
				: on.id === 'draft'
					? leftWords(draft)
					: beginnings.find(({begins}) => begins === on.id)?.says;
	return [emptyRow, ...wrapWhole(plainText(says ?? '', look), columns - 4).map((text) => row({text: `   ${text}`, role: 'quiet'}))];
}

const drawHome: Draw<HomeScreen> = (screen, view) => {
	const {seen} = screen;
	const {look} = view;
	const on = focusedIn(screen)?.id;
	const widths: [number, number] = [
		Math.max(0, ...seen.fleets.map(({name}) => displayWidth(name))),
		Math.max(0, ...seen.fleets.map(({region}) => region.length)),
	];
	const fleets = seen.fleets.map((fleet) => fleetRow(fleet, `${fleet.region} ${fleet.name}` === on, widths, view));
	const isDone = seen.regions > 0 && seen.looked + seen.refused.length >= seen.regions;
	const none = isDone && fleets.length === 0 ? [row('   None stands yet.')] : [];
	const nameWidth = Math.max(
		0,
		...[...beginnings, ...seen.presets, ...(seen.draft === undefined ? [] : [{name: draftName}])].map(({name}) => displayWidth(name)),
	);
	const named = (id: string, name: string, says: string): Row =>
		row(
			{text: id === on ? ` ${signOf('focus', look)} ` : '   ', role: 'accent'},
			{text: `${padded(name, nameWidth)}   `, bold: id === on},
			{text: plainText(says, look), role: 'quiet'},
		);
	const left = seen.draft === undefined ? [] : [named('draft', draftName, leftWords(seen.draft))];
	const begun = [...left, ...beginnings.map(({begins, name, says}) => named(begins, name, says))];
	const presets = seen.presets.map(({name, says, used}) =>
		named(`preset ${name}`, name, `${used === undefined ? '' : `used ${used} ${signOf('dot', look)} `}${says}`),
	);
	const head = looking(seen, view);
	const heading = (text: string): Row[] => [emptyRow, row(' ', {text, bold: true})];
	const rows = [...fleets, ...none, ...heading('Set up'), ...begun, ...heading('Presets'), ...presets];
	const at = rows.findIndex(({spans}) => spans[0]?.text.includes(signOf('focus', look)));
	const who = seen.who === undefined ? [] : [row({text: ` ${plainText(seen.who, look)}`, role: 'quiet'})];
	const cut = cutWords(rows[at], view, focusedIn(screen), seen);
	const list = windowed(rows, Math.max(0, at), bodyRows(view.rows) - head.length - who.length - cut.length, look);
	return [...who, ...head, ...list, ...cut];
};

export const home: ScreenSpec<HomeScreen> = {word: 'home', draw: drawHome, keys: homeKeys};

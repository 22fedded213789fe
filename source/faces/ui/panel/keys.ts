import {panelActions, quarterOf} from '../../../panel/actions.ts';
import type {PanelAct} from '../../../panel/acts/driver.ts';
import {isOff} from '../../../panel/causes/asking.ts';
import {runnerRuns, serviceIs} from '../../../panel/jobs-now.ts';
import {makerIn} from '../../../panel/makers.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import {needsAttention} from '../../words/cells.ts';
import {signOf} from '../../words/glyphs.ts';
import {limitIn} from '../../words/status-words.ts';
import {hurryKey} from '../hints.ts';
import type {Binding, Move, Press, ScreenSpec, View} from '../screen.ts';
import {draftOf, typedInto} from '../screens/field.ts';
import {aboutPanel, layoutNow, panelRows} from './draw.ts';
import {removalOf} from './item.ts';
import {jobLines, listed, listedJobs, movedBy, orders, positionAfter} from './listing.ts';
import {logKeys, movedLog} from './log-view.ts';
import {type PanelScreen, type PanelView, panelViews} from './screen.ts';
import type {PanelSeen} from './seen.ts';
import {configLines, costLines} from './text-views.ts';

const heightOf = (screen: PanelScreen, seen: PanelSeen, view: View): number => layoutNow(screen, seen, view).body;

function scrolledText(screen: PanelScreen, view: View, seen: PanelSeen, key: 'config' | 'costs', by: number): PanelScreen {
	const lines = key === 'config' ? configLines(seen, view) : costLines(seen, view);
	const last = Math.max(0, lines.length - heightOf(screen, seen, view));
	return {...screen, [key]: Math.max(0, Math.min(last, Math.min(screen[key], last) + by))};
}

/** The view that is shown, by so many rows. */
function moved(screen: PanelScreen, view: View, by: number): Move {
	const {panel: seen, now} = view;
	if (!seen) return {to: screen};
	switch (screen.view) {
		case 'workers': {
			const cursor = movedBy(listed(seen.rows, screen.filter.text, screen.order, now), screen.workers, by);
			return {to: {...screen, workers: {...cursor, top: topFor(cursor.at, cursor.top, heightOf(screen, seen, view) - 2)}}};
		}
		case 'jobs': {
			const cursor = movedBy(listedJobs(jobLines(seen), screen.filter.text), screen.jobs, by);
			return {to: {...screen, jobs: {...cursor, top: topFor(cursor.at, cursor.top, heightOf(screen, seen, view) - 2)}}};
		}
		case 'log':
			return {to: movedLog(screen, seen, view, heightOf(screen, seen, view), by)};
		case 'config':
		case 'costs':
			return {to: scrolledText(screen, view, seen, screen.view, by)};
	}
}

/** Where the window begins so that the cursor is in it; it moves only when it must. */
const topFor = (at: number, top: number, height: number): number => (at < top ? at : at >= top + height ? at - height + 1 : top);

const showing = (screen: PanelScreen, view: PanelView): Move => ({to: {...screen, view, typing: false}});

/** The key of what the cursor is on, in a table. */
function focusedKey(screen: PanelScreen, view: View): string | undefined {
	if (!view.panel || screen.view !== 'jobs') return focused(screen, view)?.key;
	const items = listedJobs(jobLines(view.panel), screen.filter.text);
	return items[positionAfter(items, screen.jobs).at]?.key;
}

/** The worker under the cursor. */
function focused(screen: PanelScreen, {panel, now}: View) {
	if (!panel || screen.view !== 'workers') return undefined;
	const items = listed(panel.rows, screen.filter.text, screen.order, now);
	return items[positionAfter(items, screen.workers).at];
}

const prepare = (act: PanelAct): Move => ({panel: {do: 'prepare', act}});

/** What `R` does for a runner that isn't as it should be: one that has crashed starts now, one that has switched itself off asks again; any other is restarted. */
function goingKey(snapshot: Snapshot, now: number): Binding {
	const history = snapshot.journal.value;
	const id = serviceIs(snapshot) === 'crashed' ? 'start' : isOff({history, now}) ? 'ask-again' : 'restart';
	const {key, does} = panelActions[id];
	const says = id === 'restart' ? 'GitLab Runner starts anew once the jobs that run have ended' : '';
	return {press: [key], shows: key, does, help: {says}, act: () => prepare({do: id === 'ask-again' ? 'reload' : id})};
}

/** What removes the worker under the cursor, where it is there for nothing. */
function urgent(screen: PanelScreen, view: View): Binding | undefined {
	const worker = view.panel?.about.readOnly === undefined ? focused(screen, view) : undefined;
	const removed = worker && needsAttention(worker, view.now) ? removalOf(worker) : undefined;
	return removed && {press: ['x'], shows: 'x', does: 'remove it', act: () => removed};
}

/** Keys that change something, where anything can be changed. */
function actingKeys(screen: PanelScreen, view: View): Binding[] {
	const {panel: seen} = view;
	if (!seen || seen.about.readOnly !== undefined) return [];
	const {host, gitlab} = seen.snapshot;
	const maker = makerIn(seen.snapshot);
	const limit = limitIn(seen.snapshot) ?? seen.counts.all;
	const running = runnerRuns(seen.snapshot) !== false && serviceIs(seen.snapshot) !== 'stopping';
	const worker = focused(screen, view);
	const served = gitlab.value?.runner;
	return [
		{
			press: ['s'],
			shows: 's',
			does: 'ssh',
			help: {says: 'a shell on the worker under the cursor, else on the manager'},
			act: () => ({panel: {do: 'shell', ...(worker ? {worker: worker.name} : {})}}),
		},
		...(maker
			? [
					{
						press: ['+', '='],
						shows: '+',
						does: 'limit',
						help: {says: 'more machines at once, and jobs with them'},
						act: (): Move => prepare({do: 'scale', limit: limit + quarterOf(limit)}),
					},
					{
						press: ['-'],
						shows: '',
						does: '',
						help: {key: '-', says: 'a lower limit'},
						act: (): Move => prepare({do: 'scale', limit: Math.max(1, limit - quarterOf(limit))}),
					},
					{
						press: ['m'],
						shows: 'm',
						does: 'move workers',
						help: {says: 'make new ones in another zone, of another type, on spot or on demand'},
						act: (): Move => ({panel: {do: 'moves'}}),
					},
				]
			: []),
		...(host.value
			? [
					{
						press: ['D'],
						shows: 'D',
						does: running ? 'drain' : 'resume',
						help: {says: running ? 'take no more jobs, let those that run end, then remove the machines' : 'take jobs again'},
						act: (): Move => prepare({do: running ? 'drain' : 'resume'}),
					},
				]
			: []),
		...(served
			? [
					{
						press: ['p'],
						shows: 'p',
						does: served.paused ? 'unpause' : 'pause',
						help: {says: served.paused ? 'GitLab gives jobs again' : 'GitLab gives no more jobs, and nothing ends'},
						act: (): Move => prepare({do: 'pause', paused: !served.paused}),
					},
				]
			: []),
		...(urgent(screen, view)
			? []
			: [
					{
						press: ['x'],
						shows: 'x',
						does: 'remove leftovers',
						help: {says: 'workers and keys that no manager looks after'},
						act: (): Move => ({panel: {do: 'leave', to: 'orphans'}}),
					},
				]),
		...(maker
			? [
					{
						press: ['i'],
						shows: 'i',
						does: 'idle',
						help: {says: 'how many machines are kept ready for the next jobs'},
						act: (): Move => prepare({do: 'idle', count: (maker.idleCount ?? 0) + 1}),
					},
				]
			: []),
		...(host.value
			? [{press: ['u'], shows: 'u', does: 'undo', help: {says: 'the answers before the last change'}, act: (): Move => prepare({do: 'undo'})}]
			: []),
		goingKey(seen.snapshot, view.now),
		{
			press: ['r'],
			shows: 'r',
			does: 'repair',
			help: {says: 'look at all that a setup makes, and mend what differs'},
			act: () => ({panel: {do: 'leave', to: 'repair'}}),
		},
	];
}

function filterKeys(screen: PanelScreen): Binding[] {
	const {typing, filter, view} = screen;
	const clear: Binding = {press: ['escape'], shows: 'esc', does: 'show all', act: () => ({to: {...screen, typing: false, filter: draftOf('')}})};
	if (typing) return [{press: ['enter'], shows: 'enter', does: 'keep it', stays: true, act: () => ({to: {...screen, typing: false}})}, clear];
	if (view === 'config' || view === 'costs') return [];
	return [{press: ['/'], shows: '/', does: 'filter', act: () => ({to: {...screen, typing: true}})}, ...(filter.text === '' ? [] : [clear])];
}

const nextView = ({view}: PanelScreen): PanelView => panelViews[(panelViews.indexOf(view) + 1) % panelViews.length] ?? 'workers';

/** The panel's keys, the likeliest first. While a filter is typed, letters are its own. */
function panelKeys(screen: PanelScreen, view: View): Binding[] {
	const {panel: seen, look} = view;
	const page = seen ? Math.max(1, heightOf(screen, seen, view) - 3) : 10;
	const on = focusedKey(screen, view);
	const removed = urgent(screen, view);
	const next = orders[(orders.indexOf(screen.order) + 1) % orders.length] ?? orders[0];
	const moving: Binding[] = [
		{
			press: screen.typing ? ['up'] : ['up', 'k'],
			shows: signOf('upDown', look),
			does: 'move',
			help: {says: 'also k and j'},
			act: () => moved(screen, view, -1),
		},
		{press: screen.typing ? ['down'] : ['down', 'j'], shows: '', does: '', act: () => moved(screen, view, 1)},
		{press: ['pageup'], shows: '', does: '', help: {key: 'PgUp PgDn', says: 'a page up, a page down'}, act: () => moved(screen, view, -page)},
		{press: ['pagedown'], shows: '', does: '', act: () => moved(screen, view, page)},
	];
	if (screen.typing) return [...filterKeys(screen), ...moving];
	return [
		...moving,
		...(removed ? [removed] : []),
		...(seen?.doing?.hurry ? [hurryKey({panel: {do: 'hurry'}})] : []),
		...(seen && screen.view === 'log' ? logKeys(screen, seen, view, heightOf(screen, seen, view)) : []),
		...(on === undefined ? [] : [{press: ['enter'], shows: signOf('enter', look), does: 'details', act: (): Move => ({push: {is: 'panel-item', on}})}]),
		...filterKeys(screen),
		...(screen.view === 'workers' ? [{press: ['o'], shows: 'o', does: `sort by ${next}`, act: (): Move => ({to: {...screen, order: next}})}] : []),
		...actingKeys(screen, view),
		...(screen.view === 'log' && screen.opened !== undefined
			? []
			: [{press: ['y'], shows: 'y', does: 'copy report', help: {says: 'a page for the team, without secrets'}, act: (): Move => ({panel: {do: 'copy'}})}]),
		...panelViews.map(
			(name, at): Binding => ({
				press: [`${at + 1}`],
				shows: '',
				does: '',
				...(at === 0 ? {help: {key: `1 to ${panelViews.length}`, says: panelViews.join(', ')}} : {}),
				act: () => showing(screen, name),
			}),
		),
		{press: ['tab'], shows: 'tab', does: nextView(screen), act: () => showing(screen, nextView(screen))},
		{press: ['home', 'g'], shows: '', does: '', help: {key: 'g G', says: 'the first, the last'}, act: () => moved(screen, view, -1_000_000)},
		{press: ['end', 'G'], shows: '', does: '', act: () => moved(screen, view, 1_000_000)},
		...(seen?.news ? [{press: ['backspace'], shows: '', does: '', act: (): Move => ({panel: {do: 'dismiss'}})}] : []),
		{press: ['q'], shows: 'q', does: 'quit', stays: true, act: () => ({panel: {do: 'leave', to: 'quit'}})},
	];
}

/** What a letter does while a filter is typed. */
function typePanelFilter(screen: PanelScreen, press: Press): Move | undefined {
	if (!screen.typing) return undefined;
	const filter = typedInto(screen.filter, press);
	return filter && {to: {...screen, filter, workers: {at: 0, top: 0}, jobs: {at: 0, top: 0}}};
}

export const panel: ScreenSpec<PanelScreen> = {
	word: 'panel',
	draw: panelRows,
	keys: panelKeys,
	type: typePanelFilter,
	about: aboutPanel,
	isTyping: ({typing}) => typing,
};

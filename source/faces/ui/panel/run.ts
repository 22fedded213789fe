import type {PanelDriver, PanelLeft, Prepared} from '../../../panel/acts/driver.ts';
import {joiner} from '../../../panel/live/join.ts';
import type {Snapshot} from '../../../panel/snapshot.ts';
import {toProblem} from '../../../problem.ts';
import type {ColourRole} from '../../words/glyphs.ts';
import {sentenceOf} from '../../words/lines.ts';
import {byMouse, copiedWords} from '../../words/sentences.ts';
import type {RunParts} from '../run-along.ts';
import type {Screen, UiState} from '../screen.ts';
import {wordsOf} from './acting.ts';
import {type ActScreen, type MovesScreen, panelScreen, settled} from './screen.ts';
import {type PanelMove, type PanelSeen, seenAfter, type Trends} from './seen.ts';

/** What the panel needs of the face: what a run does, to wait, and the person's clipboard. */
export type PanelParts = Omit<RunParts, 'stop'> & {
	later(callback: () => void, ms: number): () => void;
	toClipboard(text: string): void;
	now(): number;
};

/** Milliseconds between two frames that snapshots cause: ten a second at most. */
const pause = 100;

const replaced = (screens: UiState['screens'], is: Screen['is'], change: (screen: Screen) => Screen): UiState['screens'] => {
	const [bottom, ...above] = screens;
	return [bottom, ...above.map((screen) => (screen.is === is ? change(screen) : screen))];
};

const without = (screens: UiState['screens'], ...sorts: Screen['is'][]): UiState['screens'] => {
	const [bottom, ...above] = screens;
	return [bottom, ...above.filter(({is}) => !sorts.includes(is))];
};

/** Keeps what is drawn in step with what is looked at: however fast snapshots come, they are put together ten times a second at most. */
export function following(
	{store, later, now}: Pick<PanelParts, 'store' | 'later' | 'now'>,
	about: PanelDriver['about'],
	trends?: Trends,
): (snapshot: Snapshot) => void {
	const join = joiner();
	let waiting: Snapshot | undefined;
	let due = false;
	const show = (): void => {
		due = false;
		const snapshot = waiting;
		if (!snapshot) return;
		waiting = undefined;
		const at = now();
		const rows = join(snapshot, at);
		store.set(({panel, screens}) => {
			const {before} = about;
			const news = before && {says: before.says, role: before.well ? ('ready' as const) : ('blocked' as const), at};
			const seen = seenAfter(panel ?? {about, ...(news ? {news} : {}), ...(trends ? {trends} : {})}, snapshot, rows, at);
			return {panel: seen, screens: replaced(screens, 'panel', (screen) => (screen.is === 'panel' ? settled(screen, seen, at) : screen))};
		});
	};
	return (snapshot) => {
		waiting = snapshot;
		if (due) return;
		due = true;
		later(show, pause);
	};
}

/** Shows the panel until the person leaves it, and gives where to. */
export async function runPanel(parts: PanelParts, driver: PanelDriver): Promise<PanelLeft> {
	const ended = new AbortController();
	const {store} = parts;
	const left = store.now().panelLeft;
	const before = left?.title === driver.about.title ? left : undefined;
	store.set(() => ({panel: undefined, panelLeft: undefined}));
	const follow = following(parts, driver.about, before?.trends);
	const looking = driver.watch((snapshot) => !ended.signal.aborted && follow(snapshot), ended.signal);
	try {
		return await parts.until<PanelLeft>(before?.screen ?? panelScreen, (settle, refuse) => {
			looking.catch((error: unknown) => (ended.signal.aborted ? undefined : refuse(error)));
			return {panel: acting(parts, driver, settle)};
		});
	} finally {
		ended.abort();
		await looking.catch(() => undefined);
		store.set(() => ({panel: undefined}));
	}
}

function acting({store, handOver, toClipboard, now}: PanelParts, driver: PanelDriver, settle: (left: PanelLeft) => void): (move: PanelMove) => void {
	let ready: Prepared | undefined;
	/** Counts what is looked at, so that a late answer to an earlier question isn't taken. */
	let asked = 0;
	const change = (more: Partial<PanelSeen>): void => store.set(({panel}) => (panel ? {panel: {...panel, ...more}} : {}));
	const tell = (says: string, role: ColourRole): void => change({doing: undefined, news: {says, role, at: now()}});
	const failed = (error: unknown): void => {
		const problem = toProblem(error);
		tell(problem.advice === undefined ? sentenceOf(problem) : `${sentenceOf(problem)} ${problem.advice}`, 'blocked');
	};
	const doing = (says: string, hurry?: () => void): void =>
		store.set(({panel}) => (panel ? {panel: {...panel, doing: {says, from: panel.doing?.from ?? now(), hurry}, news: undefined}} : {}));

	function hurryUp(): void {
		const {panel} = store.now();
		if (!panel?.doing?.hurry) return;
		const {hurry, ...doing} = panel.doing;
		change({doing});
		hurry();
	}

	async function prepare({act, typed}: Extract<PanelMove, {do: 'prepare'}>): Promise<void> {
		const {panel} = store.now();
		if (!panel) return;
		asked += 1;
		const turn = asked;
		ready = undefined;
		const screen: ActScreen = {is: 'panel-act', act, ...(typed === undefined ? {} : {typed})};
		store.set(({screens}) => ({screens: top(without(screens, 'panel-act'), screen)}));
		const show = (more: Partial<ActScreen>): void => {
			if (turn === asked) store.set(({screens}) => ({screens: replaced(screens, 'panel-act', (one) => (one.is === 'panel-act' ? {...one, ...more} : one))}));
		};
		try {
			const prepared = await driver.prepare(act, panel.snapshot);
			if (turn === asked) ready = prepared;
			show({ready: prepared.proposal});
		} catch (error) {
			show({problem: toProblem(error)});
		}
	}

	async function carryOut(): Promise<void> {
		const prepared = ready;
		const screen = store.now().screens.at(-1);
		if (!prepared || screen?.is !== 'panel-act') return;
		ready = undefined;
		const hurry = new AbortController();
		store.set(({screens}) => ({screens: without(screens, 'panel-act', 'panel-moves', 'panel-item')}));
		const say = (says: string): void => doing(`${wordsOf(screen.act)}: ${says}`, prepared.waits && !hurry.signal.aborted ? () => hurry.abort() : undefined);
		say('begins');
		try {
			tell(await prepared.carryOut(say, hurry.signal), 'ready');
		} catch (error) {
			failed(error);
		}
	}

	async function moves(): Promise<void> {
		const {panel} = store.now();
		if (!panel) return;
		const screen: MovesScreen = {is: 'panel-moves', at: 0};
		store.set(({screens}) => ({screens: top(without(screens, 'panel-moves'), screen)}));
		const show = (more: Partial<MovesScreen>): void =>
			store.set(({screens}) => ({screens: replaced(screens, 'panel-moves', (one) => (one.is === 'panel-moves' ? {...one, ...more} : one))}));
		try {
			show({choices: await driver.moves(panel.snapshot)});
		} catch (error) {
			show({problem: toProblem(error)});
		}
	}

	async function shell(worker: string | undefined): Promise<void> {
		const {panel} = store.now();
		if (!panel) return;
		doing(`a shell on ${worker ?? 'the manager'} opens`);
		try {
			const opened = await driver.shell(worker, panel.snapshot);
			let code = 0;
			try {
				await handOver(() => {
					code = opened.run();
					return code === 0;
				});
			} finally {
				await opened.close();
			}
			tell(
				code === 0 ? `The shell on ${worker ?? 'the manager'} has ended.` : `The shell on ${worker ?? 'the manager'} ended with code ${code}.`,
				code === 0 ? 'ready' : 'warning',
			);
		} catch (error) {
			failed(error);
		}
	}

	function copy(text: string | undefined): void {
		const {panel} = store.now();
		if (!panel) return;
		toClipboard(text ?? driver.report(panel.snapshot));
		// The report is on no screen, and of a demo's fleet there is no other way to it.
		const printed = driver.about.demo ? undefined : '`status --report` prints it.';
		tell(copiedWords(text === undefined ? printed : byMouse), 'ready');
	}

	return (move) => {
		switch (move.do) {
			case 'leave':
				if (move.to === 'orphans') store.set(leftAs);
				return settle(move.to);
			case 'prepare':
				return void prepare(move);
			case 'carry out':
				return void carryOut();
			case 'hurry':
				return hurryUp();
			case 'moves':
				return void moves();
			case 'shell':
				return void shell(move.worker);
			case 'copy':
				return copy(move.text);
			case 'dismiss':
				return change({news: undefined});
		}
	};
}

/** What a person who comes back finds again: view, order, cursors and the gauges' history. */
function leftAs({panel, screens}: UiState): Partial<UiState> {
	const screen = screens.find((one) => one.is === 'panel');
	return panel && screen ? {panelLeft: {title: panel.about.title, screen, trends: panel.trends}} : {};
}

const top = ([bottom, ...above]: UiState['screens'], screen: Screen): UiState['screens'] => [bottom, ...above, screen];

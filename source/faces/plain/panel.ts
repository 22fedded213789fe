import type {Ask} from '../../answers/question.ts';
import type {PanelAct, PanelDriver, PanelLeft} from '../../panel/acts/driver.ts';
import {actTyped, actWords, moveChosen} from '../../panel/acts/typed.ts';
import {join} from '../../panel/live/join.ts';
import {hasSettled} from '../../panel/live/verdict.ts';
import type {Snapshot} from '../../panel/snapshot.ts';
import {Stopped, toProblem} from '../../problem.ts';
import type {Face} from '../face.ts';
import type {TerminalLook} from '../words/glyphs.ts';
import {type Line, problemLines} from '../words/lines.ts';
import {statusLines} from '../words/status-table.ts';
import {putQuestion, type Talk} from './prompts.ts';

/** What is typed to wait no more. */
const word = 'now';

/** Hears lines while jobs are waited for, and resolves to true once somebody no longer wants to wait, to false once it is over. */
async function heardNow({say, hear}: Talk, over: AbortSignal): Promise<boolean> {
	say([{mark: 'note', text: `Jobs that run are waited for. Type ${word} and press Enter to end them, and they fail.`}]);
	for (;;) {
		const line = (await hear(over))?.trim();
		if (line === undefined) return false;
		if (line === word || line === 'N') return true;
		if (line !== '') say([{mark: 'blocked', text: `"${line}" means nothing while jobs are waited for: only ${word} does.`}]);
	}
}

/** Work that waits for running jobs, which somebody may end meanwhile; `listens` is called once it waits. */
export async function hurriedInLines<Result>(talk: Talk, work: (hurry: AbortSignal, listens: () => void) => Promise<Result>): Promise<Result> {
	const hurry = new AbortController();
	const over = new AbortController();
	const listens = (): void =>
		void heardNow(talk, over.signal).then(
			(isNow) => isNow && hurry.abort(),
			(error: unknown) => {
				// Nobody is there any more, or all of it was stopped: whoever does the work tells that.
				if (!(error instanceof Stopped)) throw error;
			},
		);
	try {
		return await work(hurry.signal, listens);
	} finally {
		over.abort();
	}
}

/** What the panel of lines needs of the face. */
export type PanelInLines = {talk: Talk; agree: Face['agree']; columns(): number; look: TerminalLook; now(): number};

const besides = [
	{typed: 'Enter', does: 'looks again'},
	{typed: 'shell [WORKER]', does: 'opens a shell on the manager, or on a worker'},
	{typed: 'report', does: 'prints one page of text for the team'},
	{typed: 'repair', does: 'runs setup, which makes it as its answers say'},
	{typed: 'leftovers', does: 'looks at what no manager knows any more'},
	{typed: 'leave', does: 'ends this; the fleet goes on'},
] as const;

/** Where a word leads; a letter is the key of the same on screens, as the panel's own sentences name it. */
const places: Readonly<Record<string, PanelLeft>> = {leave: 'quit', q: 'quit', repair: 'repair', r: 'repair', leftovers: 'orphans', x: 'orphans'};
const keys: Readonly<Record<string, string>> = {m: 'move', p: 'unpause', u: 'undo', R: 'restart', s: 'shell'};

function helpLines(): Line[] {
	const all = [...besides, ...actWords.map(({typed, does, ...more}) => ({typed: 'takes' in more ? `${typed} ${more.takes}` : typed, does}))];
	const subjectWidth = Math.max(...all.map(({typed}) => typed.length));
	return all.map(({typed, does}) => ({subject: typed, subjectWidth, text: does, indent: 2}));
}

/** The live panel as lines: a table when it is asked for, and what can be done as words. */
export async function panelInLines({talk, agree, columns, look, now}: PanelInLines, driver: PanelDriver): Promise<PanelLeft> {
	const {say, ask} = talk;
	const {about} = driver;
	const ended = new AbortController();
	const first = Promise.withResolvers<void>();
	let latest: Snapshot | undefined;
	const looking = driver.watch((snapshot) => {
		latest = snapshot;
		if (hasSettled(snapshot)) first.resolve();
	}, ended.signal);
	looking.then(first.resolve, first.resolve);

	async function carryOut(act: PanelAct, snapshot: Snapshot, endsJobs: boolean): Promise<void> {
		const prepared = await driver.prepare(act, snapshot, endsJobs);
		if (!(await agree(prepared.proposal))) return;
		const done = await hurriedInLines(talk, (hurry, listens) => {
			if (prepared.waits) listens();
			return prepared.carryOut((says) => say([{mark: 'pending', text: says}]), hurry);
		});
		say([{mark: 'done', text: done}]);
	}

	async function shell(worker: string | undefined, snapshot: Snapshot): Promise<void> {
		const opened = await driver.shell(worker, snapshot);
		try {
			const code = opened.run();
			say([{text: `The shell on ${worker ?? 'the manager'} ended${code === 0 ? '' : ` with code ${code}`}.`}]);
		} finally {
			await opened.close();
		}
	}

	/** Does what was typed; says whether the table is to be shown again. */
	async function done(typed: readonly string[], snapshot: Snapshot): Promise<boolean> {
		const [word = '', value] = typed;
		if (word === '') return true;
		if (word === '?') say(helpLines());
		else if (word === 'report')
			say(
				driver
					.report(snapshot)
					.split('\n')
					.map((text) => ({text, verbatim: true})),
			);
		else if (word === 'shell') await shell(value, snapshot);
		else {
			const meant = actTyped(typed);
			if ('wrong' in meant) say([{mark: 'blocked', text: `${meant.wrong} ? says all.`}]);
			else {
				const ask: Ask = (asked) => putQuestion(asked, talk);
				await carryOut('act' in meant ? meant.act : await moveChosen(await driver.moves(snapshot), meant.move, ask), snapshot, meant.now);
			}
		}
		return false;
	}

	try {
		if (about.readOnly !== undefined) say([{mark: 'note', text: about.readOnly}]);
		if (about.before) say([{mark: about.before.well ? 'done' : 'blocked', text: about.before.says}]);
		await first.promise;
		for (let isDue = true; ; ) {
			const snapshot = latest;
			if (!snapshot) throw new Stopped();
			const at = now();
			if (isDue) say(statusLines(snapshot, join(snapshot, at), at, columns(), look).map((text) => ({text, verbatim: true})));
			const [word = '', ...rest] = (await ask('What next? (Enter looks again; ? helps): ')).trim().split(/\s+/);
			const typed = [keys[word] ?? word, ...rest];
			const left = places[word];
			if (left) return left;
			try {
				isDue = await done(typed, latest ?? snapshot);
			} catch (error) {
				if (error instanceof Stopped) throw error;
				isDue = false;
				say(problemLines(toProblem(error)));
			}
		}
	} finally {
		ended.abort();
		await looking.catch(() => undefined);
	}
}

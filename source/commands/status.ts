import {leftCode} from '../faces/wizard/wizard.ts';
import {reportText} from '../faces/words/status-report.ts';
import {changedLines, statusLines} from '../faces/words/status-table.ts';
import type {Fleet} from '../fleet.ts';
import type {PanelAbout} from '../panel/acts/driver.ts';
import {joiner} from '../panel/live/join.ts';
import {statusOf} from '../panel/live/status.ts';
import {hasSettled, type Verdict, verdictOf} from '../panel/live/verdict.ts';
import type {Snapshot} from '../panel/snapshot.ts';
import {watchSources} from '../panel/sources.ts';
import {isProblem, Stopped, toProblem} from '../problem.ts';
import {chosenManager, forFleet, lookingAt, namedFleet, refuseUnknown, tellFleet} from './open.ts';
import {type Command, outputOf, type Session} from './session.ts';
import {lookOnce, type StatusRound, type Watch, watchFleet, watchManager} from './watch.ts';

/** Shows a fleet, or any manager of workers: live on screens, else once or again and again. Exits 0 healthy, 4 not, 1 when it couldn't be looked at. */
export const status: Command = async (session) => {
	if (session.parsed.words.length > 0) return (await import('./panel.ts')).act(session);
	const watch = await watchOf(session);
	if (session.options.report) return report(session, watch);
	// Who asks for lines by name gets a table, as a script does.
	if (session.interactive && session.options.face !== 'plain') return live(session, watch);
	return session.options.watch ? again(session, watch) : once(session, watch);
};

async function watchOf(session: Session): Promise<Watch> {
	if (session.options.manager === undefined) {
		const fleet = await namedFleet(session);
		await refuseUnknown(session, fleet);
		return watchFleet(session, fleet);
	}
	const {id, region} = await chosenManager(session, session.options.manager, '--manager');
	session.face.emit({event: 'note', says: `Manager ${id} is only looked at: nothing is changed there, and no tag or key of ours stays.`});
	return watchManager(session, id, region);
}

/** The live panel, and where a person goes from it. */
export async function live(session: Session, watch: Watch): Promise<number> {
	const {panelDriver} = await import('./panel.ts');
	const {fleet, watched} = watch;
	if ('fleet' in watched) void tellAccount(session, fleet).catch(() => undefined);
	let before: PanelAbout['before'];
	let paid: Snapshot['paid'] | undefined;
	for (;;) {
		const driver = panelDriver(session, watch, before, paid);
		const left = await session.face.show.panel({
			...driver,
			watch: (tell, signal) =>
				driver.watch((snapshot) => {
					paid = snapshot.paid;
					tell(snapshot);
				}, signal),
		});
		if (left === 'quit') return 0;
		// What else is done for it, with screens of its own, leads back to the panel.
		const meanwhile: Session = {...forFleet(session, fleet), leadsTo: 'the panel'};
		before = left === 'repair' ? await cameOf(meanwhile, (await import('./setup.ts')).setup) : await cameOf(meanwhile, (await import('./orphans.ts')).orphans);
		const stopped = session.stops.exit();
		if (stopped !== undefined) return stopped;
	}
}

/** Carries out another command, and gives what came of it in a sentence. */
async function cameOf(session: Session, command: Command): Promise<PanelAbout['before']> {
	const said: string[] = [];
	const {face} = session;
	const hearing: Session = {
		...session,
		face: {
			...face,
			emit(happening) {
				if (happening.event === 'ended') said.push(happening.says);
				face.emit(happening);
			},
			fail: (problem) => void said.push(problem.message),
		},
	};
	try {
		const code = await command(hearing);
		return {says: said.at(-1) ?? 'Nothing was changed.', well: code === 0};
	} catch (error) {
		if (error instanceof Stopped) throw error;
		return {says: toProblem(error).message, well: isProblem(error, leftCode)};
	}
}

/** Tells whose account it is, for the header. */
async function tellAccount(session: Session, fleet: Fleet): Promise<void> {
	const context = lookingAt(session, fleet);
	try {
		await tellFleet(session, context);
	} finally {
		await context.close();
	}
}

/** Seconds between two documents of `--watch`. */
const every = 5;

const exits: Record<Verdict['is'], number> = {healthy: 0, trouble: 4, unknown: 1};

function tell(session: Session, {snapshot, rows, now}: StatusRound): void {
	const {columns = 120, look} = outputOf(session);
	const value = session.options.face === 'json' ? statusOf(snapshot, now, rows) : statusLines(snapshot, rows, now, columns, look);
	session.face.emit({event: 'document', name: 'status', value});
}

/** One document or table, and the exit code: 0 healthy, 4 not, 1 when it couldn't be looked at. */
export async function once(session: Session, watch: Watch): Promise<number> {
	const round = await lookOnce(watch, session.stops.soft);
	const stopped = session.stops.exit();
	if (stopped !== undefined) return stopped;
	tell(session, round);
	return exits[verdictOf(round.snapshot, round.now, round.rows).is];
}

/** A document or the changed lines each round, until the person ends it. */
export async function again(session: Session, {ports, watched}: Watch): Promise<number> {
	const {clock} = ports;
	const signal = session.stops.soft;
	const join = joiner();
	let last: Snapshot | undefined;
	let told: StatusRound | undefined;
	const round = (): StatusRound | undefined => {
		const now = clock.now();
		return last && {snapshot: last, rows: join(last, now), now};
	};
	const printing = async (): Promise<void> => {
		while (!signal.aborted) {
			// A wait that ends early means that the person ends it.
			await clock.sleep(told ? every * 1000 : 500, signal).catch(() => undefined);
			const seen = round();
			if (signal.aborted || !seen || (!told && !hasSettled(seen.snapshot))) continue;
			if (!told || session.options.face === 'json') tell(session, seen);
			else tellChanges(session, told, seen);
			told = seen;
		}
	};
	const emit = (snapshot: Snapshot): void => {
		last = snapshot;
	};
	await Promise.all([watchSources(ports, watched, {signal, emit}), printing()]);
	return session.stops.exit() ?? 0;
}

function tellChanges(session: Session, before: StatusRound, after: StatusRound): void {
	const {columns = 120, look} = outputOf(session);
	const lines = changedLines(before.snapshot, before.rows, after.snapshot, after.rows, after.now, columns, look);
	if (lines.length > 0) session.face.emit({event: 'document', name: 'status', value: lines});
}

/** One page of text for the team. */
export async function report(session: Session, watch: Watch): Promise<number> {
	const {snapshot, rows, now} = await lookOnce(watch, session.stops.soft);
	const stopped = session.stops.exit();
	if (stopped !== undefined) return stopped;
	session.face.emit({event: 'document', name: 'report', value: reportText(snapshot, rows, now)});
	return exits[verdictOf(snapshot, now, rows).is];
}

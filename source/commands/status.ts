import type {Screens} from '../face.ts';
import type {Fleet} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {joiner} from '../snapshot/join.ts';
import type {Row} from '../snapshot/rows.ts';
import type {Snapshot} from '../snapshot/snapshot.ts';
import {watchSources} from '../snapshot/sources.ts';
import {statusOf} from '../snapshot/status.ts';
import {hasSettled, type Verdict, verdictOf} from '../snapshot/verdict.ts';
import {changedLines, statusLines} from '../telling/status-table.ts';
import {identityLook} from '../steps/looks/identity.ts';
import {recordLook} from '../steps/looks/record.ts';
import {mayColour, onlyAscii} from '../faces.ts';
import {chosenManager} from './choosing-manager.ts';
import {namedFleet} from './named-fleet.ts';
import {lookingAt} from './opening.ts';
import type {Command, Session} from './session.ts';
import {type Watch, watchFleet, watchManager} from './status-ports.ts';

/** Seconds until a look counts as complete even though a source has neither told nor failed. */
const patience = 60;
/** Seconds between two documents of `--watch`. */
const every = 5;

const exits: Record<Verdict['is'], number> = {healthy: 0, trouble: 4, unknown: 1};

/** Shows a fleet, or any docker+machine manager: live on screens, else once or again and again. Exits 0 healthy, 4 not, 1 when it couldn't be looked at. */
export const status: Command = async (session) => {
	const [word] = session.parsed.words;
	if (word === 'undo') return (await import('./status-undo.ts')).undo(session);
	if (word !== undefined) throw new Problem({code: 'usage', exit: 2, message: `\`status\` takes \`undo\` or nothing, not ${word}.`});
	const watch = await watchOf(session);
	const {screens} = session.face;
	if (session.options.report) return report(session, watch);
	if (screens && session.interactive) return live(session, watch, screens);
	return session.options.watch ? again(session, watch) : once(session, watch);
};

async function watchOf(session: Session): Promise<Watch> {
	if (session.options.manager === undefined) return watchFleet(session, await namedFleet(session));
	const {id, region} = await chosenManager(session, session.options.manager);
	session.face.emit({event: 'note', says: `Manager ${id} is only looked at: nothing is changed there, and no tag or key of ours stays.`});
	return watchManager(session, id, region);
}

type Round = {snapshot: Snapshot; rows: readonly Row[]; now: number};

/** Looks until every source has told or failed, and gives that. */
async function settled(session: Session, {ports, watched}: Watch): Promise<Round> {
	const {clock} = ports;
	const ended = new AbortController();
	const signal = AbortSignal.any([ended.signal, session.stops.soft]);
	let last: Snapshot | undefined;
	const late = clock.sleep(patience * 1000, signal).then(
		() => ended.abort(),
		() => undefined,
	);
	await watchSources(ports, watched, {
		signal,
		emit(snapshot) {
			last = snapshot;
			if (hasSettled(snapshot)) ended.abort();
		},
	});
	await late;
	const now = clock.now();
	if (!last) throw new Problem({code: 'no-answer', message: `No source has answered within ${patience} s.`, fault: 'outside'});
	return {snapshot: last, rows: joiner()(last, now), now};
}

/** The live panel, and where a person goes from it. */
export async function live(session: Session, watch: Watch, screens: Screens): Promise<number> {
	const {panelDriver} = await import('./status-panel.ts');
	const {fleet, watched} = watch;
	if ('fleet' in watched) void place(session, fleet).catch(() => undefined);
	const left = await screens.panel(panelDriver(session, watch));
	if (left === 'repair') return (await import('./setup.ts')).setup(naming(session, fleet));
	return 0;
}

const naming = (session: Session, {name, region}: Fleet): Session => ({...session, parsed: {...session.parsed, given: {...session.parsed.given, fleet: name, region}}});

/** Tells whose account it is, for the line of place. */
async function place(session: Session, fleet: Fleet): Promise<void> {
	const context = lookingAt(session, fleet);
	try {
		const [{account, arn}, record] = await Promise.all([context.look(identityLook), context.look(recordLook)]);
		session.face.emit({event: 'fleet.known', fleet: fleet.name, region: fleet.region, account, arn, stands: record !== undefined, ...(session.demo ? {demo: true} : {})});
	} finally {
		await context.close();
	}
}

/** One page of text for the team. */
async function report(session: Session, watch: Watch): Promise<number> {
	const {snapshot, rows, now} = await settled(session, watch);
	const stopped = session.stops.exit();
	if (stopped !== undefined) return stopped;
	const {reportText} = await import('../telling/status-report.ts');
	session.face.emit({event: 'document', name: 'report', value: reportText(snapshot, rows, now)});
	return exits[verdictOf(snapshot, now, rows).is];
}

function looking({around: {stdout, env}, options}: Session) {
	const terms = {json: false, plain: true, stdinIsTty: true, stdoutIsTty: stdout.isTTY === true, env};
	return {columns: stdout.columns ?? 120, look: {colour: mayColour(terms, !options.color), ascii: onlyAscii(env)}};
}

function tell(session: Session, {snapshot, rows, now}: Round): void {
	const {columns, look} = looking(session);
	const value = session.options.face === 'json' ? statusOf(snapshot, now, rows) : statusLines(snapshot, rows, now, columns, look);
	session.face.emit({event: 'document', name: 'status', value});
}

async function once(session: Session, watch: Watch): Promise<number> {
	const round = await settled(session, watch);
	const stopped = session.stops.exit();
	if (stopped !== undefined) return stopped;
	tell(session, round);
	return exits[verdictOf(round.snapshot, round.now, round.rows).is];
}

/** A document or the changed lines each round, until the person ends it. */
async function again(session: Session, {ports, watched}: Watch): Promise<number> {
	const {clock} = ports;
	const signal = session.stops.soft;
	const join = joiner();
	let last: Snapshot | undefined;
	let told: Round | undefined;
	const round = (): Round | undefined => {
		const now = clock.now();
		return last && {snapshot: last, rows: join(last, now), now};
	};
	const telling = async (): Promise<void> => {
		while (!signal.aborted) {
			await clock.sleep(told ? every * 1000 : 500, signal).catch(() => undefined);
			const seen = round();
			if (signal.aborted || !seen || (!told && !hasSettled(seen.snapshot))) continue;
			if (!told || session.options.face === 'json') tell(session, seen);
			else tellChanges(session, told, seen);
			told = seen;
		}
	};
	await Promise.all([watchSources(ports, watched, {signal, emit: (snapshot) => void (last = snapshot)}), telling()]);
	return session.stops.exit() ?? 0;
}

function tellChanges(session: Session, before: Round, after: Round): void {
	const {columns, look} = looking(session);
	const lines = changedLines(before.snapshot, before.rows, after.snapshot, after.rows, after.now, columns, look);
	if (lines.length > 0) session.face.emit({event: 'document', name: 'status', value: lines});
}

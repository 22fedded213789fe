import {mayColour, onlyAscii} from '../faces.ts';
import {joiner} from '../snapshot/join.ts';
import type {Snapshot} from '../snapshot/snapshot.ts';
import {watchSources} from '../snapshot/sources.ts';
import {statusOf} from '../snapshot/status.ts';
import {hasSettled, type Verdict, verdictOf} from '../snapshot/verdict.ts';
import {reportText} from '../telling/status-report.ts';
import {changedLines, statusLines} from '../telling/status-table.ts';
import {lookOnce, type Round} from './one-look.ts';
import type {Session} from './session.ts';
import type {Watch} from './status-ports.ts';

/** Seconds between two documents of `--watch`. */
const every = 5;

const exits: Record<Verdict['is'], number> = {healthy: 0, trouble: 4, unknown: 1};

function looking({around: {stdout, env}, options}: Session) {
	const terms = {json: false, plain: true, stdinIsTty: true, stdoutIsTty: stdout.isTTY === true, env};
	return {columns: stdout.columns ?? 120, look: {colour: mayColour(terms, !options.color), ascii: onlyAscii(env)}};
}

function tell(session: Session, {snapshot, rows, now}: Round): void {
	const {columns, look} = looking(session);
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
	let told: Round | undefined;
	const round = (): Round | undefined => {
		const now = clock.now();
		return last && {snapshot: last, rows: join(last, now), now};
	};
	const telling = async (): Promise<void> => {
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
	await Promise.all([watchSources(ports, watched, {signal, emit}), telling()]);
	return session.stops.exit() ?? 0;
}

function tellChanges(session: Session, before: Round, after: Round): void {
	const {columns, look} = looking(session);
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

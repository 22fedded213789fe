import {Problem, Stopped} from '../problem.ts';
import {join} from '../snapshot/join.ts';
import type {Row} from '../snapshot/rows.ts';
import type {Snapshot} from '../snapshot/snapshot.ts';
import {type Watching, watchSources} from '../snapshot/sources.ts';
import {hasSettled} from '../snapshot/verdict.ts';
import type {Watch} from './status-ports.ts';

/** Seconds until a look counts as complete even though a source has neither told nor failed. */
const patience = 60;

/** What one look has told; `now` is milliseconds since 1970. */
export type Round = {snapshot: Snapshot; rows: readonly Row[]; now: number};

/** Looks until every source but those left out has told or failed, and gives that. Throws a Problem where none has within a minute, and `Stopped` where none has before the person ends it. */
export async function lookOnce({ports, watched}: Pick<Watch, 'ports' | 'watched'>, signal: AbortSignal, without: Watching['without'] = []): Promise<Round> {
	const {clock} = ports;
	const ended = new AbortController();
	const until = AbortSignal.any([ended.signal, signal]);
	let last: Snapshot | undefined;
	const late = clock.sleep(patience * 1000, until).then(
		() => ended.abort(),
		() => undefined,
	);
	await watchSources(ports, watched, {
		signal: until,
		without,
		emit(snapshot) {
			last = snapshot;
			if (hasSettled(snapshot)) ended.abort();
		},
	});
	await late;
	const now = clock.now();
	if (!last && signal.aborted) throw new Stopped();
	if (!last) throw new Problem({code: 'no-answer', message: `No source has answered within ${patience} s.`, fault: 'outside'});
	return {snapshot: last, rows: join(last, now), now};
}

import type {Cause} from '../causes/cause.ts';
import type {JobsNow} from '../jobs-now.ts';
import {makerIn} from '../makers.ts';
import {savedBytes} from '../mirror.ts';
import type {WorkerRow} from '../rows.ts';
import {ageOfRow, countRows, spentOfRow} from '../rows.ts';
import {inService, launchesIn} from '../scaling-groups.ts';
import type {Seen} from '../seen.ts';
import type {Snapshot, SourceName} from '../snapshot.ts';
import {startsByDay, type Typically} from '../start-times.ts';
import {costs} from './costs.ts';
import {join} from './join.ts';
import {verdictOf} from './verdict.ts';
import {whyWaiting} from './why-waiting.ts';

/** Form of the status document; another number means that something in it is read differently. */
const statusForm = 1;

/** Sources in the order in which a person is told of them. */
export const sourceOrder = ['ec2', 'group', 'host', 'runner', 'journal', 'gitlab', 'prices', 'record', 'leftovers'] as const satisfies readonly SourceName[];

/** Leaves out what isn't known: in a document, what isn't there is not known, and 0 is 0. */
const known = <Fields extends Record<string, unknown>>(fields: Fields): Partial<Fields> => {
	const said: Partial<Fields> = {};
	return Object.assign(said, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
};

const time = (at: number | undefined): string | undefined => (at === undefined ? undefined : new Date(at).toISOString());
const rounded = (value: number | undefined, digits: number): number | undefined => (value === undefined ? undefined : Number(value.toFixed(digits)));

function workerIn(row: WorkerRow, now: number, paidUntil: number) {
	const {job} = row;
	return {
		name: row.name,
		state: row.state,
		...known({
			detail: row.detail,
			job: job && {
				id: job.id,
				...known({name: job.name, project: job.project, stage: job.stage, url: job.url, since: time(job.since)}),
			},
			type: row.type,
			zone: row.zone,
			market: row.spot === undefined ? undefined : row.spot ? ('spot' as const) : ('on-demand' as const),
			instance: row.instanceId,
			address: row.address,
			createdAt: time(row.createdAt),
			ageSeconds: rounded(ageOfRow(row, now), 0),
			usdPerHour: rounded(row.usdPerHour, 4),
			usdSoFar: rounded(spentOfRow(row, paidUntil), 4),
		}),
	};
}

const causeIn = ({id, says, source, key, since}: Cause) => ({id, says, source, act: key, ...known({since: time(since)})});

const sourceIn = ({at, problem, off}: Seen<unknown>, now: number) =>
	known({
		at: time(at),
		ageSeconds: at === undefined ? undefined : rounded(Math.max(0, now - at) / 1000, 0),
		problem: problem && {code: problem.code, message: problem.message, ...known({advice: problem.advice})},
		off,
	});

function managerIn({ec2, host}: Snapshot) {
	const manager = ec2.value?.manager;
	if (!manager) return undefined;
	return {
		instance: manager.id,
		state: manager.state,
		type: manager.type,
		zone: manager.zone,
		...known({launchedAt: time(manager.launchedAt || undefined), service: host.value?.service.active || undefined}),
	};
}

function runnerIn({host, runner, gitlab}: Snapshot) {
	const metrics = runner.value?.metrics;
	const facts = host.value?.config?.facts;
	const ours = makerIn({host});
	return known({
		name: ours?.name,
		id: ours?.id,
		version: metrics?.version,
		online: gitlab.value?.runner.online,
		paused: gitlab.value?.runner.paused,
		jobs: metrics?.jobs,
		limit: ours?.limit,
		concurrent: facts?.concurrent,
		idleCount: ours?.idleCount,
	});
}

/** Auto Scaling groups, where workers are in some. */
const groupsIn = ({group}: Snapshot) =>
	group.value?.groups.map((one) => ({
		name: one.name,
		desired: one.desired,
		inService: inService(one),
		max: one.max,
		outdated: one.members.filter(({isOutdated}) => isOutdated).length,
	}));

/** The mirror of Docker Hub on the manager, where it has one. */
function mirrorIn({host}: Snapshot) {
	const mirror = host.value?.mirror;
	if (!mirror) return undefined;
	const {counts, disk, pulls, service} = mirror;
	return {
		service: service.active,
		...known({
			parts: counts?.requests,
			hits: counts?.hits,
			savedBytes: counts && savedBytes(counts),
			takenBytes: disk && disk.total - disk.free,
			roomBytes: disk?.total,
			pullsLeft: pulls?.remaining,
			pullsLimit: pulls?.limit,
		}),
	};
}

function jobsIn({journal}: Snapshot, {running, preparing, source}: JobsNow) {
	return known({
		running,
		source: running === undefined ? undefined : source,
		waitingForMachine: preparing && {
			jobs: preparing.jobs,
			...known({longestSeconds: rounded(preparing.longest, 0), usualSeconds: rounded(preparing.usual, 0)}),
		},
		last: journal.value?.jobs.ended.toReversed().map(({job, project, machine, ok, error, why, seconds, at}) => ({
			id: job,
			result: ok ? ('passed' as const) : ('failed' as const),
			endedAt: new Date(at).toISOString(),
			...known({project, machine, seconds: rounded(seconds, 1), reason: why, says: error}),
		})),
	});
}

const typically = ({p50, p95}: Typically) => ({p50Seconds: Number(p50.toFixed(1)), p95Seconds: Number(p95.toFixed(1))});

/** How jobs came to their workers, by day. */
const startsIn = ({gitlab, group, journal}: Snapshot) =>
	journal.value &&
	startsByDay(journal.value.starts, {pulls: gitlab.value?.pulls, launches: launchesIn(group.value)}).map(({day, jobs, forNew, wait, parts, pull}) => ({
		day: new Date(day).toISOString().slice(0, 10),
		jobs,
		forNewWorker: forNew,
		wait: typically(wait),
		ofNewWorker: parts.map((one) => ({part: one.part, ...typically(one)})),
		...known({pull: pull && typically(pull)}),
	}));

/** Everything that `status` tells, as one plain document: times ISO 8601 in UTC, sums in USD, what isn't known left out. Pure; `now` is milliseconds since 1970. */
export function statusOf(snapshot: Snapshot, now: number, rows: readonly WorkerRow[] = join(snapshot, now)) {
	const verdict = verdictOf(snapshot, now, rows);
	const {waiting, causes, jobs} = whyWaiting(snapshot, now, rows);
	const spent = costs(snapshot, rows, now);
	const last = snapshot.record.value?.find(({changes}) => changes.length > 0);
	const sum = (one: typeof spent.today) => one && {usd: Number(one.usd.toFixed(2)), since: new Date(one.since).toISOString()};
	return {
		version: statusForm,
		at: new Date(now).toISOString(),
		region: snapshot.region,
		...known({fleet: snapshot.fleet, manager: managerIn(snapshot)}),
		verdict: {is: verdict.is, says: verdict.says},
		waiting: {known: waiting.known, ...(waiting.known ? {jobs: waiting.jobs, unserved: waiting.unserved.length} : {}), says: waiting.says},
		causes: causes.map(causeIn),
		troubles: verdict.causes.map(causeIn),
		jobs: jobsIn(snapshot, jobs),
		...known({starts: startsIn(snapshot)}),
		runner: runnerIn(snapshot),
		machines: countRows(rows),
		...known({groups: groupsIn(snapshot), mirror: mirrorIn(snapshot)}),
		workers: rows.map((row) => workerIn(row, now, snapshot.paid.at ?? now)),
		costs: known({
			usdPerHour: rounded(spent.perHour, 4),
			managerUsdPerHour: rounded(spent.manager, 4),
			buildersUsdPerHour: rounded(spent.builders?.perHour, 4),
			savedBySpotUsdPerHour: rounded(spent.savedBySpot, 4),
			mostUsdPerHour: rounded(spent.most?.perHour, 4),
			today: sum(spent.today),
			month: sum(spent.month),
			workersWithoutPrice: spent.unpriced,
			machinesWithoutEnd: spent.unended,
		}),
		...known({lastChange: last && {version: last.version, at: new Date(last.at).toISOString(), by: last.by, changes: last.changes.map((one) => ({...one}))}}),
		sources: Object.fromEntries(sourceOrder.map((name) => [name, sourceIn(snapshot[name], now)])),
	};
}

/** The document that `status --json` prints. */
export type StatusDocument = ReturnType<typeof statusOf>;

import type {Case, CauseRow} from '../../../panel/causes/cause.ts';
import {type Coming, comingRows} from '../../../panel/causes/coming.ts';
import {holdingCode} from '../../../panel/causes/refusals.ts';
import {doneIn} from '../../../panel/drained.ts';
import {age, forTime, many, takes} from '../../../panel/formats.ts';
import {once} from '../../../panel/once.ts';
import {undelivered} from './launch-causes.ts';

/** How long the last of them is news, in milliseconds. */
const lately = 15 * 60_000;
/** An instance that ends younger than this without a job was made for nothing, in seconds; so many of them say that it goes on. */
const young = {seconds: 600, count: 3};

/** Instances that went lately without a job having come to them. */
const wasted = ({history, now}: Case) =>
	(history?.gone ?? []).filter(({at, seconds, worked}) => now - at < lately && !worked && seconds !== undefined && seconds < young.seconds);

/** Workers that somebody took away from the panel, by the record's history. */
const removedHere = once(({snapshot: {record}}: Case): {machine: string; at: number}[] =>
	(record.value ?? []).flatMap(({note, at}) => {
		const [, machine] = /^removed (i-[0-9a-f]+)$/.exec(note === undefined ? '' : doneIn(note).done) ?? [];
		return machine === undefined ? [] : [{machine, at}];
	}),
);

/** How long the plugin takes to look at its group again, in milliseconds. */
const betweenUpdates = 90_000;

/** Instances that went lately without the runner's doing, and of how many AWS took back. */
function lostLately(it: Case): {count: number; spot: number; last: number} | undefined {
	const here = new Set(removedHere(it).map(({machine}) => machine));
	const lost = (it.history?.lost ?? []).filter(({at, machine}) => it.now - at < lately && !here.has(machine));
	const last = lost.at(-1)?.at;
	if (last === undefined) return undefined;
	const spot = lost.filter(({machine}) => {
		const instance = it.instanceOf(machine);
		const told = `${instance?.stateReason ?? ''} ${instance === undefined ? '' : (it.snapshot.ec2.value?.spotEnds?.[instance.id]?.code ?? '')}`;
		return /Server\.Spot|marked-for-|instance-terminated-(?:by-price|by-service|no-capacity|capacity-oversubscribed)/.test(told);
	}).length;
	return {count: lost.length, spot, last};
}

/** What new instances end by, one like the other: they are not on their way. */
const unusable = new Set(['docker-group', 'ready-command', 'instance-ssh', 'instance-docker', 'connect-info']);

/** Instances that are on their way. */
const coming = once((it: Case): Coming | undefined => {
	const {runner, idle, counts, creating = 0, rows, metrics} = it;
	const made = counts.creating === 0 ? [] : rows.filter(({state}) => state === 'creating');
	const all = Math.max(creating, made.filter(({executor}) => executor === 'docker-autoscaler').length);
	const count = all - (undelivered(it)?.missing ?? 0);
	if (count <= 0 || holdingCode(it, unusable) || it.groups.some(({failures}) => failures.length > 0)) return undefined;
	const begun = made.flatMap(({createdAt}) => createdAt ?? []);
	const since = begun.length === 0 ? undefined : Math.min(...begun);
	const cold = (runner?.idleCount ?? 0) === 0 && !runner?.scheduled && (idle ?? 0) === 0;
	return {cold, count, since, usual: metrics?.creation?.meanSeconds, source: metrics ? 'runner' : 'group'};
});

/** What becomes of instances while they are there. */
export const lifeCauses: readonly CauseRow[] = [
	{
		// Made, and gone again before a job came: AWS is paid, and nobody is served.
		id: 'churn',
		rank: 'hampered',
		source: 'journal',
		key: 'log',
		tells: (it) => {
			const gone = wasted(it);
			const [first] = gone;
			if (!first || gone.length < young.count) return undefined;
			const most = Math.max(...gone.map(({seconds = 0}) => seconds));
			return {
				says: `${many(gone.length, 'instance')} went again within ${takes(most)} of their start without a job: each is paid for, and serves nobody.`,
				since: first.at,
			};
		},
	},
	{
		id: 'unprotected',
		rank: 'hampered',
		source: 'group',
		key: 'repair',
		refusals: ['unprotected'],
		tells: ({groups}) => {
			const group = groups.find(({protectsNew, isGoing}) => !protectsNew && !isGoing);
			return group && `New instances of ${group.name} aren't protected from scale-in, so Auto Scaling may end one that runs a job.`;
		},
	},
	{
		id: 'rebalances',
		rank: 'hampered',
		source: 'group',
		key: 'repair',
		tells: ({groups}) => {
			const group = groups.find(({suspended, zones, isGoing}) => zones.length > 1 && !isGoing && !suspended.includes('AZRebalance'));
			return group && `Auto Scaling evens ${group.name} out over its zones, and ends instances for it (the process AZRebalance isn't suspended).`;
		},
	},
	{
		// With a rotated token and no id in config.toml an older runner begins to scale a second time, and ends what the first one has.
		id: 'second-scaler',
		rank: 'hampered',
		source: 'journal',
		key: 'config',
		refusals: ['pre-existing'],
		tells: ({history, now, runner}) => {
			const seen = (history?.refused ?? []).filter(({at, refusal}) => refusal.code === 'pre-existing' && now - at < lately);
			const [first] = seen;
			// A service that starts ends what it finds: that is its way.
			if (!first || first.at - (history?.serviceStartedAt ?? 0) < 120_000) return undefined;
			const why = runner?.id === undefined ? ': its entry in config.toml has no `id`, so a rotated token makes a second scaler' : '';
			return {says: `The runner ended ${many(seen.length, 'instance')} that it doesn't know, under the jobs that ran there${why}.`, since: first.at};
		},
	},
	...comingRows({cold: 'cold-instance', warm: 'instances-coming'}, {article: 'an', worker: 'instance', going: 'on the way'}, coming),
	{
		// Somebody, or a policy of the group's, moved the number that only the runner is to move. It says so once, and goes by the new one.
		id: 'out-of-sync',
		rank: 'mishap',
		source: 'journal',
		key: 'log',
		refusals: ['out-of-sync'],
		tells: (it) => {
			const {history, now} = it;
			// A worker that is removed from the panel takes its number along.
			const isOurs = (told: number): boolean => removedHere(it).some(({at}) => told >= at - betweenUpdates && told < at + betweenUpdates);
			const seen = (history?.refused ?? []).filter(({at, refusal}) => refusal.code === 'out-of-sync' && now - at < lately && !isOurs(at));
			const last = seen.at(-1);
			if (!last) return undefined;
			const often = seen.length > 1 ? ` ${many(seen.length, 'time')}` : '';
			return {
				says: `Somebody else changed how many instances the group is to have${often}, last ${age((now - last.at) / 1000)} ago: only the runner should, since it counts on them.`,
				since: last.at,
			};
		},
	},
	{
		// A job that is ended so is told by itself; an idle instance that goes only costs time.
		id: 'removed-outside',
		rank: 'mishap',
		source: 'journal',
		key: 'log',
		tells: (it) => {
			const lost = lostLately(it);
			if (!lost) return undefined;
			const who =
				lost.spot === lost.count
					? ': AWS took its capacity back (spot)'
					: lost.spot > 0
						? `, ${lost.spot} of them taken back by AWS (spot)`
						: ': somebody ended it, or AWS did';
			return {
				says: `${many(lost.count, 'instance')} went without the runner's doing, the last ${age((it.now - lost.last) / 1000)} ago${who}.`,
				since: lost.last,
			};
		},
	},
	{
		id: 'no-instance',
		rank: 'mishap',
		source: 'journal',
		key: 'log',
		refusals: ['no-instance'],
		tells: ({history, now}) => {
			const seen = (history?.refused ?? []).filter(({at, refusal}) => refusal.code === 'no-instance' && now - at < lately);
			const [first, last] = [seen[0], seen.at(-1)];
			if (!first || !last) return undefined;
			const within = /timeout of ([\dhms.]+)/.exec(last.refusal.text)?.[1];
			return {
				says: `No worker came in time${within === undefined ? '' : ` (${within})`} for ${many(seen.length, 'try', 'tries')} of jobs${forTime(first.at, now)}.`,
				since: first.at,
			};
		},
	},
];

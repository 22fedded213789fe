import type {Case, CauseRow} from '../../../panel/causes/cause.ts';
import {type Coming, comingRows} from '../../../panel/causes/coming.ts';
import {holdingCode, machineRefusal, refusalRow} from '../../../panel/causes/refusals.ts';
import {many, money} from '../../../panel/formats.ts';
import {once} from '../../../panel/once.ts';
import {counted} from '../../../world/printable.ts';
import {unmanagedDetail} from './workers.ts';

const certificateCodes = new Set(['certificates']);

/** Whether docker-machine's certificates aren't there. Before the first machine there are none, and docker-machine makes them then. */
const lacksCertificates = (it: Case): boolean =>
	Boolean(it.host?.hasStore && !it.host.certificates && (holdingCode(it, certificateCodes) || it.host.machines.length > 0));

/** Machines that the runner wants at once: with an idle count the ones that are missing, else one for each job that it has taken. */
const wanted = ({runner, creating = 0, idle = 0}: Case): number =>
	(runner?.idleCount ?? 0) > 0 ? Math.max(creating, (runner?.idleCount ?? 0) - idle) : creating;

/** What a create usually takes, in seconds: the middle one of the log's, else the mean of the metrics'. */
function usualCreation({history, metrics}: Case): number | undefined {
	const sorted = (history?.creations ?? []).toSorted((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? metrics?.creation?.meanSeconds;
}

/** When the machine was begun that will be ready first, in milliseconds since 1970. */
const oldest = ({rows}: Case): number | undefined => {
	let first: number | undefined;
	for (const {state, createdAt} of rows) if (state === 'creating' && createdAt !== undefined) first = Math.min(first ?? createdAt, createdAt);
	return first;
};

/** Refusals that come after the launch: an instance is no sign that its machine will be ready. */
const late = new Set(['docker-install', 'docker-never', 'ssh-never', 'certificates', 'disk-full']);

/** Machines that are tried again and again, and end like the last one: they are not on their way. */
function onlyTried(it: Case): boolean {
	const held = machineRefusal(it);
	if (!held) return false;
	return late.has(held.refusal.code) || !it.rows.some(({state, instanceId}) => state === 'creating' && instanceId !== undefined);
}

/** Machines that are on their way. */
const beingMade = once((it: Case): Coming | undefined => {
	const {runner, idle} = it;
	// Those beyond MaxGrowthRate only wait for their turn, though the runner counts them.
	const count = Math.min(it.creating ?? 0, runner?.maxGrowthRate ?? Number.POSITIVE_INFINITY);
	if (count === 0 || onlyTried(it)) return undefined;
	const cold = runner?.idleCount === 0 && !runner.scheduled && (idle ?? 0) === 0;
	return {cold, count, usual: usualCreation(it), since: oldest(it), source: it.metrics ? 'runner' : 'host'};
});

/** What docker-machine does with machines once AWS gives them, by the runner's log, its own store on the manager and the runner's figures. */
export const causes: readonly CauseRow[] = [
	{
		id: 'certificates-missing',
		rank: 'unmade',
		source: 'host',
		key: 'repair',
		tells: (it) =>
			lacksCertificates(it)
				? {says: "docker-machine's certificates are missing on the manager, so no worker can be used.", since: holdingCode(it, certificateCodes)?.since}
				: undefined,
	},
	// Several docker-machine processes that run for the first time at once break them.
	refusalRow({
		id: 'certificates',
		rank: 'unmade',
		key: 'repair',
		refusals: [...certificateCodes],
		says: (_, time, it) => (lacksCertificates(it) ? undefined : `docker-machine's certificates don't fit, so new workers can't be used${time}.`),
	}),
	// Each docker-machine worker has a key pair of its own; leftovers fill the region's 5,000.
	refusalRow({
		id: 'key-pair-quota',
		rank: 'unmade',
		key: 'remove-leftovers',
		refusals: ['KeyPairLimitExceeded'],
		says: (_, time, {snapshot: {leftovers, region}}) => {
			const seen = leftovers.value?.keyPairs.length;
			const count = seen === undefined ? '' : `, ${counted(seen)} of them docker-machine's`;
			return `${region} is full of key pairs${count}${time}, and each worker needs one.`;
		},
	}),
	// Workers come up but Docker doesn't: the install script, the system or the way to the internet.
	refusalRow({
		id: 'docker-install',
		rank: 'unusable',
		key: 'log',
		refusals: ['docker-install'],
		says: ({count}, time) => `Docker can't be installed on new workers${time}: the last ${many(count, 'try', 'tries')} didn't bring it up.`,
	}),
	refusalRow({
		id: 'ssh-never',
		rank: 'unusable',
		key: 'config',
		refusals: ['ssh-never'],
		says: ({count}, time) =>
			`New workers don't answer the manager's SSH${time} (${many(count, 'machine')}): the security group, the user or the route isn't right.`,
	}),
	refusalRow({
		id: 'docker-never',
		rank: 'unusable',
		key: 'config',
		refusals: ['docker-never'],
		says: ({count}, time) =>
			`Docker on new workers doesn't answer the manager on port 2376${time} (${many(count, 'machine')}): the security group or the route isn't right.`,
	}),
	{
		// More machines are wanted than MaxGrowthRate lets be made at a time: the runner counts those that wait for their turn as being made, too.
		id: 'growth-rate',
		rank: 'coming',
		source: 'runner',
		key: 'config',
		tells: (it) => {
			const {runner, creating, idle} = it;
			const most = runner?.maxGrowthRate;
			if (most === undefined || creating === undefined || creating < most || (idle ?? 0) > 0 || wanted(it) <= most) return undefined;
			return `MaxGrowthRate lets ${many(most, 'machine')} be made at a time, and ${wanted(it)} are wanted.`;
		},
	},
	...comingRows({cold: 'cold-start', warm: 'being-made'}, {article: 'a', worker: 'machine', going: 'being made'}, beingMade),
	{
		// Machines in docker-machine's store that no runner of config.toml counts as its own: they cost until somebody takes them away.
		id: 'unmanaged',
		rank: 'mishap',
		source: 'host',
		key: 'remove-leftovers',
		tells: ({counts, rows}) => {
			if (counts.orphan === 0) return undefined;
			const left = rows.filter(({state, detail}) => state === 'orphan' && detail === unmanagedDetail);
			if (left.length === 0) return undefined;
			const prices = left.flatMap(({usdPerHour}) => usdPerHour ?? []);
			const cost = prices.length === 0 ? '' : `, about ${money(prices.reduce((sum, one) => sum + one, 0))} an hour`;
			return `${many(left.length, 'machine is', 'machines are')} managed by no runner any more${cost}: the runner's token or MachineName has changed since.`;
		},
	},
];

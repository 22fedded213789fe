import type {Case, CauseRow} from '../../../panel/causes/cause.ts';
import {refusalRow} from '../../../panel/causes/refusals.ts';
import {forTime, many} from '../../../panel/formats.ts';
import {once} from '../../../panel/once.ts';
import {type FailedLaunch, inService, type ScalingGroupSeen} from '../../../panel/scaling-groups.ts';
import {type LaunchFailure, launchFailure, launchFailureCodes} from '../launch-failures.ts';

/** Instances that take longer than this to come aren't on their way, in milliseconds. */
const patience = 60_000;

type LaunchesFailed = {failure: LaunchFailure; launch: FailedLaunch};

/** Why launches fail, what is told of each reason newest first: one for each. */
const failed = once(({groups, snapshot: {region}}: Case): LaunchesFailed[] =>
	groups.flatMap(({failures, types, zones}) => failures.map((launch) => ({failure: launchFailure(launch.says, {types, zones, region}), launch}))),
);

/** A reason for which launches fail: its sentence holds as long as Auto Scaling says so. */
const launchRow = (code: string): CauseRow => ({
	id: `launch-${code}`,
	rank: 'unmade',
	source: 'group',
	key: 'commands',
	tells: (it) => {
		const same = failed(it).filter(({failure}) => failure.code === code);
		const [newest] = same;
		if (!newest) return undefined;
		const since = Math.min(...same.map(({launch}) => launch.since));
		const count = same.reduce((sum, {launch}) => sum + launch.count, 0);
		const tries = count > 1 ? ` (${many(count, 'try', 'tries')})` : '';
		return {says: `${newest.failure.says}${forTime(since, it.now)}${tries}.`, since, key: newest.failure.key};
	},
});

/** A group whose instances don't come, and how many of them. */
type Undelivered = {group: ScalingGroupSeen; missing: number};

/** Instances that have been asked for and of which there is no sign, though they had their time. */
export const undelivered = once(({groups, now}: Case): Undelivered | undefined =>
	groups
		.filter(({shortSince}) => shortSince !== undefined && now - shortSince >= patience)
		.map((group) => ({group, missing: group.desired - inService(group) - group.members.filter(({state}) => state.startsWith('Pending')).length}))
		.find(({missing}) => missing > 0),
);

/** What AWS says of instances that are asked for and don't come, and what is wrong with the group itself. */
export const launchCauses: readonly CauseRow[] = [
	{
		id: 'launches-suspended',
		rank: 'unmade',
		source: 'group',
		key: 'repair',
		tells: ({groups}) => {
			const group = groups.find(({suspended}) => suspended.includes('Launch'));
			return group && `Somebody has switched off launches of the Auto Scaling group ${group.name} (the process Launch is suspended).`;
		},
	},
	{
		// The runner asks for more than the group may have, and Auto Scaling refuses it.
		id: 'group-max',
		rank: 'unmade',
		source: 'group',
		key: 'repair',
		refusals: ['above-max'],
		tells: (it) => {
			const {groups, runner, limit} = it;
			const group = groups.find(({name}) => name === runner?.group);
			if (!group || limit === undefined || group.max >= limit) return undefined;
			return `The Auto Scaling group ${group.name} may have ${many(group.max, 'instance')}, and the runner ${limit}: what is beyond is refused.`;
		},
	},
	...[...launchFailureCodes, 'launch-failed'].map(launchRow),
	{
		id: 'not-delivered',
		rank: 'unmade',
		source: 'group',
		key: 'commands',
		tells: (it) => {
			const {group, missing} = undelivered(it) ?? {};
			if (!group || missing === undefined || failed(it).length > 0 || group.suspended.includes('Launch')) return undefined;
			const since = group.shortSince;
			return {says: `${many(missing, 'instance')} of ${group.desired} haven't come${forTime(since, it.now)}, and Auto Scaling says no reason.`, since};
		},
	},
	refusalRow({
		id: 'scaling-refused',
		rank: 'unmade',
		key: 'repair',
		refusals: ['ValidationError', 'ScalingActivityInProgress', 'ResourceContention'],
		says: ({refusal: {code, text}}, time) =>
			`Auto Scaling refuses another number of workers${time} (${code}): ${text.split(`${code}: `).at(-1)?.replace(/\.$/, '') ?? ''}.`,
	}),
];

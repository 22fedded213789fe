import type {AnyStep, Change, Context, Finding, Found, Note, Removal, Report, Step} from '../../engine/step.ts';
import {type Fleet, names} from '../../fleet.ts';
import {many} from '../../panel/formats.ts';
import {Problem, unless} from '../../problem.ts';
import {aws, tagArguments} from '../../steps/aws-cli.ts';
import {Blocked, differs, orBlocked} from '../../steps/finding.ts';
import {spreading, untilSeen, whenKnown} from '../../steps/late.ts';
import {pauseAfter} from '../../steps/launch.ts';
import {bearsMark, tagChanges, tagsOf} from '../../steps/tags.ts';
import type {AutoScalingGroup} from '../../world/cloud/port.ts';
import {until} from '../../world/laptop/clock.ts';
import {
	type GroupSetting,
	groupInput,
	groupTags,
	groupTagsMissing,
	notSmaller,
	settingChanges,
	settingOf,
	suspended,
	suspendedBesides,
	unsuspended,
} from './group-settings.ts';
import {withRoom} from './limits.ts';
import {groupNamed, isGoing, scalingActions, scalingLook} from './looks.ts';

declare module '../../engine/step.ts' {
	interface Found {
		group: {name: string};
	}
}

export const groupActions = [
	...scalingActions,
	'autoscaling:CreateAutoScalingGroup',
	'autoscaling:UpdateAutoScalingGroup',
	'autoscaling:SuspendProcesses',
	'autoscaling:CreateOrUpdateTags',
	'autoscaling:DeleteAutoScalingGroup',
	// Auto Scaling tries a launch with the rights of whoever makes the group.
	'ec2:RunInstances',
	'ec2:CreateTags',
] as const;

/** Whether a group is the fleet's. */
export const isOurs = (fleet: Fleet, group: AutoScalingGroup): boolean => bearsMark(fleet, tagsOf(group.Tags), 'group');

/** Somebody else's group of our name: it blocks, and is never touched. */
export const foreignGroup = (name: string): Blocked =>
	new Blocked(
		'AlreadyExists',
		`An Auto Scaling group ${name} is already there, and it isn't this fleet's, so it stays as it is.`,
		'Name the fleet otherwise with `--fleet`, or delete that group where nobody uses it.',
	);

function notesOf(group: AutoScalingGroup, fleet: Fleet): Note[] {
	const besides = suspendedBesides(group);
	if (besides.length === 0) return [];
	const name = names.scalingGroup(fleet);
	return [
		{
			says: `Somebody has suspended ${besides.join(', ')} of ${name}.`,
			advice: aws(fleet, 'autoscaling', 'resume-processes', '--auto-scaling-group-name', name, '--scaling-processes', ...besides),
		},
	];
}

function changesOf(context: Pick<Context, 'answers'>, group: AutoScalingGroup, setting: GroupSetting): Change[] {
	return [
		...settingChanges(group, setting),
		...unsuspended(group).map((process): Change => ({what: process, from: 'on', to: 'suspended', how: 'live'})),
		...tagChanges(context.answers, [tagsOf(group.Tags)]),
	];
}

async function check(context: Context, found: Pick<Found, 'network'>): Promise<Finding<Found['group']>> {
	const {answers, fleet} = context;
	const name = names.scalingGroup(fleet);
	const scaling = await context.look(scalingLook);
	const group = groupNamed(scaling, name);
	const zones = found.network.workerSubnets.map(({zone}) => zone).join(', ');
	const says = `${name}: at most ${answers.limit} workers in ${zones}`;
	if (group && !isOurs(fleet, group)) throw foreignGroup(name);
	if (!group || isGoing(group)) return {is: 'missing', says};
	const {template} = scaling;
	const resource = {name};
	if (!template) return differs(resource, [{what: 'launch template', from: 'gone', to: names.launchTemplate(fleet), how: 'live'}]);
	const changes = changesOf(context, group, notSmaller(group, settingOf(context, found, template)));
	const notes = notesOf(group, fleet);
	if (changes.length > 0) return differs(resource, changes, notes);
	return {is: 'ready', resource, says, notes};
}

/** Looks anew until a group can be seen, or, where it's on its way out, until it's gone. */
async function seenAnew(context: Context | Removal, name: string): Promise<AutoScalingGroup | undefined> {
	context.forget(scalingLook);
	return groupNamed(await context.look(scalingLook), name);
}

/** Instances of a group take a minute or two to end; one that has none goes at once. */
const endings = {tries: 122, pause: pauseAfter};

/** Waits until groups of these names are gone, with their instances. Throws a Problem after ten minutes. */
async function untilGone(context: Context | Removal, groups: readonly string[], report: Report): Promise<void> {
	const left = async (): Promise<AutoScalingGroup[]> => {
		context.forget(scalingLook);
		const scaling = await context.look(scalingLook);
		return groups.flatMap((name) => groupNamed(scaling, name) ?? []);
	};
	const waiting = (going: AutoScalingGroup[]): void => {
		const count = going.reduce((sum, {Instances = []}) => sum + Instances.length, 0);
		report({
			says: `${going.map(({AutoScalingGroupName}) => AutoScalingGroupName).join(', ')} ending${count === 0 ? '' : `, ${count === 1 ? '1 worker' : `${count} workers`} with it`}`,
		});
	};
	const stays = await until(context, endings, left, (going) => going.length === 0, waiting);
	if (stays.length === 0) return;
	throw new Problem({
		code: 'group-stays',
		fault: 'outside',
		again: true,
		message: `${stays.map(({AutoScalingGroupName}) => AutoScalingGroupName).join(', ')} hasn't gone after ten minutes.`,
		advice: 'Run the same command again.',
	});
}

const unseen = (name: string): Problem =>
	new Problem({
		code: 'group-unseen',
		fault: 'outside',
		again: true,
		message: `AWS doesn't show the Auto Scaling group ${name} yet.`,
		advice: 'Run the same command again.',
	});

/** Makes a group without an instance, or finds the one that somebody else's run of this fleet made a moment ago: its name is what keeps it from being two. */
async function create(context: Context, name: string, setting: GroupSetting, report: Report): Promise<AutoScalingGroup> {
	const {answers, cloud, fleet} = context;
	report({says: `making ${name}`});
	const call = () =>
		cloud.call('CreateAutoScalingGroup', {
			...groupInput(setting),
			AutoScalingGroupName: name,
			MinSize: 0,
			MaxSize: setting.most,
			DesiredCapacity: 0,
			Tags: groupTags(fleet, answers, name),
		});
	await unless(whenKnown(context, report, call), 'AlreadyExists');
	const group = await untilSeen(
		context,
		() => seenAnew(context, name),
		() => report({says: `waiting until AWS shows ${name}`}),
	);
	if (!group) throw unseen(name);
	return group;
}

/** Brings a group to what is wanted of it, by no more calls than that takes. */
export async function bringAbout(context: Context, name: string, setting: GroupSetting, report: Report): Promise<void> {
	const {answers, cloud, fleet} = context;
	let group = groupNamed(await context.look(scalingLook), name);
	if (group && isGoing(group)) {
		await untilGone(context, [name], report);
		group = undefined;
	}
	group ??= await create(context, name, setting, report);
	// It may have come meanwhile.
	if (!isOurs(fleet, group)) throw foreignGroup(name).problem;
	const wanted = notSmaller(group, setting);
	if (settingChanges(group, wanted).length > 0) {
		report({says: `${name} being changed`});
		await whenKnown(context, report, () => cloud.call('UpdateAutoScalingGroup', {...groupInput(wanted), AutoScalingGroupName: name}));
	}
	if (unsuspended(group).length > 0) await cloud.call('SuspendProcesses', {AutoScalingGroupName: name, ScalingProcesses: [...suspended]});
	const tags = groupTagsMissing(fleet, answers, group);
	if (tags.length > 0) await cloud.call('CreateOrUpdateTags', {Tags: tags});
	context.forget(scalingLook);
}

async function apply(context: Context, found: Pick<Found, 'network' | 'launch-template'>, _finding: unknown, report: Report): Promise<void> {
	await bringAbout(context, names.scalingGroup(context.fleet), settingOf(context, found, found['launch-template']), report);
}

/** What of a step is about groups of the fleet, by their names: those that stand, whether on their way out or not, and how they go. */
export function groupParts(isOfThis: (name: string, fleet: Fleet) => boolean, says: (workers: number) => string): Required<Pick<AnyStep, 'stands' | 'remove'>> {
	async function own(context: Removal): Promise<(AutoScalingGroup & {AutoScalingGroupName: string})[]> {
		const {groups} = await context.look(scalingLook);
		return groups.flatMap((group) => {
			const {AutoScalingGroupName: name = ''} = group;
			return isOurs(context.fleet, group) && isOfThis(name, context.fleet) ? [{...group, AutoScalingGroupName: name}] : [];
		});
	}
	return {
		stands: async (context) => (await own(context)).map(({AutoScalingGroupName: id, Instances = []}) => ({id, says: says(Instances.length), goes: true})),
		/** Ends them with all that is in them, and waits until they're gone: what they use can only go then. */
		async remove(context, report) {
			const groups = await own(context);
			for (const group of groups) {
				if (isGoing(group)) continue;
				await unless(context.cloud.call('DeleteAutoScalingGroup', {AutoScalingGroupName: group.AutoScalingGroupName, ForceDelete: true}), 'ValidationError');
			}
			const gone = groups.map(({AutoScalingGroupName}) => AutoScalingGroupName);
			await untilGone(context, gone, report);
			if (gone.length > 0) report({says: `${gone.join(', ')} deleted`});
			context.forget(scalingLook);
		},
	};
}

/** The Auto Scaling group that workers are in. How many there are is the runner's: it asks for them and ends them. */
export const groupStep: Step<'group', 'network', 'record' | 'permissions' | 'quota' | 'scaling-role' | 'launch-template' | 'worker-key' | 'test-worker'> = {
	name: 'group',
	title: 'Auto Scaling group',
	needs: ['network'],
	after: ['record', 'permissions', 'quota', 'scaling-role', 'launch-template', 'worker-key'],
	// A runner asks a group that stands for workers at any time.
	changesAfter: ['test-worker'],
	actions: groupActions,
	settles: spreading,
	check: orBlocked(check),
	apply,
	// The group in which a worker is tried has a step of its own.
	...groupParts(
		(name, fleet) => name !== names.testGroup(fleet),
		(workers) => `Auto Scaling group${workers > 0 ? ` with ${many(workers, 'worker')}` : ''}`,
	),
	commands(answers, fleet) {
		const name = names.scalingGroup(fleet);
		const policy = groupInput({answers, most: withRoom(answers.limit), subnetIds: [], template: {id: 'TEMPLATE', version: 1}}).MixedInstancesPolicy;
		return [
			aws(
				fleet,
				'autoscaling',
				'create-auto-scaling-group',
				...['--auto-scaling-group-name', name, '--min-size', '0', '--max-size', String(withRoom(answers.limit)), '--desired-capacity', '0'],
				...['--mixed-instances-policy', JSON.stringify(policy), '--vpc-zone-identifier', 'SUBNETS', '--new-instances-protected-from-scale-in'],
				...['--tags', ...tagArguments(Object.fromEntries(groupTags(fleet, answers, name).map(({Key, Value}) => [Key ?? '', Value ?? ''])))],
			),
			aws(fleet, 'autoscaling', 'suspend-processes', '--auto-scaling-group-name', name, '--scaling-processes', ...suspended),
		];
	},
};

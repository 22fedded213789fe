import type {Change, Context, Found} from '../../engine/step.ts';
import {type Answers, type Fleet, mark} from '../../fleet.ts';
import {missingTags, tagList, tagsOf} from '../../steps/tags.ts';
import type {AutoScalingGroup, Input} from '../../world/cloud/port.ts';
import {printable} from '../../world/printable.ts';
import {workerTypesOf} from '../offered.ts';
import {withRoom} from './limits.ts';

/** What a group is to be: the wanted version of the template, and the most instances that it may have. */
export type GroupSetting = {
	answers: Answers;
	subnetIds: readonly string[];
	template: {id: string; version: number};
	most: number;
};

/** How many workers are on demand, and how spot ones are chosen; without spot all are on demand. */
const distribution = ({onDemandBase, onDemandShare, spot, spotPrice}: Answers) => ({
	OnDemandAllocationStrategy: 'prioritized',
	OnDemandBaseCapacity: spot ? onDemandBase : 0,
	OnDemandPercentageAboveBaseCapacity: spot ? onDemandShare : 100,
	SpotAllocationStrategy: 'price-capacity-optimized',
	// An empty price takes away one that stands.
	SpotMaxPrice: spot && spotPrice !== 'on-demand' ? String(spotPrice) : '',
});

/** What of a group is set by the calls that make it and change it. Its number is the runner's, and stays. */
export function groupInput({answers, most, subnetIds, template}: GroupSetting): Omit<Input<'UpdateAutoScalingGroup'>, 'AutoScalingGroupName'> {
	return {
		MinSize: 0,
		MaxSize: most,
		VPCZoneIdentifier: subnetIds.join(','),
		MixedInstancesPolicy: {
			LaunchTemplate: {
				LaunchTemplateSpecification: {LaunchTemplateId: template.id, Version: String(template.version)},
				Overrides: workerTypesOf(answers).map((InstanceType) => ({InstanceType})),
			},
			InstancesDistribution: distribution(answers),
		},
		NewInstancesProtectedFromScaleIn: true,
		CapacityRebalance: false,
		HealthCheckType: 'EC2',
	};
}

/** The group's own tags; its instances get the mark by the template, and by these should somebody change that. */
export function groupTags(fleet: Fleet, answers: Pick<Answers, 'tags'>, name: string): NonNullable<Input<'CreateAutoScalingGroup'>['Tags']> {
	const own = {ResourceId: name, ResourceType: 'auto-scaling-group', PropagateAtLaunch: false};
	return tagList(answers.tags, mark(fleet, 'group')).map((tag) => ({...own, ...tag}));
}

/** The tags of the answers that a group lacks, as the call sets them. */
export function groupTagsMissing(fleet: Fleet, answers: Pick<Answers, 'tags'>, group: AutoScalingGroup): NonNullable<Input<'CreateOrUpdateTags'>['Tags']> {
	const missing = missingTags(answers, tagsOf(group.Tags));
	return groupTags(fleet, answers, group.AutoScalingGroupName ?? '').filter(({Key}) => Key !== undefined && Key in missing);
}

/** What an Auto Scaling group that swaps zones by itself would do to a job is not for it to do. */
export const suspended = ['AZRebalance'];

type GroupPart = {what: string; is(group: Partial<AutoScalingGroup>): string};

const policy = ({MixedInstancesPolicy}: Partial<AutoScalingGroup>) => MixedInstancesPolicy;
const spread = (group: Partial<AutoScalingGroup>) => policy(group)?.InstancesDistribution;
const onOff = (is: boolean | undefined): string => (is === true ? 'on' : 'off');

/** A group part by part, as answers and people name them. */
const parts: readonly GroupPart[] = [
	{
		what: 'launch template',
		is(group) {
			const named = policy(group)?.LaunchTemplate?.LaunchTemplateSpecification ?? group.LaunchTemplate;
			return named === undefined ? 'none' : `${named.LaunchTemplateId ?? named.LaunchTemplateName}, version ${named.Version ?? '$Default'}`;
		},
	},
	{what: 'most instances', is: ({MaxSize}) => String(MaxSize ?? 0)},
	{what: 'least size', is: ({MinSize}) => String(MinSize ?? 0)},
	{
		what: 'workerTypes',
		is: (group) =>
			(policy(group)?.LaunchTemplate?.Overrides ?? [])
				.map(({InstanceType, WeightedCapacity}) => `${InstanceType ?? 'another rule'}${WeightedCapacity === undefined ? '' : ` of weight ${WeightedCapacity}`}`)
				.join(', ') || "the template's",
	},
	{what: 'workerSubnets', is: ({VPCZoneIdentifier}) => (VPCZoneIdentifier ?? '').split(',').toSorted().join(', ')},
	{what: 'spot', is: (group) => (spread(group)?.OnDemandPercentageAboveBaseCapacity === 100 ? 'no' : 'yes')},
	{what: 'onDemandBase', is: (group) => String(spread(group)?.OnDemandBaseCapacity ?? 0)},
	{what: 'onDemandShare', is: (group) => `${spread(group)?.OnDemandPercentageAboveBaseCapacity ?? 100} %`},
	{what: 'spotPrice', is: (group) => spread(group)?.SpotMaxPrice || 'on-demand'},
	{what: 'choice of spot', is: (group) => spread(group)?.SpotAllocationStrategy ?? 'lowest-price'},
	{what: 'choice on demand', is: (group) => spread(group)?.OnDemandAllocationStrategy ?? 'prioritized'},
	{what: 'protection from scale-in', is: ({NewInstancesProtectedFromScaleIn}) => onOff(NewInstancesProtectedFromScaleIn)},
	{what: 'capacity rebalancing', is: ({CapacityRebalance}) => onOff(CapacityRebalance)},
	{what: 'health check', is: ({HealthCheckType}) => HealthCheckType ?? 'EC2'},
];

const suspendedIn = ({SuspendedProcesses}: AutoScalingGroup): string[] => (SuspendedProcesses ?? []).flatMap(({ProcessName}) => ProcessName ?? []);

/** Processes that have to be suspended and aren't. */
export const unsuspended = (group: AutoScalingGroup): string[] => suspended.filter((process) => !suspendedIn(group).includes(process));

/** Processes that somebody has suspended besides, without which the group does less than it should. */
export const suspendedBesides = (group: AutoScalingGroup): string[] => suspendedIn(group).filter((process) => !suspended.includes(process));

/**
 * What is wanted of a group that stands: it is never made smaller than it may be, since Auto Scaling would take its number down with it, while the instances, which are
 * protected, stay: the plugin could then ask for none any more (docs/facts.md, "Auto Scaling: groups").
 */
export const notSmaller = (standing: AutoScalingGroup, setting: GroupSetting): GroupSetting => ({
	...setting,
	most: Math.max(setting.most, standing.MaxSize ?? 0),
});

/** What the call that changes a group is needed for. */
export function settingChanges(standing: AutoScalingGroup, setting: GroupSetting): Change[] {
	const wanted: Partial<AutoScalingGroup> = groupInput(setting);
	return parts.filter(({is}) => is(standing) !== is(wanted)).map(({is, what}): Change => ({what, from: printable(is(standing)), to: is(wanted), how: 'live'}));
}

/** The setting of the fleet's group. */
export const settingOf = ({answers}: Pick<Context, 'answers'>, {network}: Pick<Found, 'network'>, template: {id: string; version: number}): GroupSetting => ({
	answers,
	template,
	subnetIds: network.workerSubnets.map(({id}) => id),
	most: withRoom(answers.limit),
});

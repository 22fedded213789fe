import type {InstancesDistribution, LaunchTemplate, MixedInstancesPolicy} from '@aws-sdk/client-auto-scaling';
import {onlyKnows, required} from '../asked.ts';
import type {Here} from '../here.ts';
import {judgeLaunch} from '../launch.ts';
import {isRefusal, refusal} from '../refusal.ts';
import {launchInput, typesOf} from './capacity.ts';
import {dataOf} from './launch-templates.ts';
import type {ScalingGroupState} from './state.ts';

/** Auto Scaling's word for nearly everything that it doesn't take. */
export const invalid = (message: string): Error => refusal('ValidationError', message);

const strategies = ['price-capacity-optimized', 'capacity-optimized', 'lowest-price'];

function distributed(asked: InstancesDistribution = {}, before?: ScalingGroupState['distribution']): ScalingGroupState['distribution'] {
	onlyKnows('InstancesDistribution', asked, [
		'OnDemandAllocationStrategy',
		'OnDemandBaseCapacity',
		'OnDemandPercentageAboveBaseCapacity',
		'SpotAllocationStrategy',
		'SpotInstancePools',
		'SpotMaxPrice',
	]);
	const {SpotMaxPrice, SpotInstancePools, ...named} = {...before, ...asked};
	const strategy = named.SpotAllocationStrategy ?? 'lowest-price';
	if (!strategies.includes(strategy)) throw invalid(`Invalid SpotAllocationStrategy ${strategy}.`);
	if (SpotInstancePools !== undefined && strategy !== 'lowest-price')
		throw invalid('SpotInstancePools option is only available with the lowest-price allocation strategy.');
	return {
		OnDemandAllocationStrategy: named.OnDemandAllocationStrategy ?? 'prioritized',
		OnDemandBaseCapacity: named.OnDemandBaseCapacity ?? 0,
		OnDemandPercentageAboveBaseCapacity: named.OnDemandPercentageAboveBaseCapacity ?? 100,
		SpotAllocationStrategy: strategy,
		...(strategy === 'lowest-price' ? {SpotInstancePools: SpotInstancePools ?? 2} : {}),
		...(SpotMaxPrice ? {SpotMaxPrice} : {}),
	};
}

function typesIn(launch: LaunchTemplate | undefined, before: string[]): string[] {
	if (launch?.Overrides === undefined) return before;
	for (const override of launch.Overrides) onlyKnows('Overrides', override, ['InstanceType']);
	const types = launch.Overrides.map(({InstanceType}) => required(InstanceType, 'InstanceType'));
	if (types.length > 40) throw invalid('The number of overrides exceeds the maximum of 40.');
	if (new Set(types).size < types.length) throw invalid('Duplicate instance types in the overrides of the mixed instances policy.');
	return types;
}

/** What a policy and a list of subnets make of a group; `before`: as it stood. */
type GroupShape = Pick<ScalingGroupState, 'templateId' | 'version' | 'types' | 'distribution' | 'subnetIds'>;

/** Reads a policy and a list of subnets as Auto Scaling does, over what stood before; throws its refusal. */
export function shaped(policy: MixedInstancesPolicy | undefined, subnets: string | undefined, {region, now}: Here, before?: GroupShape): GroupShape {
	const launch = policy?.LaunchTemplate;
	const named = launch?.LaunchTemplateSpecification;
	const subnetIds = subnets?.split(',').map((id) => id.trim()) ?? before?.subnetIds ?? [];
	if (subnetIds.length === 0) throw invalid('At least one Availability Zone or VPC Subnet is required.');
	const unknown = subnetIds.find((id) => !region.subnets.some((subnet) => subnet.id === id));
	if (unknown !== undefined) throw invalid(`The subnet ID '${unknown}' does not exist`);
	if (!before && !named)
		throw invalid('Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.');
	const {LaunchTemplateId: id, LaunchTemplateName: name} = named ?? {LaunchTemplateId: before?.templateId};
	const template = [...region.templates.values()].find((one) => one.knownFrom <= now && (id === undefined ? one.name === name : one.id === id));
	const which = id === undefined ? `template name ${name}` : `template ID ${id}`;
	if (!template) throw invalid(`You must use a valid fully-formed launch template. The specified launch template, with ${which}, does not exist.`);
	const version = named === undefined ? (before?.version ?? '$Default') : (named.Version ?? '$Default');
	const data = dataOf(template, version);
	if (!data)
		throw invalid(
			`You must use a valid fully-formed launch template. Could not find the specified version ${version} for the launch template with ID ${template.id}.`,
		);
	if (data.InstanceMarketOptions) throw invalid('Incompatible launch template: InstanceMarketOptions can’t be used with a mixed instances policy.');
	return {
		templateId: template.id,
		version,
		types: typesIn(launch, before?.types ?? []),
		distribution: distributed(policy?.InstancesDistribution, before?.distribution),
		subnetIds,
	};
}

/** Auto Scaling tries what it's given: a launch's dry run, with the caller's rights. */
export function judgeShape(shape: GroupShape, here: Here): void {
	const {region} = here;
	const template = region.templates.get(shape.templateId);
	const data = template && dataOf(template, shape.version);
	const subnet = region.subnets.find(({id}) => id === shape.subnetIds[0]);
	const [type] = data ? typesOf(shape, data) : [];
	if (!data || !subnet || type === undefined) return;
	try {
		judgeLaunch(launchInput(data, {subnet, type}, undefined, false), here);
	} catch (error) {
		if (!isRefusal(error)) throw error;
		throw invalid(`You must use a valid fully-formed launch template. ${error.message}`);
	}
}

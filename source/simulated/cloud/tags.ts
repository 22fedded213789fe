import {onlyKnows, required} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {refusal} from './refusal.ts';
import {tagWith} from './tag-rules.ts';

/** EC2's code for a missing thing of each kind. */
const missing: Record<string, string> = {
	i: 'InvalidInstanceID.NotFound',
	sg: 'InvalidGroup.NotFound',
	sgr: 'InvalidSecurityGroupRuleId.NotFound',
	key: 'InvalidKeyPair.NotFound',
	ami: 'InvalidAMIID.NotFound',
	snap: 'InvalidSnapshot.NotFound',
	vol: 'InvalidVolume.NotFound',
	sir: 'InvalidSpotInstanceRequestID.NotFound',
	subnet: 'InvalidSubnetID.NotFound',
	vpc: 'InvalidVpcID.NotFound',
	lt: 'InvalidLaunchTemplateId.NotFound',
};

function tagged({region, now}: Here, id: string): {tags: Record<string, string>} {
	const kind = id.split('-')[0] ?? '';
	const all: Record<string, () => {tags: Record<string, string>} | undefined> = {
		i: () => region.instances.get(id),
		sg: () => [region.groups.get(id)].find((group) => group !== undefined && group.knownFrom <= now),
		sgr: () => [...region.groups.values()].flatMap(({inbound}) => inbound).find((rule) => rule.id === id),
		key: () => [...region.keyPairs.values()].find((pair) => pair.id === id),
		ami: () => [region.images.get(id)].find((image) => image?.deregistered === undefined),
		snap: () => region.snapshots.get(id),
		vol: () => region.volumes.get(id),
		sir: () => region.spotRequests.get(id),
		subnet: () => region.subnets.find((subnet) => subnet.id === id),
		vpc: () => region.vpcs.find((vpc) => vpc.id === id),
		lt: () => region.templates.get(id),
	};
	const found = all[kind]?.();
	if (!found) throw refusal(missing[kind] ?? 'InvalidID', `The ID '${id}' is not valid`);
	return found;
}

const resources = (ids: string[] | undefined, here: Here) => required(ids, 'ResourceId').map((id) => tagged(here, id));

/** EC2's tags on anything with an id. */
export const tags: Handlers<'CreateTags' | 'DeleteTags'> = {
	CreateTags(input, here) {
		onlyKnows('CreateTags', input, ['Resources', 'Tags', 'DryRun']);
		for (const resource of resources(input.Resources, here)) tagWith('ec2', resource, input.Tags);
		return {};
	},
	DeleteTags(input, here) {
		onlyKnows('DeleteTags', input, ['Resources', 'Tags', 'DryRun']);
		for (const resource of resources(input.Resources, here)) {
			for (const {Key, Value} of required(input.Tags, 'Tag')) {
				if (Key !== undefined && (Value === undefined || resource.tags[Key] === Value)) delete resource.tags[Key];
			}
		}
		return {};
	},
};

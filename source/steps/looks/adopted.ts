import type {Look} from '../../engine/step.ts';
import {unless} from '../answering.ts';
import {type Group, groupOf, type KeyPair, keyPairsIn} from './account.ts';

/** Groups that somebody named by id or by name; a name may stand once in each VPC. */
export const adoptedGroupsLook = (group: string): Look<Group[]> => ({
	name: `group ${group}`,
	async load({cloud}) {
		const byId = /^sg-[0-9a-f]+$/.test(group);
		const answer = await unless(
			cloud.call('DescribeSecurityGroups', byId ? {GroupIds: [group]} : {Filters: [{Name: 'group-name', Values: [group]}]}),
			...['InvalidGroup.NotFound', 'InvalidGroupId.Malformed', 'InvalidGroupId.NotFound', 'InvalidSecurityGroupID.NotFound'],
		);
		return (answer?.SecurityGroups ?? []).map((seen) => groupOf(seen, []));
	},
});

/** A key pair that somebody named, with its public half where AWS tells it. */
export const adoptedPairLook = (name: string): Look<KeyPair | undefined> => ({
	name: `key pair ${name}`,
	async load({cloud}) {
		const found = await keyPairsIn(cloud, 'key-name', [name], {publicKey: true});
		return found.find((pair) => pair.name === name);
	},
});

import {type InstanceState, stateOf} from './account.ts';
import {onlyKnows, required} from './asked.ts';
import type {Handlers} from './here.ts';
import {profileInEc2} from './iam.ts';
import {instanceById} from './instances.ts';
import {refusal} from './refusal.ts';

/** Milliseconds that a pushed key is good for (EC2 Instance Connect, SendSSHPublicKey). */
const pushedFor = 60_000;

/** What a refusal of this world holds. */
function decoded(encoded: string): {action: string; by: string; explicit: boolean} {
	try {
		return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
	} catch {
		throw refusal('InvalidAuthorizationMessageException', 'Invalid authorization message');
	}
}

/** The association of an instance with its profile, whichever that is. */
const associationOf = ({id}: InstanceState): string => id.replace('i-', 'iip-assoc-');

/** Who calls, what a refusal meant, and keys pushed for a minute. */
export const identity: Handlers<
	| 'GetCallerIdentity'
	| 'DecodeAuthorizationMessage'
	| 'SendSSHPublicKey'
	| 'DescribeIamInstanceProfileAssociations'
	| 'AssociateIamInstanceProfile'
	| 'ReplaceIamInstanceProfileAssociation'
> = {
	GetCallerIdentity: (_input, {account, by}) => ({Account: account.id, Arn: by, UserId: 'AIDAALICE'}),
	DecodeAuthorizationMessage(input) {
		onlyKnows('DecodeAuthorizationMessage', input, ['EncodedMessage']);
		const {action, by, explicit} = decoded(required(input.EncodedMessage, 'EncodedMessage'));
		return {DecodedMessage: JSON.stringify({allowed: false, explicitDeny: explicit, context: {principal: {arn: by}, action, resource: '*'}})};
	},
	SendSSHPublicKey(input, here) {
		onlyKnows('SendSSHPublicKey', input, ['InstanceId', 'InstanceOSUser', 'SSHPublicKey', 'AvailabilityZone']);
		const {region, now} = here;
		const id = required(input.InstanceId, 'InstanceId');
		const key = required(input.SSHPublicKey, 'SSHPublicKey').trim().split(/\s+/).slice(0, 2).join(' ');
		const instance = region.instances.get(id);
		if (!instance || stateOf(instance, now) === 'terminated') throw refusal('EC2InstanceNotFoundException', 'Instance not found');
		if (stateOf(instance, now) !== 'running')
			throw refusal(
				'EC2InstanceStateInvalidException',
				'Unable to connect because the instance is not in a valid state. Connecting to a stopped or terminated instance is not supported.',
			);
		if (!/^ssh-(rsa|ed25519) /.test(key)) throw refusal('InvalidArgsException', 'SSH Public key is invalid');
		instance.pushed.push({user: required(input.InstanceOSUser, 'InstanceOSUser'), publicKey: key, until: now + pushedFor});
		return {Success: true, RequestId: 'pushed'};
	},
	DescribeIamInstanceProfileAssociations(input, {region, account, now}) {
		onlyKnows('DescribeIamInstanceProfileAssociations', input, ['Filters', 'AssociationIds', 'MaxResults', 'NextToken']);
		const wanted = input.Filters?.find(({Name}) => Name === 'instance-id')?.Values;
		const worn = [...region.instances.values()].filter(
			(one) => one.profileName !== undefined && stateOf(one, now) !== 'terminated' && (!wanted || wanted.includes(one.id)),
		);
		return {
			IamInstanceProfileAssociations: worn.map((one) => ({
				AssociationId: associationOf(one),
				InstanceId: one.id,
				State: 'associated',
				IamInstanceProfile: {Arn: `arn:aws:iam::${account.id}:instance-profile/${one.profileName}`},
			})),
		};
	},
	AssociateIamInstanceProfile(input, here) {
		onlyKnows('AssociateIamInstanceProfile', input, ['InstanceId', 'IamInstanceProfile']);
		const instance = instanceById(here, required(input.InstanceId, 'InstanceId'));
		const profile = profileInEc2(required(input.IamInstanceProfile, 'IamInstanceProfile'), here);
		if (instance.profileName !== undefined) throw refusal('IncorrectState', `There is an existing association for instance ${instance.id}`);
		instance.profileName = profile.name;
		return {IamInstanceProfileAssociation: {AssociationId: associationOf(instance), InstanceId: instance.id, State: 'associating'}};
	},
	ReplaceIamInstanceProfileAssociation(input, here) {
		onlyKnows('ReplaceIamInstanceProfileAssociation', input, ['AssociationId', 'IamInstanceProfile']);
		const id = required(input.AssociationId, 'AssociationId');
		const instance = [...here.region.instances.values()].find(
			(one) => associationOf(one) === id && one.profileName !== undefined && stateOf(one, here.now) !== 'terminated',
		);
		if (!instance) throw refusal('InvalidAssociationID.NotFound', `An invalid association-id of '${id}' was given`);
		instance.profileName = profileInEc2(required(input.IamInstanceProfile, 'IamInstanceProfile'), here).name;
		return {IamInstanceProfileAssociation: {AssociationId: id, InstanceId: instance.id, State: 'associating'}};
	},
};

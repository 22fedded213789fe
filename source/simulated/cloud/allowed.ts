import {type AwsService, actionsOf, type OperationName, serviceOf} from '../../world/cloud/port.ts';
import type {AccountState, CredentialState} from './account.ts';
import {refusal} from './refusal.ts';

const has = (input: object, ...keys: string[]) => keys.some((key) => Object.entries(input).some(([name, value]) => name === key && value !== undefined));

/** What Auto Scaling tries with the caller's rights when it's given a launch template. */
const launchRights = ['ec2:RunInstances', 'ec2:CreateTags', 'iam:PassRole'];

/** Actions that a call needs beside its own, by what is in it: tags, or a role that it passes on. */
function alsoNeeded(name: OperationName, input: object): string[] {
	if (name === 'AddRoleToInstanceProfile') return ['iam:PassRole'];
	if (name === 'AssociateIamInstanceProfile' || name === 'ReplaceIamInstanceProfileAssociation') return ['iam:PassRole'];
	if (name === 'CreateAutoScalingGroup' || name === 'UpdateAutoScalingGroup')
		return [...(has(input, 'Tags') ? ['autoscaling:CreateOrUpdateTags'] : []), ...(has(input, 'MixedInstancesPolicy') ? launchRights : [])];
	if (name === 'CreateRole' && has(input, 'Tags')) return ['iam:TagRole'];
	if (name === 'CreateInstanceProfile' && has(input, 'Tags')) return ['iam:TagInstanceProfile'];
	if (name === 'PutParameter' && has(input, 'Tags')) return ['ssm:AddTagsToResource'];
	if (
		name === 'CreateBucket' &&
		'CreateBucketConfiguration' in input &&
		input.CreateBucketConfiguration &&
		has(Object(input.CreateBucketConfiguration), 'Tags')
	)
		return ['s3:TagResource'];
	const needed = has(input, 'TagSpecifications') ? ['ec2:CreateTags'] : [];
	return name === 'RunInstances' && has(input, 'IamInstanceProfile') ? [...needed, 'iam:PassRole'] : needed;
}

/** What refuses an action: a policy of one's own that denies it, the organization's, or that none allows it. */
type Because = 'policy' | 'organization' | 'nothing';

const reasons: Record<Because, (action: string) => string> = {
	policy: () => 'with an explicit deny in an identity-based policy',
	organization: () => 'with an explicit deny in a service control policy',
	nothing: (action) => `because no identity-based policy allows the ${action} action`,
};

const sentence = (action: string, by: string, because: Because, resource = '*') =>
	`User: ${by} is not authorized to perform: ${action} on resource: ${resource} ${reasons[because](action)}`;

/** EC2's refusal of an action, with what DecodeAuthorizationMessage reads. */
function notAuthorized(action: string, by: string, because: Because, resource?: string): Error {
	const encoded = Buffer.from(JSON.stringify({action, by, explicit: because !== 'nothing'})).toString('base64url');
	return refusal(
		'UnauthorizedOperation',
		`You are not authorized to perform this operation. ${sentence(action, by, because, resource)}. Encoded authorization failure message: ${encoded}`,
		403,
	);
}

/** The action of these that the organization denies to everybody. */
export const deniedByOrganization = ({deniedToAll}: AccountState, actions: readonly string[]): string | undefined =>
	actions.find((one) => deniedToAll.has(one));

/** Services whose code for it has no `Exception` behind it. */
const plainly: ReadonlySet<AwsService> = new Set<AwsService>(['auto-scaling', 's3', 'iam', 'sts']);

/** AWS's refusal of an action, in the service's own way of saying it. */
export function refusedBy(service: AwsService, action: string, by: string, why: Because, resource?: string): Error {
	const because = sentence(action, by, why, resource);
	if (service === 'auto-scaling' && launchRights.includes(action)) return refusal('AccessDenied', 'You are not authorized to use launch template', 403);
	if (service === 'ec2') return notAuthorized(action, by, why, resource);
	if (service === 'ec2-instance-connect') return refusal('AuthException', because, 403);
	return refusal(plainly.has(service) ? 'AccessDenied' : 'AccessDeniedException', because, 403);
}

/** Throws when the caller may not make this call; GetCallerIdentity is everybody's. */
export function judgeAllowed(account: AccountState, name: OperationName, input: object, by: string): void {
	if (name === 'GetCallerIdentity') return;
	const actions = [...actionsOf(name), ...alsoNeeded(name, input)];
	const denied = deniedByOrganization(account, actions);
	const action = denied ?? actions.find((one) => account.denied.has(one));
	if (action === undefined) return;
	if (name === 'HeadBucket') throw refusal('403', 'Unknown', 403);
	throw refusedBy(serviceOf[name], action, by, denied !== undefined ? 'organization' : account.unmentioned.has(action) ? 'nothing' : 'policy');
}

const expiredCode: Partial<Record<AwsService, string>> = {'auto-scaling': 'ExpiredToken', ec2: 'RequestExpired', s3: 'ExpiredToken'};
const wrongCode: Partial<Record<AwsService, string>> = {
	'auto-scaling': 'InvalidClientTokenId',
	ec2: 'AuthFailure',
	s3: 'InvalidAccessKeyId',
	sts: 'InvalidClientTokenId',
	iam: 'InvalidClientTokenId',
};

/** Throws what a laptop with these credentials meets at a service (docs/facts.md, "AWS's error codes"). */
export function judgeCredentials(credentials: CredentialState, name: OperationName): void {
	const service = serviceOf[name];
	if (credentials === 'none') throw refusal('CredentialsProviderError', 'Could not load credentials from any providers', 0);
	if (credentials === 'expired') throw refusal(expiredCode[service] ?? 'ExpiredTokenException', 'The security token included in the request is expired', 403);
	if (credentials === 'wrong')
		throw refusal(wrongCode[service] ?? 'UnrecognizedClientException', 'AWS was not able to validate the provided access credentials', 401);
}

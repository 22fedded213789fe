import type {IamInstanceProfileSpecification} from '@aws-sdk/client-ec2';
import type {InstanceProfile, Role} from '@aws-sdk/client-iam';
import type {AccountState, ProfileState, RoleState} from './account.ts';
import {onlyKnows, required, tagList} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {type LinkedService, linkedRoleNamed, linkedRoles, makeLinkedRole} from './linked-roles.ts';
import {refusal} from './refusal.ts';
import {judgedTags, tagWith} from './tag-rules.ts';

function roleOf({account, now}: Here, name: string | undefined): RoleState {
	const role = account.roles.get(required(name, 'RoleName'));
	if (!role || role.knownFrom > now) throw refusal('NoSuchEntityException', `The role with name ${name} cannot be found.`, 404);
	return role;
}

function profileOf({account, now}: Here, name: string | undefined): ProfileState {
	const profile = account.profiles.get(required(name, 'InstanceProfileName'));
	if (!profile || profile.knownFrom > now) throw refusal('NoSuchEntityException', `Instance Profile ${name} cannot be found.`, 404);
	return profile;
}

const arnOf = (account: AccountState, {name, path}: ProfileState) => `arn:aws:iam::${account.id}:instance-profile${path}${name}`;

/** A profile as EC2 knows it by now, which hears of it and of its role some seconds after IAM (EC2's own two sentences). */
export function profileInEc2({Arn, Name}: IamInstanceProfileSpecification, {account, now}: Here): ProfileState {
	const name = required(Name ?? Arn?.split('/').at(-1), 'IamInstanceProfile');
	const profile = account.profiles.get(name);
	if (!profile || profile.spreadAt > now) {
		const which =
			Name === undefined
				? `Value (${Arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN`
				: `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`;
		throw refusal('InvalidParameterValue', which);
	}
	if (profile.roleName === undefined || profile.roleSpreadAt > now)
		throw refusal('InvalidParameterValue', `IAM Instance Profile "${arnOf(account, profile)}" has no associated IAM Roles`);
	return profile;
}

function judgePolicy(text: string | undefined, name: string): string {
	try {
		const policy: unknown = JSON.parse(required(text, name));
		if (policy && typeof policy === 'object' && 'Statement' in policy) return String(text);
	} catch {
		// Told below, as IAM tells it.
	}
	throw refusal('MalformedPolicyDocumentException', 'This policy contains invalid Json');
}

const roleShown = ({account}: Here, role: RoleState): Role => ({
	RoleName: role.name,
	RoleId: role.id,
	Path: role.path,
	Arn: `arn:aws:iam::${account.id}:role${role.path}${role.name}`,
	CreateDate: new Date(role.createdAt),
	AssumeRolePolicyDocument: encodeURIComponent(role.trust),
	...(role.boundary === undefined ? {} : {PermissionsBoundary: {PermissionsBoundaryArn: role.boundary, PermissionsBoundaryType: 'PermissionsBoundaryPolicy'}}),
	Tags: tagList(role.tags),
});

function profileShown(here: Here, profile: ProfileState): InstanceProfile {
	const role = profile.roleName === undefined ? undefined : here.account.roles.get(profile.roleName);
	return {
		InstanceProfileName: profile.name,
		InstanceProfileId: profile.id,
		Path: profile.path,
		Arn: arnOf(here.account, profile),
		CreateDate: new Date(profile.createdAt),
		Roles: role ? [roleShown(here, role)] : [],
		Tags: tagList(profile.tags),
	};
}

const iamId = (account: AccountState, prefix: string) => prefix + account.newId('').slice(1).toUpperCase();

const isLinkedService = (service: string): service is LinkedService => service in linkedRoles;

/** Whether an ARN is a user, group or role that policies can be simulated for. */
const entity = /^arn:aws:iam::\d{12}:(user|group|role)\//;

/** The sort of thing that an action is judged on, as far as IAM's simulation tells sorts apart. */
function sortOf(action: string): string {
	const [service = '', name = ''] = action.split(':');
	const sorts: Record<string, readonly RegExp[]> = {iam: [/InstanceProfile/, /ServiceLinkedRole/, /PassRole/], s3: [/Object/, /TagResource/]};
	return `${service} ${(sorts[service] ?? []).findIndex((sort) => sort.test(name))}`;
}

/** Actions on other sorts of things can't be asked about together, once resources are named. */
function judgeAlike(actions: readonly string[], resources: readonly string[]): void {
	const [first = ''] = actions;
	const others = actions.filter((action) => sortOf(action) !== sortOf(first));
	if (resources.length === 0 || others.length === 0) return;
	const alike = actions.filter((action) => !others.includes(action));
	throw refusal('InvalidInputException', `Invalid Input Actions: [${alike.join(',')}] and [${others.join(',')}] require different authorization information.`);
}

/** IAM: one for all regions, and late to be known everywhere. */
export const iam: Handlers<
	| 'ListAccountAliases'
	| 'GetRole'
	| 'CreateRole'
	| 'TagRole'
	| 'DeleteRole'
	| 'GetRolePolicy'
	| 'PutRolePolicy'
	| 'DeleteRolePolicy'
	| 'ListRolePolicies'
	| 'ListAttachedRolePolicies'
	| 'DetachRolePolicy'
	| 'GetInstanceProfile'
	| 'CreateInstanceProfile'
	| 'TagInstanceProfile'
	| 'DeleteInstanceProfile'
	| 'AddRoleToInstanceProfile'
	| 'RemoveRoleFromInstanceProfile'
	| 'CreateServiceLinkedRole'
	| 'SimulatePrincipalPolicy'
> = {
	ListAccountAliases: (_input, {account}) => ({AccountAliases: account.alias === undefined ? [] : [account.alias], IsTruncated: false}),
	GetRole(input, here) {
		onlyKnows('GetRole', input, ['RoleName']);
		return {Role: linkedRoleNamed(here, input.RoleName) ?? roleShown(here, roleOf(here, input.RoleName))};
	},
	CreateRole(input, here) {
		onlyKnows('CreateRole', input, ['RoleName', 'Path', 'AssumeRolePolicyDocument', 'Description', 'PermissionsBoundary', 'Tags', 'MaxSessionDuration']);
		const {account, now} = here;
		const name = required(input.RoleName, 'RoleName');
		const trust = judgePolicy(input.AssumeRolePolicyDocument, 'AssumeRolePolicyDocument');
		if (account.roles.has(name)) throw refusal('EntityAlreadyExistsException', `Role with name ${name} already exists.`, 409);
		const boundary = input.PermissionsBoundary === undefined ? {} : {boundary: input.PermissionsBoundary};
		const role: RoleState = {
			name,
			id: iamId(account, 'AROA'),
			path: input.Path ?? '/',
			trust,
			createdAt: now,
			...boundary,
			tags: judgedTags('iam', input.Tags),
			inline: new Map(),
			attached: [],
			knownFrom: now + here.late('role'),
		};
		account.roles.set(name, role);
		return {Role: roleShown(here, role)};
	},
	TagRole(input, here) {
		onlyKnows('TagRole', input, ['RoleName', 'Tags']);
		tagWith('iam', roleOf(here, input.RoleName), required(input.Tags, 'Tags'));
		return {};
	},
	DeleteRole(input, here) {
		onlyKnows('DeleteRole', input, ['RoleName']);
		const role = roleOf(here, input.RoleName);
		if ([...here.account.profiles.values()].some(({roleName}) => roleName === role.name))
			throw refusal('DeleteConflictException', 'Cannot delete entity, must remove roles from instance profile first.', 409);
		if (role.inline.size > 0) throw refusal('DeleteConflictException', 'Cannot delete entity, must delete policies first.', 409);
		if (role.attached.length > 0) throw refusal('DeleteConflictException', 'Cannot delete entity, must detach all policies first.', 409);
		here.account.roles.delete(role.name);
		return {};
	},
	GetRolePolicy(input, here) {
		onlyKnows('GetRolePolicy', input, ['RoleName', 'PolicyName']);
		const text = roleOf(here, input.RoleName).inline.get(required(input.PolicyName, 'PolicyName'));
		if (text === undefined) throw refusal('NoSuchEntityException', `The role policy with name ${input.PolicyName} cannot be found.`, 404);
		return {RoleName: input.RoleName, PolicyName: input.PolicyName, PolicyDocument: encodeURIComponent(text)};
	},
	PutRolePolicy(input, here) {
		onlyKnows('PutRolePolicy', input, ['RoleName', 'PolicyName', 'PolicyDocument']);
		const role = roleOf(here, input.RoleName);
		const inForce = role.spreading && here.now < role.spreading.until ? role.spreading.inline : new Map(role.inline);
		role.inline.set(required(input.PolicyName, 'PolicyName'), judgePolicy(input.PolicyDocument, 'PolicyDocument'));
		role.spreading = {inline: inForce, until: here.now + here.late('policy')};
		return {};
	},
	DeleteRolePolicy(input, here) {
		onlyKnows('DeleteRolePolicy', input, ['RoleName', 'PolicyName']);
		if (!roleOf(here, input.RoleName).inline.delete(required(input.PolicyName, 'PolicyName'))) {
			throw refusal('NoSuchEntityException', `The role policy with name ${input.PolicyName} cannot be found.`, 404);
		}
		return {};
	},
	ListRolePolicies: (input, here) => ({PolicyNames: [...roleOf(here, input.RoleName).inline.keys()], IsTruncated: false}),
	ListAttachedRolePolicies: (input, here) => ({
		AttachedPolicies: roleOf(here, input.RoleName).attached.map(({name, arn}) => ({PolicyName: name, PolicyArn: arn})),
		IsTruncated: false,
	}),
	DetachRolePolicy(input, here) {
		const role = roleOf(here, input.RoleName);
		if (!role.attached.some(({arn}) => arn === input.PolicyArn)) throw refusal('NoSuchEntityException', `Policy ${input.PolicyArn} was not found.`, 404);
		role.attached = role.attached.filter(({arn}) => arn !== input.PolicyArn);
		return {};
	},
	GetInstanceProfile(input, here) {
		onlyKnows('GetInstanceProfile', input, ['InstanceProfileName']);
		return {InstanceProfile: profileShown(here, profileOf(here, input.InstanceProfileName))};
	},
	CreateInstanceProfile(input, here) {
		onlyKnows('CreateInstanceProfile', input, ['InstanceProfileName', 'Path', 'Tags']);
		const {account, now} = here;
		const name = required(input.InstanceProfileName, 'InstanceProfileName');
		if (account.profiles.has(name)) throw refusal('EntityAlreadyExistsException', `Instance Profile ${name} already exists.`, 409);
		const profile: ProfileState = {
			name,
			id: iamId(account, 'AIPA'),
			path: input.Path ?? '/',
			createdAt: now,
			tags: judgedTags('iam', input.Tags),
			knownFrom: now + here.late('profile'),
			spreadAt: now + here.late('ec2Profile'),
			roleSpreadAt: 0,
		};
		account.profiles.set(name, profile);
		return {InstanceProfile: profileShown(here, profile)};
	},
	TagInstanceProfile(input, here) {
		onlyKnows('TagInstanceProfile', input, ['InstanceProfileName', 'Tags']);
		tagWith('iam', profileOf(here, input.InstanceProfileName), required(input.Tags, 'Tags'));
		return {};
	},
	DeleteInstanceProfile(input, here) {
		onlyKnows('DeleteInstanceProfile', input, ['InstanceProfileName']);
		const profile = profileOf(here, input.InstanceProfileName);
		if (profile.roleName !== undefined) throw refusal('DeleteConflictException', 'Cannot delete entity, must remove roles from instance profile first.', 409);
		here.account.profiles.delete(profile.name);
		return {};
	},
	AddRoleToInstanceProfile(input, here) {
		onlyKnows('AddRoleToInstanceProfile', input, ['InstanceProfileName', 'RoleName']);
		const profile = profileOf(here, input.InstanceProfileName);
		const role = roleOf(here, input.RoleName);
		if (profile.roleName !== undefined) throw refusal('LimitExceededException', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409);
		profile.roleName = role.name;
		profile.roleSpreadAt = here.now + here.late('ec2Role');
		return {};
	},
	RemoveRoleFromInstanceProfile(input, here) {
		onlyKnows('RemoveRoleFromInstanceProfile', input, ['InstanceProfileName', 'RoleName']);
		const profile = profileOf(here, input.InstanceProfileName);
		if (profile.roleName !== input.RoleName) throw refusal('NoSuchEntityException', `The role with name ${input.RoleName} cannot be found.`, 404);
		delete profile.roleName;
		return {};
	},
	CreateServiceLinkedRole(input, here) {
		onlyKnows('CreateServiceLinkedRole', input, ['AWSServiceName', 'Description']);
		const service = required(input.AWSServiceName, 'AWSServiceName');
		if (!isLinkedService(service)) throw new Error(`The simulated world has no service-linked role for ${service}.`);
		const name = linkedRoles[service];
		if (here.account.serviceLinkedRoles.has(name))
			throw refusal('InvalidInputException', `Service role name ${name} has been taken in this account, please try a different suffix.`);
		makeLinkedRole(here, service);
		return {};
	},
	SimulatePrincipalPolicy(input, {account}) {
		onlyKnows('SimulatePrincipalPolicy', input, ['PolicySourceArn', 'ActionNames', 'ResourceArns', 'ContextEntries', 'CallerArn', 'MaxItems', 'Marker']);
		if (!entity.test(required(input.PolicySourceArn, 'PolicySourceArn'))) {
			throw refusal('InvalidInputException', `Invalid Entity Arn: ${input.PolicySourceArn} does not clearly define entity type and name.`);
		}
		const actions = required(input.ActionNames, 'ActionNames');
		const resources = (input.ResourceArns ?? []).filter((arn) => arn !== '*');
		judgeAlike(actions, resources);
		return {
			IsTruncated: false,
			EvaluationResults: actions.map((action) => {
				const passes = action !== 'iam:PassRole' || input.ContextEntries?.some(({ContextKeyName}) => ContextKeyName === 'iam:PassedToService');
				const decision =
					account.denied.has(action) && !account.unmentioned.has(action) ? 'explicitDeny' : passes && !account.denied.has(action) ? 'allowed' : 'implicitDeny';
				const missing = passes ? [] : ['iam:PassedToService'];
				return {
					EvalActionName: action,
					EvalResourceName: resources[0]?.replace(/[^:/]+$/, '*') ?? '*',
					EvalDecision: decision,
					MissingContextValues: missing,
					ResourceSpecificResults: resources.map((arn) => ({EvalResourceName: arn, EvalResourceDecision: decision, MissingContextValues: missing})),
				};
			}),
		};
	},
};

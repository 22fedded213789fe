import type {Change, Context, Finding, Found, Note, Removal, Report, Standing, Step} from '../engine/step.ts';
import {type Answers, type Fleet, mark, names} from '../fleet.ts';
import {Problem, unless} from '../problem.ts';
import type {PolicyDocument} from '../world/cloud/policy.ts';
import {aws, tagArguments} from './aws-cli.ts';
import {blocked, differs} from './finding.ts';
import {identityLook} from './identity.ts';
import {spreading, untilSeen, whenKnown} from './late.ts';
import {type IamRole, type Profile, profileLook, roleLook} from './looks/profile.ts';
import {managerPolicy, saysAll, trustPolicy, type WorkerRights, withEarlier} from './manager-policy.ts';
import {keyNotes, policyFor} from './manager-rights.ts';
import {asAnswered, bearsGlobalMark, missingTags, tagChanges, tagList} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		'instance-profile': {name: string; ours: boolean};
	}
}

async function checkAdopted(context: Context, workers: WorkerRights): Promise<Finding<Found['instance-profile']>> {
	const name = context.answers.access;
	const profile = await context.look(profileLook(name));
	if (!profile) return blocked('NoSuchEntity', `This account has no instance profile ${name}.`, 'Name another with `--access`, or answer `create`.');
	if (!profile.roleName)
		return blocked(
			'profile-without-role',
			`Instance profile ${name} holds no role, so the manager would have no rights.`,
			'Add a role to it, name another with `--access`, or answer `create`.',
		);
	return {
		is: 'ready',
		resource: {name, ours: false},
		says: `${name} with role ${profile.roleName}, as it is`,
		notes: await keyNotes(context, workers, `role ${profile.roleName}`),
	};
}

type ProfileNeeds = Pick<Found, 'network'>;

type ProfileSeen = {profile: Profile | undefined; role: IamRole | undefined};

const isForeign = (name: string): Problem =>
	new Problem({
		code: 'EntityAlreadyExists',
		message: `A role or instance profile ${name} is already there, and it isn't this fleet's, so it stays as it is.`,
		advice: 'Name the fleet otherwise with `--fleet`, or choose that profile with `--access`.',
	});

const foreign = ({fleet}: Context, {profile, role}: ProfileSeen): boolean =>
	(profile !== undefined && !bearsGlobalMark(fleet, profile.tags)) || (role !== undefined && !bearsGlobalMark(fleet, role.tags));

/** A boundary is set where the role is made; on a standing role it is the account's keeper's business. */
function boundaryNotes({answers, fleet}: Context, {role}: ProfileSeen): Note[] {
	const wanted = answers.permissionsBoundary;
	if (!role || wanted === undefined || wanted === role.boundary) return [];
	const name = names.profile(fleet);
	return [
		{
			says: `Role ${name} has ${role.boundary ?? 'no'} permissions boundary, and the answers name ${wanted}.`,
			advice: aws(fleet, 'iam', 'put-role-permissions-boundary', '--role-name', name, '--permissions-boundary', wanted),
		},
	];
}

function changesOf({answers}: Context, {profile, role}: ProfileSeen, policy: PolicyDocument): Change[] {
	const changes: Change[] = [];
	if (!role?.policy || !saysAll(role.policy, policy))
		changes.push({what: 'policy', from: role?.policy ? 'other rights' : 'none', to: "the manager's least rights", how: 'live'});
	if (!profile?.roleName) changes.push({what: 'role in the profile', from: 'none', to: 'the role of the same name', how: 'live'});
	const standing = [profile, role].flatMap((one) => (one ? [asAnswered(answers, one.tags)] : []));
	return [...changes, ...tagChanges(answers, standing)];
}

const lookAt = async (context: Context): Promise<ProfileSeen> => {
	const name = names.profile(context.fleet);
	const [profile, role] = await Promise.all([context.look(profileLook(name)), context.look(roleLook(name))]);
	return {profile, role};
};

async function checkOwn(context: Context, found: ProfileNeeds, workers: WorkerRights): Promise<Finding<Found['instance-profile']>> {
	const name = names.profile(context.fleet);
	const [seen, policy, keys] = await Promise.all([lookAt(context), policyFor(context, found, workers), keyNotes(context, workers)]);
	if (foreign(context, seen)) {
		return {is: 'blocked', problem: isForeign(name)};
	}
	if (!seen.profile || !seen.role) return {is: 'missing', says: `${name}, with the rights to make workers and to use the cache`, notes: keys};
	const changes = changesOf(context, seen, policy);
	const resource = {name, ours: true};
	const notes = [...boundaryNotes(context, seen), ...keys];
	if (changes.length > 0) return differs(resource, changes, notes);
	return {is: 'ready', resource, says: name, notes};
}

/** Makes the role; false where there is one by now. */
async function makeRole({answers, cloud, fleet}: Context, partition: string): Promise<boolean> {
	const made = await unless(
		cloud.call('CreateRole', {
			RoleName: names.profile(fleet),
			AssumeRolePolicyDocument: JSON.stringify(trustPolicy(partition)),
			Description: `Manager of the GitLab Runner fleet ${fleet.name} in ${fleet.region}`,
			...(answers.rolePath === undefined ? {} : {Path: answers.rolePath}),
			...(answers.permissionsBoundary === undefined ? {} : {PermissionsBoundary: answers.permissionsBoundary}),
			Tags: tagList(answers.tags, mark(fleet, 'instance-profile', true)),
		}),
		'EntityAlreadyExists',
	);
	return made !== undefined;
}

/** Makes the profile; false where there is one by now. */
async function makeProfile({answers, cloud, fleet}: Context): Promise<boolean> {
	const made = await unless(
		cloud.call('CreateInstanceProfile', {
			InstanceProfileName: names.profile(fleet),
			...(answers.rolePath === undefined ? {} : {Path: answers.rolePath}),
			Tags: tagList(answers.tags, mark(fleet, 'instance-profile', true)),
		}),
		'EntityAlreadyExists',
	);
	return made !== undefined;
}

/** Waits until what somebody made under our name a moment ago can be seen, since only its mark tells whether it is this fleet's; throws where it isn't. */
async function judgeFound(context: Context, what: 'role' | 'profile', report: Report): Promise<void> {
	const name = names.profile(context.fleet);
	const look = async () => {
		context.forget(profileLook(name), roleLook(name));
		const seen = await lookAt(context);
		return seen[what] && seen;
	};
	const seen = await untilSeen(context, look, () => report({says: `waiting until IAM shows the ${what} ${name}, which is there already`}));
	if (!seen) {
		throw new Problem({
			code: 'EntityAlreadyExists',
			fault: 'outside',
			again: true,
			message: `IAM makes no ${what} ${name}, since there is one, and shows none of that name.`,
			advice: 'Run the same command again in a minute; it looks first and goes on.',
		});
	}
	if (foreign(context, seen)) throw isForeign(name);
}

/** Sets the tags of the answers that a role or a profile of ours, standing already, lacks. */
async function setTags({answers, cloud, fleet}: Context, {profile, role}: ProfileSeen): Promise<void> {
	const name = names.profile(fleet);
	const [onRole, onProfile] = [role, profile].map((one) => (one ? tagList(missingTags(answers, asAnswered(answers, one.tags))) : []));
	if (onRole?.length) await cloud.call('TagRole', {RoleName: name, Tags: onRole});
	if (onProfile?.length) await cloud.call('TagInstanceProfile', {InstanceProfileName: name, Tags: onProfile});
}

/** Writes the manager's policy over. */
export async function putPolicy(context: Context, policy: PolicyDocument, report: Report): Promise<void> {
	const {cloud, fleet} = context;
	const name = names.profile(fleet);
	const put = {RoleName: name, PolicyName: name, PolicyDocument: JSON.stringify(policy)};
	await whenKnown(context, report, () => cloud.call('PutRolePolicy', put));
}

/** Role, policy, profile, role into the profile: each only where it isn't so yet. */
async function apply(context: Context, found: ProfileNeeds, workers: WorkerRights, report: Report): Promise<void> {
	const {cloud, fleet} = context;
	const name = names.profile(fleet);
	const [seen, policy, {partition}] = await Promise.all([lookAt(context), policyFor(context, found, workers), context.look(identityLook)]);
	if (!seen.role) {
		report({says: `making role ${name}`});
		if (!(await makeRole(context, partition))) await judgeFound(context, 'role', report);
	}
	if (!seen.role?.policy || !saysAll(seen.role.policy, policy)) await putPolicy(context, withEarlier(policy, seen.role?.policy), report);
	if (!seen.profile && !(await makeProfile(context))) await judgeFound(context, 'profile', report);
	if (!seen.profile?.roleName) {
		const add = {InstanceProfileName: name, RoleName: name};
		await unless(
			whenKnown(context, report, () => cloud.call('AddRoleToInstanceProfile', add)),
			'LimitExceeded',
			'EntityAlreadyExists',
		);
	}
	await setTags(context, seen);
	context.forget(profileLook(name), roleLook(name));
}

function commands(answers: Answers, fleet: Fleet, workers: WorkerRights): string[] {
	const name = names.profile(fleet);
	if (answers.access !== 'create') return [aws(fleet, 'iam', 'get-instance-profile', '--instance-profile-name', answers.access)];
	const tags = ['--tags', ...tagArguments({...answers.tags, ...mark(fleet, 'instance-profile', true)})];
	const path = answers.rolePath === undefined ? [] : ['--path', answers.rolePath];
	const boundary = answers.permissionsBoundary === undefined ? [] : ['--permissions-boundary', answers.permissionsBoundary];
	const network = {subnetId: answers.subnet.startsWith('subnet-') ? answers.subnet : '*', public: true};
	const policy = JSON.stringify(managerPolicy({fleet, account: 'ACCOUNT', partition: 'aws', network, keys: {}}, answers, workers));
	return [
		aws(fleet, 'iam', 'create-role', '--role-name', name, '--assume-role-policy-document', JSON.stringify(trustPolicy('aws')), ...path, ...boundary, ...tags),
		`account=$(${aws(fleet, 'sts', 'get-caller-identity', '--query', 'Account', '--output', 'text')})`,
		aws(fleet, 'iam', 'put-role-policy', '--role-name', name, '--policy-name', name, '--policy-document', policy).replaceAll('ACCOUNT', `'"$account"'`),
		aws(fleet, 'iam', 'create-instance-profile', '--instance-profile-name', name, ...path, ...tags),
		aws(fleet, 'iam', 'add-role-to-instance-profile', '--instance-profile-name', name, '--role-name', name),
	];
}

async function ours(context: Removal) {
	const name = names.profile(context.fleet);
	const [profile, role] = await Promise.all([context.look(profileLook(name)), context.look(roleLook(name))]);
	return {
		name,
		profile: profile && bearsGlobalMark(context.fleet, profile.tags) ? profile : undefined,
		role: role && bearsGlobalMark(context.fleet, role.tags) ? role : undefined,
	};
}

/** Role and profile that bear the mark of this fleet in this region. */
async function profileStands(context: Removal): Promise<Standing[]> {
	const {name, profile, role} = await ours(context);
	return [...(profile ? [{id: name, says: 'instance profile', goes: true}] : []), ...(role ? [{id: name, says: 'role', goes: true}] : [])];
}

/** Takes the role out of the profile, then deletes both, with every policy that the role has by now: IAM deletes no role that is in a profile or has a policy. */
async function removeProfile(context: Removal, report: Report): Promise<void> {
	const {cloud} = context;
	const {name, profile, role} = await ours(context);
	if (profile) {
		if (profile.roleName) await unless(cloud.call('RemoveRoleFromInstanceProfile', {InstanceProfileName: name, RoleName: profile.roleName}), 'NoSuchEntity');
		await unless(cloud.call('DeleteInstanceProfile', {InstanceProfileName: name}), 'NoSuchEntity');
		report({says: `${name} deleted`});
	}
	if (role) {
		const {PolicyNames = []} = (await unless(cloud.call('ListRolePolicies', {RoleName: name}), 'NoSuchEntity')) ?? {};
		for (const PolicyName of PolicyNames) await unless(cloud.call('DeleteRolePolicy', {RoleName: name, PolicyName}), 'NoSuchEntity');
		const {AttachedPolicies = []} = (await unless(cloud.call('ListAttachedRolePolicies', {RoleName: name}), 'NoSuchEntity')) ?? {};
		for (const {PolicyArn} of AttachedPolicies) await unless(cloud.call('DetachRolePolicy', {RoleName: name, PolicyArn}), 'NoSuchEntity');
		await unless(cloud.call('DeleteRole', {RoleName: name}), 'NoSuchEntity');
		report({says: `role ${name} deleted`});
	}
	context.forget(profileLook(name), roleLook(name));
}

/**
 * The rights that the manager works with: a role and an instance profile of our own, or somebody's. With `access-keys` there is none. Its policy lets
 * `workers` be made; what it allowed before stays until the manager works otherwise.
 */
export const instanceProfileStep = (workers: WorkerRights): Step<'instance-profile', 'network', 'record' | 'permissions' | 'quota'> => ({
	name: 'instance-profile',
	title: 'Instance profile',
	needs: ['network'],
	after: ['record', 'permissions', 'quota'],
	when: ({access}) => access !== 'access-keys',
	actions: [
		'iam:GetInstanceProfile',
		'iam:GetRole',
		'iam:GetRolePolicy',
		'iam:CreateRole',
		'iam:TagRole',
		'iam:PutRolePolicy',
		'iam:CreateInstanceProfile',
		'iam:TagInstanceProfile',
		'iam:AddRoleToInstanceProfile',
		'iam:PassRole',
		'iam:RemoveRoleFromInstanceProfile',
		'iam:DeleteInstanceProfile',
		'iam:ListRolePolicies',
		'iam:DeleteRolePolicy',
		'iam:ListAttachedRolePolicies',
		'iam:DetachRolePolicy',
		'iam:DeleteRole',
		'ec2:GetEbsDefaultKmsKeyId',
		's3:GetEncryptionConfiguration',
	],
	settles: spreading,
	check: (context, found) => (context.answers.access === 'create' ? checkOwn(context, found, workers) : checkAdopted(context, workers)),
	apply: (context, found, _finding, report) => apply(context, found, workers, report),
	stands: profileStands,
	remove: removeProfile,
	commands: (answers, fleet) => commands(answers, fleet, workers),
});

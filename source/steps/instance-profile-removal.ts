import {names} from '../fleet.ts';
import type {Removal, Report, Standing} from '../step.ts';
import {unless} from './answering.ts';
import {profileLook, roleLook} from './looks/profile.ts';
import {bearsGlobalMark} from './tags.ts';

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
export async function profileStands(context: Removal): Promise<Standing[]> {
	const {name, profile, role} = await ours(context);
	return [...(profile ? [{id: name, says: 'instance profile', goes: true}] : []), ...(role ? [{id: name, says: 'role', goes: true}] : [])];
}

/** Takes the role out of the profile, then deletes both, with every policy that the role has by now (facts §7). */
export async function removeProfile(context: Removal, report: Report): Promise<void> {
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

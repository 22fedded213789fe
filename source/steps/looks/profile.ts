import type {Look} from '../../engine/step.ts';
import {unless} from '../../problem.ts';
import {tagsOf} from '../tags.ts';

/** A role of IAM, with the policy of its own name. */
export type IamRole = {tags: Record<string, string>; policy?: string | undefined; boundary?: string | undefined};

/** An instance profile, and the one role that it may hold. */
export type Profile = {arn: string; tags: Record<string, string>; roleName?: string | undefined; roleArn?: string | undefined};

/** A profile by name; undefined when there is none. */
export const profileLook = (name: string): Look<Profile | undefined> => ({
	name: `profile ${name}`,
	async load({cloud}) {
		const seen = (await unless(cloud.call('GetInstanceProfile', {InstanceProfileName: name}), 'NoSuchEntity'))?.InstanceProfile;
		if (!seen) return undefined;
		const role = seen.Roles?.[0];
		return {arn: seen.Arn ?? '', tags: tagsOf(seen.Tags), roleName: role?.RoleName, roleArn: role?.Arn};
	},
});

/** A role by name, with the inline policy of the same name; undefined when there is none. */
export const roleLook = (name: string): Look<IamRole | undefined> => ({
	name: `role ${name}`,
	async load({cloud}) {
		const [role, policy] = await Promise.all([
			unless(cloud.call('GetRole', {RoleName: name}), 'NoSuchEntity'),
			unless(cloud.call('GetRolePolicy', {RoleName: name, PolicyName: name}), 'NoSuchEntity'),
		]);
		const seen = role?.Role;
		if (!seen) return undefined;
		return {tags: tagsOf(seen.Tags), policy: policy?.PolicyDocument, boundary: seen.PermissionsBoundary?.PermissionsBoundaryArn};
	},
});

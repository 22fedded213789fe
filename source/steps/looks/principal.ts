import type {Look} from '../../engine/step.ts';
import {identityLook} from '../identity.ts';

/**
 * The ARN whose policies IAM can simulate, or why it can't be asked about. A session's ARN lacks its role's path, so the role itself is
 * looked up; root and federated users can't be simulated.
 */
export const principalLook: Look<{arn: string} | {unknown: string}> = {
	name: 'principal',
	async load({cloud, look}) {
		const {arn} = await look(identityLook);
		const role = /:assumed-role\/([^/]+)\//.exec(arn)?.[1];
		if (role !== undefined) {
			const found = (await cloud.call('GetRole', {RoleName: role})).Role?.Arn;
			return found === undefined ? {unknown: `role ${role} has no ARN`} : {arn: found};
		}
		return /:(user|role|group)\//.test(arn) ? {arn} : {unknown: "the policies of root and federated users can't be asked about"};
	},
};

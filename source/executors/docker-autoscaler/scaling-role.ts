import type {Step} from '../../engine/step.ts';
import {type LinkedRole, linkedRoleParts} from '../../steps/linked-role.ts';

declare module '../../engine/step.ts' {
	interface Found {
		'scaling-role': {exists: boolean};
	}
}

/** Auto Scaling's own role, by which a group launches. */
export const scalingRole: LinkedRole = {
	name: 'AWSServiceRoleForAutoScaling',
	service: 'autoscaling.amazonaws.com',
	otherwise: 'AWS makes it with the first Auto Scaling group, whose launches then fail for a minute.',
};

/** The account's role for Auto Scaling groups: made early, since launches by a role that was just made fail for about a minute. */
export const scalingRoleStep: Step<'scaling-role', never, 'record' | 'permissions' | 'quota'> = {
	name: 'scaling-role',
	title: 'Scaling role',
	...linkedRoleParts(scalingRole),
};

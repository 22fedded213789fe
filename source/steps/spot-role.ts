import type {Step} from '../engine/step.ts';
import {type LinkedRole, linkedRoleParts} from './linked-role.ts';

declare module '../engine/step.ts' {
	interface Found {
		'spot-role': {exists: boolean};
	}
}

/** EC2's own role for spot instances: EC2 refuses every spot worker without it. */
export const spotRole: LinkedRole = {name: 'AWSServiceRoleForEC2Spot', service: 'spot.amazonaws.com', otherwise: 'The first spot worker tells.'};

/** The account's role for spot instances. */
export const spotRoleStep: Step<'spot-role', never, 'record' | 'permissions' | 'quota'> = {
	name: 'spot-role',
	title: 'Spot role',
	when: ({spot}) => spot,
	...linkedRoleParts(spotRole),
};

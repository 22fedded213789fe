import type {Context, Finding, Found, Look, Step} from '../engine/step.ts';
import {isProblem} from '../problem.ts';
import {isDenied, unless} from './answering.ts';
import {aws} from './aws-cli.ts';
import {spreading} from './late.ts';

declare module '../engine/step.ts' {
	interface Found {
		'spot-role': {exists: boolean};
	}
}

const roleName = 'AWSServiceRoleForEC2Spot';

/** Whether the account has EC2's own role for spot instances; undefined where the caller may not look. */
export const spotRoleLook: Look<boolean | undefined> = {
	name: 'spot role',
	async load({cloud}) {
		try {
			return (await unless(cloud.call('GetRole', {RoleName: roleName}), 'NoSuchEntity')) !== undefined;
		} catch (error) {
			if (isDenied(error)) return undefined;
			throw error;
		}
	},
};

async function check(context: Context): Promise<Finding<Found['spot-role']>> {
	const exists = await context.look(spotRoleLook);
	if (exists === false) return {is: 'missing', says: `${roleName}; it belongs to the whole account, and stays when the fleet goes`};
	if (exists) return {is: 'ready', resource: {exists}, says: `${roleName} is there; it belongs to the whole account`};
	return {
		is: 'ready',
		resource: {exists: false},
		says: 'not known',
		notes: [{says: `Whether the account has ${roleName} isn't known, since AWS refuses iam:GetRole. The first spot worker tells.`}],
	};
}

async function apply({cloud, forget}: Context): Promise<void> {
	try {
		await cloud.call('CreateServiceLinkedRole', {AWSServiceName: 'spot.amazonaws.com'});
	} catch (error) {
		// The answer for a role that is there has no code of its own: `InvalidInput`, and says that the name has been taken.
		if (!(isProblem(error, 'InvalidInput') && /has been taken/.test(`${error.message} ${causeOf(error)}`))) throw error;
	}
	forget(spotRoleLook);
}

const causeOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : '');

/** The account's role for spot instances: EC2 refuses every spot worker without it. Never removed, since all fleets share it. */
export const spotRoleStep: Step<'spot-role', never, 'record' | 'permissions' | 'quota'> = {
	name: 'spot-role',
	title: 'Spot role',
	needs: [],
	after: ['record', 'permissions', 'quota'],
	when: ({spot}) => spot,
	actions: ['iam:GetRole', 'iam:CreateServiceLinkedRole'],
	settles: spreading,
	check,
	apply,
	commands: (_answers, fleet) => [aws(fleet, 'iam', 'create-service-linked-role', '--aws-service-name', 'spot.amazonaws.com')],
};

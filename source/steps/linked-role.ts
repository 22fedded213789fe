import type {Context, Finding, Look} from '../engine/step.ts';
import type {Answers, Fleet} from '../fleet.ts';
import {isDenied, isProblem, unless} from '../problem.ts';
import type {Action} from '../world/cloud/port.ts';
import {aws} from './aws-cli.ts';
import {spreading} from './late.ts';

/** A role by which a service of AWS's works in an account: it belongs to the whole account, and is never removed, since all fleets share it. */
export type LinkedRole = {
	/** `AWSServiceRoleForEC2Spot` */
	name: string;
	/** `spot.amazonaws.com` */
	service: string;
	/** What tells where the role can't be looked at: `The first spot worker tells.` */
	otherwise: string;
};

type LinkedRoleFound = {exists: boolean};

/** Whether the account has a service's role, undefined where the caller may not look; and since when, in milliseconds since 1970. */
type LinkedRoleSeen = {exists: boolean | undefined; madeAt?: number | undefined};

export const linkedRoleLook = ({name}: LinkedRole): Look<LinkedRoleSeen> => ({
	name: `role ${name}`,
	async load({cloud}) {
		try {
			const answer = await unless(cloud.call('GetRole', {RoleName: name}), 'NoSuchEntity');
			return {exists: answer !== undefined, madeAt: answer?.Role?.CreateDate?.getTime()};
		} catch (error) {
			if (isDenied(error)) return {exists: undefined};
			throw error;
		}
	},
});

async function check(context: Context, role: LinkedRole): Promise<Finding<LinkedRoleFound>> {
	const {name, otherwise} = role;
	const {exists} = await context.look(linkedRoleLook(role));
	if (exists === false) return {is: 'missing', says: `${name}; it belongs to the whole account, and stays when the fleet goes`};
	if (exists) return {is: 'ready', resource: {exists}, says: `${name} is there; it belongs to the whole account`};
	return {
		is: 'ready',
		resource: {exists: false},
		says: 'not known',
		notes: [{says: `Whether the account has ${name} isn't known, since AWS refuses iam:GetRole. ${otherwise}`}],
	};
}

async function apply({cloud, forget}: Context, role: LinkedRole): Promise<void> {
	try {
		await cloud.call('CreateServiceLinkedRole', {AWSServiceName: role.service});
	} catch (error) {
		// The answer for a role that is there has no code of its own: `InvalidInput`, and says that the name has been taken.
		if (!(isProblem(error, 'InvalidInput') && /has been taken/.test(`${error.message} ${causeOf(error)}`))) throw error;
	}
	forget(linkedRoleLook(role));
}

const causeOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : '');

const actions: readonly Action[] = ['iam:GetRole', 'iam:CreateServiceLinkedRole'];

/** What a step that makes sure of such a role does, whatever its name. */
export const linkedRoleParts = (role: LinkedRole) => ({
	needs: [],
	after: ['record', 'permissions', 'quota'] as const,
	actions,
	settles: spreading,
	check: (context: Context) => check(context, role),
	apply: (context: Context) => apply(context, role),
	commands: (_answers: Answers, fleet: Fleet) => [aws(fleet, 'iam', 'create-service-linked-role', '--aws-service-name', role.service)],
});

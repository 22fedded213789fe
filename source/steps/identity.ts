import type {Step} from '../step.ts';
import {identityLook} from './looks/identity.ts';

/** That the credentials work in this region, and whose they are. What STS refuses is translated at the port. */
export const identityStep: Step<'identity', never, never> = {
	name: 'identity',
	title: 'Identity',
	needs: [],
	// The regions to choose from are asked for with the same credentials.
	actions: ['sts:GetCallerIdentity', 'iam:ListAccountAliases', 'ec2:DescribeRegions'],
	async check(context) {
		const identity = await context.look(identityLook);
		return {is: 'so', resource: identity, says: `${identity.alias ?? identity.account}, ${identity.arn}`};
	},
	commands: () => ['aws sts get-caller-identity'],
};

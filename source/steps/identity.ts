import type {Found, Look, Looking, Note, Step} from '../engine/step.ts';
import {names} from '../fleet.ts';
import {ifAnswered, Problem} from '../problem.ts';
import {clockOff} from '../world/cloud/errors.ts';

/** Who these credentials are, and the account's alias where the caller may read it. */
export const identityLook: Look<Found['identity']> = {
	name: 'identity',
	async load({cloud}) {
		const [identity, aliases] = await Promise.all([cloud.call('GetCallerIdentity', {}), ifAnswered(cloud.call('ListAccountAliases', {}))]);
		const {Account: account, Arn: arn} = identity;
		if (!account || !arn) throw new Problem({code: 'no-identity', fault: 'outside', message: 'AWS answers without saying whose credentials these are.'});
		const alias = 'result' in aliases ? aliases.result.AccountAliases?.[0] : undefined;
		return {account, arn, partition: arn.split(':')[1] ?? 'aws', ...(alias === undefined ? {} : {alias})};
	},
};

/** The name under which this laptop keeps the fleet's private key. */
export const keyFileOf = async (context: Looking): Promise<string> => names.keyFile(context.fleet, (await context.look(identityLook)).account);

declare module '../engine/step.ts' {
	interface Found {
		identity: {account: string; arn: string; partition: string; alias?: string | undefined};
	}
}

/** Milliseconds; from here on other programs are refused for this machine's clock. */
const wrong = 5 * 60_000;

const aboutClock = (ahead: number): Note[] =>
	Math.abs(ahead) > wrong
		? [{says: `This machine's clock is ${clockOff(ahead)} AWS's, so AWS's is used here.`, advice: 'Set it: other programs go by it.'}]
		: [];

/** That the credentials work in this region, and whose they are. What STS refuses is translated at the port. */
export const identityStep: Step<'identity', never, never> = {
	name: 'identity',
	title: 'Identity',
	needs: [],
	// The regions to choose from are asked for with the same credentials.
	actions: ['sts:GetCallerIdentity', 'iam:ListAccountAliases', 'ec2:DescribeRegions'],
	async check(context) {
		const identity = await context.look(identityLook);
		return {is: 'ready', resource: identity, notes: aboutClock(context.cloud.ahead()), says: `${identity.alias ?? identity.account}, ${identity.arn}`};
	},
	commands: () => ['aws sts get-caller-identity'],
};

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

import type {Found, Look, Looking} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {ifAnswered} from '../answering.ts';

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

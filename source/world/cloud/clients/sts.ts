import * as sts from '@aws-sdk/client-sts';
import type {ClientSettings, OpenClient} from '../calls.ts';

/** Opens STS's client; only the commands that are used here come into the bundle with it. */
export function openSts(settings: ClientSettings): OpenClient {
	const client = new sts.STSClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			GetCallerIdentity: (input, options) => client.send(new sts.GetCallerIdentityCommand(input), options),
			DecodeAuthorizationMessage: (input, options) => client.send(new sts.DecodeAuthorizationMessageCommand(input), options),
		},
	};
}

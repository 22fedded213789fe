import * as ssm from '@aws-sdk/client-ssm';
import type {ClientSettings, OpenClient} from '../calls.ts';
import {allPages} from '../paging.ts';

/** Opens Systems Manager's client; only the commands that are used here come into the bundle with it. */
export function openSsm(settings: ClientSettings): OpenClient {
	const client = new ssm.SSMClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			GetParameter: (input, options) => client.send(new ssm.GetParameterCommand(input), options),
			PutParameter: (input, options) => client.send(new ssm.PutParameterCommand(input), options),
			DeleteParameter: (input, options) => client.send(new ssm.DeleteParameterCommand(input), options),
			GetParameterHistory: (input, options) => allPages(input, 'Parameters', (page) => client.send(new ssm.GetParameterHistoryCommand(page), options)),
			GetParametersByPath: (input, options) => allPages(input, 'Parameters', (page) => client.send(new ssm.GetParametersByPathCommand(page), options)),
			AddTagsToResource: (input, options) => client.send(new ssm.AddTagsToResourceCommand(input), options),
			ListTagsForResource: (input, options) => client.send(new ssm.ListTagsForResourceCommand(input), options),
		},
	};
}

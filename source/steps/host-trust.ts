import {markKeys} from '../fleet.ts';
import {Problem} from '../problem.ts';
import type {Looking} from '../step.ts';
import {ifAnswered} from './answering.ts';
import {hostKeysIn} from './host-keys.ts';
import type {Instance} from './looks/account.ts';

/** Where the knowledge of a host's key comes from; `first-use` is no knowledge. */
export type Trust = 'tag' | 'console' | 'pin' | 'first-use';

/** What a manager's host key has to be; no fingerprints where nothing is known. */
export type Expected = {from: Trust; fingerprints: readonly string[]};

/** What the first boot printed on the console; undefined when there is nothing yet, or this may not be asked. */
async function consoleKeys({cloud}: Looking, id: string): Promise<string[] | undefined> {
	for (const input of [{InstanceId: id, Latest: true}, {InstanceId: id}]) {
		const answer = await ifAnswered(cloud.call('GetConsoleOutput', input));
		// `Latest` is for Nitro types only; without it comes what was kept after the last change of state (facts §8).
		const output = 'result' in answer ? answer.result.Output : undefined;
		const found = output && hostKeysIn(Buffer.from(output, 'base64').toString('utf8'));
		if (found) return found;
	}
	return undefined;
}

/**
 * What is known of a manager's host key: what a run before kept as its tag once verified; else the first boot's console output; else what this
 * laptop saw the first time.
 */
export async function expectedKeys(context: Looking, instance: Instance): Promise<Expected> {
	const tag = instance.tags[markKeys.hostKey];
	if (tag) return {from: 'tag', fingerprints: [tag]};
	const printed = await consoleKeys(context, instance.id);
	if (printed) return {from: 'console', fingerprints: printed};
	const pin = await context.disk.pin(instance.id);
	return pin === undefined ? {from: 'first-use', fingerprints: []} : {from: 'pin', fingerprints: [pin]};
}

const origin: Record<Trust, string> = {
	tag: "the manager's tag",
	console: "the first boot's console output",
	pin: 'this laptop, which saw it before,',
	'first-use': 'nobody',
};

/** The host showed another key than the one that is known. */
export const keyChanged = (instance: Instance, region: string, {fingerprints, from}: Expected, seen: string): Problem =>
	new Problem({
		code: 'host-key-changed',
		message: `The manager ${instance.id} shows the host key ${seen}, and ${origin[from]} says ${fingerprints.join(' or ')}. Either it was made anew on purpose, or somebody stands between.`,
		advice: `Compare with \`aws --region ${region} ec2 get-console-output --instance-id ${instance.id} --latest --output text\`. If it isn't yours any more, end it with \`aws --region ${region} ec2 terminate-instances --instance-ids ${instance.id}\`; the same command then makes another.`,
	});

import type {Looking} from '../engine/step.ts';
import {markKeys} from '../fleet.ts';
import {ifAnswered, Problem, unless} from '../problem.ts';
import type {Instance} from './looks/account.ts';

/**
 * What is found in the text of an instance's console; undefined where nothing is, or this may not be asked. Throws where AWS doesn't answer: a console
 * that can't be read isn't a silent one.
 */
export async function inConsole<Found>({cloud}: Pick<Looking, 'cloud'>, id: string, find: (text: string) => Found | undefined): Promise<Found | undefined> {
	for (const input of [{InstanceId: id, Latest: true}, {InstanceId: id}]) {
		// `Latest` is for Nitro types only; without it comes what was kept after the last change of state (AWS, GetConsoleOutput).
		const answer = await unless(cloud.call('GetConsoleOutput', input), 'UnsupportedOperation', 'not-allowed');
		const found = answer?.Output && find(Buffer.from(answer.Output, 'base64').toString('utf8'));
		if (found) return found;
	}
	return undefined;
}

const begin = '-----BEGIN SSH HOST KEY FINGERPRINTS-----';
const end = '-----END SSH HOST KEY FINGERPRINTS-----';

/**
 * The host key fingerprints (`SHA256:…`) that the first boot printed: those of the first complete block, since whatever comes later may have been
 * printed by anybody who got in. Lines may bear `ec2: ` or a syslog prefix and end in CR LF. Undefined while there is no complete block.
 */
export function hostKeysIn(console: string): string[] | undefined {
	const from = console.indexOf(begin);
	const to = console.indexOf(end, from);
	if (from < 0 || to < 0) return undefined;
	const found = console.slice(from, to).match(/SHA256:[A-Za-z0-9+/]{43}/g) ?? [];
	return found.length === 0 ? undefined : [...new Set<string>(found)];
}

/** Where the knowledge of a host's key comes from; `first-use` is no knowledge, after the console was silent for as long as it may be. */
export type Trust = 'tag' | 'console' | 'pin' | 'first-use';

/**
 * What a manager's host key has to be; no fingerprints where nothing is known. `unverified`: the console may still tell it. `used` is the key that this
 * laptop met while it was unverified.
 */
export type Expected = {from: Trust | 'unverified'; fingerprints: readonly string[]; used?: string | undefined};

/** How long after its start a machine's console may be silent before its host key is trusted on first use. */
export const consoleMinutes = 10;

/** Whether a machine started so lately that it may still be booting, and its console may have nothing to tell yet. Both times are AWS's. */
export const isYoung = ({clock}: Pick<Looking, 'clock'>, instance: Instance): boolean => clock.now() - instance.launchedAt < consoleMinutes * 60_000;

/** Under which name this laptop keeps a key that it met before it was verified. */
const usedName = ({id}: Instance): string => `${id}.unverified`;

/**
 * What is known of a manager's host key: what a run before kept as its tag once verified; else the first boot's console output; else what this
 * laptop trusted before. Where nobody tells, a key that was met before has to be the same. Throws `host-key-changed` where the key that was met before
 * isn't the one that is known now.
 */
export async function expectedKeys(context: Looking, instance: Instance): Promise<Expected> {
	const used = await context.disk.pin(usedName(instance));
	const expected = await knownKeys(context, instance);
	if (expected === undefined) {
		return {from: isYoung(context, instance) ? 'unverified' : 'first-use', fingerprints: used === undefined ? [] : [used], used};
	}
	if (used !== undefined && !expected.fingerprints.includes(used)) throw wrongHost(instance, context.fleet.region, expected, used);
	return {...expected, used};
}

async function knownKeys(context: Looking, instance: Instance): Promise<{from: Trust; fingerprints: readonly string[]} | undefined> {
	const tag = instance.tags[markKeys.hostKey];
	if (tag) return {from: 'tag', fingerprints: [tag]};
	const [printed, pin] = await Promise.all([ifAnswered(inConsole(context, instance.id, hostKeysIn)), context.disk.pin(instance.id)]);
	if ('result' in printed && printed.result) return {from: 'console', fingerprints: printed.result};
	if (pin !== undefined) return {from: 'pin', fingerprints: [pin]};
	if ('problem' in printed) throw printed.problem;
	return undefined;
}

/** Keeps a host key that was met on this laptop: as trusted, or as the one that was met before it could be verified. */
export const keepKey = ({disk}: Looking, instance: Instance, hostKey: string, from: Expected['from']): Promise<void> =>
	disk.savePin(from === 'unverified' ? usedName(instance) : instance.id, hostKey);

/** Nobody tells the host key yet: worth another try. */
export const keyUnknown = (instance: Instance): Problem =>
	new Problem({
		code: 'host-key-unknown',
		again: true,
		message: `The host key of ${instance.id} isn't verified yet, and no secret goes there before: its console tells it some minutes after the boot.`,
		advice: 'Run the same command again in a minute.',
	});

const origin: Record<Expected['from'], string> = {
	tag: "the manager's tag",
	console: "the first boot's console output",
	pin: 'this laptop, which saw it before,',
	'first-use': 'this laptop, which met it before,',
	unverified: 'this laptop, which met it before,',
};

const endIt = (instance: Instance, region: string): string =>
	`end it with \`aws --region ${region} ec2 terminate-instances --instance-ids ${instance.id}\`; the same command then makes another.`;

/** Whoever answered as the manager before its host key was verified was somebody else. */
export const wrongHost = (
	instance: Instance,
	region: string,
	{fingerprints, from}: {fingerprints: readonly string[]; from: Expected['from']},
	used: string,
): Problem =>
	new Problem({
		code: 'host-key-changed',
		message: `What answered as the manager ${instance.id} so far showed the host key ${used}, and ${origin[from]} says ${fingerprints.join(' or ')}: it was somebody else. No secret went there, but nothing that was installed over it is trusted.`,
		advice: `Look who stands between, then ${endIt(instance, region)}`,
	});

/** The host showed another key than the one that is known. */
export const keyChanged = (instance: Instance, region: string, {fingerprints, from}: Expected, seen: string): Problem =>
	new Problem({
		code: 'host-key-changed',
		message: `The manager ${instance.id} shows the host key ${seen}, and ${origin[from]} says ${fingerprints.join(' or ')}. Either it was made anew on purpose, or somebody stands between.`,
		advice: `Compare with \`aws --region ${region} ec2 get-console-output --instance-id ${instance.id} --latest --output text\`. If it isn't yours any more, ${endIt(instance, region)}`,
	});

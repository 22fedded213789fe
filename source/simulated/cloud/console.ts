import {createHash} from 'node:crypto';
import type {Between, ConsoleDelays, ImageState, InstanceState} from './account.ts';
import {buildShown} from './builds.ts';
import {refusal} from './refusal.ts';

/** A machine's ed25519 host key, as its public half tells: the same for the same instance and generation. */
type HostKey = {blob: Buffer; line: string; fingerprint: string};

/** The host key that an instance made at its first boot; a generation above 0 is a key that somebody changed later. */
export function hostKeyOf(instanceId: string, generation = 0): HostKey {
	const field = (data: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, data.length]), data]);
	const secret = createHash('sha256').update(`host key ${generation} of ${instanceId}`).digest();
	const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(secret)]);
	const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
	return {blob, line: `ssh-ed25519 ${blob.toString('base64')}`, fingerprint};
}

/** As late as AWS is, as others have met it: one to two minutes with `Latest`, up to twenty without. */
export const lateConsoles: ConsoleDelays = {latest: [60_000, 120_000], buffered: [300_000, 1_200_000]};

/** Where in its span an instance is: the same for the same one. */
function delayOf(id: string, [least, most]: Between): number {
	const share = createHash('sha256').update(`console of ${id}`).digest().readUInt16BE(0) / 0xffff;
	return least + share * (most - least);
}

/**
 * What the serial console has shown, or undefined while EC2 has nothing of it. cloud-init prints the host keys at the end of the first boot, once: after a
 * stop and a start the console holds that boot alone, without them.
 */
export function consoleOf(instance: InstanceState, image: ImageState | undefined, now: number, latest: boolean, delays: ConsoleDelays): string | undefined {
	const span = latest ? delays.latest : delays.buffered;
	if (span === 'unsupported')
		throw refusal('UnsupportedOperation', `The instance '${instance.id}' does not support retrieving the latest console output. Try again without it.`);
	if (now < Math.max(instance.initialisedAt, instance.runsFrom + delayOf(instance.id, span))) return undefined;
	const kernel = '[    0.000000] Linux version 6.8.0-1021-aws';
	const host = `ip-${instance.privateIp.replaceAll('.', '-')}`;
	if (instance.startedAgain) return `${kernel}\r\n${host} login: \r\n`;
	// What user data prints comes before the host keys, which wait for its end.
	if (instance.build) return [kernel, ...buildShown(instance, now), ''].join('\r\n');
	const key = hostKeyOf(instance.id);
	const lines = [
		kernel,
		`${host} login: [   18.201] cloud-init[912]: Generating public/private ed25519 key pair.`,
		`<14>cloud-init: #############################################################`,
		'<14>cloud-init: -----BEGIN SSH HOST KEY FINGERPRINTS-----',
		`<14>cloud-init: 256 ${key.fingerprint} root@${host} (ED25519)`,
		'<14>cloud-init: -----END SSH HOST KEY FINGERPRINTS-----',
		'<14>cloud-init: #############################################################',
		'-----BEGIN SSH HOST KEY KEYS-----',
		`${key.line} root@${host}`,
		'-----END SSH HOST KEY KEYS-----',
		`[   21.773] cloud-init[1042]: Cloud-init v. 24.4 finished. Datasource DataSourceEc2Local (${image?.os ?? 'linux'})`,
	];
	return `${lines.join('\r\n')}\r\n`;
}

import {createHash} from 'node:crypto';
import type {ImageState, InstanceState} from './account.ts';

/** A machine's ed25519 host key, as its public half tells: the same for the same instance and generation. */
export type HostKey = {blob: Buffer; line: string; fingerprint: string};

/** The host key that an instance made at its first boot; a generation above 0 is a key that somebody changed later. */
export function hostKeyOf(instanceId: string, generation = 0): HostKey {
	const field = (data: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, data.length]), data]);
	const secret = createHash('sha256').update(`host key ${generation} of ${instanceId}`).digest();
	const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(secret)]);
	const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
	return {blob, line: `ssh-ed25519 ${blob.toString('base64')}`, fingerprint};
}

/** After the first boot, how long until the serial console's output can be read, in milliseconds: `latest` on Nitro, else what EC2 buffers. */
const delays = {latest: 3000, buffered: 60_000};

/** What the serial console has shown, or undefined while EC2 has nothing of it. Host keys stand in it from the first boot (facts §8). */
export function consoleOf(instance: InstanceState, image: ImageState | undefined, now: number, latest: boolean): string | undefined {
	if (now < instance.bootedAt + (latest ? delays.latest : delays.buffered)) return undefined;
	const key = hostKeyOf(instance.id);
	const host = `ip-${instance.privateIp.replaceAll('.', '-')}`;
	const lines = [
		'[    0.000000] Linux version 6.8.0-1021-aws',
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

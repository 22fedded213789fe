import {createHash, generateKeyPairSync} from 'node:crypto';

/** A key pair as OpenSSH writes it: the private half as a PEM file's text, the public half as one line. */
export type SshKey = {privateKey: string; publicKey: string};

const algorithm = 'ssh-ed25519';

/** A length in four bytes, then the bytes: how SSH writes every string. */
function sshString(value: string | Buffer): Buffer {
	const bytes = Buffer.from(value);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(bytes.length);
	return Buffer.concat([length, bytes]);
}

const uint32 = (value: number): Buffer => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
};

/** OpenSSH's private key format, unencrypted (openssh-portable, PROTOCOL.key); the check number only has to be there twice. */
function privateFile(seed: Buffer, publicBytes: Buffer, comment: string): string {
	const publicBlob = Buffer.concat([sshString(algorithm), sshString(publicBytes)]);
	const check = createHash('sha256').update(publicBytes).digest().subarray(0, 4);
	const secret = Buffer.concat([check, check, publicBlob, sshString(Buffer.concat([seed, publicBytes])), sshString(comment)]);
	const padding = Buffer.from(Array.from({length: (8 - (secret.length % 8)) % 8}, (_, index) => index + 1));
	const whole = Buffer.concat([
		Buffer.from('openssh-key-v1\0'),
		...[sshString('none'), sshString('none'), sshString(''), uint32(1), sshString(publicBlob)],
		sshString(Buffer.concat([secret, padding])),
	]);
	const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
	return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

/** Makes an ed25519 pair on this machine; the private half never leaves it. */
export function makeSshKey(comment: string): SshKey {
	const {privateKey, publicKey} = generateKeyPairSync('ed25519');
	const publicBytes = Buffer.from(publicKey.export({format: 'jwk'}).x ?? '', 'base64url');
	const seed = Buffer.from(privateKey.export({format: 'jwk'}).d ?? '', 'base64url');
	const blob = Buffer.concat([sshString(algorithm), sshString(publicBytes)]);
	return {privateKey: privateFile(seed, publicBytes, comment), publicKey: `${algorithm} ${blob.toString('base64')} ${comment}`};
}

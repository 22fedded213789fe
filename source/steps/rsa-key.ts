import {generateKeyPairSync} from 'node:crypto';
import type {SshKey} from './ed25519.ts';

/** An SSH multiple-precision integer: its length, and a zero byte before a first bit that is set, so that it stays positive. */
function mpint(bytes: Buffer): Buffer {
	const first = bytes[0] ?? 0;
	const positive = first >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
	const length = Buffer.alloc(4);
	length.writeUInt32BE(positive.length);
	return Buffer.concat([length, positive]);
}

/** Makes an RSA pair of 4,096 bits, for EC2 Instance Connect where it refuses ed25519 (facts §17.2). */
export function makeRsaKey(comment: string): SshKey {
	const {privateKey, publicKey} = generateKeyPairSync('rsa', {modulusLength: 4096});
	const {e = '', n = ''} = publicKey.export({format: 'jwk'});
	const algorithm = 'ssh-rsa';
	const blob = Buffer.concat([mpint(Buffer.from(algorithm)), mpint(Buffer.from(e, 'base64url')), mpint(Buffer.from(n, 'base64url'))]);
	return {privateKey: privateKey.export({format: 'pem', type: 'pkcs1'}).toString(), publicKey: `${algorithm} ${blob.toString('base64')} ${comment}`};
}

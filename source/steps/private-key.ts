import {createHash, createPrivateKey, createPublicKey, type KeyObject} from 'node:crypto';
import {Problem} from '../problem.ts';

/** The public half of a private key: SSH's own form of it (base64), and every fingerprint that AWS may show for it. */
type PublicHalf = {algorithm: string; blob: string; fingerprints: string[]};

const begin = '-----BEGIN OPENSSH PRIVATE KEY-----';

/** The public half stands in clear in OpenSSH's format, even where the private one is encrypted (openssh-portable, PROTOCOL.key). */
function openSshBlob(text: string): Buffer | undefined {
	const body = text.slice(text.indexOf(begin) + begin.length, text.indexOf('-----END')).replaceAll(/\s/g, '');
	const bytes = Buffer.from(body, 'base64');
	let at = 'openssh-key-v1\0'.length;
	const next = (): Buffer => {
		const length = bytes.readUInt32BE(at);
		at += 4 + length;
		return bytes.subarray(at - length, at);
	};
	try {
		for (let skipped = 0; skipped < 3; skipped++) next();
		at += 4;
		return next();
	} catch {
		return undefined;
	}
}

const field = (bytes: Buffer): Buffer => {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(bytes.length);
	return Buffer.concat([length, bytes]);
};

/** A positive number as SSH writes it: a zero before a first byte that would make it negative. */
const mpint = (value: string): Buffer => {
	const bytes = Buffer.from(value, 'base64url');
	return field((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
};

function blobOf(key: KeyObject): Buffer | undefined {
	const {e, n, x} = key.export({format: 'jwk'});
	if (key.asymmetricKeyType === 'rsa' && e && n) return Buffer.concat([field(Buffer.from('ssh-rsa')), mpint(e), mpint(n)]);
	if (key.asymmetricKeyType === 'ed25519' && x) return Buffer.concat([field(Buffer.from('ssh-ed25519')), field(Buffer.from(x, 'base64url'))]);
	return undefined;
}

const digest = (algorithm: 'md5' | 'sha1', bytes: Buffer): string => createHash(algorithm).update(bytes).digest('hex');

/** SSH's form back into a key, for the fingerprint over its DER that AWS shows of imported RSA keys. */
function derOf(blob: Buffer): Buffer | undefined {
	const parts: Buffer[] = [];
	for (let at = 0; at + 4 <= blob.length; ) {
		const length = blob.readUInt32BE(at);
		parts.push(blob.subarray(at + 4, at + 4 + length));
		at += 4 + length;
	}
	const [algorithm, e, n] = parts;
	if (algorithm?.toString() !== 'ssh-rsa' || !e || !n) return undefined;
	const key = createPublicKey({key: {kty: 'RSA', e: e.toString('base64url'), n: n.subarray(n[0] === 0 ? 1 : 0).toString('base64url')}, format: 'jwk'});
	return key.export({type: 'spki', format: 'der'});
}

function halfOf(blob: Buffer, privateDer?: Buffer): PublicHalf {
	const der = derOf(blob);
	const fingerprints = [
		createHash('sha256').update(blob).digest('base64'),
		...(der ? [digest('md5', der)] : []),
		...(privateDer ? [digest('sha1', privateDer)] : []),
		digest('md5', blob),
	];
	const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
	return {algorithm: blob.subarray(4, 4 + length).toString(), blob: blob.toString('base64'), fingerprints: fingerprints.map(plain)};
}

/** A fingerprint without what only decorates it: colons, padding, the hash's name. */
const plain = (fingerprint: string): string => {
	const bare = fingerprint.replace(/^SHA256:/, '').replace(/=+$/, '');
	return /^([0-9a-f]{2}:)+[0-9a-f]{2}$/i.test(bare) ? bare.replaceAll(':', '').toLowerCase() : bare;
};

/** Reads a private key in OpenSSH or PEM form. Throws Problems: `private-key-passphrase` where a PEM file wants one, `private-key-unreadable`. */
export function publicHalf(text: string, path: string, passphrase?: string): PublicHalf {
	const unreadable = (cause?: unknown): Problem =>
		new Problem({
			code: 'private-key-unreadable',
			message: `${path} holds no private key that is known here: it takes RSA or ed25519, in OpenSSH or PEM form.`,
			advice: 'Name the private key itself with `--private-key`, not its `.pub`.',
			cause,
		});
	if (text.includes(begin)) {
		const blob = openSshBlob(text);
		if (!blob?.length) throw unreadable();
		return halfOf(blob);
	}
	if (/ENCRYPTED/.test(text) && passphrase === undefined) {
		throw new Problem({
			code: 'private-key-passphrase',
			message: `The private key ${path} has a passphrase.`,
			advice: 'Run this in a terminal, which asks for it, or name a key without one.',
		});
	}
	try {
		const key = createPrivateKey({key: text, ...(passphrase === undefined ? {} : {passphrase})});
		const blob = blobOf(createPublicKey(key));
		if (!blob) throw unreadable();
		return halfOf(blob, key.export({type: 'pkcs8', format: 'der'}));
	} catch (cause) {
		throw cause instanceof Problem ? cause : unreadable(cause);
	}
}

/** A public half as one line has it: `ssh-ed25519 AAAA…`. */
export const publicHalfOf = (line: string): PublicHalf => halfOf(Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64'));

/** Whether a private key's public half is what AWS holds under a name: by the public key where AWS tells it, else by its fingerprint. */
export function belongsTo(half: PublicHalf, pair: {publicKey?: string | undefined; fingerprint: string}): boolean {
	const told = pair.publicKey?.trim().split(/\s+/)[1];
	return told === undefined ? half.fingerprints.includes(plain(pair.fingerprint)) : told === half.blob;
}

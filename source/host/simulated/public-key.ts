import {createPrivateKey, createPublicKey} from 'node:crypto';

const magic = 'openssh-key-v1\0';

/** `ssh-ed25519 AAAA…` of a private key, in OpenSSH's own form or PEM; undefined when it can't be read with this passphrase. */
export function publicKeyOf(privateKey: string, passphrase: string | undefined): string | undefined {
	return privateKey.includes('BEGIN OPENSSH PRIVATE KEY') ? fromOpenSsh(privateKey, passphrase) : fromPem(privateKey, passphrase);
}

function reader(bytes: Buffer, start: number): {field(): Buffer; skip(count: number): void} {
	let at = start;
	return {
		field() {
			const length = bytes.readUInt32BE(at);
			const part = bytes.subarray(at + 4, at + 4 + length);
			at += 4 + length;
			return part;
		},
		skip(count) {
			at += count;
		},
	};
}

/** OpenSSH's form carries the public half in clear, before what the passphrase guards: cipher, derivation, its options, a count, the key. */
function fromOpenSsh(text: string, passphrase: string | undefined): string | undefined {
	const bytes = Buffer.from(text.replace(/-----[^-]+-----/g, '').replace(/\s/g, ''), 'base64');
	if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
	const parts = reader(bytes, magic.length);
	const cipher = parts.field().toString();
	if (cipher !== 'none' && !passphrase) return undefined;
	parts.field();
	parts.field();
	parts.skip(4);
	return asLine(parts.field());
}

function fromPem(text: string, passphrase: string | undefined): string | undefined {
	try {
		const jwk = createPublicKey(createPrivateKey({key: text, ...(passphrase === undefined ? {} : {passphrase})})).export({format: 'jwk'});
		const bytes = (value: unknown) => Buffer.from(String(value), 'base64url');
		if (jwk.kty === 'OKP') return asLine(Buffer.concat([field(Buffer.from('ssh-ed25519')), field(bytes(jwk.x))]));
		if (jwk.kty === 'RSA') return asLine(Buffer.concat([field(Buffer.from('ssh-rsa')), field(positive(bytes(jwk.e))), field(positive(bytes(jwk.n)))]));
	} catch {
		return undefined;
	}
	return undefined;
}

const asLine = (blob: Buffer): string => `${reader(blob, 0).field().toString()} ${blob.toString('base64')}`;

const field = (data: Buffer): Buffer => {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(data.length);
	return Buffer.concat([length, data]);
};

/** SSH's whole numbers have a sign, so one that begins with a set bit gets a zero before it. */
const positive = (number: Buffer): Buffer => ((number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), number]) : number);

/** The first two words of a public key: its kind and itself, without the comment. */
export const bareKey = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

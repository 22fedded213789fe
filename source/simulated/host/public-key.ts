import ssh2 from 'ssh2';

/** `ssh-ed25519 AAAA…` of a private key, as the SSH client reads it; undefined when it can't with this passphrase. */
export function publicKeyOf(privateKey: string, passphrase: string | undefined): string | undefined {
	const key = ssh2.utils.parseKey(privateKey, passphrase);
	return key instanceof Error || !key.isPrivateKey() ? undefined : `${key.type} ${key.getPublicSSH().toString('base64')}`;
}

/** The first two words of a public key: its kind and itself, without the comment. */
export const bareKey = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

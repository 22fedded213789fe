import type {utils} from 'ssh2';
import type {SshKey, SshKeyKind} from './port.ts';

/** What of ssh2 makes keys. */
type KeyMaking = Pick<typeof utils, 'generateKeyPairSync' | 'parseKey'>;

/** A pair that nothing can read is made again, this often: one in 256 is of that sort. */
const tries = 16;

/**
 * Makes a key pair with ssh2's `utils`, which take long enough to load that whoever calls this brings them.
 * ssh2 1.17 takes a zero byte at the beginning of an ed25519 public key for padding and drops it (lib/keygen.js), so each pair is read before it is given.
 */
export function sshKeyBy({generateKeyPairSync, parseKey}: KeyMaking, kind: SshKeyKind, comment: string): SshKey {
	for (let turn = 1; turn <= tries; turn++) {
		const made = kind === 'rsa' ? generateKeyPairSync('rsa', {bits: 4096, comment}) : generateKeyPairSync('ed25519', {comment});
		if (!(parseKey(made.private) instanceof Error)) return {privateKey: made.private, publicKey: made.public};
	}
	throw new Error(`None of ${tries} ${kind} keys that ssh2 made can be read.`);
}

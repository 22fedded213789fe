import {createHash} from 'node:crypto';
import type {NodeSSH} from 'node-ssh';
import {Problem, Stopped} from '../../problem.ts';
import {connectionOver} from './connection.ts';
import {type Client, type OpenConnection, refusedAdvice} from './exec.ts';
import type {Host, Target} from './port.ts';
import {sshKeyBy} from './ssh-key.ts';

/** Milliseconds: how long the other side may take to let us in, and how soon a dead line is noticed (interval times count). */
const patience = {readyTimeout: 10_000, keepaliveInterval: 10_000, keepaliveCountMax: 3} as const;

type SshError = {code?: unknown; level?: unknown; message: string};

const troubleOf = (error: unknown): SshError =>
	error instanceof Error
		? {message: error.message, ...('code' in error ? {code: error.code} : {}), ...('level' in error ? {level: error.level} : {})}
		: {message: String(error)};

/** The fingerprint of a host's public key as ssh-keygen prints it. */
const fingerprintOf = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** What went wrong before a connection stood. */
function problemOf(error: unknown, {user, address, port}: Target): Problem {
	const {code, level, message} = troubleOf(error);
	const endpoint = `${address}:${port}`;
	if (level === 'client-authentication') {
		return new Problem({
			code: 'ssh-denied',
			message: `${endpoint} doesn't let \`${user}\` in: no key that is here is accepted.`,
			advice: 'Check the user of the image, and that the private key is the one of the key pair.',
			cause: error,
		});
	}
	if (/private ?key|passphrase|Unsupported key format/i.test(message)) {
		return new Problem({
			code: 'key-unreadable',
			message: `The private key can't be read: ${message.replace(/^Cannot parse privateKey: /, '')}.`,
			advice: 'Give its passphrase, or name another key with `--private-key`.',
			cause: error,
		});
	}
	if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
		return new Problem({
			code: 'ssh-no-answer',
			message: `The name ${address} isn't known (${code}).`,
			advice: 'Check it and the network.',
			again: code === 'EAI_AGAIN',
			cause: error,
		});
	}
	const isSilent = level === 'client-timeout' || ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(String(code));
	if (isSilent) {
		return new Problem({
			code: 'ssh-no-answer',
			message: `${endpoint} doesn't answer SSH${typeof code === 'string' ? ` (${code})` : ` within ${patience.readyTimeout / 1000} s`}.`,
			advice: 'Check that its security group lets this address in, and that it runs.',
			again: true,
			cause: error,
		});
	}
	return new Problem({
		code: 'ssh-refused',
		message:
			code === 'ECONNREFUSED' ? `${endpoint} refuses SSH: nothing listens there yet (ECONNREFUSED).` : `${endpoint} ends SSH before it begins: ${message}.`,
		advice: refusedAdvice,
		again: true,
		cause: error,
	});
}

/** Asks whether the host's key is the right one, and remembers the answer. */
function verifier(target: Target): {verify(key: Buffer, answer: (isRight: boolean) => void): void; refused(): Problem | undefined} {
	let refused: Problem | undefined;
	return {
		verify(key, answer) {
			const fingerprint = fingerprintOf(key);
			const judge = async (): Promise<boolean> => target.trust(fingerprint);
			judge().then(
				(isRight) => {
					if (!isRight) {
						refused = new Problem({
							code: 'host-key-changed',
							message: `${target.address} shows the host key ${fingerprint}, which isn't the one that is known for it.`,
							advice: 'Somebody may stand between, or the machine was made anew: look at its console output before you trust it.',
						});
					}
					answer(isRight);
				},
				(error: unknown) => {
					refused = error instanceof Problem ? error : problemOf(error, target);
					answer(false);
				},
			);
		},
		refused: () => refused,
	};
}

/** Waits for the handshake, for no longer than the signal allows. */
async function shaken(
	ssh: NodeSSH,
	target: Target,
	verify: (key: Buffer, answer: (isRight: boolean) => void) => void,
	signal: AbortSignal | undefined,
): Promise<Client> {
	const connecting = ssh.connect({
		host: target.address,
		port: target.port,
		username: target.user,
		privateKey: target.privateKey,
		...(target.passphrase === undefined ? {} : {passphrase: target.passphrase}),
		...patience,
		hostVerifier: verify,
	});
	const client = ssh.connection;
	client?.on('error', () => undefined);
	let stop = (): void => undefined;
	const stopped = new Promise<never>((_, reject) => {
		stop = () => {
			client?.destroy();
			reject(new Stopped());
		};
		signal?.addEventListener('abort', stop, {once: true});
	});
	try {
		await Promise.race([connecting, stopped]);
	} catch (error) {
		client?.destroy();
		throw error;
	} finally {
		signal?.removeEventListener('abort', stop);
	}
	if (!client) throw new Problem({code: 'ssh-refused', message: `${target.address} ended SSH at once.`, again: true});
	return client;
}

/** Ends a connection, and waits until it's gone, a second at most. */
function closing(client: Client): () => Promise<void> {
	let isClosed = false;
	client.once('close', () => {
		isClosed = true;
	});
	return () =>
		new Promise((resolve) => {
			if (isClosed) return resolve();
			const timer = setTimeout(() => client.destroy(), 1000);
			client.once('close', () => {
				clearTimeout(timer);
				resolve();
			});
			client.end();
		});
}

/** The manager over SSH. Everything on a connection ends with the signal that it was opened with. */
export const realHost = (): Host => ({
	async connect(target, signal) {
		if (signal?.aborted) throw new Stopped();
		const {NodeSSH: Ssh} = await import('node-ssh');
		const {verify, refused} = verifier(target);
		let client: Client;
		try {
			client = await shaken(new Ssh(), target, verify, signal);
		} catch (error) {
			if (error instanceof Stopped) throw error;
			throw refused() ?? (error instanceof Problem ? error : problemOf(error, target));
		}
		let lost: string | undefined;
		client.on('error', (error) => {
			lost = error.message;
		});
		client.once('close', () => {
			lost ??= 'the other side closed it';
		});
		const line: OpenConnection = {client, destination: `${target.user}@${target.address}`, signal, lost: () => lost};
		return connectionOver(line, target.user, closing(client));
	},
	async makeKey(kind, comment) {
		const {default: ssh2} = await import('ssh2');
		return sshKeyBy(ssh2.utils, kind, comment);
	},
});

import type {OpenScript, Script} from './script.ts';

/** Where and as whom to connect. */
export type Target = {
	address: string;
	port: number;
	user: string;
	/** The private key in OpenSSH or PEM form. */
	privateKey: string;
	passphrase?: string;
	/** Says whether the host's key (`SHA256:…`, no padding, as ssh-keygen prints it) is the right one; a refused key throws `host-key-changed`. */
	trust(fingerprint: string): boolean | Promise<boolean>;
};

/** A key pair as OpenSSH writes it: the private half as a PEM file's text, the public half as one line. */
export type SshKey = {privateKey: string; publicKey: string};

/** `ed25519` wherever it is taken; `rsa`, of 4,096 bits, where EC2 Instance Connect refuses that. */
export type SshKeyKind = 'ed25519' | 'rsa';

/** How a command ended. `code` is undefined when a signal ended it. */
export type Outcome = {code: number | undefined; stdout: string; stderr: string};

/** A connection to a host whose key nobody has verified yet: nothing but scripts that carry no secret. A `Connection` is one too. */
export type Unverified = {
	script<Input, Result>(script: OpenScript<Input, Result>, input: Input, said?: (progress: ScriptProgress) => void): Promise<Result>;
	close(): Promise<void>;
};

/**
 * One SSH connection that is held open. Every method throws a Problem with the code `ssh-closed` (`again`) once the connection is lost.
 * Everything that the manager is asked to do in this program is a `Script`, so that the simulated host can do the same by name.
 * What scripts tell is printable, but for what a script names as `exact`; `run` and `read` give bytes as they are.
 */
export type Connection = {
	/** Runs a script as root; its input goes over stdin, each progress value it prints is reported, and its result is parsed by the script's own schema. */
	script<Input, Result>(script: Script<Input, Result>, input: Input, said?: (progress: ScriptProgress) => void): Promise<Result>;
	/** Runs a command line as the login user; what `stdin` holds is never seen in argv. */
	run(command: string, stdin?: string): Promise<Outcome>;
	/** A file's text, read as root, or undefined when there is none. */
	read(path: string): Promise<string | undefined>;
	close(): Promise<void>;
};

/** What a running script tells before it ends. */
export type ScriptProgress =
	/** A line of a tool below (docker-machine, curl): it can be dimmed, tailed and dropped. */
	| {line: string}
	/** What is being done now, thing first: `gitlab-runner 19.3.0 downloading`. */
	| {says: string}
	/** A stage of a worker that is being made begins: creating, waiting for SSH, … */
	| {stage: string}
	/** A download: bytes so far and in all, when known. */
	| {download: string; bytes: number; of?: number | undefined};

/** SSH as this machine speaks it. */
export type Host = {
	/**
	 * Opens a connection. Throws Problems: `ssh-no-answer` (`again`; nothing listens or packets are dropped), `ssh-refused` (`again`; port closed, sshd not up yet),
	 * `ssh-denied` (no key is accepted), `host-key-changed`.
	 */
	connect(target: Target, signal?: AbortSignal): Promise<Connection>;
	/** Makes a key pair on this machine; the private half never leaves it. */
	makeKey(kind: SshKeyKind, comment: string): Promise<SshKey>;
};

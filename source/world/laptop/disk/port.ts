/**
 * What this laptop keeps for convenience: private keys, host-key pins, GitLabs named here, timings, the log. Deleting all of it loses no fleet.
 * The real side lives under XDG's data folder, 0600 in 0700. What can't be written throws a Problem `file-unwritable`, what can't be read `file-unreadable`;
 * what isn't there is no trouble.
 */
export type Disk = {
	/** The private key (OpenSSH PEM) kept under a name (`names.keyFile`), or undefined. */
	key(name: string): Promise<string | undefined>;
	/** The names under which keys are kept, in no order. */
	keys(): Promise<string[]>;
	saveKey(name: string, privateKey: string): Promise<void>;
	/** Throws what `saveKey` would throw now, and keeps nothing: so that it's known before something is made that the key belongs to. */
	trySaveKey(name: string): Promise<void>;
	removeKey(name: string): Promise<void>;
	/** Where the key is kept, for printing an `ssh -i` command. */
	keyPath(name: string): string;
	/** The host key fingerprint (`SHA256:…`) pinned for an instance id. */
	pin(instanceId: string): Promise<string | undefined>;
	savePin(instanceId: string, fingerprint: string): Promise<void>;
	/** The URLs of GitLabs that a token went to from here, since somebody named them here. */
	gitlabs(): Promise<readonly string[]>;
	saveGitlab(url: string): Promise<void>;
	/** Reads a file that the person named: a private key, a CA. Throws a Problem when it can't be read. */
	read(path: string): Promise<string>;
	/** The permission bits of a file that the person named, e.g. 0o600. */
	mode(path: string): Promise<number>;
	/** How long each step took in earlier runs, in seconds, newest last; what can't be read is as good as none, since they're only for guesses. */
	timings(): Promise<Record<string, number[]>>;
	saveTiming(step: string, seconds: number): Promise<void>;
	/** Adds one line to the log; secrets are already taken out. */
	log(line: string): void;
	/** Where the log is; undefined once it is known that it can't be written. */
	readonly logPath: string | undefined;
};

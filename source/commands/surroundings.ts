/** A signal that ends the program, by Node's name. */
export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** All that a command knows of the process it runs in; `cli.tsx` is the only file that touches the process itself. */
export type Surroundings = {
	argv: string[];
	/** Secrets are in it; the process's own environment has dropped them. */
	env: Record<string, string | undefined>;
	version: string;
	stdin: NodeJS.ReadStream;
	stdout: NodeJS.WriteStream;
	stderr: NodeJS.WriteStream;
	home: string;
	platform: string;
	/** `alice@laptop`, for rule descriptions. */
	who: string;
	/** The folder of the presets that are shipped. */
	shipped: URL;
	onSignal(handle: (signal: Signal) => void): void;
};

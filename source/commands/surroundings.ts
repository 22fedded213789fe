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
	/** Hears once nobody reads standard output any more. */
	onUnread(handle: () => void): void;
	/** Takes what leaves the terminal as it was found, for a process that ends before its work has. */
	atEnd(close: () => Promise<void>): void;
	/** Ends the process now, whatever is open; the terminal is left as it was found. */
	end(code: number): void;
};

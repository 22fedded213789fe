/** Tells from which IPv4 address this machine is seen by AWS; undefined when no service answers, which is a note and never a failure. Throws `Stopped` once the signal is aborted. */
export type Address = {
	mine(signal?: AbortSignal): Promise<string | undefined>;
};

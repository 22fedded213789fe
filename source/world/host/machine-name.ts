/** What a host, and so a worker, may be called (libmachine/host). Nothing in it means anything to a shell. */
const hostName = /^[A-Za-z0-9][A-Za-z0-9.-]*$/;
const time = /-(\d{9,11})-[0-9a-f]{8}(?:$|[-.])/;

/** Whether a worker may have this name. */
export const isHostName = (name: string): boolean => hostName.test(name);

/** When a runner made the machine of this name: milliseconds since 1970; undefined when the name isn't a runner's. */
export function madeAt(name: string): number | undefined {
	if (!name.startsWith('runner-') || !isHostName(name)) return undefined;
	const seconds = time.exec(name)?.[1];
	return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/**
 * A short token as it stands in machine names: lower case, and the runner takes out whatever no host name may hold, then whatever no host name
 * begins with (gitlab-runner, helpers/dns/utils.go, MakeRFC1123Compatible).
 */
export const inNames = (shortToken: string): string =>
	shortToken
		.toLowerCase()
		.replace(/[^a-z0-9-]/g, '')
		.replace(/^-+/, '');

/** Whether the runner with this short token gave this name. */
export const isNamedBy = (shortToken: string, name: string): boolean => inNames(shortToken) !== '' && name.startsWith(`runner-${inNames(shortToken)}-`);

/** A runner as far as its machines are named by it. */
export type Namer = {shortToken: string; partitioned?: string | undefined; machineName?: string | undefined};

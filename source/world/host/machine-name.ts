/** What a host, and so a machine of docker-machine's, may be called (libmachine/host). Nothing in it means anything to a shell. */
const hostName = /^[A-Za-z0-9][A-Za-z0-9.-]*$/;
const shape = /^(runner-[a-z0-9.-]{1,9})-(?:.*-)?(\d{9,11})-[0-9a-f]{8}(?:$|[-.])/;
const time = /-(\d{9,11})-[0-9a-f]{8}(?:$|[-.])/;

/** Whether a machine of docker-machine's may have this name. */
export const isHostName = (name: string): boolean => hostName.test(name);

/** When a runner made the machine of this name: milliseconds since 1970; undefined when the name isn't a runner's. */
export function madeAt(name: string): number | undefined {
	if (!name.startsWith('runner-') || !isHostName(name)) return undefined;
	const seconds = time.exec(name)?.[1];
	return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Whether a name has the full pattern of a machine that some runner made. */
export const isMachineName = (name: string): boolean => isHostName(name) && shape.test(name);

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

/**
 * How names of a runner's own machines begin: GitLab Runner counts a machine as its own by its short token and by MachineName up to `%s`
 * (executors/docker/machine/name.go). By its version the short token has the partition of the token (`t3_`) in it or not.
 */
export function ownPrefixes({shortToken, partitioned = shortToken, machineName = ''}: Namer): string[] {
	const [head = ''] = machineName.split('%s');
	return [shortToken, partitioned].map((token) => `runner-${inNames(token)}-${head}`);
}

/** A machine that proves how workers are made bears `test` in the token's place, and goes within the hour. */
const proving = /^runner-test-/;
const longestProof = 3_600_000;

/**
 * Tells which machines of docker-machine's store no runner counts as its own any more, at a time (milliseconds since 1970): they cost, and nobody
 * takes them away. None where a runner's token can't be told, since it stands in a variable.
 */
export function unmanagedBy(runners: readonly Namer[]): (name: string, now: number) => boolean {
	if (runners.some(({shortToken}) => shortToken === '' || shortToken.includes('$'))) return () => false;
	const prefixes = runners.flatMap(ownPrefixes);
	return (name, now) => {
		if (!isMachineName(name) || prefixes.some((prefix) => name.startsWith(prefix))) return false;
		return !proving.test(name) || now - (madeAt(name) ?? now) > longestProof;
	};
}

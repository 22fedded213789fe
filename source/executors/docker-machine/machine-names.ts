import {inNames, isHostName, madeAt, type Namer} from '../../world/host/machine-name.ts';

const shape = /^(runner-[a-z0-9.-]{1,9})-(?:.*-)?(\d{9,11})-[0-9a-f]{8}(?:$|[-.])/;

/** Whether a name has the full pattern of a machine that some runner made. */
export const isMachineName = (name: string): boolean => isHostName(name) && shape.test(name);

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

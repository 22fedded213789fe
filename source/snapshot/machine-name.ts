const shape = /^(runner-[a-z0-9._-]{1,9})-(?:.*-)?(\d{9,11})-[0-9a-f]{8}(?:$|[-.])/;
const time = /-(\d{9,11})-[0-9a-f]{8}(?:$|[-.])/;

/** When a runner made the machine of this name: milliseconds since 1970; undefined when the name isn't a runner's. */
export function madeAt(name: string): number | undefined {
	if (!name.startsWith('runner-')) return undefined;
	const seconds = time.exec(name)?.[1];
	return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Whether a name has the full pattern of a machine that some runner made. */
export const isMachineName = (name: string): boolean => shape.test(name);

/** A short token as it stands in machine names: lower case, and whatever no host name may hold becomes a hyphen (facts §3.5). */
const inNames = (shortToken: string): string =>
	shortToken
		.toLowerCase()
		.replace(/[^a-z0-9-]/g, '-')
		.replace(/^-+|-+$/g, '');

/** Whether the runner with this short token gave this name. */
export const isNamedBy = (shortToken: string, name: string): boolean => shortToken !== '' && name.startsWith(`runner-${inNames(shortToken)}-`);

/** How names of a runner's own machines begin: GitLab Runner counts a machine as its own by its token and by MachineName up to `%s`. */
const ownPrefix = ({shortToken, machineName = ''}: Namer): string => `runner-${inNames(shortToken)}-${machineName.split('%s')[0] ?? ''}`;

/** A runner as far as its machines are named by it. */
type Namer = {shortToken: string; machineName?: string | undefined};

/** A machine that proves how workers are made bears `test` in the token's place, and goes within the hour. */
const proving = /^runner-test-/;
const longestProof = 3_600_000;

/** Tells which machines of docker-machine's store no runner counts as its own any more, at a time (milliseconds since 1970): they cost, and nobody takes them away. */
export function unmanagedBy(runners: readonly Namer[]): (name: string, now: number) => boolean {
	const prefixes = runners.filter(({shortToken}) => shortToken !== '').map(ownPrefix);
	return (name, now) => {
		if (!isMachineName(name) || prefixes.some((prefix) => name.startsWith(prefix))) return false;
		return !proving.test(name) || now - (madeAt(name) ?? now) > longestProof;
	};
}

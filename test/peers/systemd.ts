import {run} from './launch.ts';

/** What the machine's first process is: a real systemd, or stand-ins for it and its journal that are held to the same behaviour. */
export type Init = 'systemd' | 'stand-in';

/** Runs shell commands in the folder of all control groups, mounted where nobody else sees it. */
const inGroups = (script: string, ...words: string[]): ReturnType<typeof run> =>
	run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', `mount -t cgroup2 cgroup2 /tmp && cd /tmp || exit 1\n${script}`, 'sh', ...words]);

let found: Promise<Init> | undefined;

/** Whether a systemd can run here: it needs a tree of control groups of version 2. `PEERS_INIT` says otherwise. */
export async function initHere(): Promise<Init> {
	const {PEERS_INIT: told} = process.env;
	if (told === 'systemd' || told === 'stand-in') {
		return told;
	}
	found ??= inGroups('').then(({code}) => (code === 0 ? 'systemd' : 'stand-in'));
	return found;
}

/** Removes the control groups of a machine that was ended, and of those whose test was killed. The kernel takes a moment to see that a group is empty. */
export async function removeGroups(own: string): Promise<void> {
	await inGroups(
		`for tries in $(seq 100); do
			grep -qs 'populated 1' "$1/cgroup.events" || break
			sleep 0.02
		done
		for group in gra-peers-*; do
			grep -qs 'populated 0' "$group/cgroup.events" && find "$group" -depth -type d -exec rmdir {} +
		done`,
		own,
	);
}

/** A HOME as somebody may have it, where this program can keep nothing. */
export type Home = {
	name: string;
	/** Node's code for what the disk refuses there. */
	code: string;
	/** Whether what was in it before is still there to be read. */
	keeps: boolean;
	/** Shell that makes it so, in a mount namespace of its own; `$home` is a folder, and HOME may be set to something else. */
	setup: string;
	/** Capabilities that root lacks in it, so that permissions hold for root as they do for anybody. */
	without?: readonly string[];
};

/** Homes that are no use, by what is wrong with them. */
export const homes: readonly Home[] = [
	{name: 'read-only', code: 'EROFS', keeps: true, setup: 'mount --bind "$home" "$home"; mount -o remount,bind,ro "$home"'},
	{
		name: 'full',
		code: 'ENOSPC',
		keeps: false,
		setup: 'mount -t tmpfs -o size=64k tmpfs "$home"; head -c 1000000 /dev/zero >"$home/filler" 2>/dev/null || true',
	},
	{name: 'without room for another file', code: 'ENOSPC', keeps: false, setup: 'mount -t tmpfs -o nr_inodes=1 tmpfs "$home"'},
	{
		name: "somebody else's",
		code: 'EACCES',
		keeps: false,
		setup: 'mount -t tmpfs -o mode=700,uid=65534 tmpfs "$home"',
		without: ['dac_override', 'dac_read_search', 'fowner'],
	},
	{name: 'absent', code: 'ENOENT', keeps: false, setup: 'HOME=/proc/nobody/home'},
	{name: 'a file', code: 'ENOTDIR', keeps: false, setup: 'mount -t tmpfs tmpfs "$home"; : >"$home/file"; HOME=$home/file'},
	{
		name: "nobody's: no HOME, no entry in passwd",
		code: 'EROFS',
		keeps: false,
		setup: 'mount --bind /dev/null /etc/passwd; mount -o remount,bind,ro /; unset HOME',
	},
];

/** Why these can't be had, where they can't: they are made of mounts. */
export const noHomes: string | false = process.getuid?.() === 0 && process.platform === 'linux' ? false : 'needs root on Linux, for mounts of its own';

/** The command line that runs another one with that HOME, which is `folder` or stands in its place. Nothing of it is seen outside, or stays. */
export function inHome({setup, without = []}: Home, folder: string, command: readonly string[]): [file: string, args: string[]] {
	const fewer = without.map((one) => `-${one}`).join(',');
	const last = fewer === '' ? 'exec "$@"' : `exec setpriv --bounding-set=${fewer} --inh-caps=${fewer} -- "$@"`;
	const script = `set -e; home=$1; shift; export HOME="$home"; ${setup}; ${last}`;
	return ['unshare', ['--mount', '--propagation', 'private', '--', 'sh', '-c', script, 'sh', folder, ...command]];
}

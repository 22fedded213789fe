import {join} from 'node:path';
import {run} from './launch.ts';

const scripts = new URL('machine/', import.meta.url).pathname;

/** Where the cached root file system is; builds it when it is not there yet. */
export async function rootTree(): Promise<string> {
	const {code, stdout, stderr} = await run('sh', [join(scripts, 'build-tree.sh')], 900_000);
	if (code !== 0) {
		throw new Error(`The machine's root file system could not be built (run test/peers/install.sh as root): ${stderr}`);
	}
	return stdout.trim();
}

/** Makes the system's disk and the few devices that a script may want; its console is a pipe that keeps what nobody has read yet. */
const begin = `mount -t tmpfs -o mode=755 disk /tmp && cd /tmp && mkdir upper work root || exit 1
mount -t overlay overlay -o "lowerdir=$1,upperdir=upper,workdir=work" root || exit 1
mount -t proc proc root/proc
mount -t tmpfs -o mode=755 run root/run
mount -t tmpfs -o mode=755 dev root/dev
for device in null zero random urandom; do
  : >"root/dev/$device"
  mount --bind "/dev/$device" "root/dev/$device"
done
ln -s /proc/self/fd root/dev/fd
mkfifo root/dev/console
exec 3<>root/dev/console chroot root /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -s
`;

/**
 * Runs a shell script as root in a system of the machine's own files, without a first process and without any network. Whatever the script does is gone once it
 * has ended, with every process of its own.
 */
export const inSystem = async (script: string): ReturnType<typeof run> =>
	run(
		'unshare',
		['--mount', '--uts', '--net', '--pid', '--fork', '--kill-child=KILL', '--propagation', 'private', 'sh', '-c', begin, 'sh', await rootTree()],
		undefined,
		script,
	);

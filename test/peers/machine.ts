import {existsSync, readFileSync, rmSync} from 'node:fs';
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {awsEnvironment, furnish, keyKinds, type MachineSurroundings} from './furnish.ts';
import {type Launched, launch, run} from './launch.ts';
import {until} from './poll.ts';
import {launchRelay, ownNetwork, passesOn} from './relay.ts';
import {rootTree} from './system.ts';
import {type Init, initHere, removeGroups} from './systemd.ts';

/** What a command in the machine did. */
export type Done = {code: number; stdout: string; stderr: string};

/** A machine with a real sshd, in namespaces of its own: only its SSH port leads in, only to the world's servers it leads out. */
export type PeerMachine = {
	address: string;
	/** Runs a shell command as root, past sshd. */
	exec(command: string): Promise<Done>;
	/** Ends all that runs in it and forgets its disk; `boot` begins anew. */
	halt(): Promise<void>;
	/** An empty disk and new host keys, as a new instance has. */
	boot(): Promise<void>;
	/** Ends sshd and every session. */
	stopSshd(): Promise<void>;
	startSshd(): Promise<void>;
	/** SHA256:... of each host key, ED25519 first. */
	hostKeyFingerprints(): Promise<string[]>;
	stop(): Promise<void>;
};

const scripts = new URL('machine/', import.meta.url).pathname;

async function greets(address: string): Promise<true | undefined> {
	return new Promise((resolve) => {
		const socket = connect({host: address, port: 22, timeout: 1000});
		socket.once('data', () => {
			resolve(true);
			socket.destroy();
		});
		for (const event of ['error', 'timeout', 'close']) {
			socket.once(event, () => {
				resolve(undefined);
				socket.destroy();
			});
		}
	});
}

const networkOf = (pid: string): string => `/proc/${pid}/ns/net`;

/** Starts the machine and waits until its sshd greets. */
export async function startMachine(around: MachineSurroundings, wanted?: Init): Promise<PeerMachine> {
	const [tree, init] = await Promise.all([rootTree(), wanted ?? initHere()]);
	const folder = await mkdtemp(join(tmpdir(), `gra-peers-${process.pid}-machine-`));
	const onExit = (): void => rmSync(folder, {recursive: true, force: true, maxRetries: 5});
	process.on('exit', onExit);
	let generation = 0;
	// A folder's name is the test process's and nobody else's.
	const group = basename(folder);
	let running: {space: Launched; first: string; hostKeys: string; wayOut: Launched; door: Launched | undefined} | undefined;

	async function inside(command: string): Promise<Done> {
		if (!running) {
			throw new Error('The machine is not running');
		}
		return run('nsenter', [
			'--target',
			running.first,
			'--mount',
			'--uts',
			'--net',
			'--pid',
			'--root',
			'--wd',
			'--',
			'/usr/bin/env',
			'-i',
			'HOME=/root',
			'USER=root',
			'LC_ALL=C.UTF-8',
			'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
			...Object.entries(awsEnvironment(around)).map(([key, value]) => `${key}=${value}`),
			'sh',
			'-c',
			command,
		]);
	}

	/** Whether what the machine starts by itself is there. Its files are looked at first, which costs less than a command in it. */
	async function isUp(root: string): Promise<boolean> {
		const begun = init === 'systemd' ? 'run/systemd/private' : 'run/booted';
		if (![begun, 'etc/peers.json'].every((file) => existsSync(join(root, file)))) return false;
		return init !== 'systemd' || /^(running|degraded)$/m.test((await inside('systemctl is-system-running --wait')).stdout);
	}

	async function startSshd(): Promise<void> {
		if (!running) {
			throw new Error('The machine is not running');
		}
		running.door ??= launchRelay(ownNetwork, networkOf(running.first), [`${around.address}:22`]);
		const [{code, stderr}] = await Promise.all([inside('mkdir -p /run/sshd && exec /usr/sbin/sshd </dev/null'), passesOn(running.door)]);
		if (code !== 0) {
			throw new Error(`sshd did not start: ${stderr}`);
		}
		await until(`sshd on ${around.address}`, () => greets(around.address));
	}

	async function stopSshd(): Promise<void> {
		await inside('pkill -KILL sshd; true');
		await running?.door?.kill();
		if (running) {
			running.door = undefined;
		}
	}

	async function boot(): Promise<void> {
		generation += 1;
		const [furniture, disk, root] = ['furniture', 'disk', 'root'].map((name) => join(folder, `${generation}`, name)) as [string, string, string];
		await Promise.all([furniture, disk, root].map((each) => mkdir(each, {recursive: true, mode: 0o755})));
		await furnish(furniture, tree, init, around);
		const space = launch('unshare', [
			'--mount',
			'--uts',
			'--net',
			'--pid',
			'--fork',
			'--kill-child=KILL',
			'--propagation',
			'private',
			'sh',
			join(scripts, 'boot.sh'),
			tree,
			furniture,
			disk,
			root,
			init,
			group,
		]);
		const pid = space.child.pid;
		const alive = <Seen>(seen: Seen): Seen => {
			if (space.child.exitCode !== null) {
				throw new Error(`The machine did not boot: ${space.output()}`);
			}
			return seen;
		};
		const first = await until('the machine to begin', () => alive(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() || undefined));
		const wayOut = launchRelay(networkOf(first), ownNetwork, around.servers);
		const seen = `/proc/${first}/root`;
		running = {space, first, hostKeys: join(seen, 'etc/ssh'), wayOut, door: undefined};
		await until('the machine to boot', async () => alive((await isUp(seen)) || undefined));
		await Promise.all([around.hostKeysAt(running.hostKeys), passesOn(wayOut), startSshd()]);
	}

	async function halt(): Promise<void> {
		const ending = running;
		running = undefined;
		for (const each of [ending?.space, ending?.door, ending?.wayOut]) {
			await each?.kill();
		}
		if (init === 'systemd') {
			await removeGroups(group);
		}
	}

	async function stop(): Promise<void> {
		await halt();
		process.off('exit', onExit);
		await rm(folder, {recursive: true, force: true, maxRetries: 5});
	}

	try {
		await boot();
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		address: around.address,
		exec: inside,
		halt,
		boot,
		stopSshd,
		startSshd,
		async hostKeyFingerprints() {
			const folder = running?.hostKeys ?? '';
			return Promise.all(
				keyKinds.map(async (kind) => {
					const {stdout} = await run('ssh-keygen', ['-lf', join(folder, `ssh_host_${kind}_key.pub`)]);
					return stdout.split(' ')[1] ?? '';
				}),
			);
		},
		stop,
	};
}

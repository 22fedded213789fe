import {readFileSync, rmSync} from 'node:fs';
import {chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Certificates} from './certificates.ts';
import {type Launched, launch, run} from './launch.ts';
import {until} from './poll.ts';

/** What a command in the machine did. */
export type Done = {code: number; stdout: string; stderr: string};

/** A machine with a real sshd, in namespaces of its own on this machine's network. */
export type Machine = {
	address: string;
	/** Runs a shell command as root, past sshd. */
	exec(command: string): Promise<Done>;
	/** An empty disk and new host keys, as a re-created instance has. */
	reset(): Promise<void>;
	/** Ends sshd and every session. */
	stopSshd(): Promise<void>;
	startSshd(): Promise<void>;
	/** SHA256:... of each host key, ED25519 first. */
	hostKeyFingerprints(): Promise<string[]>;
	stop(): Promise<void>;
};

/** What the machine has to know of the world around it. */
export type Surroundings = {
	address: string;
	/** moto itself, past the proxy. */
	aws: string;
	/** Names that lead to the stand-ins, and where. */
	hosts: readonly string[];
	standIns: string;
	certificates: Certificates;
	hostKeysAt(folder: string): Promise<unknown>;
};

const scripts = new URL('machine/', import.meta.url).pathname;
const inTree: Record<string, string> = {
	systemctl: 'usr/bin/systemctl',
	'unit-runner': 'opt/peers/unit-runner',
	journalctl: 'usr/bin/journalctl',
	'cloud-init': 'usr/bin/cloud-init',
	'init.py': 'opt/peers/init.py',
	'authorized-keys': 'opt/peers/authorized-keys',
};
const keyKinds = ['ed25519', 'ecdsa', 'rsa'];

/** Where the cached root file system is; builds it when it is not there yet. */
export async function rootTree(): Promise<string> {
	const {code, stdout, stderr} = await run('sh', [join(scripts, 'build-tree.sh')], 900_000);
	if (code !== 0) {
		throw new Error(`The machine's root file system could not be built (run test/peers/install.sh as root): ${stderr}`);
	}
	return stdout.trim();
}

/** Only one machine runs at a time on this computer: port 9252 of 127.0.0.1 is every runner's. */
async function takeTurn(): Promise<Launched> {
	const seconds = Number(process.env.PEERS_LOCK_WAIT ?? 300);
	const path = join(tmpdir(), 'gitlab-runner-aws-peers.lock');
	const turn = launch('flock', ['-F', '-w', String(seconds), '-E', '75', path, 'sh', '-c', 'echo held; exec tail -f /dev/null']);
	await until(
		'another world with a manager to end',
		() => {
			if (turn.child.exitCode !== null) {
				throw new Error(`Another world with a manager has held ${path} for ${seconds} s: ${turn.output()}`);
			}
			return turn.output().includes('held') ? true : undefined;
		},
		seconds * 1000 + 5000,
	);
	return turn;
}

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

async function put(path: string, text: string, mode = 0o644): Promise<void> {
	await mkdir(join(path, '..'), {recursive: true, mode: 0o755});
	await writeFile(path, text, {mode});
	await chmod(path, mode);
}

/** Writes what this machine has beside the cached tree. */
async function furnish(upper: string, tree: string, around: Surroundings): Promise<void> {
	for (const [name, path] of Object.entries(inTree)) {
		const target = join(upper, path);
		await mkdir(join(target, '..'), {recursive: true, mode: 0o755});
		await copyFile(join(scripts, name), target);
		await chmod(target, 0o755);
	}
	const names = around.hosts.map((host) => `${around.standIns} ${host}\n`).join('');
	await put(join(upper, 'etc/hosts'), `127.0.0.1 localhost ip-172-31-0-4\n${names}`);
	await put(join(upper, 'etc/peers.json'), JSON.stringify({aws: around.aws}));
	const bundle = await readFile(join(tree, 'etc/ssl/certs/ca-certificates.crt'), 'utf8');
	await put(join(upper, 'etc/ssl/certs/ca-certificates.crt'), bundle + around.certificates.authority);
	await put(join(upper, `etc/ssl/certs/${around.certificates.hash}.0`), around.certificates.authority);
	const keys = keyKinds.map((kind) => `HostKey /etc/ssh/ssh_host_${kind}_key\n`).join('');
	await put(
		join(upper, 'etc/ssh/sshd_config'),
		`ListenAddress ${around.address}:22
${keys}UsePAM no
UseDNS no
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PerSourcePenalties no
MaxStartups 100
MaxSessions 50
AuthorizedKeysCommand /opt/peers/authorized-keys %u
AuthorizedKeysCommandUser peers
Subsystem sftp internal-sftp
`,
	);
	await Promise.all(
		keyKinds.map(async (kind) => {
			const bits = kind === 'rsa' ? ['-b', '2048'] : [];
			const {code, stderr} = await run('ssh-keygen', [
				'-q',
				'-t',
				kind,
				...bits,
				'-N',
				'',
				'-C',
				'root@ip-172-31-0-4',
				'-f',
				join(upper, `etc/ssh/ssh_host_${kind}_key`),
			]);
			if (code !== 0) {
				throw new Error(`ssh-keygen failed: ${stderr}`);
			}
		}),
	);
}

/** Starts the machine once no other one runs, and waits until its sshd greets. */
export async function startMachine(around: Surroundings): Promise<Machine> {
	const tree = await rootTree();
	const turn = await takeTurn();
	const folder = await mkdtemp(join(tmpdir(), `gra-peers-${process.pid}-machine-`));
	const onExit = (): void => rmSync(folder, {recursive: true, force: true, maxRetries: 5});
	process.on('exit', onExit);
	let generation = 0;
	let running: {space: Launched; init: string; upper: string} | undefined;

	async function inside(command: string): Promise<Done> {
		if (!running) {
			throw new Error('The machine is not running');
		}
		return run('nsenter', [
			'--target',
			running.init,
			'--mount',
			'--uts',
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
			'sh',
			'-c',
			command,
		]);
	}

	async function startSshd(): Promise<void> {
		const {code, stderr} = await inside('mkdir -p /run/sshd && exec /usr/sbin/sshd </dev/null');
		if (code !== 0) {
			throw new Error(`sshd did not start: ${stderr}`);
		}
		await until(`sshd on ${around.address}`, () => greets(around.address));
	}

	async function boot(): Promise<void> {
		generation += 1;
		const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(folder, `${generation}`, name)) as [string, string, string];
		await Promise.all([upper, work, root].map((each) => mkdir(each, {recursive: true, mode: 0o755})));
		await furnish(upper, tree, around);
		const space = launch('unshare', [
			'--mount',
			'--uts',
			'--pid',
			'--fork',
			'--kill-child=KILL',
			'--propagation',
			'private',
			'sh',
			join(scripts, 'boot.sh'),
			tree,
			upper,
			work,
			root,
		]);
		const pid = space.child.pid;
		const init = await until('the machine to boot', () => {
			if (space.child.exitCode !== null) {
				throw new Error(`The machine did not boot: ${space.output()}`);
			}
			return space.output().includes('booted') ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() || undefined : undefined;
		});
		running = {space, init, upper};
		await around.hostKeysAt(join(upper, 'etc/ssh'));
		await startSshd();
	}

	async function halt(): Promise<void> {
		await running?.space.kill();
		running = undefined;
	}

	async function stop(): Promise<void> {
		await halt();
		await turn.kill();
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
		async reset() {
			await halt();
			await boot();
		},
		async stopSshd() {
			await inside('pkill -KILL sshd; true');
			await until('sshd to be gone', async () => ((await greets(around.address)) ? undefined : true));
		},
		startSshd,
		async hostKeyFingerprints() {
			const upper = running?.upper ?? '';
			return Promise.all(
				keyKinds.map(async (kind) => {
					const {stdout} = await run('ssh-keygen', ['-lf', join(upper, `etc/ssh/ssh_host_${kind}_key.pub`)]);
					return stdout.split(' ')[1] ?? '';
				}),
			);
		},
		stop,
	};
}

import {chmod, copyFile, mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Certificates} from './certificates.ts';
import {run} from './launch.ts';
import type {Init} from './systemd.ts';

/** What the machine has to know of the world around it. */
export type MachineSurroundings = {
	address: string;
	/** AWS as the machine's programs reach it: past the proxy, through the listener that judges its role. */
	aws: string;
	/** Names that lead to the stand-ins, and where. */
	hosts: readonly string[];
	standIns: string;
	certificates: Certificates;
	/** The world's servers, as `address:port`: nothing else of this computer can be reached. */
	servers: readonly string[];
	hostKeysAt(folder: string): Promise<unknown>;
};

const scripts = new URL('machine/', import.meta.url).pathname;
/** What stands in for systemd and its journal where no real one can run. */
const instead: Record<string, string> = {
	systemctl: 'usr/bin/systemctl',
	'unit-runner': 'opt/peers/unit-runner',
	journalctl: 'usr/bin/journalctl',
	'init.py': 'opt/peers/init.py',
};
const inTree: Record<string, string> = {
	'cloud-init': 'usr/bin/cloud-init',
	'load.pth': 'usr/lib/python3/dist-packages/peers-load.pth',
	'ahead.pth': 'usr/lib/python3/dist-packages/peers-ahead.pth',
	'later.py': 'usr/lib/python3/dist-packages/peers_later.py',
	'authorized-keys': 'opt/peers/authorized-keys',
	'gitlab_runner.py': 'usr/lib/python3/dist-packages/peers_gitlab_runner.py',
	'docker_machine.py': 'usr/lib/python3/dist-packages/peers_docker_machine.py',
	'taskscaler.py': 'usr/lib/python3/dist-packages/peers_taskscaler.py',
	'worker-shell': 'opt/peers/worker-shell',
	'worker-docker': 'opt/peers/worker/docker',
};
/** Where the machine keeps what was run on it: by sudo, and as a command over SSH, one a line. */
export const commandLogs = {sudo: '/var/log/sudo.log', shell: '/var/log/peers-commands'} as const;
/** The kinds of host keys that the machine has. */
export const keyKinds = ['ed25519', 'ecdsa', 'rsa'];

async function put(path: string, text: string, mode = 0o644): Promise<void> {
	await mkdir(join(path, '..'), {recursive: true, mode: 0o755});
	await writeFile(path, text, {mode});
	await chmod(path, mode);
}

/** How a program on the machine finds AWS and its instance's metadata. */
export const awsEnvironment = ({aws}: Pick<MachineSurroundings, 'aws'>): Record<string, string> => ({
	AWS_ENDPOINT_URL: aws,
	AWS_EC2_METADATA_SERVICE_ENDPOINT: aws,
});

/** Writes what this machine has beside the cached tree. */
export async function furnish(upper: string, tree: string, init: Init, around: MachineSurroundings): Promise<void> {
	for (const [name, path] of Object.entries(init === 'systemd' ? inTree : {...inTree, ...instead})) {
		const target = join(upper, path);
		await mkdir(join(target, '..'), {recursive: true, mode: 0o755});
		await copyFile(join(scripts, name), target);
		await chmod(target, 0o755);
	}
	const names = around.hosts.map((host) => `${around.standIns} ${host}\n`).join('');
	await put(join(upper, 'etc/hosts'), `127.0.0.1 localhost ip-172-31-0-4\n${names}`);
	await put(join(upper, 'etc/peers.json'), JSON.stringify({aws: around.aws, address: around.address}));
	const bundle = await readFile(join(tree, 'etc/ssl/certs/ca-certificates.crt'), 'utf8');
	await put(join(upper, 'etc/ssl/certs/ca-certificates.crt'), bundle + around.certificates.authority);
	await put(join(upper, `etc/ssl/certs/${around.certificates.hash}.0`), around.certificates.authority);
	// Amazon Linux's sudo looks for programs in the system's own folders only.
	await put(join(upper, 'etc/sudoers.d/10-secure-path'), 'Defaults secure_path="/sbin:/bin:/usr/sbin:/usr/bin"\n', 0o440);
	const keys = keyKinds.map((kind) => `HostKey /etc/ssh/ssh_host_${kind}_key\n`).join('');
	await put(
		join(upper, 'etc/ssh/sshd_config'),
		`ListenAddress 0.0.0.0:22
${keys}UsePAM no
UseDNS no
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PerSourcePenalties no
MaxStartups 100
MaxSessions 50
AuthorizedKeysCommand /opt/peers/authorized-keys %u %C
AuthorizedKeysCommandUser peers
Subsystem sftp internal-sftp
Match LocalAddress 127.78.0.0/16
	ForceCommand /opt/peers/worker-shell
`,
	);
	// What runs as root here reaches AWS, and the instance's own metadata, at the listener that judges its role.
	const surroundings = Object.entries(awsEnvironment(around)).map(([key, value]) => `${key}=${value}\n`);
	await put(join(upper, 'etc/peers-environment'), surroundings.join(''));
	await put(join(upper, 'etc/sudoers.d/10-environment'), 'Defaults env_file=/etc/peers-environment\n', 0o440);
	// What is kept of every command: by sudo as on any machine, and by the shell that sshd starts for it.
	await put(join(upper, 'etc/sudoers.d/10-log'), `Defaults logfile=${commandLogs.sudo}, loglinelen=0\n`, 0o440);
	await put(join(upper, commandLogs.shell), '', 0o666);
	await put(join(upper, 'etc/bash.bashrc'), `[ -z "$BASH_EXECUTION_STRING" ] || printf '%s\\n' "\${BASH_EXECUTION_STRING//$'\\n'/ }" >>${commandLogs.shell}\n`);
	await Promise.all(
		keyKinds.map(async (kind) => {
			// The shortest that sshd takes: a longer one takes an eighth of a second to find.
			const bits = kind === 'rsa' ? ['-b', '1024'] : [];
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

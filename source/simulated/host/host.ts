import ssh2 from 'ssh2';
import {Problem, Stopped} from '../../problem.ts';
import {refusedAdvice} from '../../world/host/exec.ts';
import type {Connection, Host, Target} from '../../world/host/port.ts';
import {sshKeyBy} from '../../world/host/ssh-key.ts';
import {cidrHas} from '../cloud/groups.ts';
import {unknownToThisWorld} from '../cloud/refusal.ts';
import type {Laptop} from '../laptop.ts';
import {type Link, linkTo} from './link.ts';
import type {Hosts} from './machine.ts';
import {hostKeyNow, isUp, keysPath, type Machine, textOf} from './machine.ts';
import type {Plays} from './plays.ts';
import {bareKey, publicKeyOf} from './public-key.ts';

/** Milliseconds after which a laptop stops waiting for an answer. */
const patience = 10_000;
/** sshd's port is closed rather than silent for so many milliseconds before the machine has booted. */
const closedFor = 6000;

const noAnswer = ({address, port}: Target): Problem =>
	new Problem({
		code: 'ssh-no-answer',
		message: `${address}:${port} doesn't answer SSH within ${patience / 1000} s.`,
		advice: 'Check that its security group lets this address in, and that it runs.',
		again: true,
	});

const refused = ({address, port}: Target): Problem =>
	new Problem({
		code: 'ssh-refused',
		message: `${address}:${port} refuses SSH: nothing listens there yet (ECONNREFUSED).`,
		advice: refusedAdvice,
		again: true,
	});

/** Whether a machine's security groups let an address in on a port. */
function letsIn({cloud}: Hosts, machine: Machine, address: string, port: number): boolean {
	const region = cloud.account.regions.get(machine.region);
	return machine.instance.groupIds.some((id) =>
		(region?.groups.get(id)?.inbound ?? []).some(
			(rule) => rule.cidr !== undefined && (rule.protocol === '-1' || (rule.fromPort <= port && rule.toPort >= port)) && cidrHas(rule.cidr, address),
		),
	);
}

/** Whether a key opens the door for a user: authorised there, or pushed in the last minute where the image has EC2 Instance Connect's agent. */
function accepts({clock}: Hosts, {instance, image, ...machine}: Machine, user: string, publicKey: string): boolean {
	if (user !== image.user) return false;
	const authorised = machine.files.get(keysPath(user))?.text.split('\n') ?? [];
	if (authorised.some((line) => bareKey(line) === publicKey)) return true;
	const hasAgent = !image.os.startsWith('debian');
	return hasAgent && instance.pushed.some((key) => key.user === user && key.publicKey === publicKey && key.until >= clock.now());
}

/** Waits as the network does, then gives the machine that answers; throws what a laptop meets. */
async function answering(hosts: Hosts, laptop: Laptop, target: Target, signal: AbortSignal | undefined): Promise<Machine> {
	await laptop.clock.sleep(150 + hosts.random() * 150, signal);
	hosts.clock.settle();
	hosts.review();
	const now = hosts.clock.now();
	const machine = hosts.machineAt(target.address, target.port);
	const throughTunnel = hosts.tunnels.has(`${target.address}:${target.port}`);
	const isSilent =
		!machine ||
		!isUp(machine, now) ||
		machine.faults.ssh === 'silent' ||
		(!throughTunnel && (target.port !== 22 || !letsIn(hosts, machine, laptop.address, 22)));
	if (isSilent || now < machine.instance.bootedAt - closedFor) {
		await laptop.clock.sleep(patience, signal);
		throw noAnswer(target);
	}
	if (now < machine.instance.bootedAt || machine.shuttingDown || machine.faults.ssh === 'refused') throw refused(target);
	return machine;
}

/** The host port of a laptop in the simulated world; `link` is told of each connection, so that tests can cut it. */
export const simulatedHost = (hosts: Hosts, plays: readonly Plays[], laptop: Laptop, opened: (link: Link) => void): Host => ({
	async connect(target, signal) {
		if (signal?.aborted) throw new Stopped();
		laptop.judgeAlive();
		const machine = await answering(hosts, laptop, target, signal);
		const {fingerprint} = hostKeyNow(machine);
		if (!(await target.trust(fingerprint))) {
			throw new Problem({
				code: 'host-key-changed',
				message: `${target.address} shows the host key ${fingerprint}, which isn't the one that is known for it.`,
				advice: 'Somebody may stand between, or the machine was made anew: look at its console output before you trust it.',
			});
		}
		const publicKey = publicKeyOf(target.privateKey, target.passphrase);
		if (publicKey === undefined) {
			throw new Problem({
				code: 'key-unreadable',
				message: "The private key can't be read: its form isn't known, or its passphrase isn't right.",
				advice: 'Give its passphrase, or name another key with `--private-key`.',
			});
		}
		if (!accepts(hosts, machine, target.user, publicKey)) {
			throw new Problem({
				code: 'ssh-denied',
				message: `${target.address}:${target.port} doesn't let \`${target.user}\` in: no key that is here is accepted.`,
				advice: 'Check the user of the image, and that the private key is the one of the key pair.',
			});
		}
		const link = linkTo(hosts, plays, laptop, machine, `${target.user}@${target.address}`, signal);
		opened(link);
		return connectionOn(link, hosts, machine);
	},
	makeKey: async (kind, comment) => sshKeyBy(ssh2.utils, kind, comment),
});

function connectionOn(link: Link, hosts: Hosts, machine: Machine): Connection {
	return {
		script: link.script,
		run: (command, stdin) => link.after(120, () => run(machine, command, stdin)),
		read: (path) => link.after(120, () => textOf(machine, path)),
		async close() {
			link.cut('it was closed');
			hosts.review();
		},
	};
}

/** The few commands that the login user can run in this world. */
function run(machine: Machine, command: string, stdin: string | undefined): {code: number; stdout: string; stderr: string} {
	const [program = '', ...words] = command.trim().split(/\s+/);
	if (program === 'true') return {code: 0, stdout: '', stderr: ''};
	if (program === 'false') return {code: 1, stdout: '', stderr: ''};
	if (program === 'echo') return {code: 0, stdout: `${words.join(' ')}\n`, stderr: ''};
	if (program === 'cat' && words.length === 0) return {code: 0, stdout: stdin ?? '', stderr: ''};
	if (program === 'cat' && words.length === 1) {
		const path = words[0] ?? '';
		const pattern = new RegExp(`^${path.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
		const texts = [...machine.files].filter(([one]) => pattern.test(one)).map(([, {text}]) => text);
		return texts.length === 0 ? {code: 1, stdout: '', stderr: `cat: ${path}: No such file or directory\n`} : {code: 0, stdout: texts.join(''), stderr: ''};
	}
	throw unknownToThisWorld(`the command ${program} on a manager`);
}

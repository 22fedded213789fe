import type {Input, Output} from '../../world/cloud/port.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {stateOf} from '../cloud/account.ts';
import {refusal} from '../cloud/refusal.ts';
import {judgeRole, type MachineOperation} from '../cloud/rights.ts';
import type {Link} from './link.ts';
import {type Hosts, hostKeyNow, hostKeyPath, type Machine, type MachineFaults, type Strain} from './machine.ts';
import {awsCall} from './manager-calls.ts';
import {strainOn} from './resources.ts';
import {type Registered, register, unregisterRunner, verifyDelete} from './runner-commands.ts';
import {savedByRunner} from './runner-save.ts';
import {noticeConfig} from './running.ts';
import {startService} from './unit.ts';
import type {ProcessEnd} from './worker.ts';

/** What the SSM agent asks AWS for before an instance counts as connected. */
const agentNeeds = [
	'ssm:UpdateInstanceInformation',
	...['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map((action) => `ssmmessages:${action}`),
];

/** Systems whose images have the SSM agent: Ubuntu's and Amazon's, not Debian's. */
const hasAgent = ({cloud}: Hosts, {instance, region}: Machine): boolean =>
	/^(ubuntu|amzn)/.test(cloud.account.regions.get(region)?.images.get(instance.imageId)?.os ?? '');

/** Whether the agent on a machine has come through to AWS. */
function isConnected(hosts: Hosts, machine: Machine): boolean {
	const {clock, cloud} = hosts;
	const {instance, region} = machine;
	const now = clock.now();
	const keys = {'aws:RequestedRegion': region};
	return (
		hasAgent(hosts, machine) &&
		stateOf(instance, now) === 'running' &&
		now >= instance.initialisedAt &&
		agentNeeds.every((action) => judgeRole(cloud.account, instance.profileName, {action, resource: '*', keys}, now) === 'allowed')
	);
}

/**
 * What `aws ssm start-session` does for a forwarded port: a local address leads to the machine's port 22 then. Throws `TargetNotConnected` where the image
 * has no agent, the machine's role doesn't let it through, or it is still booting.
 */
function startSession(hosts: Hosts, machine: Machine, address: string): void {
	const {id} = machine.instance;
	if (!isConnected(hosts, machine)) throw refusal('TargetNotConnected', `${id} is not connected.`, 400);
	hosts.tunnels.set(address, id);
}

const configPath = paths.config;

/** What somebody does on a machine by hand, or what befalls it. */
export type HostOutside = ReturnType<typeof hostOutside>;

/** Hands from outside on machines; `links` are the connections that were opened, newest last. */
export function hostOutside(hosts: Hosts) {
	const machineOf = (instanceId: string): Machine => {
		const machine = hosts.machineOf(instanceId);
		if (!machine) throw new Error(`The simulated world has no machine ${instanceId}.`);
		return machine;
	};
	return {
		/** A call to EC2 with what a machine has: its role, or root's credentials file. Throws what AWS refuses. */
		asManager(instanceId: string) {
			const machine = machineOf(instanceId);
			const caller = {cloud: hosts.cloud, machine, now: hosts.clock.now};
			return <Name extends MachineOperation>(name: Name, input: Input<Name>): Output<Name> => awsCall(caller, machine.region, name, input);
		},
		/** The system of an instance, to be looked at or changed by hand. */
		machine: machineOf,
		setFile(instanceId: string, path: string, text: string, mode = 0o600): void {
			const machine = machineOf(instanceId);
			machine.files.set(path, {text, mode});
			if (path === configPath) noticeConfig({machine, hosts});
		},
		removeFile: (instanceId: string, path: string): void => void machineOf(instanceId).files.delete(path),
		file: (instanceId: string, path: string): {text: string; mode: number} | undefined => machineOf(instanceId).files.get(path),
		/** Fingerprint of the host key as it is now. */
		hostKey: (instanceId: string): string => hostKeyNow(machineOf(instanceId)).fingerprint,
		/** Another key than the one of the first boot, or with `generation` 0 that one again. */
		changeHostKey(instanceId: string, generation?: number): void {
			const machine = machineOf(instanceId);
			machine.hostKeyGeneration = generation ?? machine.hostKeyGeneration + 1;
			machine.files.set(hostKeyPath, {text: `${hostKeyNow(machine).line} root@${instanceId}\n`, mode: 0o644});
		},
		/** Sets what goes wrong on a machine from now on; `{}` heals it. */
		machineFaults(instanceId: string, faults: MachineFaults): void {
			machineOf(instanceId).faults = faults;
		},
		/** GiB left on its disk. */
		setDiskFree(instanceId: string, gib: number): void {
			machineOf(instanceId).diskFreeGib = gib;
		},
		/** What weighs on a machine besides its runner; `{}` takes it away. */
		setStrain(instanceId: string, strain: Strain): void {
			strainOn(machineOf(instanceId), strain, hosts.clock.now());
		},
		/** What a mirror of somebody's answers managers at `/v2/`: an HTTP status, or nothing. */
		setMirror(url: string, answers: number | undefined): void {
			if (answers === undefined) hosts.mirrors.delete(url);
			else hosts.mirrors.set(url, answers);
		},
		/** Docker Hub refuses to give images to workers, or gives them again. */
		setDockerHub(gives: 'images' | 'none'): void {
			hosts.dockerHubRefuses = gives === 'none';
		},
		/** `systemctl stop` with the drop-in's patience: the service takes no new jobs, and ends when the running ones have. */
		drainService(instanceId: string): void {
			machineOf(instanceId).process?.quit();
			hosts.review();
		},
		/** `systemctl stop` without the drop-in's patience, as somebody in a hurry does it. */
		stopService(instanceId: string): void {
			machineOf(instanceId).process?.kill('Job failed (system failure): aborted: terminated');
			hosts.review();
		},
		/** The runner's process ends by itself: a signal that somebody else or the kernel sends, or an error that it tells of. */
		crashRunner(instanceId: string, end: ProcessEnd = {result: 'signal', status: 9}, says?: {message: string; error: string}): void {
			machineOf(instanceId).process?.crash(end, says);
		},
		/** Each job that begins from now on ends so; undefined: they end as they should. */
		failJobs(how: Hosts['jobsFail']): void {
			hosts.jobsFail = how;
		},
		startService: (instanceId: string): string | true => startService(hosts, machineOf(instanceId)),
		/** A way to a machine that has no public address: `127.0.0.1:2222` leads to its port 22. */
		openTunnel: (address: string, instanceId: string): void => void hosts.tunnels.set(address, instanceId),
		/** `aws ssm start-session` that forwards a local address to a machine's port 22. Throws what AWS refuses. */
		startSession: (address: string, instanceId: string): void => startSession(hosts, machineOf(instanceId), address),
		/** The runner rotates its token by itself: GitLab knows a new one, and config.toml holds it. */
		rotateToken(instanceId: string, from: string, to: string): void {
			const machine = machineOf(instanceId);
			const config = machine.files.get(configPath);
			for (const runner of hosts.gitlab.runners.values()) if (runner.token === from) runner.token = to;
			if (config) machine.files.set(configPath, {...config, text: savedByRunner(config.text.replaceAll(from, to))});
			machine.process?.rotate();
		},
		/** `gitlab-runner register` of another runner on a manager: false where GitLab refuses its token. */
		registerRunner: (instanceId: string, registered: Registered): boolean => register(hosts, machineOf(instanceId), registered),
		/** `gitlab-runner unregister --name`. */
		unregisterRunner: (instanceId: string, name: string): void => void unregisterRunner(hosts, machineOf(instanceId), name),
		/** `gitlab-runner verify --delete`. */
		verifyDelete: (instanceId: string): void => verifyDelete(hosts, machineOf(instanceId)),
		queueJobs: hosts.queueJobs,
	};
}

/** Faults of SSH. */
export type HostFaults = {
	/** The connection is cut when the n-th script from now begins (of that name, when one is given); the script then finds nobody who reads. */
	cutAtScript(nth?: number, name?: string): void;
	/** Every connection that is open now breaks off. */
	cutConnections(): void;
};

/** A script that a laptop began on a machine; `at` is the world's time. */
export type ScriptBegun = {name: string; at: number};

/** Watches the connections and cuts them where a test wants it. */
export function hostFaults(now: () => number): {faults: HostFaults; scripts: readonly ScriptBegun[]; opened(link: Link): void; open(): number} {
	const links: Link[] = [];
	const scripts: ScriptBegun[] = [];
	let wanted: {left: number; name: string | undefined} | undefined;
	return {
		scripts,
		faults: {
			cutAtScript(nth = 1, name) {
				wanted = {left: nth, name};
			},
			cutConnections() {
				for (const link of links.splice(0)) link.cut('the other side closed it');
			},
		},
		open: () => links.filter((link) => link.isOpen()).length,
		opened(link) {
			links.push(link);
			link.onScript = (name) => {
				scripts.push({name, at: now()});
				if (!wanted || (wanted.name !== undefined && wanted.name !== name)) return;
				wanted.left -= 1;
				if (wanted.left > 0) return;
				wanted = undefined;
				link.cut('the other side closed it');
			};
		},
	};
}

import {rmSync} from 'node:fs';
import {mkdtemp, readdir, rm, stat} from 'node:fs/promises';
import {createServer as createPlain} from 'node:http';
import {createServer as createSecure} from 'node:https';
import {createServer as createSocket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as z from 'zod';
import {startOwnAddress} from './address.ts';
import type {Call} from './calls.ts';
import {makeCertificates} from './certificates.ts';
import {type DockerHub, dockerHubHosts, makeDockerHub} from './docker-hub.ts';
import {type Downloads, downloadHosts, makeDownloads} from './downloads.ts';
import {type GitlabPeer, makeGitlab} from './gitlab.ts';
import {bodyOf, listen} from './listen.ts';
import {startMachine} from './machine.ts';
import {type InstanceTold, type Newest, startMachines} from './machines.ts';
import {type MotoSlowness, startMoto} from './moto.ts';
import {type FaultRule, startProxy} from './proxy.ts';
import {startRoleListener} from './role.ts';
import type {Init} from './systemd.ts';

export type {Call} from './calls.ts';
export type {FaultRule} from './proxy.ts';

/** AWS as the program sees it, and the tests' ways to look behind it. */
export type AwsPeer = {
	/** The proxy: what the program talks to. */
	endpoint: string;
	/** moto itself: what tests talk to without leaving a trace in `calls`. */
	direct: string;
	calls(): Call[];
	forget(): void;
	faults(rules: readonly FaultRule[]): void;
	/** AWS's clock goes so many milliseconds ahead of this computer's: whoever calls has a clock that is behind. */
	clock(ahead: number): void;
	/** What the manager's machine called by its role. */
	machineCalls(): Call[];
	/** So many of the next CreateTags by the machine find that their instance isn't there yet. */
	unseenByTags(calls: number): void;
	/** Actions (`ec2:RunInstances`) that are refused from now on, really and in a simulation. */
	deny(actions: readonly string[]): Promise<void>;
	/** Sets a quota of EC2 in vCPUs; undefined: no such quota. */
	quota(code: string, value: number | undefined): Promise<void>;
	/** What AWS says of every launch by an Auto Scaling group, of which it makes none; undefined: it launches as it can. */
	groupLaunches(said: string | undefined): Promise<void>;
	/** What every build of an image fails with that is halfway from now on; undefined: they go well. */
	failBuilds(why: string | undefined): Promise<void>;
	/** An hour goes by at EC2: terminated instances can't be seen any more. */
	hour(): Promise<void>;
	/** Holds every instance's console back, or lets it be read: it comes by itself 1.5 s after the launch. */
	holdConsoles(held: boolean): Promise<void>;
	/** What the consoles print from now on: the public halves of the host keys in this folder. */
	printHostKeys(folder: string): Promise<void>;
	/** The publisher brings out a newer Ubuntu 24.04; `serial` is a date like 20261120. */
	newerImage(serial?: string): Promise<void>;
};

/** Everything that the program talks to, on loopback. */
export type PeerWorld = {
	/** The whole environment for the program under test. */
	env: Record<string, string>;
	/** A second laptop's empty HOME. */
	newHome(): Promise<string>;
	aws: AwsPeer;
	/** `secureUrl` is the same by https, with a certificate that only `authority` (a PEM file) vouches for: nobody trusts it without being told. */
	gitlab: Omit<GitlabPeer, 'handle'> & {url: string; secureUrl: string; authority: string};
	/** For the answer `downloads`, and the sites' own troubles. */
	downloads: {gitlabRunner: string; dockerMachine: string; registry: string} & Omit<Downloads, 'handle'>;
	dockerHub: Omit<DockerHub, 'handle'>;
	ownAddress(ip: string): void;
	/** The machine of the manager that was launched last; before any is, the one that the first will have. */
	manager: Newest;
	stop(): Promise<void>;
};

const binaries = new URL('../../node_modules/.bin', import.meta.url).pathname;

/** Removes what this person's worlds left behind whose process was killed. */
async function sweep(): Promise<void> {
	const names = await readdir(tmpdir());
	await Promise.all(
		names.map(async (name) => {
			const pid = /^gra-peers-(\d+)-/.exec(name)?.[1];
			if (pid === undefined) {
				return;
			}
			try {
				process.kill(Number(pid), 0);
			} catch {
				const left = join(tmpdir(), name);
				const owner = await stat(left).then(
					({uid}) => uid,
					() => undefined,
				);
				if (owner === process.getuid?.()) {
					await rm(left, {recursive: true, force: true, maxRetries: 5});
				}
			}
		}),
	);
}

async function isFree(address: string, port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = createSocket();
		probe.once('error', () => resolve(false));
		probe.listen(port, address, () => probe.close(() => resolve(true)));
	});
}

/** As many managers live side by side at most; a replaced one stands beside the new one. */
const mostMachines = 3;

const toldOf = z.object({launched: z.string().optional(), ended: z.string().optional()});

/**
 * Finds a loopback address of which this port is nobody's, among three million, so that no other world takes the same one before it is used. None begins with
 * 127.78: at such a one sshd takes whoever comes for somebody who comes to a worker (furnish.ts).
 */
async function ownLoopback(port: number): Promise<string> {
	for (let tries = 0; tries < 50; tries += 1) {
		const part = (): number => 1 + Math.floor(Math.random() * 253);
		const address = `127.${80 + (part() % 47)}.${part()}.${part()}`;
		if (await isFree(address, port)) {
			return address;
		}
	}
	throw new Error(`No loopback address from 127.80.0.0 to 127.126.255.255 has port ${port} free (not root?)`);
}

const noMachine: Newest = {
	address: '',
	exec: () => Promise.reject(new Error('This world has no manager')),
	reset: () => Promise.reject(new Error('This world has no manager')),
	stopSshd: () => Promise.reject(new Error('This world has no manager')),
	startSshd: () => Promise.reject(new Error('This world has no manager')),
	hostKeyFingerprints: () => Promise.reject(new Error('This world has no manager')),
};

/** Starts a world; with `manager: false` only AWS, GitLab and the download sites, which needs no root; `late: 0` is an AWS that knows all at once, `init` the machines' first process. */
export async function startWorld(options: {manager?: boolean; init?: Init} & MotoSlowness = {}): Promise<PeerWorld> {
	const withManager = options.manager ?? true;
	await sweep();
	const folder = await mkdtemp(join(tmpdir(), `gra-peers-${process.pid}-`));
	const stops: (() => Promise<void>)[] = [];
	const onExit = (): void => rmSync(folder, {recursive: true, force: true, maxRetries: 5});
	process.on('exit', onExit);

	async function stop(): Promise<void> {
		for (const each of stops.splice(0).reverse()) {
			await each();
		}
		process.off('exit', onExit);
		await rm(folder, {recursive: true, force: true, maxRetries: 5});
	}

	async function keep<Started extends {stop(): Promise<void>}>(starting: Promise<Started>): Promise<Started> {
		const started = await starting;
		stops.push(started.stop);
		return started;
	}

	try {
		const addresses = withManager ? await Promise.all(Array.from({length: mostMachines}, () => ownLoopback(22))) : ['127.77.0.1'];
		const standIns = withManager ? await ownLoopback(443) : '127.0.0.1';
		const hosts = [...downloadHosts, ...dockerHubHosts, 'gitlab.com'];
		const hub = makeDockerHub();
		const sites = await makeDownloads();
		let gitlabUrl = '';
		const gitlab = makeGitlab(() => gitlabUrl);
		let tellMachines = (_told: InstanceTold): void => undefined;
		const news = await keep(
			listen(
				createPlain(async (incoming, outgoing) => {
					tellMachines(toldOf.parse(JSON.parse((await bodyOf(incoming)).toString())));
					outgoing.end();
				}),
				'127.0.0.1',
			),
		);
		const [moto, certificates, privately, own, gitlabServer, downloadServer] = await Promise.all([
			keep(startMoto({addresses, ...(withManager ? {tell: `http://127.0.0.1:${news.port}`} : {})}, options)),
			makeCertificates(join(folder, 'public'), hosts, [standIns]),
			makeCertificates(join(folder, 'private'), ['localhost'], ['127.0.0.1', standIns]),
			keep(startOwnAddress()),
			keep(listen(createPlain(gitlab.handle), standIns)),
			keep(listen(createPlain(sites.handle), standIns)),
		]);
		gitlabUrl = `http://${standIns}:${gitlabServer.port}`;
		const role = await keep(startRoleListener(moto.url, addresses));
		const proxy = await keep(startProxy(moto.url, role.isConnected));
		const secureGitlab = await keep(listen(createSecure({key: privately.key, cert: privately.certificate}, gitlab.handle), standIns));
		const secure = createSecure({key: certificates.key, cert: certificates.certificate}, (incoming, outgoing) => {
			const {host = ''} = incoming.headers;
			const handle = host.startsWith('gitlab.com') ? gitlab.handle : dockerHubHosts.includes(host) ? hub.handle : sites.handle;
			handle(incoming, outgoing);
		});
		let machine = noMachine;
		if (withManager) {
			await keep(listen(secure, standIns, 443));
			const around = {hosts, standIns, certificates};
			const open = [new URL(proxy.url).host, ...[443, gitlabServer.port, secureGitlab.port, downloadServer.port].map((port) => `${standIns}:${port}`)];
			const machines = await keep(
				startMachines(addresses, (address) => {
					const aws = role.urlFrom(address);
					const hostKeysAt = (keys: string): Promise<string> => moto.admin('host-keys', {address, folder: keys});
					return startMachine({...around, address, aws, servers: [new URL(aws).host, ...open], hostKeysAt}, options.init);
				}),
			);
			tellMachines = machines.tell;
			machine = machines.newest;
		}
		const newHome = async (): Promise<string> => mkdtemp(join(folder, 'home-'));
		return {
			env: {
				AWS_ENDPOINT_URL: proxy.url,
				AWS_ACCESS_KEY_ID: 'AKIAPEERS00000000000',
				AWS_SECRET_ACCESS_KEY: 'peers',
				AWS_REGION: 'us-east-1',
				AWS_EC2_METADATA_DISABLED: 'true',
				AWS_MAX_ATTEMPTS: '1',
				GITLAB_RUNNER_AWS_ADDRESS_URL: own.url,
				HOME: await newHome(),
				PATH: `${binaries}:/usr/local/bin:/usr/bin:/bin`,
				NODE_EXTRA_CA_CERTS: certificates.authorityPath,
				CI: 'false',
				LANG: 'C.UTF-8',
				TZ: 'UTC',
			},
			newHome,
			aws: {
				endpoint: proxy.url,
				direct: moto.url,
				calls: proxy.calls,
				machineCalls: role.calls,
				unseenByTags: role.unseenByTags,
				forget: proxy.forget,
				faults: proxy.faults,
				clock: proxy.clock,
				async deny(actions) {
					await moto.admin('denied', {actions});
				},
				async quota(code, value) {
					await moto.admin('quota', {code, value: value ?? null});
				},
				async groupLaunches(said) {
					await moto.admin('group-launches', {said: said ?? null});
				},
				async failBuilds(why) {
					await moto.admin('builds', {why: why ?? null});
				},
				async hour() {
					await moto.admin('hour');
				},
				async holdConsoles(held) {
					await moto.admin('consoles', {held});
				},
				async printHostKeys(keys) {
					await moto.admin('host-keys', {address: machine.address, folder: keys});
				},
				async newerImage(serial = '20261120') {
					await moto.admin('newer-image', {serial});
				},
			},
			gitlab: {...gitlab, url: gitlabUrl, secureUrl: `https://${standIns}:${secureGitlab.port}`, authority: privately.authorityPath},
			downloads: {
				gitlabRunner: `http://${standIns}:${downloadServer.port}/gitlab-runner`,
				dockerMachine: `http://${standIns}:${downloadServer.port}/docker-machine`,
				registry: `http://${standIns}:${downloadServer.port}/registry`,
				requests: sites.requests,
				wrongChecksums: sites.wrongChecksums,
				newestDocker: sites.newestDocker,
				down: sites.down,
			},
			dockerHub: hub,
			ownAddress: own.says,
			manager: machine,
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

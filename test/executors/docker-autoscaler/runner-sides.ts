import {setTimeout as pause} from 'node:timers/promises';
import {installScript, serviceScript} from '../../../source/executors/scripts.ts';
import {simulatedWorld} from '../../../source/simulated/world.ts';
import {dropIn, gitlabRunnerDownload} from '../../../source/steps/programs.ts';
import type {Cloud, CloudAt} from '../../../source/world/cloud/port.ts';
import {realCloud} from '../../../source/world/cloud/real.ts';
import type {Connection} from '../../../source/world/host/port.ts';
import type {InstallOutcome} from '../../../source/world/host/scripts/install.ts';
import {paths} from '../../../source/world/host/scripts/paths.ts';
import {realClock} from '../../../source/world/laptop/clock.ts';
import {isHere, type Peer} from '../../peers/here.ts';
import {connect, downloads, makeManager, region, trust, ubuntu} from '../../simulated/fleet-by-hand.ts';
import {onManager} from '../../world/scripts/on-manager.ts';
import {someAnswers} from '../docker-machine/some-answers.ts';
import {type AutoscalerWish, autoscalerConfig, type GroupGround, makeGroupOn, plugin, policy} from './group-by-hand.ts';

/** A job as both sides' GitLab has it. */
export type SidesJob = {
	state(): 'created' | 'pending' | 'running' | 'success' | 'failed';
	/** A job without a time of its own ends by and by. */
	finish(): void;
};

/** One side's manager with gitlab-runner and an Auto Scaling group of its own, and the AWS and GitLab around it. */
export type RunnerWorld = {
	cloud: Cloud;
	/** Runs a script on the manager. */
	script: Connection['script'];
	/** Writes config.toml by this wish. */
	configure(wish?: AutoscalerWish): Promise<void>;
	/** Stops the service, or starts it. */
	service(verb: 'start' | 'stop'): Promise<void>;
	/** Without a time it runs until it's told to finish. */
	queue(seconds?: number): SidesJob;
	/** The runner's log, whose lines are JSON. */
	log(): Promise<Record<string, unknown>[]>;
	metrics(): Promise<string>;
	/** What the manager's role may do from now on. */
	allow(text: string): Promise<void>;
	/** Takes a file on the manager away, and puts it back. */
	hide(path: string): Promise<void>;
	unhide(path: string): Promise<void>;
	/** Closes the workers' port 22, or opens it to the manager. */
	door(state: 'open' | 'shut'): Promise<void>;
	groupLaunches(said: string | undefined): Promise<void>;
	/** What installs gitlab-runner and another version of the plugin, and whether the sites that they come from answer. */
	install(version: string): Promise<InstallOutcome>;
	sites(state: 'down' | 'up'): void;
	/** The time that it is there, in milliseconds since 1970. */
	now(): number;
	/** Waits until a look tells something. */
	until<Seen>(what: string, look: () => Promise<Seen | undefined>): Promise<Seen>;
	stop(): Promise<void>;
};

/** `needs`: what this computer must have for it. */
export type RunnerSide = {name: string; needs?: Peer; open(): Promise<RunnerWorld>};

const logIn = (text: string): Record<string, unknown>[] => text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));

/** The stand-ins of gitlab-runner and its plugin on a real machine, against moto through the listener that judges the machine's role. */
const real: RunnerSide = {
	name: 'stand-in',
	needs: 'machine',
	async open() {
		// Imported here only, since the other side is tested on computers that can't run the machine too.
		const {startWorld} = await import('../../peers/world.ts');
		const {until} = await import('../../peers/poll.ts');
		const peers = await startWorld({late: 0});
		Object.assign(process.env, peers.env);
		const cloud = realCloud({env: peers.env, clock: {...realClock, sleep: async () => undefined}, random: () => 0});
		const here = cloud.at(region);
		const script: Connection['script'] = async (one, ...[input]) => (await onManager(peers, one, input as never)).result;
		const exec = async (command: string): Promise<string> => {
			const {code, stderr, stdout} = await peers.manager.exec(command);
			if (code !== 0) throw new Error(`${command}: ${stderr}`);
			return stdout;
		};
		const {managerGroup, subnetId, workersGroup} = await launchManager(cloud.at);
		await until('the manager to run', async () =>
			(await here.call('DescribeInstances', {})).Reservations?.[0]?.Instances?.[0]?.State?.Name === 'running' ? true : undefined,
		);
		const install = (version: string): Promise<InstallOutcome> =>
			script(installScript, {
				...{executor: 'docker-autoscaler', bootSeconds: 20, dropIn, files: [], drainSeconds: 20, wants: {plugin: version, region}},
				downloads: [gitlabRunnerDownload(someAnswers({downloads: peers.downloads}), {machine: 'x86_64'})],
			});
		const installed = await install(plugin);
		if (installed.is !== 'done') throw new Error(installed.detail);
		await makeGroupOn({cloudAt: cloud.at, script, rest: async () => undefined, subnetId, workersGroup});
		const tokens = {runner: peers.gitlab.token()};
		return {
			cloud: here,
			script,
			async configure(wish = {}) {
				const text = autoscalerConfig({tokens}, {json: true, url: peers.gitlab.url, ...wish});
				await exec(`echo ${Buffer.from(text).toString('base64')} | base64 -d >${paths.config}.new && mv ${paths.config}.new ${paths.config}`);
			},
			async service(verb) {
				const done = await script(serviceScript, verb === 'start' ? {do: 'start', drainSeconds: 20} : {do: 'drain', drainSeconds: 20});
				if (done.is !== 'done') throw new Error(JSON.stringify(done));
			},
			queue(seconds = Number.POSITIVE_INFINITY) {
				const job = peers.gitlab.queue({seconds});
				return {state: () => job.status, finish: () => void Object.assign(job, {seconds: 0})};
			},
			log: async () => logIn(await exec('journalctl -u gitlab-runner -o cat --no-pager')),
			metrics: () => exec('curl -fsS http://127.0.0.1:9252/metrics'),
			async allow(text) {
				await here.call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: text});
			},
			hide: async (path) => void (await exec(`mv ${path} ${path}.hidden`)),
			unhide: async (path) => void (await exec(`mv ${path}.hidden ${path}`)),
			async door(state) {
				const IpPermissions = [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, UserIdGroupPairs: [{GroupId: managerGroup}]}];
				if (state === 'open') await here.call('AuthorizeSecurityGroupIngress', {GroupId: workersGroup, IpPermissions});
				else await here.call('RevokeSecurityGroupIngress', {GroupId: workersGroup, IpPermissions});
			},
			groupLaunches: (said) => peers.aws.groupLaunches(said),
			install,
			sites: (state) => peers.downloads.down(state === 'down'),
			now: Date.now,
			until,
			async stop() {
				cloud.close();
				await peers.stop();
			},
		};
	},
};

/** Makes role, groups and one manager in moto, all by the calls themselves. */
async function launchManager(cloudAt: CloudAt): Promise<{managerGroup: string} & Pick<GroupGround, 'subnetId' | 'workersGroup'>> {
	const cloud = cloudAt(region);
	const subnet = (await cloud.call('DescribeSubnets', {Filters: [{Name: 'availability-zone', Values: [`${region}a`]}]})).Subnets?.[0];
	const group = async (name: string) =>
		(await cloud.call('CreateSecurityGroup', {GroupName: `fleet-${name}`, Description: name, VpcId: subnet?.VpcId})).GroupId ?? '';
	const [managerGroup, workersGroup] = [await group('manager'), await group('workers')];
	const IpPermissions = [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, UserIdGroupPairs: [{GroupId: managerGroup}]}];
	await cloud.call('AuthorizeSecurityGroupIngress', {GroupId: workersGroup, IpPermissions});
	await cloud.call('CreateRole', {RoleName: 'fleet', AssumeRolePolicyDocument: trust});
	await cloud.call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: policy()});
	await cloud.call('CreateInstanceProfile', {InstanceProfileName: 'fleet'});
	await cloud.call('AddRoleToInstanceProfile', {InstanceProfileName: 'fleet', RoleName: 'fleet'});
	const image = (await cloud.call('GetParameter', {Name: ubuntu})).Parameter?.Value;
	await cloud.call('RunInstances', {
		...{ImageId: image, InstanceType: 't3.small', MinCount: 1, MaxCount: 1, SubnetId: subnet?.SubnetId, SecurityGroupIds: [managerGroup]},
		IamInstanceProfile: {Name: 'fleet'},
	});
	return {managerGroup, subnetId: subnet?.SubnetId ?? '', workersGroup};
}

const simulated: RunnerSide = {
	name: 'simulated',
	async open() {
		const world = simulatedWorld();
		const manager = await makeManager(world);
		const cloud = world.cloudAt(region);
		const allow = async (text: string): Promise<void> => {
			await cloud.call('PutRolePolicy', {RoleName: 'fleet', PolicyName: 'fleet', PolicyDocument: text});
			await world.clock.sleep(12_000);
		};
		await allow(policy());
		const {script} = await connect(world, manager);
		const install = (version: string): Promise<InstallOutcome> =>
			script(installScript, {
				...{executor: 'docker-autoscaler', bootSeconds: 300, dropIn, files: [], drainSeconds: 60, wants: {plugin: version, region}},
				downloads: downloads.slice(0, 1),
			});
		const installed = await install(plugin);
		if (installed.is !== 'done') throw new Error(installed.detail);
		const {subnetId, workersGroup} = manager;
		await makeGroupOn({cloudAt: world.cloudAt, script, rest: (ms) => world.clock.sleep(ms), subnetId, workersGroup});
		const hidden = new Map<string, string>();
		return {
			cloud,
			script,
			allow,
			async configure(wish = {}) {
				world.outside.setFile(manager.id, paths.config, autoscalerConfig(world, {json: true, ...wish}));
				await world.clock.sleep(4000);
			},
			async service(verb) {
				const done = await script(serviceScript, verb === 'start' ? {do: 'start', drainSeconds: 60} : {do: 'drain', drainSeconds: 60});
				if (done.is !== 'done') throw new Error(JSON.stringify(done));
			},
			queue(seconds = 60) {
				const [job] = world.outside.queueJobs(1, {seconds: seconds * 20});
				return {state: () => job?.state ?? 'failed', finish: () => undefined};
			},
			log: async () =>
				logIn(
					world.outside
						.machine(manager.id)
						.journal.map(({message}) => message)
						.join('\n'),
				),
			metrics: async () => world.outside.machine(manager.id).process?.metrics().join('\n') ?? '',
			async hide(path) {
				hidden.set(path, world.outside.file(manager.id, path)?.text ?? '');
				world.outside.removeFile(manager.id, path);
			},
			unhide: async (path) => world.outside.setFile(manager.id, path, hidden.get(path) ?? ''),
			async door(state) {
				if (state === 'open') world.outside.openPort(workersGroup, 22, {groupId: manager.managerGroup});
				else world.outside.closePort(workersGroup, 22);
			},
			groupLaunches: async (said) => world.outside.groupLaunches(region, said),
			install,
			sites: (state) => world.outside.machineFaults(manager.id, state === 'down' ? {downloads: 'unreachable'} : {}),
			now: world.clock.now,
			async until(what, look) {
				for (let tries = 0; tries < 2000; tries += 1) {
					const seen = await look();
					if (seen !== undefined) return seen;
					await world.clock.sleep(1000);
				}
				throw new Error(`Waited in vain for ${what}`);
			},
			stop: () => pause(0),
		};
	},
};

/** Both sides, or those that can be had here: what holds for one holds for the other. */
export const sides: readonly RunnerSide[] = [real, simulated].filter(({needs}) => needs === undefined || isHere(needs));

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {watchManager} from '../../../../source/commands/watch.ts';
import {names} from '../../../../source/fleet.ts';
import {join} from '../../../../source/panel/live/join.ts';
import {hasSettled, verdictOf} from '../../../../source/panel/live/verdict.ts';
import {whyWaiting} from '../../../../source/panel/live/why-waiting.ts';
import {countRows} from '../../../../source/panel/rows.ts';
import type {Snapshot} from '../../../../source/panel/snapshot.ts';
import {type PanelPorts, type Watched, watchSources} from '../../../../source/panel/sources.ts';
import {Problem} from '../../../../source/problem.ts';
import {simulatedWorld, type World} from '../../../../source/simulated/world.ts';
import type {Cloud, OperationName} from '../../../../source/world/cloud/port.ts';
import {hearing, sessionAt, standing} from '../../../panel/at-laptop.ts';
import {managerOf} from '../../../panel/driving.ts';
import {standing as standingIn} from '../../../panel/watched.ts';
import {someFleet} from '../../docker-machine/some-answers.ts';
import {scaled} from './scaled.ts';

/** Operations of AWS's, SSH and GitLab, as what answers or doesn't. */
type Silenced = OperationName | 'ssh' | 'gitlab';

/** The panel's ports over the world, some of which don't answer as long as they are named. */
async function portsOver(world: World, silent: ReadonlySet<Silenced>): Promise<PanelPorts> {
	const {region} = someFleet;
	const refuse = (what: Silenced): void => {
		if (silent.has(what)) throw new Problem({code: 'no-answer', message: `${what} doesn't answer.`, fault: 'outside', again: true});
	};
	const silenced = (cloud: Cloud): Cloud => ({
		...cloud,
		call(name, input) {
			refuse(name);
			return cloud.call(name, input);
		},
	});
	const privateKey = (await world.disk.key(names.keyFile(someFleet, '123456789012'))) ?? '';
	const panel = world.gitlabAt(world.outside.gitlab.url);
	return {
		cloud: silenced(world.cloudAt(region)),
		cloudAt: (at) => silenced(world.cloudAt(at)),
		clock: world.clock,
		async connect(manager) {
			refuse('ssh');
			const connection = await world.host.connect({address: manager.publicIp ?? '', port: 22, user: 'ubuntu', privateKey, trust: () => true});
			return {
				...connection,
				script(script, input, said) {
					refuse('ssh');
					return connection.script(script, input, said);
				},
			};
		},
		gitlab: {
			panel: {
				...panel,
				served(...asked) {
					refuse('gitlab');
					return panel.served(...asked);
				},
			},
			token: world.tokens.gitlab,
			runnerId: 41,
		},
	};
}

/** Watches for so many seconds, and gives each snapshot's time and the last one. */
async function watch(world: World, ports: PanelPorts, seconds: number, watched: Watched = {fleet: someFleet}): Promise<Snapshot> {
	const stop = new AbortController();
	const until = world.clock.now() + seconds * 1000;
	let last: Snapshot | undefined;
	await watchSources(ports, watched, {
		signal: stop.signal,
		emit: (snapshot) => {
			last = snapshot;
			if (world.clock.now() >= until) stop.abort();
		},
	});
	return last ?? assert.fail('Nothing was seen.');
}

/** A fleet with forty jobs on forty instances. */
async function forty(): Promise<World> {
	const world = simulatedWorld();
	world.outside.setQuota('L-34B43A08', 500);
	await standingIn({...scaled, limit: 40, concurrent: 40}, world);
	world.outside.queueJobs(40, {seconds: 3000});
	await world.clock.sleep(240_000);
	return world;
}

const onWhich = (world: World): Map<string | undefined, number> => new Map(world.jobs.map(({worker, id}) => [worker, id]));

test('forty instances are each joined with the job that runs there, and with what they cost', async () => {
	const world = await forty();
	const snapshot = await watch(world, await portsOver(world, new Set()), 20);
	const rows = join(snapshot, world.clock.now());
	assert.deepEqual(new Map(rows.map(({name, job}) => [name, job?.id])), onWhich(world));
	assert.equal(countRows(rows).busy, 40);
	assert.ok(rows.every(({usdPerHour, spot}) => (usdPerHour ?? 0) > 0.03 && spot));
	assert.equal(verdictOf(snapshot, world.clock.now()).is, 'healthy');
});

/** What is silenced, the sources that are in trouble for it, and how many rows are still known to be busy once all was seen before; 0 where nothing was. */
const stopped: Readonly<Record<string, {silent: Silenced[]; fails: (keyof Snapshot)[]; atOnce: number}>> = {
	EC2: {silent: ['DescribeInstances'], fails: ['ec2'], atOnce: 0},
	'Auto Scaling': {silent: ['DescribeAutoScalingGroups'], fails: ['group'], atOnce: 40},
	'the manager': {silent: ['ssh'], fails: ['host', 'runner', 'journal'], atOnce: 0},
	GitLab: {silent: ['gitlab'], fails: ['gitlab'], atOnce: 40},
	prices: {silent: ['DescribeSpotPriceHistory', 'GetProducts'], fails: ['prices'], atOnce: 40},
	'the record': {silent: ['GetParameterHistory'], fails: ['record'], atOnce: 40},
};

for (const [name, {silent, fails, atOnce}] of Object.entries(stopped))
	test(`without ${name} the others go on, what was known stays with its age, and it comes back by itself`, async () => {
		const world = await forty();
		const silenced = new Set<Silenced>(silent);
		const ports = await portsOver(world, silenced);
		const from = await watch(world, ports, 30);
		for (const source of fails) assert.ok('problem' in Object(from[source]), `${source} tells its problem`);
		assert.equal(countRows(join(from, world.clock.now())).busy, atOnce);
		silenced.clear();
		const back = await watch(world, ports, 40);
		for (const source of ['ec2', 'group', 'host', 'runner', 'journal', 'gitlab', 'prices', 'record'] as const)
			assert.equal(back[source].problem, undefined, source);
		assert.equal(countRows(join(back, world.clock.now())).busy, 40);
	});

test('what was seen stays as rows while everything has fallen silent, each source with its age', async () => {
	const world = await forty();
	const silenced = new Set<Silenced>();
	const ports = await portsOver(world, silenced);
	const stop = new AbortController();
	const begun = world.clock.now();
	let last: Snapshot | undefined;
	await watchSources(
		ports,
		{fleet: someFleet},
		{
			signal: stop.signal,
			emit: (snapshot) => {
				last = snapshot;
				if (hasSettled(snapshot) && world.clock.now() > begun + 20_000)
					for (const one of ['DescribeInstances', 'DescribeAutoScalingGroups', 'ssh', 'gitlab'] as const) silenced.add(one);
				if (world.clock.now() > begun + 90_000) stop.abort();
			},
		},
	);
	assert.ok(last);
	for (const source of ['ec2', 'group', 'host', 'gitlab'] as const) assert.ok(last[source].problem && last[source].at, source);
	assert.equal(countRows(join(last, world.clock.now())).busy, 40);
});

test('a docker+machine fleet’s Auto Scaling groups are asked about by nobody', async () => {
	const world = await standing(2);
	const from = world.calls.length;
	const snapshot = await watch(world, await portsOver(world, new Set()), 30);
	assert.equal(snapshot.group.off, 'No runner here has its workers in an Auto Scaling group.');
	assert.deepEqual(
		world.calls.slice(from).filter(({name}) => /AutoScaling|Scaling|LaunchTemplate/.test(name)),
		[],
	);
});

test('a manager that bears no mark is watched by the group that its config.toml names', async () => {
	const world = await standing(3, {}, scaled);
	const manager = managerOf(world);
	const {instances, scalingGroups} = world.outside.region(someFleet.region);
	// Whoever made it made it by other tools, and marked nothing.
	for (const things of [instances, scalingGroups])
		for (const thing of things.values()) for (const key of Object.keys(thing.tags)) if (key.startsWith('gitlab-runner-aws:')) delete thing.tags[key];
	for (const {versions} of world.outside.region(someFleet.region).templates.values()) for (const {data} of versions) data.TagSpecifications = [];
	world.outside.queueJobs(2, {seconds: 900});
	await world.clock.sleep(120_000);
	const privateKey = (await world.disk.key(names.keyFile(someFleet, '123456789012'))) ?? '';
	const {ports, watched} = await watchManager(sessionAt(world, ['status', '--manager', manager], hearing()), manager, someFleet.region);
	const connect: PanelPorts['connect'] = (at) => world.host.connect({address: at.publicIp ?? '', port: 22, user: 'ubuntu', privateKey, trust: () => true});
	const snapshot = await watch(world, {...ports, connect}, 20, watched);
	const rows = join(snapshot, world.clock.now());
	assert.deepEqual(new Map(rows.map(({name, job}) => [name, job?.id])), onWhich(world));
	assert.deepEqual(whyWaiting(snapshot, world.clock.now()).troubles, []);
});

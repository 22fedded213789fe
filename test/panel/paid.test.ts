import assert from 'node:assert/strict';
import {test} from 'node:test';
import {costsOf} from '../../source/commands/interviewing.ts';
import {lookOnce} from '../../source/commands/watch.ts';
import {statusLines} from '../../source/faces/words/status-table.ts';
import {type Answers, mark, names} from '../../source/fleet.ts';
import {monthOf} from '../../source/panel/journal/spans.ts';
import {costs} from '../../source/panel/live/costs.ts';
import {join} from '../../source/panel/live/join.ts';
import {paidAfter} from '../../source/panel/live/paid.ts';
import {nothingPaid, paidBetween} from '../../source/panel/paid.ts';
import {spentOfRow} from '../../source/panel/rows.ts';
import {good} from '../../source/panel/seen.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import {type PanelPorts, watchSources} from '../../source/panel/sources.ts';
import type {InstanceState} from '../../source/simulated/cloud/account.ts';
import {spotPrices} from '../../source/simulated/cloud/launch.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import type {Instance} from '../../source/steps/looks/account.ts';
import {addressUsd, diskUsd} from '../../source/steps/prices.ts';
import {tagList} from '../../source/steps/tags.ts';
import {planned} from '../engine/fleet.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {healthy, host, instance, machine, nameAt, now, prices} from './seeing.ts';
import {standing} from './watched.ts';

const hour = 3_600_000;
const day = 24 * hour;
const dayOf = (at: number): number => Math.floor(at / day) * day;

/** USD an hour on demand in the simulated region. */
const onDemand: Readonly<Record<string, number>> = {'c5.large': 0.085, 't3.small': 0.0208};

type KeptMachine = {spot: boolean; diskGib: number; type: string; zone: string; from: number; ended: () => number | undefined};

/** Every machine that ever was in the world's region: EC2's own memory is an hour's, so each is kept as soon as it is there. */
function everyMachine(world: World) {
	const region = world.outside.region(someFleet.region);
	const kept = new Map<string, KeptMachine>();
	const look = (): void => {
		for (const one of region.instances.values()) {
			if (kept.has(one.id)) continue;
			kept.set(one.id, {
				spot: one.spotRequestId !== undefined,
				diskGib: region.volumes.get(one.volumeId)?.gib ?? 0,
				type: one.type,
				zone: one.zone,
				from: one.launchedAt,
				ended: () => one.ending?.from,
			});
		}
	};
	const costOf = (machine: KeptMachine, from: number, to: number): number => {
		let usd = 0;
		const end = Math.min(to, machine.ended() ?? to);
		for (let at = Math.max(from, machine.from); at < end; ) {
			const begun = machine.from + Math.floor((at - machine.from) / hour) * hour;
			const next = Math.min(end, begun + hour);
			const spot = spotPrices(region, machine.type, machine.zone).findLast((one) => one.at <= begun)?.usd;
			const price = (machine.spot ? spot : onDemand[machine.type]) ?? Number.NaN;
			usd += ((price + addressUsd + diskUsd(machine.diskGib)) * (next - at)) / hour;
			at = next;
		}
		return usd;
	};
	/** What they cost between two times, each second by itself at its own price: written here once more, without the program's help. */
	const cost = (from: number, to: number): number => {
		look();
		return [...kept.values()].reduce((sum, machine) => sum + costOf(machine, from, to), 0);
	};
	return {look, cost, count: () => kept.size};
}

/** What the panel looks through. */
const portsTo = (world: World): PanelPorts => ({
	cloud: world.cloudAt(someFleet.region),
	cloudAt: world.cloudAt,
	clock: world.clock,
	connect: async ({publicIp = ''}) =>
		world.host.connect({
			address: publicIp,
			port: 22,
			user: 'ubuntu',
			privateKey: (await world.disk.key(names.keyFile(someFleet, '123456789012'))) ?? '',
			trust: () => true,
		}),
});

/** The panel's own sources over the world, until a time; each snapshot is told. */
async function watchedUntil(world: World, until: number, tell: (snapshot: Snapshot) => void, before: Snapshot['paid']): Promise<void> {
	const stop = new AbortController();
	await watchSources(
		portsTo(world),
		{fleet: someFleet},
		{
			signal: stop.signal,
			paid: before,
			paces: {ec2: 450, group: 450, host: 450, prices: 1800, leftovers: day / 1000, record: day / 1000},
			emit: (snapshot) => {
				tell(snapshot);
				if (world.clock.now() >= until) stop.abort();
			},
		},
	);
}

/** What a week is of one executor alone: which instances are workers, and one that nobody knows any more beside them. */
type Weekly = {
	over: Partial<Answers>;
	/** By how much a sum may be off that is known by the log alone: a plugin's log tells of an instance only when it is pruned. */
	byLog: number;
	isWorker(instance: InstanceState): boolean;
	orphan(like: InstanceState, now: number): Partial<InstanceState>;
};

const weeks: readonly Weekly[] = [
	{
		over: {executor: 'docker+machine'},
		byLog: 0.01,
		isWorker: ({keyName}) => keyName?.startsWith('runner-') === true,
		orphan({keyName = ''}, now) {
			const name = keyName.replace(/-\d{10}-[0-9a-f]{8}$/, `-${Math.floor(now / 1000)}-0badc0de`);
			return {tags: {Name: name}, keyName: name};
		},
	},
	{
		over: {executor: 'docker-autoscaler', workerImage: 'ecs-al2023', workerDisk: 30},
		byLog: 0.05,
		isWorker: ({tags}) => tags['aws:autoscaling:groupName'] === names.scalingGroup(someFleet),
		orphan: ({tags}) => ({tags: {...tags, 'aws:autoscaling:groupName': `${names.scalingGroup(someFleet)}-old`}}),
	},
];

for (const {byLog, over, isWorker, orphan} of weeks)
	test(`over a week of ${over.executor} with interruptions, drains and orphans, what today cost never falls and is each machine’s own seconds at its own price, to a cent`, async () => {
		const world = await standing({limit: 6, concurrent: 6, idleCount: 1, ...over});
		const {clock, outside, time} = world;
		const every = everyMachine(world);
		const began = clock.now();
		const region = outside.region(someFleet.region);
		const manager = [...region.instances.values()].find(({tags}) => tags.Name === names.manager(someFleet))?.id ?? assert.fail('no manager');
		const workers = () => [...region.instances.values()].filter((one) => !one.ending && isWorker(one));
		const ended = new AbortController();
		let orphans = 0;
		const happening = (async () => {
			for (let turn = 0; !ended.signal.aborted; turn += 1) {
				outside.queueJobs(3 + (turn % 5), {seconds: 1200 + 300 * (turn % 4)});
				await time.sleep(1500_000, ended.signal).catch(() => undefined);
				every.look();
				const spot = workers().find(({spotRequestId}) => spotRequestId !== undefined);
				if (spot && turn % 4 === 1) outside.interruptSpot(spot.id, turn % 8 === 1 ? 'by the instance' : 'by its request');
				outside.spotPrice('c5.large', `${someFleet.region}a`, 0.03 + 0.004 * (turn % 7));
				const like = workers()[0];
				if (turn % 30 === 7 && like) {
					const left = outside.addInstance(someFleet.region, {...orphan(like, clock.now()), type: 'c5.large', launchedAt: clock.now()});
					left.publicIp = '198.51.100.77';
					orphans += 1;
					every.look();
					await time.sleep(3 * hour, ended.signal).catch(() => undefined);
					outside.terminateInstance(left.id);
				}
				if (turn % 20 === 11) {
					outside.drainService(manager);
					await time.sleep(hour, ended.signal).catch(() => undefined);
					outside.startService(manager);
				}
				await time.sleep(2400_000, ended.signal).catch(() => undefined);
				every.look();
			}
		})();
		const seen = {snapshots: 0, most: 0};
		let paid = nothingPaid;
		let last: {day: number; today: number; month: number} | undefined;
		const tell = (snapshot: Snapshot): void => {
			paid = snapshot.paid;
			every.look();
			const now = clock.now();
			const told = costs(snapshot, join(snapshot, now), now);
			if (!told.today || paid.at === undefined) return;
			const month = told.month?.usd ?? 0;
			if (last?.day === dayOf(now)) assert.ok(told.today.usd >= last.today - 1e-9, `today fell from ${last.today} to ${told.today.usd}`);
			if (last && monthOf(last.day) === monthOf(now)) assert.ok(month >= last.month - 1e-9, `the month fell from ${last.month} to ${month}`);
			last = {day: dayOf(now), today: told.today.usd, month};
			// An hour that has just begun is in it once its price was looked at.
			if (paid.asks || snapshot.prices.at === undefined) return;
			seen.snapshots += 1;
			const own = every.cost(dayOf(now), paid.at);
			seen.most = Math.max(seen.most, Math.abs(told.today.usd - own));
		};
		try {
			for (let at = began; at < began + 7 * day; at += day) await watchedUntil(world, at + day, tell, paid);
		} finally {
			ended.abort();
			await happening;
		}
		assert.ok(seen.snapshots > 1000 && orphans > 3 && every.count() > 100, JSON.stringify({...seen, orphans, machines: every.count()}));
		assert.ok(seen.most < 0.01, `off by ${seen.most}`);
		// Who looks for the first time knows of most of it by the log alone, to a second or so of each machine.
		let month = 0;
		const first = (snapshot: Snapshot): void => {
			paid = snapshot.paid;
			month = costs(snapshot, [], clock.now()).month?.usd ?? 0;
		};
		await watchedUntil(world, clock.now() + 60_000, first, nothingPaid);
		const own = every.cost(monthOf(clock.now()), paid.at ?? 0);
		assert.ok(Math.abs(month - own) < own * byLog, `${month} of ${own}`);
	});

test('the manager costs in the panel what the review said, with its disk, and so does an instance that an image is made of', async () => {
	const world = await standing();
	const reviewed = await planned(world, {secrets: {runnerToken: world.tokens.runner}}, (context, plan) => costsOf({context, plan}));
	const [{imageId: ImageId, subnetId: SubnetId} = assert.fail('no manager')] = world.outside.region(someFleet.region).instances.values();
	const TagSpecifications = [{ResourceType: 'instance' as const, Tags: tagList(mark(someFleet, 'image-builder'))}];
	world.outside.call('RunInstances', someFleet.region, {ImageId, SubnetId, InstanceType: 't3.small', MinCount: 1, MaxCount: 1, TagSpecifications});
	await world.time.sleep(60_000);
	const {snapshot} = await lookOnce({ports: portsTo(world), watched: {fleet: someFleet}}, new AbortController().signal);
	const {builders, manager} = costs(snapshot, [], world.clock.now());
	const [[id, disk] = ['', 0], [builder, built] = ['', 0]] = Object.entries(snapshot.ec2.value?.disks ?? {});
	assert.ok(disk > 0 && built > 0);
	assert.deepEqual(builders, {count: 1, perHour: (onDemand['t3.small'] ?? 0) + diskUsd(built) + addressUsd});
	assert.equal(manager, reviewed?.manager);
	assert.equal(manager, (onDemand['t3.small'] ?? 0) + diskUsd(disk) + addressUsd);
	// And so is each hour that is paid.
	for (const [one, perHour = 0] of [[id, manager] as const, [builder, builders?.perHour] as const]) {
		const paid = snapshot.paid.machines.get(one) ?? assert.fail('it is not paid');
		assert.ok(Math.abs((paidBetween(paid, paid.from, paid.from + hour) ?? 0) - perHour) < 1e-9);
	}
});

test('one look beside forty workers ten minutes old tells what they have cost, from their launch on', async () => {
	const world = simulatedWorld();
	world.outside.setQuota('L-34B43A08', 256);
	await standing({limit: 40, concurrent: 40}, world);
	const {clock, outside} = world;
	const every = everyMachine(world);
	await world.time.sleep(2 * day);
	outside.queueJobs(40, {seconds: 7200});
	await world.time.sleep(900_000);
	const {snapshot, rows} = await lookOnce({ports: portsTo(world), watched: {fleet: someFleet}}, new AbortController().signal);
	const now = clock.now();
	assert.equal(rows.length, 40);
	const [head] = statusLines(snapshot, rows, now, 200, {colour: false, ascii: false}).filter((line) => line.includes(' today'));
	const own = every.cost(dayOf(now), snapshot.paid.at ?? 0);
	assert.ok(own > 0.3, `${own}`);
	assert.ok(head?.endsWith(`$${own.toFixed(2)} today`), `${head}, ${own}`);
	// The same set in the column of what each has cost: all but the manager.
	const spent = rows.reduce((sum, row) => sum + (spentOfRow(row, snapshot.paid.at ?? 0) ?? Number.NaN), 0);
	const manager = [...snapshot.paid.machines.values()].find(({type}) => type === 't3.small');
	assert.ok(Math.abs(spent + (manager ? (paidBetween(manager, dayOf(now), snapshot.paid.at ?? 0) ?? 0) : 0) - own) < 0.01);
});

test('what a machine cost is by its own type, market and hours, and stays when it goes, when prices fall and when EC2 forgets it', () => {
	const name = nameAt(90, '0000000a');
	const running = instance('i-1', name, {launchedAt: now - 90 * 60_000});
	const at = (minute: number, instances: readonly Instance[], usd: number, before?: Snapshot): Snapshot => {
		const told = now + minute * 60_000;
		const snapshot = {
			...healthy({
				ec2: good({manager: undefined, otherManagers: [], instances}, told),
				host: good(host([machine(name, {instanceId: 'i-1'})]), told),
				prices: good({...prices, spot: {'c5.large us-east-2a': usd}}, told),
			}),
			...(before ? {paid: before.paid} : {paid: nothingPaid}),
		};
		return {...snapshot, paid: paidAfter(snapshot)};
	};
	const usdIn = (snapshot: Snapshot): number => costs(snapshot, [], now).today?.usd ?? Number.NaN;
	const first = at(0, [running], 0.04);
	assert.ok(Math.abs(usdIn(first) - 1.5 * (0.04 + addressUsd + diskUsd(20))) < 1e-9);
	// Its second hour goes on for half an hour at the price of its beginning, and the third has the new one.
	const later = at(60, [running], 0.01, first);
	assert.ok(Math.abs(usdIn(later) - (2 * 0.04 + 0.5 * 0.01 + 2.5 * (addressUsd + diskUsd(20)))) < 1e-9);
	const gone = at(70, [{...running, state: 'terminated', publicIp: undefined, endedAt: now + 65 * 60_000}], 0.01, later);
	assert.ok(usdIn(gone) > usdIn(later));
	assert.equal(usdIn(at(200, [], 0.01, gone)), usdIn(gone));
	// Once more of the same is the same object.
	assert.equal(paidAfter(gone), gone.paid);
});

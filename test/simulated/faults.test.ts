import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {makeManager, region} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

const group = (world: Pick<World, 'cloudAt'>, name: string) => world.cloudAt(region).call('CreateSecurityGroup', {GroupName: name, Description: 'd'});

test('a throttled call is tried again after pauses, and each try is in the list of calls', async () => {
	const heard: string[] = [];
	const world = simulatedWorld({onRetry: ({operation, problem}) => heard.push(`${operation} ${problem.code}`)});
	const before = world.clock.now();
	world.faults.throttle('DescribeVpcs', 2);
	await world.cloudAt(region).call('DescribeVpcs', {});
	assert.deepEqual(heard, ['DescribeVpcs RequestLimitExceeded', 'DescribeVpcs RequestLimitExceeded']);
	assert.deepEqual(
		world.calls.map(({name, refused}) => [name, refused]),
		[
			['DescribeVpcs', 'RequestLimitExceeded'],
			['DescribeVpcs', 'RequestLimitExceeded'],
			['DescribeVpcs', undefined],
		],
	);
	assert.ok(world.clock.now() - before > 500);
});

test('the n-th call fails with what a test wants, and is not carried out', async () => {
	const world = simulatedWorld();
	world.faults.failNth('CreateSecurityGroup', 2, {name: 'SecurityGroupLimitExceeded', message: 'The maximum number of security groups has been reached.'});
	await group(world, 'one');
	assert.equal(await refusedWith(group(world, 'two')), 'SecurityGroupLimitExceeded');
	await group(world, 'three');
	assert.deepEqual(
		[...world.outside.region(region).groups.values()].map(({name}) => name),
		['default', 'one', 'three'],
	);
});

test('a connection lost after the call was carried out leads to a second try that finds the first one’s work', async () => {
	const world = simulatedWorld();
	world.faults.dropAfter('CreateSecurityGroup');
	assert.equal(await refusedWith(group(world, 'one')), 'InvalidGroup.Duplicate');
	world.faults.dropBefore('CreateSecurityGroup');
	await group(world, 'two');
	assert.equal(world.outside.region(region).groups.size, 3);
});

test('somebody else can act just before or just after a call', async () => {
	const world = simulatedWorld();
	world.faults.meanwhile('CreateSecurityGroup', 1, () => void world.outside.addGroup(region, 'one'));
	assert.equal(await refusedWith(group(world, 'one')), 'InvalidGroup.Duplicate');
	world.faults.afterwards('CreateSecurityGroup', 1, () => world.outside.removeGroup([...world.outside.region(region).groups.keys()].at(-1) ?? ''));
	const {GroupId} = await group(world, 'two');
	assert.equal(world.outside.region(region).groups.has(GroupId ?? ''), false);
});

test('a laptop that dies at a changing act has done it and does nothing more; another one, and itself after a reboot, go on', async () => {
	const world = simulatedWorld();
	world.faults.dieAt(2);
	await world.disk.saveKey('f', 'key');
	await group(world, 'one');
	assert.equal(await refusedWith(group(world, 'two')), 'laptop-died');
	assert.equal(await refusedWith(world.cloudAt(region).call('DescribeVpcs', {})), 'laptop-died');
	assert.equal(await refusedWith(world.clock.sleep(1)), 'laptop-died');
	assert.equal(await refusedWith(world.disk.key('f')), 'laptop-died');
	assert.deepEqual(
		[...world.outside.region(region).groups.values()].map(({name}) => name),
		['default', 'one', 'two'],
	);
	const again = world.reboot();
	assert.equal(await again.disk.key('f'), 'key');
	assert.equal(await again.address.mine(), '203.0.113.7');
	await group(again, 'three');
	const other = world.another();
	assert.equal(await other.disk.key('f'), undefined);
	assert.equal(await other.address.mine(), '198.51.100.4');
	await group(other, 'four');
	assert.equal(world.outside.region(region).groups.size, 5);
});

test('the same seed gives the same ids, times and calls, another seed other ids', async () => {
	const story = async (seed: number) => {
		const world = simulatedWorld({seed});
		const {id, address} = await makeManager(world);
		return {id, address, calls: world.calls.map(({name, at, until}) => `${name} ${at} ${until}`)};
	};
	assert.deepEqual(await story(1), await story(1));
	assert.notEqual((await story(1)).id, (await story(2)).id);
});

test('calls side by side overlap in time, one after the other they don’t', async () => {
	const world = simulatedWorld();
	const cloud = world.cloudAt(region);
	await Promise.all([cloud.call('DescribeVpcs', {}), cloud.call('DescribeSubnets', {})]);
	await cloud.call('DescribeRegions', {});
	const [one, two, three] = world.calls;
	assert.equal(one?.at, two?.at);
	assert.ok((three?.at ?? 0) >= Math.max(one?.until ?? 0, two?.until ?? 0));
});

test('an own address that no service tells is unknown, and still the address that knocks', async () => {
	const world = simulatedWorld({ownAddress: undefined});
	assert.equal(await world.address.mine(), undefined);
	world.outside.setOwnAddress('198.51.100.9');
	assert.equal(await world.address.mine(), '198.51.100.9');
});

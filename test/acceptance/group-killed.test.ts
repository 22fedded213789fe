import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {until} from '../peers/poll.ts';
import {initHere} from '../peers/systemd.ts';
import {firstBaked, wholeGroup} from './account.ts';
import {bakes, prunes} from './bakes.ts';
import {begin, fleet} from './begin.ts';
import {killedAfter, otherWorkers} from './killing.ts';
import {ended, laptopIn} from './laptop.ts';

const {world, account, laptop, setup, standing} = await begin({
	executor: 'docker-autoscaler',
	limit: 2,
	...((await initHere()) === 'systemd' ? {registryMirror: 'create', registryMirrorDisk: 1} : {}),
});
after(() => world.stop());

test('a setup with an Auto Scaling group and a mirror that is killed after changes that only such a fleet needs goes on when it is run again, and makes exactly one of each', async () => {
	const left = await killedAfter(world, laptop, setup, [
		['CreateServiceLinkedRole', 1],
		['CreateLaunchTemplate', 1],
		['CreateAutoScalingGroup', 1],
		['SuspendProcesses', 1],
	]);
	assert.deepEqual(left, []);
	ended(await laptop.run(setup), 0);
	assert.deepEqual(await standing(), wholeGroup);
});

test('a laptop that dies while a worker is tried leaves no worker behind', async () => {
	let pid = 0;
	const running = laptop.built([...setup, '--worker-disk', '60'], {
		started: (started) => {
			pid = started;
		},
	});
	await until('the worker to be launched', async () => ((await account.instances()).length > 1 ? true : undefined));
	process.kill(pid, 'SIGKILL');
	assert.equal((await running).signal, 'SIGKILL');
	await until('the manager to end it', async () => ((await account.instances()).length === 1 ? true : undefined));
	ended(await laptop.run(setup), 0);
	assert.deepEqual(await standing(), wholeGroup);
});

test('a bake that is killed at any of its changes goes on when it is run again: one image, no builder; and so does what takes away a begun one', async () => {
	await prunes(world, laptop);
	assert.deepEqual(await standing(), wholeGroup);
	await bakes(world, laptop, ['PutParameter', ...otherWorkers]);
	assert.deepEqual(await standing(), [...wholeGroup, ...firstBaked].sort());
});

test('a destroy that is killed after changes that only such a fleet needs, and after its last, goes on when it is run again, and leaves nothing but the cache', async () => {
	const colleague = await laptopIn(world);
	const destroy = ['destroy', '--yes', '--now', ...fleet];
	const left = await killedAfter(world, colleague, destroy, [
		['DeleteAutoScalingGroup', 1],
		['DeleteLaunchTemplate', 1],
		['DeregisterImage', 1],
		['DeleteParameter', 2],
	]);
	assert.deepEqual(left, []);
	ended(await colleague.run(destroy), 0);
	assert.deepEqual(await standing(), ['bucket gitlab-runners-cache-123456789012-us-east-1']);
});

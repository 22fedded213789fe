import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Ports, simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {planOf, problemsIn, region, type SetupWish, setUp, standingFleet, unlike} from '../../engine/fleet.ts';
import {actsSince, jobStates, oneGroup, onlyManager, standing} from '../../engine/seen.ts';

const agreed: SetupWish = {flags: {managerType: 't3.medium'}, replaceManager: true};

/** A fleet in which three jobs run, and one waits. */
async function busyFleet(world: World): Promise<string> {
	const old = await standingFleet(world, {flags: {executor: 'docker-autoscaler', limit: 3}, secrets: {runnerToken: world.outside.token()}});
	world.outside.queueJobs(4, {seconds: 400});
	await world.clock.sleep(90_000);
	assert.deepEqual(jobStates(world), {running: 3, pending: 1});
	return old;
}

async function replacedWell(world: World, old: string, ports: Ports = world, act = ''): Promise<void> {
	const fresh = onlyManager(world);
	assert.deepEqual([act, fresh === old, world.outside.region(region).instances.get(fresh)?.type], [act, false, 't3.medium']);
	assert.deepEqual([act, unlike(await planOf(ports)), world.takers()], [act, {}, 1]);
	await ports.clock.sleep(1_800_000);
	assert.deepEqual([act, jobStates(world), standing(world)], [act, {success: 4}, oneGroup]);
}

test('a replaced manager ends its jobs before the new one has the group, whose runner would end its workers under them', async () => {
	const world = simulatedWorld();
	const old = await busyFleet(world);
	const keys = () => world.outside.region(region).keyPairs.get('gitlab-runners-workers')?.publicKey;
	const before = keys();
	assert.deepEqual(problemsIn(await setUp(world, agreed)), []);
	assert.notEqual(keys(), before, 'workers are reached by the new manager’s key');
	await replacedWell(world, old);
});

test('a laptop that dies at any act of a replacement leaves what the same command ends well, and no job is lost', async () => {
	const whole = simulatedWorld();
	await busyFleet(whole);
	const begun = whole.acts.length;
	await setUp(whole, agreed);
	for (const [index, act] of actsSince(whole, begun).entries()) {
		const world = simulatedWorld();
		const old = await busyFleet(world);
		world.faults.dieAt(world.acts.length + index + 1);
		await setUp(world, agreed).catch(() => undefined);
		const rebooted = world.reboot();
		const again = await setUp(rebooted, agreed);
		assert.deepEqual([act, problemsIn(again)], [act, []]);
		await replacedWell(world, old, rebooted, `killed at act ${index + 1}, ${act}`);
	}
});

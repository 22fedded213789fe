import assert from 'node:assert/strict';
import {test} from 'node:test';
import {play} from '../../source/commands/demo/script.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {problemsIn, region, standingFleet, takeAway} from '../engine/fleet.ts';

const fleet = {name: 'gitlab-runners', region};

/** A round of the demo's scenes on a fleet with this executor, which is taken away then; gives what stood when nobody's worker had come. */
async function played(executor: 'docker+machine' | 'docker-autoscaler'): Promise<{world: World; left: string[]; problems: string[]}> {
	const world = simulatedWorld();
	await standingFleet(world, {flags: {executor, limit: 4}, secrets: {runnerToken: world.outside.token()}});
	const ended = new AbortController();
	const playing = play(world, fleet, world.clock, ended.signal);
	await world.clock.sleep(500_000);
	const now = world.clock.now();
	const left = [...world.outside.region(region).instances.values()]
		.filter(({ending, launchedAt, tags}) => !ending && now - launchedAt > 1_800_000 && tags['gitlab-runner-aws:part'] !== 'manager')
		.map(({keyName = '', tags}) => tags['aws:autoscaling:groupName'] ?? keyName);
	await world.clock.sleep(2_300_000);
	ended.abort();
	await playing;
	const {result} = await takeAway(world);
	return {world, left, problems: problemsIn({blocked: [], result})};
}

test('in the demo’s afternoon AWS takes workers back and has none for a while, and a worker that nobody knows is left, with either executor', async () => {
	for (const executor of ['docker+machine', 'docker-autoscaler'] as const) {
		const {left, problems, world} = await played(executor);
		assert.deepEqual([executor, problems], [executor, []]);
		const states = Object.groupBy(world.jobs, ({state}) => state);
		assert.equal(left.length, 1);
		assert.match(left[0] ?? '', executor === 'docker+machine' ? /^runner-.*-0badc0de$/ : /^gitlab-runners-workers-test$/);
		const taken = [...world.outside.region(region).instances.values()].filter(({reason}) => reason?.code === 'Server.SpotInstanceTermination');
		assert.ok(taken.length >= 2, `${executor}: ${taken.length} were taken back`);
		assert.ok((states.success?.length ?? 0) > 15 && (states.failed?.length ?? 0) >= 2, `${executor}: ${JSON.stringify(world.jobs.map(({state}) => state))}`);
		assert.ok(states.failed?.every(({reason}) => /system failure/.test(reason ?? '')));
	}
});

import assert from 'node:assert/strict';
import {glob, readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {play} from '../../source/commands/demo/script.ts';
import {demoWorld} from '../../source/commands/demo.ts';
import {join} from '../../source/panel/live/join.ts';
import {spentOfRow} from '../../source/panel/rows.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {problemsIn, region, setUp, standingFleet, takeAway} from '../engine/fleet.ts';
import {watchedFor} from '../panel/watched.ts';

const fleet = {name: 'gitlab-runners', region};

/** A round of the demo's scenes on a fleet with this executor, which is taken away then; gives the worker that nobody knew, as the panel showed it. */
async function played(
	executor: 'docker+machine' | 'docker-autoscaler',
): Promise<{world: World; left: {name: string; spent: number; own: number}[]; problems: string[]}> {
	const world = simulatedWorld();
	await standingFleet(world, {flags: {executor, limit: 4}, secrets: {runnerToken: world.outside.token()}});
	const ended = new AbortController();
	const began = world.clock.now();
	const playing = play(world, fleet, world.clock, ended.signal);
	const {paid, ...seen} = await watchedFor(world, 500, false);
	const left = join({...seen, paid}, world.clock.now())
		.filter(({state}) => state === 'orphan')
		.map((row) => {
			const {keyName = '', launchedAt, tags} = world.outside.region(region).instances.get(row.instanceId ?? '') ?? assert.fail('no instance');
			assert.ok(launchedAt >= began, 'nothing that it cost comes at once');
			const own = (((paid.at ?? 0) - launchedAt) / 3_600_000) * (row.usdPerHour ?? 0);
			return {name: tags['aws:autoscaling:groupName'] ?? keyName, spent: spentOfRow(row, paid.at ?? 0) ?? 0, own};
		});
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
		const [{name, own, spent} = assert.fail('no orphan')] = left;
		assert.match(name, executor === 'docker+machine' ? /^runner-.*-0badc0de$/ : /^gitlab-runners-workers-old$/);
		assert.ok(spent > 0.005 && Math.abs(spent - own) < 1e-6, `${executor}: ${spent}, ${own}`);
		const taken = [...world.outside.region(region).instances.values()].filter(({reason}) => reason?.code === 'Server.SpotInstanceTermination');
		assert.ok(taken.length >= 2, `${executor}: ${taken.length} were taken back`);
		assert.ok((states.success?.length ?? 0) > 15 && (states.failed?.length ?? 0) >= 2, `${executor}: ${JSON.stringify(world.jobs.map(({state}) => state))}`);
		assert.ok(states.failed?.every(({reason}) => /system failure/.test(reason ?? '')));
	}
});

test('every preset that is shipped goes through in the demo’s account', async () => {
	for await (const file of glob('presets/*.json')) {
		const {simulated} = demoWorld(false);
		const {answers} = JSON.parse(await readFile(file, 'utf8'));
		const {blocked} = await setUp(simulated, {flags: answers, secrets: {runnerToken: simulated.outside.token()}});
		assert.deepEqual([file, blocked.map(({message}) => message)], [file, []]);
	}
});

test('a job that is queued after nobody has looked for a while isn’t run in that while', () => {
	const {time, outside} = simulatedWorld({speed: 1_000_000});
	const happened: string[] = [];
	const due = time.now() + 1;
	time.at(due, () => happened.push('what was due before'));
	while (time.now() <= due);
	const [job] = outside.queueJobs(1);
	assert.deepEqual(happened, ['what was due before']);
	assert.ok((job?.queuedAt ?? 0) > due);
});

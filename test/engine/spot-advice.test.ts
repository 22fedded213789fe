import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setup} from '../../source/commands/setup.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {commandAt} from './command.ts';
import {name, region} from './fleet.ts';

test('whose workers are newly on spot, or newly made, is told how GitLab runs the jobs again that AWS ends; a setup that changes something else says nothing of it', async () => {
	const world = simulatedWorld();
	const advised = async (...flags: string[]): Promise<boolean> => {
		const {code, events, problems} = await commandAt(world, world, setup, ['setup', '--yes', '--fleet', name, '--region', region, ...flags]);
		assert.deepEqual([code, problems], [0, []]);
		return events.some((event) => event.event === 'note' && event.says.includes("`retry: {max: 2, when: runner_system_failure}` in a job's .gitlab-ci.yml"));
	};
	assert.equal(await advised('--executor', 'docker+machine', '--no-spot'), false);
	assert.equal(await advised('--spot'), true);
	assert.equal(await advised('--limit', '4'), false);
	assert.equal(await advised('--executor', 'docker-autoscaler', '--worker-image', 'ecs-al2023', '--worker-disk', '30'), true);
});

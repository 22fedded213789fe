import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {until} from '../peers/poll.ts';
import {wholeFleet} from './account.ts';
import {begin, fleet} from './begin.ts';
import {type CallOrdinal, killedAfter} from './killing.ts';
import {ended, laptopIn, onManager} from './laptop.ts';

const machines = '/root/.docker/machine/machines';

const {world, account, laptop, setup, standing} = await begin();
after(() => world.stop());

const killedAfterEach = (args: readonly string[], moments: readonly CallOrdinal[], on = laptop): Promise<string[]> => killedAfter(world, on, args, moments);

test('a setup that is killed after its first change, after one to each service and after one of its last goes on when it is run again, and makes exactly one of each', async () => {
	const left = await killedAfterEach(setup, [
		['PutParameter', 1],
		['PutRolePolicy', 1],
		['CreateBucket', 1],
		['RunInstances', 2],
		['CreateTags', 1],
	]);
	assert.deepEqual(left, []);
	assert.deepEqual(await standing(), wholeFleet);
});

test('a laptop that dies while the test machine is made leaves no worker behind', async () => {
	await onManager(world, 'echo 1 > /etc/docker-machine-delay');
	let pid = 0;
	const running = laptop.built(setup, {
		started: (started) => {
			pid = started;
		},
	});
	await until('the test machine to be launched', async () => ((await account.instances()).length > 1 ? true : undefined));
	process.kill(pid, 'SIGKILL');
	assert.equal((await running).signal, 'SIGKILL');
	await onManager(world, 'rm /etc/docker-machine-delay');
	await until('the manager to take the test machine away', async () => ((await onManager(world, `ls ${machines}`)).trim() === '' ? true : undefined));
	assert.deepEqual(await standing(), wholeFleet);
});

test('the same command then ends well: one of each, and one runner in config.toml', async () => {
	assert.deepEqual(await killedAfterEach(setup, [['CreateTags', 1]]), []);
	ended(await laptop.run(setup), 0);
	assert.deepEqual(await standing(), wholeFleet);
	assert.equal((await onManager(world, 'grep -c "^\\[\\[runners\\]\\]" /etc/gitlab-runner/config.toml')).trim(), '1');
	const again = await laptop.run(['plan', ...fleet]);
	ended(again, 0);
});

test('a destroy from another laptop that is killed after its first change, its last and two between goes on when it is run again, and leaves nothing but the cache', async () => {
	const colleague = await laptopIn(world);
	const destroy = ['destroy', '--yes', '--now', ...fleet];
	const left = await killedAfterEach(
		destroy,
		[
			['TerminateInstances', 1],
			['DeleteInstanceProfile', 1],
			['DeleteSecurityGroup', 1],
			['DeleteParameter', 2],
		],
		colleague,
	);
	assert.deepEqual(left, []);
	ended(await colleague.run(destroy), 0);
	assert.deepEqual(await standing(), ['bucket gitlab-runners-cache-123456789012-us-east-1']);
});

import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {wholeGroup} from '../acceptance/account.ts';
import {begin, fleet} from '../acceptance/begin.ts';
import {ended, onManager} from '../acceptance/laptop.ts';
import {until} from '../peers/poll.ts';
import {showsAll} from './forty-on-peers.ts';

const count = 40;
const {world, account, laptop, setup, standing} = await begin({executor: 'docker-autoscaler', limit: count, idleTime: 1});
/** A laptop that has never seen the fleet. */
const second = {...world.env, HOME: await world.newHome(), GITLAB_TOKEN: world.gitlab.personalToken('api')};

before(async () => {
	ended(await laptop.run(setup), 0);
	// The group launches the workers, at the runner's wish: nothing of this program has made them.
	for (let at = 0; at < count + 2; at++) world.gitlab.queue({seconds: 3000});
	await until('forty jobs to run on instances', async () => {
		const running = (await onManager(world, 'curl -fsS http://127.0.0.1:9252/debug/jobs/list')).match(/ state=running/g) ?? [];
		return running.length === count ? true : undefined;
	});
});

after(() => world.stop());

showsAll({world, account, here: [...fleet, '--gitlab-url', world.gitlab.url], env: second, count, hasGroup: true});

test('a drain that is typed with now waits for no job, and takes the workers along', async () => {
	ended(await laptop.run(['status', 'drain', 'now', '--yes', ...fleet]), 0);
	await until('the workers to go', async () => ((await standing()).some((one) => one.endsWith('-worker')) ? undefined : true));
	assert.deepEqual(await standing(), wholeGroup);
});

import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {quietSeconds} from '../../source/steps/gone-over.ts';
import {until} from '../peers/poll.ts';
import {wholeFleet} from './account.ts';
import {begin} from './begin.ts';
import {killedAfter} from './killing.ts';
import {aheadOnManager, changingCalls, ended, onManager} from './laptop.ts';

const {world, laptop, setup, standing} = await begin({executor: 'docker+machine', limit: 2, idleTime: 3600});
const over = [...setup, '--executor', 'docker-autoscaler', '--worker-image', 'ecs-al2023', '--worker-disk', '30'];
const back = [...setup, '--executor', 'docker+machine', '--worker-image', 'ubuntu-24.04', '--worker-disk', '20'];
const config = () => onManager(world, 'cat /etc/gitlab-runner/config.toml');
const loads = async () => (await onManager(world, 'journalctl -u gitlab-runner -o cat')).split('Configuration loaded').length;

before(async () => ended(await laptop.run(setup), 0));
after(() => world.stop());

/** A job that runs until it's told to end. */
async function runningJob() {
	const job = world.gitlab.queue({seconds: Number.POSITIVE_INFINITY});
	await until('the job to run', async () =>
		(await onManager(world, 'curl -fsS http://127.0.0.1:9252/debug/jobs/list')).includes(`/jobs/${job.id} state=running`) ? true : undefined,
	);
	return job;
}

test('the program takes a fleet with a running job over to docker-autoscaler, killed after a call to each of three services too, and leaves nothing of docker-machine', async () => {
	const first = await runningJob();
	const pid = await onManager(world, 'systemctl show gitlab-runner --property MainPID --value');
	const killed = await killedAfter(world, laptop, over, [
		['PutRolePolicy', 1],
		['CreateAutoScalingGroup', 1],
		['CreateTags', 1],
	]);
	assert.deepEqual(killed, []);
	const before = await loads();
	let said = '';
	const running = laptop.run(over, {said: (text) => (said = text)});
	await until('config.toml to have the other executor', async () => ((await config()).includes('executor = "docker-autoscaler"') ? true : undefined));
	await until('the runner to have loaded it', async () => ((await loads()) > before ? true : undefined));
	const second = await runningJob();
	second.seconds = 0;
	await until('the second job to end', async () => (second.status === 'success' ? true : undefined));
	await until('the program to tell the job on an old machine', () => (/1 job on old machines, [01] on new ones/.test(said) ? true : undefined));
	assert.equal(first.status, 'running');
	first.seconds = 0;
	await aheadOnManager(world, quietSeconds);
	ended(await running, 0);
	assert.deepEqual([first.status, second.status], ['success', 'success']);
	assert.equal(await onManager(world, 'systemctl show gitlab-runner --property MainPID --value'), pid, 'no restart');
	const log = await onManager(world, 'journalctl -u gitlab-runner -o cat');
	assert.match(log, new RegExp(`"job":${second.id}.*Dialing instance|Dialing instance.*"job":${second.id}`));
	assert.doesNotMatch(await config(), /machine|amazonec2/i);
	assert.equal(await onManager(world, 'ls -d /usr/local/bin/docker-machine /root/.docker/machine /etc/gitlab-runner/*user-data 2>/dev/null || true'), '');
	assert.deepEqual(
		(await standing()).filter((thing) => / runner-[a-z0-9]+-gitlab-runners-|2376/.test(thing)),
		[],
	);
	world.aws.forget();
	const again = await laptop.run(setup.concat('--executor', 'docker-autoscaler'));
	ended(again, 0);
	assert.deepEqual(changingCalls(world), []);
});

test('it goes back the same way, and leaves nothing of the group', async () => {
	await aheadOnManager(world, 0);
	const job = await runningJob();
	const running = laptop.run(back);
	await until('config.toml to have the first executor again', async () => ((await config()).includes('executor = "docker+machine"') ? true : undefined));
	job.seconds = 0;
	await aheadOnManager(world, quietSeconds);
	ended(await running, 0);
	assert.deepEqual([job.status, await standing()], ['success', wholeFleet]);
	assert.doesNotMatch(await config(), /autoscaler|FLEETING/);
	assert.equal(
		await onManager(world, 'ls -d /etc/gitlab-runner/worker-key /etc/gitlab-runner/aws.ini /root/.config/fleeting/plugins/*/*/*/*/aws 2>/dev/null || true'),
		'',
	);
});

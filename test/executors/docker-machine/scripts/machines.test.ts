import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {onWorker} from '../../../../source/executors/docker-machine/executor.ts';
import {removeWorkerScript} from '../../../../source/executors/docker-machine/scripts/remove-worker.ts';
import {testMachineScript} from '../../../../source/executors/docker-machine/scripts/test-machine.ts';
import {installScript, serviceScript} from '../../../../source/executors/scripts.ts';
import {credentialsFile} from '../../../../source/steps/programs.ts';
import type {ScriptProgress} from '../../../../source/world/host/port.ts';
import {writeCredentialsScript} from '../../../../source/world/host/scripts/write-credentials.ts';
import type {PeerWorld} from '../../../peers/world.ts';
import {type FreshManager, freshManager} from '../../../world/scripts/fresh-manager.ts';
import {onManager} from '../../../world/scripts/on-manager.ts';
import {someFleet} from '../some-answers.ts';
import {stagesInOrder} from '../stages.ts';

/** A file on the manager that appears once a shell there has run what it should only pass on. */
const canary = '/run/canary';
let manager: FreshManager;
let world: PeerWorld;
let options: string[];
const facts: FreshManager['facts'] = () => manager.facts();
const exec: FreshManager['exec'] = (command) => manager.exec(command);
const workers: FreshManager['workers'] = () => manager.workers();

before(async () => {
	manager = await freshManager();
	({world, options} = manager);
	const {result} = await onManager(world, installScript, manager.install());
	assert.deepEqual(result, {is: 'done'});
	await onManager(world, writeCredentialsScript, {section: credentialsFile({id: 'AKIAEXAMPLE', secret: 'hush'})});
});
after(() => manager?.stop());

const stages = (said: ScriptProgress[]): string[] => said.flatMap((one) => ('stage' in one ? [one.stage] : []));

test('the test machine comes up with these options, runs a container, goes away, and tells its stages in order', async () => {
	const {result, said} = await onManager(world, testMachineScript, {
		name: 'runner-test-gitlab-runners-1700000000-0123abcd',
		options,
		limitSeconds: 600,
		image: 'alpine:latest',
	});
	assert.ok(result.is === 'proven' && result.engine === '28.2.1', JSON.stringify({result, said}));
	assert.deepEqual(stages(said), stagesInOrder);
	assert.deepEqual(await workers(), []);
	assert.deepEqual((await facts()).machines, []);
});

test('a test machine’s container image is one word for the worker’s shell', async () => {
	const name = 'runner-test-gitlab-runners-1700000000-0123abcd';
	const image = `alpine;touch ${canary};$(touch ${canary})\`touch ${canary}\``;
	const {result} = await onManager(world, testMachineScript, {name, options, limitSeconds: 600, image});
	assert.equal(result.is, 'proven', JSON.stringify(result));
	assert.equal(await exec(`ls ${canary}`), '');
});

test('only a machine of docker-machine’s own is removed by its name', async () => {
	await exec('mkdir -p /root/.docker/machine/elsewhere');
	for (const name of ['../elsewhere', '-f', '; touch /run/canary', '', '.', '..', 'a\n'])
		assert.deepEqual((await onManager(world, removeWorkerScript, {name})).result, {is: 'gone'}, JSON.stringify(name));
	assert.equal(await exec(`ls ${canary}`), '');
});

test('the facts tell which Docker the newest worker has', async () => {
	const make = (name: string, more = '') =>
		exec(`HOME=/root docker-machine create --driver amazonec2 ${options.map((option) => `'--${option}'`).join(' ')} ${more} ${name}`);
	assert.equal((await facts()).engine, undefined);
	await make('runner-abc-gitlab-runners-1700000010-0123abcd', '--engine-install-url=https://get.docker.com');
	await make('runner-abc-gitlab-runners-1700000009-0123abcd');
	assert.deepEqual((await facts()).engine, {version: '29.1.2', madeAt: 1_700_000_010_000});
	await exec('HOME=/root docker-machine ls -q | HOME=/root xargs docker-machine rm -y');
	assert.equal((await facts()).engine, undefined);
});

test('a test machine that fails says at which stage and in whose words, and is gone', async () => {
	await exec('echo launch >/etc/docker-machine-fail');
	const {result} = await onManager(world, testMachineScript, {
		name: 'runner-test-gitlab-runners-1700000001-0123abcd',
		options,
		limitSeconds: 600,
		image: 'alpine:latest',
	});
	assert.ok(
		result.is === 'failed' && result.stage === 'launch' && /MaxSpotInstanceCountExceeded/.test(result.detail) && result.removed,
		JSON.stringify(result),
	);
	await exec('echo provision >/etc/docker-machine-fail');
	const later = (
		await onManager(world, testMachineScript, {name: 'runner-test-gitlab-runners-1700000002-0123abcd', options, limitSeconds: 600, image: 'alpine:latest'})
	).result;
	assert.ok(later.is === 'failed' && later.stage === 'docker install' && later.removed, JSON.stringify(later));
	await exec('rm /etc/docker-machine-fail');
	assert.deepEqual(await workers(), []);
});

test('a laptop that goes away in the middle leaves no worker behind', async () => {
	await exec('echo 0.3 >/etc/docker-machine-delay');
	const name = 'runner-test-gitlab-runners-1700000003-0123abcd';
	const input = Buffer.from(JSON.stringify({name, options, limitSeconds: 600, image: 'alpine:latest'})).toString('base64');
	// The reader ends after the launch has begun; the script, still running, holds the lock until the machine is gone.
	await exec(`{ echo ${input} | base64 -d | python3 /run/test-machine.py; } | grep -m 1 launch; flock /run/gitlab-runner-aws.lock true`);
	assert.deepEqual(await workers(), []);
	assert.deepEqual((await facts()).machines, []);
	assert.equal((await manager.here.call('DescribeKeyPairs', {})).KeyPairs?.length ?? 0, 0);
	await exec('rm /etc/docker-machine-delay');
});

test('a test machine that takes too long is given up and taken away', async () => {
	await exec('echo 0.4 >/etc/docker-machine-delay');
	const name = 'runner-test-gitlab-runners-1700000004-0123abcd';
	const {result} = await onManager(world, testMachineScript, {name, options, limitSeconds: 1, image: 'alpine:latest'});
	await exec('rm /etc/docker-machine-delay');
	assert.ok(result.is === 'failed' && /Given up/.test(result.detail) && result.removed, JSON.stringify(result));
	assert.deepEqual(await workers(), []);
});

test('a create that failed before its launch leaves nothing in the store, whatever AWS refuses; a machine that is there stays known until it can be ended', async () => {
	const [failed, there] = ['runner-abc-mine-1700000005-0123abcd', 'runner-abc-mine-1700000006-0123abcd'];
	const create = `HOME=/root docker-machine create --driver amazonec2 ${options.map((option) => `'--${option}'`).join(' ')}`;
	await exec(`echo launch >/etc/docker-machine-fail; ${create} ${failed}; rm /etc/docker-machine-fail; ${create} ${there}; echo rm >/etc/docker-machine-fail`);
	const drained = async () => (await onManager(world, serviceScript, {do: 'drain', drainSeconds: 0, fleet: someFleet.name, names: [failed, there]})).result;
	assert.deepEqual(await drained(), {is: 'done', machines: 1, jobs: 0});
	assert.deepEqual(
		(await facts()).machines.map(({name}) => name),
		[there],
	);
	await exec('rm /etc/docker-machine-fail');
	assert.deepEqual(await drained(), {is: 'done', machines: 1, jobs: 0});
	assert.deepEqual(await workers(), []);
});

test('words for a worker’s shell cross the manager’s as one, and a worker’s name is only ever a name', async () => {
	await exec(`printf '#!/bin/sh\\nprintf "%%s|" "$@" >/run/words\\n' >/usr/local/bin/docker-machine`);
	await exec(await onWorker('root', {name: 'runner-a-1'}, `echo $HOME; touch ${canary} | id`));
	assert.equal(await exec('cat /run/words'), `ssh|runner-a-1|echo $HOME; touch ${canary} | id|`);
	await exec(await onWorker('root', {name: `runner-a;touch\${IFS}${canary}|sh`}, undefined));
	assert.equal(await exec('cat /run/words'), `ssh|runner-a;touch\${IFS}${canary}|sh|`);
	assert.equal(await exec(`ls ${canary}`), '');
});

import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {after, before, test} from 'node:test';
import {realClock} from '../../source/clock.ts';
import {realCloud} from '../../source/cloud/real.ts';
import {knownHash} from '../../source/executors/docker-machine/known-hashes.ts';
import {machineOptions} from '../../source/executors/docker-machine/machine-options.ts';
import {downloadsFor, dropIn, workerUserData} from '../../source/executors/docker-machine/programs.ts';
import {type Download, installScript} from '../../source/host/scripts/install.ts';
import {paths} from '../../source/host/scripts/paths.ts';
import {removeWorkerScript} from '../../source/host/scripts/remove-worker.ts';
import {testMachineScript} from '../../source/host/scripts/test-machine.ts';
import {onWorker} from '../../source/host/worker-shell.ts';
import {someAnswers, someFleet} from '../executors/some-answers.ts';
import {type PeerWorld, startWorld} from '../peers/world.ts';
import {onManager} from '../scripts/on-manager.ts';

const region = 'us-east-2';
const canary = '/run/canary';
let world: PeerWorld;

before(async () => {
	world = await startWorld();
});
after(() => world?.stop());

const exec = async (command: string): Promise<string> => (await world.manager.exec(command)).stdout.trim();

const installing = (downloads: Download[]) =>
	onManager(world, installScript, {bootSeconds: 20, drainSeconds: 20, dropIn, downloads, userData: {path: paths.userData, text: workerUserData}});

/** Options with which docker-machine makes a worker in moto. */
async function workerOptions(): Promise<string[]> {
	const here = realCloud({env: world.env, clock: realClock, random: Math.random}).at(region);
	const [subnet] = (await here.call('DescribeSubnets', {})).Subnets ?? [];
	const names = ['ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*'];
	const [image] = (await here.call('DescribeImages', {Filters: [{Name: 'name', Values: names}]})).Images ?? [];
	await here.call('CreateSecurityGroup', {GroupName: 'gitlab-runners-workers', Description: 'workers', VpcId: subnet?.VpcId});
	return machineOptions({
		answers: someAnswers({engineInstall: 'image'}),
		fleet: someFleet,
		network: {vpcId: subnet?.VpcId ?? '', subnetId: subnet?.SubnetId ?? '', zone: subnet?.AvailabilityZone ?? '', public: true},
		image: {id: image?.ImageId ?? '', rootDevice: image?.RootDeviceName ?? '', user: 'ubuntu'},
		workersGroupName: 'gitlab-runners-workers',
	});
}

test('a program that has another hash than this release knows is not installed, though the checksum beside it was changed along', async () => {
	const downloads = downloadsFor(someAnswers({downloads: world.downloads}), {machine: 'x86_64'});
	const tampered = downloads.map((one) => ({...one, sha256: createHash('sha256').update('the one that was proven').digest('hex')}));
	const {result} = await installing(tampered);
	assert.ok(result.is === 'failed' && result.code === 'checksum-wrong' && /and this release knows [0-9a-f]{64}$/.test(result.detail), JSON.stringify(result));
	assert.equal(await exec('ls -A /usr/local/bin'), '');
	assert.ok(!world.downloads.requests().some((path) => path.endsWith('release.sha256')), 'what is beside it is not asked');
	assert.deepEqual((await installing(downloads)).result, {is: 'done'});
});

test('a known hash is that of one version’s file', () => {
	const known = {'docker-machine 1.2.3': {'docker-machine-Linux-x86_64': 'ab'}};
	assert.equal(knownHash('docker-machine', '1.2.3', 'docker-machine-Linux-x86_64', known), 'ab');
	assert.equal(knownHash('docker-machine', '1.2.4', 'docker-machine-Linux-x86_64', known), undefined);
	assert.equal(knownHash('docker-machine', '1.2.3', 'docker-machine-Linux-aarch64', known), undefined);
});

test('a test machine’s container image is one word for the worker’s shell', async () => {
	const name = 'runner-test-gitlab-runners-1700000000-0123abcd';
	const image = `alpine;touch ${canary};$(touch ${canary})\`touch ${canary}\``;
	const {result} = await onManager(world, testMachineScript, {name, options: await workerOptions(), limitSeconds: 600, image});
	assert.equal(result.is, 'proven', JSON.stringify(result));
	assert.equal(await exec(`ls ${canary}`), '');
});

test('only a machine of docker-machine’s own is removed by its name', async () => {
	await exec('mkdir -p /root/.docker/machine/elsewhere');
	for (const name of ['../elsewhere', '-f', '; touch /run/canary', '', '.', '..', 'a\n'])
		assert.deepEqual((await onManager(world, removeWorkerScript, {name})).result, {is: 'gone'}, JSON.stringify(name));
	assert.equal(await exec(`ls ${canary}`), '');
});

test('the lock is a file that only root can write, and what somebody put into /run/lock is left as it is', async () => {
	await exec('echo kept >/etc/important; mkdir -p /run/lock; ln -sf /etc/important /run/lock/gitlab-runner-aws; rm -f /run/gitlab-runner-aws.lock');
	await onManager(world, removeWorkerScript, {name: 'runner-gone'});
	assert.equal(await exec('cat /etc/important'), 'kept');
	assert.equal(await exec('stat -c "%a %U %F" /run/gitlab-runner-aws.lock'), '600 root regular empty file');
	await exec('ln -sf /etc/important /run/gitlab-runner-aws.lock');
	await assert.rejects(onManager(world, removeWorkerScript, {name: 'runner-gone'}), /Too many levels of symbolic links/);
	await exec('rm /run/gitlab-runner-aws.lock');
});

test('words for a worker’s shell cross the manager’s as one, and a worker’s name is only ever a name', async () => {
	await exec(`printf '#!/bin/sh\\nprintf "%%s|" "$@" >/run/words\\n' >/usr/local/bin/docker-machine`);
	await exec(onWorker('root', 'runner-a-1', `echo $HOME; touch ${canary} | id`));
	assert.equal(await exec('cat /run/words'), `ssh|runner-a-1|echo $HOME; touch ${canary} | id|`);
	await exec(onWorker('root', `runner-a;touch\${IFS}${canary}|sh`, undefined));
	assert.equal(await exec('cat /run/words'), `ssh|runner-a;touch\${IFS}${canary}|sh|`);
	assert.equal(await exec(`ls ${canary}`), '');
});

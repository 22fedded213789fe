import assert from 'node:assert/strict';
import {test} from 'node:test';
import {testMachineScript} from '../../../../source/executors/docker-machine/scripts/test-machine.ts';
import {panelScript} from '../../../../source/executors/scripts.ts';
import {simulatedWorld, type World} from '../../../../source/simulated/world.ts';
import {connect, machineOptions, makeManager, newKey, region, startRunner} from '../../../simulated/fleet-by-hand.ts';
import {refusedWith} from '../../../simulated/refused-with.ts';

async function running() {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	await startRunner(world, connection, manager);
	const made = async (options = machineOptions(manager)) => {
		const name = `runner-test-fleet-${Math.floor(world.clock.now() / 1000)}-0badcafe`;
		const ended = await connection.script(testMachineScript, {name, options, limitSeconds: 900, image: 'alpine:latest'});
		return ended.is === 'failed' ? `${ended.stage}: ${ended.detail}` : ended.is;
	};
	return {world, manager, connection, made};
}

/** Runs one job and gives how it ended. */
async function job(world: World): Promise<string> {
	const [queued] = world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(400_000);
	return queued?.reason ?? queued?.state ?? 'none';
}

test('what the organization denies is refused to laptops and machines, and decoded it says to whom', async () => {
	const {world, made} = await running();
	world.outside.denyToAll('ec2:RunInstances', 'ec2:CreateSecurityGroup');
	assert.equal(await refusedWith(world.cloudAt(region).call('CreateSecurityGroup', {GroupName: 'x', Description: 'x'})), 'not-allowed');
	const [, encoded = ''] = /Encoded authorization failure message: (\S+)/.exec(await made()) ?? [];
	const {DecodedMessage = ''} = await world.cloudAt(region).call('DecodeAuthorizationMessage', {EncodedMessage: encoded});
	const {explicitDeny, context} = JSON.parse(DecodedMessage);
	assert.deepEqual([explicitDeny, context.action], [true, 'ec2:RunInstances']);
	assert.match(context.principal.arn, /:assumed-role\/fleet\/i-/);
});

test('docker-machine knows its own regions only: an endpoint leads to no other', async () => {
	const {manager, made} = await running();
	const elsewhere = ['amazonec2-region=il-central-1', ...machineOptions(manager).filter((option) => !option.startsWith('amazonec2-region='))];
	assert.match(await made(elsewhere), /provided: Invalid region specified$/);
	const endpoint = 'amazonec2-endpoint=https://ec2.il-central-1.amazonaws.com';
	assert.match(await made([...elsewhere, endpoint]), /provided: MissingRegion: could not find region configuration$/);
});

test('docker-machine sets up no Amazon Linux', async () => {
	const {world, manager, made} = await running();
	const image = [...world.outside.region(region).images.values()].find(({os, architecture}) => os === 'amzn 2023' && architecture === 'x86_64');
	const options = machineOptions(manager).filter((option) => !/amazonec2-(ami|ssh-user|device-name)=/.test(option));
	const amazon = [...options, `amazonec2-ami=${image?.id}`, 'amazonec2-ssh-user=ec2-user', 'amazonec2-device-name=/dev/xvda'];
	assert.match(await made(amazon), /^provision: .*conflicts with curl provided by curl$/s);
});

test('a region holds so many key pairs', async () => {
	const world = simulatedWorld();
	world.outside.account.mostKeyPairs = 1;
	const imported = (KeyName: string) => world.cloudAt(region).call('ImportKeyPair', {KeyName, PublicKeyMaterial: Buffer.from(newKey().publicKey)});
	await imported('first');
	assert.equal(await refusedWith(imported('second')), 'KeyPairLimitExceeded');
});

test('a machine’s first spot launch makes the role for spot only where its own role may', async () => {
	const {world, manager, made} = await running();
	const spot = [...machineOptions(manager), 'amazonec2-request-spot-instance=true'];
	assert.match(await made(spot), /^launch: .*AuthFailure\.ServiceLinkedRoleCreationNotPermitted/s);
	world.outside.account.roles
		.get('fleet')
		?.inline.set('more', JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'iam:CreateServiceLinkedRole', Resource: '*'}]}));
	assert.equal(await made(spot), 'proven');
});

test('certificates: made at the first use, none made over a part of them, and of two makings they don’t fit', async () => {
	const {world, manager, made} = await running();
	const folder = '/root/.docker/machine/certs/';
	const names = ['ca.pem', 'ca-key.pem', 'cert.pem', 'key.pem'];
	world.outside.removeFile(manager.id, `${folder}ca.pem`);
	assert.match(await made(), /Error generating certificates/);
	for (const name of names) world.outside.removeFile(manager.id, folder + name);
	assert.equal(await made(), 'proven');
	world.outside.setFile(manager.id, `${folder}ca.pem`, 'PEM of another');
	assert.match(await made(), /^docker answer: .*bad certificate/s);
});

test('a full disk and want of memory keep docker-machine from making machines, and the panel sees both', async () => {
	const {world, manager, connection, made} = await running();
	const resources = async () => (await connection.script(panelScript, {host: true})).host?.resources;
	world.outside.setDiskFree(manager.id, 0);
	assert.match(await made(), /no space left on device/);
	assert.equal((await resources())?.diskFree, 0);
	world.outside.setDiskFree(manager.id, 5);
	world.outside.setStrain(manager.id, {memoryFree: 0.01});
	assert.equal(await job(world), 'Job failed (system failure): prepare environment: signal: killed');
	const seen = await resources();
	assert.ok(seen && seen.memoryFree < seen.memoryTotal / 50);
	world.outside.setStrain(manager.id, {});
	assert.equal(await job(world), 'success');
});

test('a manager without CPU credits gets a part of its processor, and takes that much longer to make a machine', async () => {
	const {world, manager, connection} = await running();
	const once = async () => {
		const [queued] = world.outside.queueJobs(1, {seconds: 1});
		await world.clock.sleep(800_000);
		return ((queued?.endedAt ?? 0) - (queued?.startedAt ?? 0)) / 1000;
	};
	/** On the mean of some machines, since each boots as fast as chance has it. */
	const took = async () => {
		let sum = 0;
		for (let turn = 0; turn < 8; turn++) sum += await once();
		return sum / 8;
	};
	const usual = await took();
	world.outside.setStrain(manager.id, {stolen: 0.5});
	const ticks = async () => (await connection.script(panelScript, {host: true})).host?.ticks ?? assert.fail('no ticks');
	const before = await ticks();
	const strained = await took();
	assert.ok(strained > usual * 1.5, `${usual} s, then ${strained} s`);
	const after = await ticks();
	assert.ok(Math.abs((after.stolen - before.stolen) / (after.total - before.total) - 0.5) < 0.01);
	assert.equal(after.idle, before.idle);
});

test('jobs fail by themselves while Docker Hub gives no images, and the machine stays', async () => {
	const {world} = await running();
	world.outside.setDockerHub('none');
	assert.match(await job(world), /^Job failed: failed to pull image .*toomanyrequests/);
	world.outside.setDockerHub('images');
	assert.equal(await job(world), 'success');
});

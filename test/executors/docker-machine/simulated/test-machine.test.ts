import assert from 'node:assert/strict';
import {test} from 'node:test';
import {testMachineScript} from '../../../../source/executors/docker-machine/scripts/test-machine.ts';
import {keyPairs, living, type ManagerByHand, machineOptions, region, running} from '../../../simulated/fleet-by-hand.ts';
import {refusedWith} from '../../../simulated/refused-with.ts';
import {stagesInOrder} from '../stages.ts';

const testMachine = (manager: ManagerByHand) => ({
	name: 'runner-test-fleet-1795510800-0badcafe',
	options: machineOptions(manager),
	limitSeconds: 900,
	image: 'alpine:latest',
});

test('a test machine goes through docker-machine’s stages in order, is real and tagged, and goes away with its key pair', async () => {
	const {world, manager, connection} = await running();
	const stages: string[] = [];
	let seen: string | undefined;
	const ended = await connection.script(testMachineScript, testMachine(manager), (progress) => {
		if (!('stage' in progress)) return;
		stages.push(progress.stage);
		if (progress.stage === 'container') seen = living(world, manager)[0]?.tags['gitlab-runner-aws:part'];
	});
	assert.equal(ended.is, 'proven');
	assert.equal(seen, 'worker');
	assert.deepEqual(
		stages.filter((stage, index) => stage !== stages[index - 1]),
		stagesInOrder,
	);
	assert.deepEqual(living(world, manager), []);
	assert.deepEqual(keyPairs(world), []);
});

test('a test machine that EC2 refuses fails in the launch with EC2’s code, and leaves nothing', async () => {
	const {world, manager, connection} = await running();
	world.outside.capacity('c5.large', `${region}a`, 'none');
	const ended = await connection.script(testMachineScript, testMachine(manager));
	assert.ok(ended.is === 'failed');
	assert.equal(ended.stage, 'launch');
	assert.match(ended.detail, /InsufficientInstanceCapacity: We currently do not have sufficient c5\.large capacity/);
	assert.equal(ended.removed, true);
	assert.deepEqual([living(world, manager), keyPairs(world)], [[], []]);
});

test('a worker that the manager can’t reach, a wrong user, a flag nobody knows and a role that may not: each fails in its own way', async () => {
	const {world, manager, connection} = await running();
	const detail = async (options: string[]) => {
		const ended = await connection.script(testMachineScript, {...testMachine(manager), options});
		return ended.is === 'failed' ? `${ended.stage}: ${ended.detail}` : ended.is;
	};
	const options = machineOptions(manager);
	assert.match(await detail([...options, 'amazonec2-encrypt-ebs-volume=true']), /^check: .*flag provided but not defined/s);
	assert.match(await detail([...options, 'amazonec2-ssh-user=admin']), /^ssh: .*Too many retries waiting for SSH/s);
	world.outside.closePort(manager.workersGroup, 2376);
	assert.match(await detail(options), /^docker answer: Error creating machine: Error checking the host/);
	const role = world.outside.account.roles.get('fleet');
	role?.inline.set(
		'fleet',
		JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: ['ec2:Describe*', 'ec2:ImportKeyPair', 'ec2:DeleteKeyPair'], Resource: '*'}]}),
	);
	assert.match(await detail(options), /^launch: .*UnauthorizedOperation/s);
	assert.deepEqual([living(world, manager), keyPairs(world)], [[], []]);
});

test('a stage can be made to fail as often as a test wants', async () => {
	const {world, manager, connection} = await running();
	world.outside.machineFaults(manager.id, {
		stage: {name: 'docker install', detail: 'Error creating machine: Error running provisioning: error installing docker', times: 1},
	});
	const ended = await connection.script(testMachineScript, testMachine(manager));
	assert.ok(ended.is === 'failed' && ended.stage === 'docker install');
	assert.equal((await connection.script(testMachineScript, testMachine(manager))).is, 'proven');
});

test('a laptop that dies in the middle of a test machine leaves no worker', async () => {
	const {world, manager, connection} = await running();
	world.faults.dieAt(world.acts.length + 1);
	assert.equal(await refusedWith(connection.script(testMachineScript, testMachine(manager))), 'laptop-died');
	await world.time.sleep(300_000);
	assert.deepEqual([living(world, manager), keyPairs(world)], [[], []]);
});

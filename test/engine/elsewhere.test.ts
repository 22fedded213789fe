import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {codesIn, planOf, problemsIn, region, type SetupWish, saidIn, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {config, jobStates, noneAtAll, oneOfEach, onlyManager, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});
const sends = (world: World, since: number) => world.calls.slice(since).filter(({name}) => name === 'SendSSHPublicKey').length;

test('a teammate’s laptop opens the fleet through EC2 Instance Connect, and says so', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const second = world.another({address: '203.0.113.7'});
	const since = world.calls.length;
	const plan = await planOf(second);
	assert.deepEqual(unlike(plan), {});
	assert.equal(sends(world, since), 1);
	assert.ok(plan.get('connection')?.notes?.some(({says}) => says.includes('EC2 Instance Connect')));
});

test('a teammate’s laptop changes the fleet, is let in for good with it, and needs no Instance Connect the next time', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const second = world.another();
	const changed = await setUp(second, {flags: {limit: 4, concurrent: 4}});
	assert.deepEqual(problemsIn(changed), []);
	assert.match(config(world, manager), /limit = 4\n/);
	const since = world.calls.length;
	assert.deepEqual(unlike(await planOf(second)), {});
	assert.equal(sends(world, since), 0);
	assert.deepEqual(unlike(await planOf(world)), {});
	assert.deepEqual(standing(world), oneOfEach);
});

test('a teammate’s laptop takes the fleet away, jobs ended first', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.queueJobs(2, {seconds: 200});
	await world.clock.sleep(90_000);
	const second = world.another({address: '203.0.113.7'});
	const {result} = await takeAway(second, {withCache: true});
	assert.deepEqual(result.problems, []);
	assert.deepEqual([standing(world), jobStates(world)], [noneAtAll, {success: 2}]);
});

test('a teammate’s laptop that the manager doesn’t let in ends no running job: it is told how to be let in, and then takes the fleet away', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.queueJobs(2, {seconds: 600});
	await world.clock.sleep(90_000);
	const second = world.another();
	const refused = await takeAway(second);
	assert.deepEqual(codesIn({blocked: [], result: refused.result}), ['not-drained']);
	assert.match(refused.result.problems[0]?.advice ?? '', /setup --fleet gitlab-runners --region us-east-2.*--now/);
	assert.deepEqual(jobStates(world), {running: 2});
	assert.deepEqual(problemsIn(await setUp(second)), []);
	const removal = await takeAway(second, {withCache: true});
	assert.deepEqual([removal.result.problems, standing(world), jobStates(world)], [[], noneAtAll, {success: 2}]);
});

test('a teammate’s laptop that the manager doesn’t let in takes a fleet without workers away, and says that it wasn’t drained', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const removal = await takeAway(world.another(), {withCache: true});
	assert.deepEqual([removal.result.problems, standing(world)], [[], noneAtAll]);
	assert.ok(saidIn(removal.events).some((said) => /isn't reached/.test(said)));
});

test('where neither a key is here nor Instance Connect is allowed, the action to ask for is named and nothing is changed', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.deny('ec2-instance-connect:SendSSHPublicKey');
	const acts = world.acts.length;
	const refused = await setUp(world.another({address: '203.0.113.7'}), {flags: {limit: 4, concurrent: 4}});
	assert.deepEqual(codesIn(refused), ['instance-connect-not-allowed']);
	assert.match(problemsIn(refused).join(), /ec2-instance-connect:SendSSHPublicKey/);
	assert.match(refused.blocked[0]?.advice ?? '', /--private-key/);
	assert.equal(world.acts.length, acts);
});

test('a Debian image has no Instance Connect: a laptop without the key is told so, and how to go on', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {...withToken(world), flags: {image: 'debian-13'}});
	await world.clock.sleep(3_600_000);
	assert.deepEqual(unlike(await planOf(world)), {});
	const refused = await setUp(world.another({address: '203.0.113.7'}));
	assert.deepEqual(codesIn(refused), ['ssh-denied']);
	assert.match(problemsIn(refused).join(), /Debian/);
	assert.match(refused.blocked[0]?.advice ?? '', /--private-key/);
});

test('a manager in a private subnet is told with the command that leads to it, and the same command goes on through it', async () => {
	const world = simulatedWorld();
	const subnet = world.outside.addSubnet(`${region}a`, 'nat').id;
	const made = await setUp(world, {...withToken(world), flags: {subnet}});
	assert.deepEqual(codesIn(made), ['manager-private']);
	assert.match(made.result?.problems[0]?.advice ?? '', /start-session --target i-[0-9a-f]+.*--ssh-address 127\.0\.0\.1:2222/);
	assert.deepEqual(standing(world), oneOfEach);
	await world.clock.sleep(60_000);
	world.outside.startSession('127.0.0.1:2222', onlyManager(world));
	const again = await setUp(world, {...withToken(world), flags: {sshAddress: '127.0.0.1:2222'}});
	assert.deepEqual(problemsIn(again), []);
	assert.match(config(world, onlyManager(world)), /amazonec2-private-address-only=true/);
	assert.deepEqual(unlike(await planOf(world, {flags: {sshAddress: '127.0.0.1:2222'}})), {});
});

test('a manager in a private subnet is drained and taken away through the same way; without it, running jobs aren’t ended', async () => {
	const world = simulatedWorld();
	const subnet = world.outside.addSubnet(`${region}a`, 'nat').id;
	await setUp(world, {...withToken(world), flags: {subnet}});
	await world.clock.sleep(60_000);
	world.outside.startSession('127.0.0.1:2222', onlyManager(world));
	const flags = {sshAddress: '127.0.0.1:2222'};
	await setUp(world, {...withToken(world), flags});
	world.outside.queueJobs(2, {seconds: 600});
	await world.clock.sleep(90_000);
	const refused = await takeAway(world);
	assert.deepEqual(codesIn({blocked: [], result: refused.result}), ['not-drained']);
	assert.match(refused.result.problems[0]?.advice ?? '', /--ssh-address 127\.0\.0\.1:2222.*--now/);
	const removal = await takeAway(world, {flags, withCache: true});
	assert.deepEqual(removal.result.problems, []);
	assert.deepEqual([standing(world), jobStates(world)], [noneAtAll, {success: 2}]);
});

test('where no service tells this machine’s address, that is a note; SSH that isn’t let in is told, and an address that is named goes on', async () => {
	const world = simulatedWorld({ownAddress: undefined});
	const made = await setUp(world, withToken(world));
	assert.ok(made.plan.get('security-group-rules')?.notes?.some(({advice = ''}) => advice.includes('--ssh-from')));
	assert.deepEqual(codesIn(made), ['ssh-no-answer']);
	assert.deepEqual(standing(world), oneOfEach);
	const again = await setUp(world, {...withToken(world), flags: {sshFrom: '203.0.113.7/32'}});
	assert.deepEqual([problemsIn(again), unlike(await planOf(world))], [[], {}]);
});

test('every line of images that is offered comes up as manager, and as worker where docker-machine can set it up, on both architectures', async () => {
	for (const image of ['ubuntu-24.04', 'ubuntu-22.04', 'debian-13', 'debian-12', 'al2023'] as const) {
		for (const types of [
			{managerType: 't3.small', workerType: 'c5.large'},
			{managerType: 't4g.small', workerType: 'c6g.large'},
		] as const) {
			const world = simulatedWorld();
			const made = await setUp(world, {...withToken(world), flags: {image, workerImage: image === 'al2023' ? 'ubuntu-24.04' : image, ...types}});
			assert.deepEqual([image, types, problemsIn(made), standing(world)], [image, types, [], oneOfEach]);
		}
	}
});

test('in a private subnet the way in is told in the plan, before anything is paid for', async () => {
	const world = simulatedWorld();
	const subnet = world.outside.addSubnet(`${region}a`, 'nat').id;
	const told = async (flags: SetupWish['flags']) => (await planOf(world, {...withToken(world), flags: {subnet, ...flags}})).get('manager');
	const usual = await told({});
	assert.match(usual?.notes?.[0]?.says ?? '', new RegExp(`^Subnet ${subnet} gives the manager no public address: it's reached through AWS Session Manager`));
	const debian = await told({image: 'debian-13'});
	assert.ok(debian?.is === 'blocked' && debian.problem.code === 'image-without-agent');
	assert.deepEqual(debian.fix?.answers, {image: 'ubuntu-24.04'});
	const keys = await told({access: 'access-keys'});
	assert.ok(keys?.is === 'blocked' && keys.problem.code === 'agent-without-rights');
	const own = await told({image: 'debian-13', sshAddress: '127.0.0.1:2222'});
	assert.deepEqual([own?.is, own?.notes], ['missing', []]);
	const image = world.outside.addImage(region).id;
	assert.match((await told({image, sshUser: 'ubuntu'}))?.notes?.[1]?.says ?? '', /has to have the SSM agent in it/);
	const open = (await planOf(world, withToken(world))).get('manager');
	assert.deepEqual([open?.is, open?.notes], ['missing', []]);
});

test('a session isn’t had without the agent’s rights, and not from an image without the agent', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	assert.throws(() => world.outside.startSession('127.0.0.1:2222', manager), {name: 'TargetNotConnected', message: `${manager} is not connected.`});
	const bare = simulatedWorld();
	const subnet = bare.outside.addSubnet(`${region}a`, 'nat').id;
	await setUp(bare, {...withToken(bare), flags: {subnet, image: 'debian-13', sshAddress: '127.0.0.1:2222'}});
	await bare.clock.sleep(120_000);
	assert.throws(() => bare.outside.startSession('127.0.0.1:2222', onlyManager(bare)), {name: 'TargetNotConnected'});
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {names} from '../../../source/fleet.ts';
import {type Ports, simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {type CommandWish, changesOf, laptopOver, problems, unlike} from './laptop.ts';
import {someAnswers, someFleet} from './some-answers.ts';

const at = (ports: Ports) => laptopOver(({answers}) => ({...ports, cloud: ports.cloudAt(answers.region)}));
const wish = (over: Parameters<typeof someAnswers>[0] = {}, secrets: CommandWish['secrets'] = {}): CommandWish => ({answers: someAnswers(over), secrets});

/** A world in which the fleet has just been set up. */
async function standing(over: Parameters<typeof someAnswers>[0] = {}, world = simulatedWorld()) {
	const laptop = at(world);
	assert.deepEqual(problems(await laptop.setup(wish(over, {runnerToken: world.tokens.runner}))), []);
	return {world, laptop, manager: await managerIn(world)};
}

/** Instances of a part that run, as a laptop sees them that nothing has befallen. */
async function instances(world: World, part: string) {
	const {Reservations = []} = await world
		.another()
		.cloudAt(someFleet.region)
		.call('DescribeInstances', {
			Filters: [
				{Name: 'tag:gitlab-runner-aws:part', Values: [part]},
				{Name: 'instance-state-name', Values: ['pending', 'running']},
			],
		});
	return Reservations.flatMap(({Instances = []}) => Instances);
}
const managerIn = async (world: World): Promise<string> => (await instances(world, 'manager'))[0]?.InstanceId ?? '';

test('a fleet is set up, and everything is as it is wanted', async () => {
	const {laptop, world} = await standing();
	assert.deepEqual(unlike(await laptop.plan(wish())), {});
	assert.equal(world.takers(), 1);
	assert.deepEqual(await instances(world, 'worker'), []);
});

test('the host key is the one that the console printed, and is kept as a tag that the next laptop trusts', async () => {
	const {world} = await standing();
	const [manager] = await instances(world, 'manager');
	assert.equal(manager?.Tags?.find(({Key}) => Key === 'gitlab-runner-aws:host-key')?.Value, world.outside.hostKey(manager?.InstanceId ?? ''));
	const other = at(world.another({address: '203.0.113.7'}));
	assert.deepEqual(unlike(await other.plan(wish())), {});
});

test('a host key that changed is refused on every laptop', async () => {
	const {laptop, manager, world} = await standing();
	world.outside.changeHostKey(manager);
	for (const one of [laptop, at(world.another({address: '203.0.113.7'}))]) {
		const connection = (await one.plan(wish())).get('connection');
		assert.ok(connection?.is === 'blocked' && connection.problem.code === 'host-key-changed');
	}
});

test('a manager in a private subnet without a way to it is told, with the command that makes one, and then the same command goes on', async () => {
	const world = simulatedWorld();
	const {id} = world.outside.addSubnet('us-east-2a', 'nat');
	const laptop = at(world);
	const given = wish({subnet: id}, {runnerToken: world.tokens.runner});
	const stopped = await laptop.setup(given);
	assert.deepEqual(
		stopped.problems.map(({code}) => code),
		['manager-private'],
	);
	assert.match(
		stopped.problems[0]?.advice ?? '',
		/aws --region us-east-2 ssm start-session --target i-\w+ .*portNumber=22,localPortNumber=2222.*--ssh-address 127\.0\.0\.1:2222/,
	);
	const manager = await managerIn(world);
	world.outside.openTunnel('127.0.0.1:2222', manager);
	const tunnelled = wish({subnet: id, sshAddress: '127.0.0.1:2222'}, {runnerToken: world.tokens.runner});
	assert.deepEqual(problems(await laptop.setup(tunnelled)), []);
	assert.match(world.outside.file(manager, '/etc/gitlab-runner/config.toml')?.text ?? '', /private-address-only=true/);
});

test('a disk that is full is told, and once there is room the same command goes on', async () => {
	const {laptop, manager, world} = await standing();
	world.outside.setDiskFree(manager, 0);
	const failed = await laptop.setup(wish({limit: 5}));
	assert.deepEqual(
		failed.problems.map(({code}) => code),
		['disk-full'],
	);
	world.outside.setDiskFree(manager, 5);
	assert.deepEqual(problems(await laptop.setup(wish({limit: 5}))), []);
});

test('a new manager takes over with the same token and system id, and jobs that run meanwhile end well', async () => {
	const {laptop, manager, world} = await standing();
	const [systemId, token] = ['/etc/gitlab-runner/.runner_system_id', '/etc/gitlab-runner/config.toml'].map((path) => world.outside.file(manager, path)?.text);
	world.outside.queueJobs(5, {seconds: 400});
	await world.clock.sleep(120_000);
	world.leastTakers();
	const given = {...wish({managerType: 't3.medium'}), replaceManager: true};
	assert.deepEqual(problems(await laptop.setup(given)), []);
	const now = await managerIn(world);
	assert.notEqual(now, manager);
	assert.equal((await instances(world, 'manager')).length, 1);
	assert.equal(world.outside.file(now, '/etc/gitlab-runner/.runner_system_id')?.text.trim(), systemId?.trim());
	assert.match(world.outside.file(now, '/etc/gitlab-runner/config.toml')?.text ?? '', new RegExp(/token = "(.*)"/.exec(token ?? '')?.[0] ?? 'none'));
	assert.deepEqual([...new Set(world.jobs.map(({state}) => state))], ['success']);
	assert.ok(world.leastTakers() >= 1);
	assert.deepEqual(unlike(await laptop.plan(wish({managerType: 't3.medium'}))), {});
});

test('a month later a newer image is a note, and workers stay on theirs', async () => {
	const {laptop, world} = await standing();
	world.outside.publishImage(someFleet.region, 'ubuntu-24.04');
	const plan = await laptop.plan(wish());
	assert.deepEqual(unlike(plan), {});
	assert.ok(plan.get('runner')?.notes?.some(({says}) => /A newer ubuntu-24\.04 for workers is there/.test(says)));
});

test('another image for workers is proven and written', async () => {
	const {laptop} = await standing();
	assert.deepEqual(changesOf(await laptop.plan(wish({workerImage: 'ubuntu-22.04'})), 'runner'), ['workerImage live']);
	assert.deepEqual(problems(await laptop.setup(wish({workerImage: 'ubuntu-22.04'}))), []);
});

test('a connection that is cut in the middle of a script costs nothing: the same command goes on', async () => {
	for (const script of ['install', 'test-machine', 'write-config', 'service']) {
		const world = simulatedWorld();
		const laptop = at(world);
		world.faults.cutAtScript(1, script);
		await laptop.setup(wish({}, {runnerToken: world.tokens.runner}));
		assert.deepEqual(problems(await laptop.setup(wish({}, {runnerToken: world.tokens.runner}))), [], script);
		assert.deepEqual(unlike(await laptop.plan(wish())), {}, script);
		assert.deepEqual(await instances(world, 'worker'), [], script);
		assert.equal((await instances(world, 'manager')).length, 1, script);
	}
});

test('a laptop that dies after any act leaves a fleet that the same command finishes, and nothing twice', async () => {
	const count = simulatedWorld();
	await at(count).setup(wish({tokenStore: 'ssm'}, {runnerToken: count.tokens.runner}));
	for (let nth = 1; nth <= count.acts.length; nth++) {
		const world = simulatedWorld();
		world.faults.dieAt(nth);
		await at(world)
			.setup(wish({tokenStore: 'ssm'}, {runnerToken: world.tokens.runner}))
			.catch(() => undefined);
		const again = at(world.reboot());
		assert.deepEqual(
			problems(await again.setup(wish({tokenStore: 'ssm'}, {runnerToken: world.tokens.runner}))),
			[],
			`died at act ${nth}, ${count.acts[nth - 1]}`,
		);
		assert.deepEqual(unlike(await again.plan(wish({tokenStore: 'ssm'}))), {}, `died at act ${nth}`);
		assert.equal((await instances(world, 'manager')).length, 1);
		assert.deepEqual(await instances(world, 'worker'), []);
	}
});

test('a removal leaves no worker and no key pair of theirs', async () => {
	const {laptop, world} = await standing({idleCount: 2});
	await world.clock.sleep(600_000);
	assert.equal((await instances(world, 'worker')).length, 2);
	assert.deepEqual(problems(await laptop.destroy(wish({idleCount: 2}), 600)), []);
	assert.deepEqual([...(await instances(world, 'worker')), ...(await instances(world, 'manager'))], []);
	const {KeyPairs = []} = await world.cloudAt(someFleet.region).call('DescribeKeyPairs', {});
	assert.deepEqual(
		KeyPairs.filter(({KeyName}) => KeyName?.includes(someFleet.name)),
		[],
	);
	assert.equal(await world.disk.key(names.keyFile(someFleet, '123456789012')), undefined);
});

test('jobs that still run when the time is over stay, the rest of the fleet stays with them, and `--now` ends them', async () => {
	const {laptop, world} = await standing();
	world.outside.queueJobs(2, {seconds: 100_000});
	await world.clock.sleep(300_000);
	const busy = await laptop.destroy(wish(), 60);
	assert.deepEqual(
		busy.problems.map(({code}) => code),
		['still-busy'],
	);
	assert.match(busy.problems[0]?.message ?? '', /2 jobs still run.* after 1 minutes?\./);
	assert.equal((await instances(world, 'manager')).length, 1);
	assert.deepEqual([...new Set(world.jobs.map(({state}) => state))], ['running']);
	assert.deepEqual(problems(await laptop.destroy(wish(), 0)), []);
	assert.deepEqual(await instances(world, 'manager'), []);
});

/** Runs a command on fresh worlds, each time with a laptop that dies one act later, then judges what the same command makes of it after a reboot. */
async function dyingEverywhere(
	begin: () => Promise<World>,
	command: (ports: Ports) => Promise<unknown>,
	judge: (world: World, where: string) => Promise<void>,
): Promise<void> {
	const whole = await begin();
	const before = whole.acts.length;
	await command(whole);
	const acts = whole.acts.slice(before);
	assert.ok(acts.length > 0);
	for (const [index, act] of acts.entries()) {
		const world = await begin();
		world.faults.dieAt(before + index + 1);
		await command(world).catch(() => undefined);
		await judge(world, `died after act ${index + 1}, ${act}`);
	}
}

const setUp = async (): Promise<World> => (await standing()).world;

test('a laptop that dies anywhere while a manager is replaced leaves one that takes jobs, and the same command finishes', async () => {
	const given = {...wish({managerType: 't3.medium'}), replaceManager: true};
	await dyingEverywhere(
		setUp,
		(ports) => at(ports).setup(given),
		async (world, where) => {
			assert.ok(world.takers() >= 1, where);
			const again = at(world.reboot());
			assert.deepEqual(problems(await again.setup(given)), [], where);
			assert.deepEqual(unlike(await again.plan(given)), {}, where);
			const managers = await instances(world, 'manager');
			assert.deepEqual(
				managers.map(({InstanceType}) => InstanceType),
				['t3.medium'],
				where,
			);
			assert.deepEqual(await instances(world, 'worker'), [], where);
		},
	);
});

test('a laptop that dies anywhere while a runner is created leaves one runner of ours in GitLab', async () => {
	const given = (world: {tokens: World['tokens']}) => wish({runner: 'create', project: 'acme/app'}, {gitlabToken: world.tokens.gitlab});
	const tokens = simulatedWorld().tokens;
	const ours = async (world: World) => {
		const seen = await world.another().gitlabAt('https://gitlab.com').runners(world.tokens.gitlab);
		return seen.filter(({maintenanceNote}) => maintenanceNote?.includes('fleet=gitlab-runners'));
	};
	await dyingEverywhere(
		async () => simulatedWorld(),
		(ports) => at(ports).setup(given({tokens})),
		async (world, where) => {
			const again = at(world.reboot());
			assert.deepEqual(problems(await again.setup(given(world))), [], where);
			assert.equal((await ours(world)).length, 1, where);
			assert.equal(world.takers(), 1, where);
		},
	);
});

test('a laptop that dies anywhere while a fleet is removed leaves what the same command takes away', async () => {
	await dyingEverywhere(
		async () => {
			const {world} = await standing({idleCount: 1});
			await world.clock.sleep(600_000);
			return world;
		},
		(ports) => at(ports).destroy(wish(), 600),
		async (world, where) => {
			assert.deepEqual(problems(await at(world.reboot()).destroy(wish(), 600)), [], where);
			assert.deepEqual([...(await instances(world, 'manager')), ...(await instances(world, 'worker'))], [], where);
			const {KeyPairs = []} = await world.another().cloudAt(someFleet.region).call('DescribeKeyPairs', {});
			assert.deepEqual(KeyPairs.length, 0, where);
		},
	);
});

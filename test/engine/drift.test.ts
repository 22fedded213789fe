import assert from 'node:assert/strict';
import {test} from 'node:test';
import {planExit} from '../../source/engine/plan.ts';
import type {StepName} from '../../source/engine/step.ts';
import {userDataPath} from '../../source/executors/docker-machine/scripts/manager-part.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {appliedIn, bucketName, codesIn, name, planOf, problemsIn, region, type SetupWish, setUp, standingFleet, unlike} from './fleet.ts';
import {config, oneOfEach, onlyManager, standing, startedAt} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});
const groupCalled = (world: World, called: string) => [...world.outside.region(region).groups.values()].find((group) => group.name === called)?.id ?? '';

type Drift = {
	what: string;
	breaks(world: World, manager: string): void | Promise<void>;
	/** The steps that a plan names, besides those that can't be looked at without them. */
	names: readonly StepName[];
	/** Steps below that a plan can't look at. */
	waiting?: readonly StepName[];
	/** What only a new process of the runner mends. */
	restarts?: boolean;
	/** Steps that the run changes something of, where those aren't the named ones. */
	applies?: readonly StepName[];
};

const onManager: readonly StepName[] = ['connection', 'host-key', 'software', 'docker-machine', 'test-machine', 'runner', 'service'];

const drifts: readonly Drift[] = [
	{
		what: 'the port for this address is closed',
		breaks: (world) => world.outside.closePort(groupCalled(world, `${name}-manager`), 22),
		names: ['security-group-rules'],
		waiting: onManager,
	},
	{
		what: 'a port of the workers is closed',
		breaks: (world) => world.outside.closePort(groupCalled(world, `${name}-workers`), 2376),
		names: ['security-group-rules'],
		waiting: onManager.filter((step) => step !== 'runner'),
	},
	{what: 'the lifecycle rule is gone', breaks: (world) => world.outside.removeLifecycleRule(bucketName, `gitlab-runner-aws-${name}`), names: ['bucket']},
	{
		what: "the bucket's public access isn't blocked any more",
		breaks: (world) => void Object.assign(world.outside.account.buckets.get(bucketName) ?? {}, {block: undefined}),
		names: ['bucket'],
	},
	{
		what: 'a value in config.toml is another',
		breaks: (world, id) => world.outside.setFile(id, paths.config, config(world, id).replace('limit = 10', 'limit = 2')),
		names: ['runner'],
		waiting: ['service'],
	},
	{
		what: 'config.toml can be read by others',
		breaks: (world, id) => world.outside.setFile(id, paths.config, config(world, id), 0o644),
		names: ['runner'],
		waiting: ['service'],
	},
	{
		what: 'the key pair is deleted in AWS',
		breaks: (world) => void world.outside.call('DeleteKeyPair', region, {KeyName: `${name}-manager`}),
		names: ['key-pair'],
	},
	{
		what: "the role's policy is another",
		breaks: (world) =>
			void world.outside.call('PutRolePolicy', region, {
				RoleName: `${name}-${region}-manager`,
				PolicyName: `${name}-${region}-manager`,
				PolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
			}),
		names: ['instance-profile'],
	},
	{
		what: 'the role is out of the profile',
		breaks: (world) =>
			void world.outside.call('RemoveRoleFromInstanceProfile', region, {
				InstanceProfileName: `${name}-${region}-manager`,
				RoleName: `${name}-${region}-manager`,
			}),
		names: ['instance-profile'],
	},
	{
		what: 'the metadata service takes calls without a token',
		breaks: (world, id) => void world.outside.call('ModifyInstanceMetadataOptions', region, {InstanceId: id, HttpTokens: 'optional'}),
		names: ['manager'],
		waiting: ['manager-profile', ...onManager.filter((step) => step !== 'runner')],
	},
	{
		what: 'the manager is stopped',
		breaks: async (world, id) => {
			world.outside.stopInstance(id);
			await world.clock.sleep(60_000);
		},
		names: ['manager'],
		waiting: ['manager-profile', ...onManager],
		restarts: true,
		applies: ['manager', 'connection'],
	},
	{what: 'the service is stopped', breaks: (world, id) => world.outside.stopService(id), names: ['service'], restarts: true},
	{
		what: 'the graceful stop is gone',
		breaks: (world, id) => world.outside.removeFile(id, paths.dropIn),
		names: ['software'],
		waiting: ['service'],
	},
	{
		what: "the workers' user data is gone",
		breaks: (world, id) => world.outside.removeFile(id, userDataPath),
		names: ['docker-machine'],
		waiting: ['test-machine'],
	},
	{
		what: 'the record is gone',
		breaks: (world) => void world.outside.call('DeleteParameter', region, {Name: `/gitlab-runner-aws/${name}`}),
		names: ['record'],
	},
];

for (const {what, breaks, names, waiting = [], restarts = false, applies = names} of drifts) {
	test(`${what}: the plan names just that, and the run mends just that`, async () => {
		const world = simulatedWorld();
		const manager = await standingFleet(world, withToken(world));
		const started = startedAt(world, manager);
		await breaks(world, manager);
		const acts = world.acts.length;
		const plan = await planOf(world);
		const found = unlike(plan);
		assert.equal(planExit(plan), 3);
		assert.deepEqual(
			Object.entries(found)
				.filter(([, is]) => is !== 'waiting')
				.map(([step]) => step),
			names,
		);
		assert.deepEqual(
			Object.entries(found)
				.filter(([, is]) => is === 'waiting')
				.map(([step]) => step)
				.sort(),
			[...waiting].sort(),
		);
		assert.equal(world.acts.length, acts);
		const mended = await setUp(world);
		assert.deepEqual(problemsIn(mended), []);
		assert.deepEqual(appliedIn(mended.events), applies);
		assert.deepEqual(standing(world), oneOfEach);
		assert.equal(onlyManager(world), manager);
		assert.equal(startedAt(world, manager) === started, !restarts);
		assert.deepEqual(unlike(await planOf(world)), {});
	});
}

test('others’ lifecycle rules, TOML tables and extra MachineOptions survive what is mended beside them', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.addLifecycleRule(bucketName, {ID: 'theirs', Status: 'Enabled', Filter: {Prefix: 'theirs/'}, Expiration: {Days: 7}});
	world.outside.removeLifecycleRule(bucketName, `gitlab-runner-aws-${name}`);
	const text = config(world, manager).replace('limit = 10', 'limit = 2').replace('MachineOptions = [', 'MachineOptions = [ "engine-opt=mtu=1400",');
	world.outside.setFile(
		manager,
		paths.config,
		`${text}\n[[runners]]\nname = "theirs"\nurl = "https://gitlab.com"\ntoken = "glrt-t3_theirs"\nexecutor = "shell"\n`,
	);
	const mended = await setUp(world);
	assert.deepEqual(problemsIn(mended), []);
	assert.deepEqual(
		world.outside.account.buckets
			.get(bucketName)
			?.rules?.map(({ID}) => ID)
			.sort(),
		[`gitlab-runner-aws-${name}`, 'theirs'],
	);
	const after = config(world, manager);
	assert.match(after, /limit = 10/);
	assert.match(after, /name = "theirs"/);
	assert.match(after, /engine-opt=mtu=1400/);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a manager that is terminated comes back asking nothing where SSM keeps the token', async () => {
	const world = simulatedWorld();
	const dead = await standingFleet(world, {...withToken(world), flags: {tokenStore: 'ssm'}});
	world.outside.terminateInstance(dead);
	const plan = await planOf(world);
	assert.equal(planExit(plan), 3);
	assert.equal(unlike(plan).manager, 'missing');
	const again = await setUp(world);
	assert.deepEqual(problemsIn(again), []);
	assert.match(config(world, onlyManager(world)), new RegExp(world.tokens.runner));
	assert.deepEqual(standing(world), {...oneOfEach, parameters: 2});
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a manager that is terminated takes a token along that only it knew: the plan says that the token is needed, and how to give it', async () => {
	const world = simulatedWorld();
	const dead = await standingFleet(world, withToken(world));
	world.outside.terminateInstance(dead);
	const acts = world.acts.length;
	const refused = await setUp(world);
	assert.deepEqual(codesIn(refused), ['runner-token-missing']);
	assert.match(refused.blocked[0]?.advice ?? '', /GITLAB_RUNNER_TOKEN/);
	assert.equal(world.acts.length, acts);
	assert.deepEqual(problemsIn(await setUp(world, withToken(world))), []);
	assert.deepEqual(standing(world), oneOfEach);
});

test('a month later, with newer images and another address of one’s own, only the rule for the address is another', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	await world.clock.sleep(30 * 86_400_000);
	world.outside.publishImage(region, 'ubuntu-24.04');
	world.outside.setOwnAddress('192.0.2.44');
	const acts = world.acts.length;
	const again = await setUp(world);
	assert.deepEqual(problemsIn(again), []);
	assert.deepEqual(world.acts.slice(acts), ['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress']);
	assert.equal(onlyManager(world), manager);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('another laptop without a file of the fleet changes nothing but its own rule, and asks for no token', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const acts = world.acts.length;
	const second = world.another();
	assert.deepEqual(problemsIn(await setUp(second)), []);
	assert.deepEqual(world.acts.slice(acts), ['AuthorizeSecurityGroupIngress']);
	assert.deepEqual(unlike(await planOf(second)), {});
	const elsewhere = world.another({address: '203.0.113.7'});
	const since = world.acts.length;
	assert.deepEqual(problemsIn(await setUp(elsewhere)), []);
	assert.deepEqual(world.acts.slice(since), []);
});

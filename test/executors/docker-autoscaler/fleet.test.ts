import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Given} from '../../../source/fleet.ts';
import {simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {appliedIn, changesIn, codesIn, planOf, problemsIn, region, type SetupWish, saidIn, setUp, standingFleet, takeAway, unlike} from '../../engine/fleet.ts';
import {actsSince, config, depth, jobStates, noneAtAll, oneGroup, onlyManager, onlyTheBucket, rules, standing, startedAt} from '../../engine/seen.ts';
import {untoldOnScreens} from '../../faces/blocked-screens.ts';
import {makeSshKey} from '../../world/ssh-key.ts';

const scaled = (world: World, flags: Given = {}): SetupWish => ({
	flags: {executor: 'docker-autoscaler', ...flags},
	secrets: {runnerToken: world.outside.token()},
});

const groupOf = (world: World, name = 'gitlab-runners-workers') => world.outside.region(region).scalingGroups.get(name) ?? assert.fail(`no group ${name}`);
const templateOf = (world: World) => [...world.outside.region(region).templates.values()].find(({name}) => name === 'gitlab-runners-workers') ?? assert.fail();
const dataOf = (world: World) => {
	const {versions} = templateOf(world);
	return versions[Number(groupOf(world).version) - 1]?.data ?? assert.fail(`no version ${groupOf(world).version}`);
};

test('an empty account becomes a fleet of an Auto Scaling group whose runner takes jobs, with exactly one of each, marked', async () => {
	const world = simulatedWorld();
	const made = await setUp(world, scaled(world));
	assert.deepEqual(problemsIn(made), []);
	assert.deepEqual(standing(world), oneGroup);
	assert.deepEqual(rules(world), ['gitlab-runners-manager 22 203.0.113.7/32', 'gitlab-runners-workers 22 gitlab-runners-manager']);
	assert.equal(world.takers(), 1);
	const {desired, distribution, max, min, protectsNew, rebalances, subnetIds, suspended, tags, types, version} = groupOf(world);
	assert.deepEqual([min, desired, max, version, types, protectsNew, rebalances, suspended], [0, 0, 20, '1', ['c5.large'], true, false, ['AZRebalance']]);
	assert.deepEqual(distribution, {
		OnDemandAllocationStrategy: 'prioritized',
		OnDemandBaseCapacity: 0,
		OnDemandPercentageAboveBaseCapacity: 0,
		SpotAllocationStrategy: 'price-capacity-optimized',
	});
	assert.equal(subnetIds.length, 2);
	assert.deepEqual([tags['gitlab-runner-aws:fleet'], tags['gitlab-runner-aws:part']], ['gitlab-runners', 'group']);
});

test('jobs run on instances of the group, which bear the mark and go again', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, scaled(world));
	world.outside.queueJobs(3, {seconds: 120});
	await world.clock.sleep(150_000);
	const workers = [...world.outside.region(region).instances.values()].filter(({tags}) => tags['aws:autoscaling:groupName'] === 'gitlab-runners-workers');
	assert.equal(workers.length, 3);
	for (const {keyName, tags, type} of workers)
		assert.deepEqual([keyName, tags['gitlab-runner-aws:part'], tags.Name, type], ['gitlab-runners-workers', 'worker', 'gitlab-runners-worker', 'c5.large']);
	await world.clock.sleep(900_000);
	assert.deepEqual(jobStates(world), {success: 3});
	assert.deepEqual(standing(world), oneGroup);
	assert.equal(onlyManager(world), manager);
});

test('the same again changes nothing, asks for no token, and is at most four round trips deep, whatever the answers are', async () => {
	const variants: Given[] = [
		{},
		{workerTypes: ['c5.large', 'm5.large', 'c5.xlarge'], onDemandBase: 1, onDemandShare: 20, spotPrice: 0.2},
		{spot: false, cache: 'none', workerImage: 'ubuntu-24.04', tags: {CostCenter: '42'}},
		{managerType: 't4g.small', workerType: 'c6g.large', tokenStore: 'ssm'},
	];
	for (const flags of variants) {
		const world = simulatedWorld();
		assert.deepEqual([flags, problemsIn(await setUp(world, scaled(world, flags)))], [flags, []]);
		await world.clock.sleep(3_600_000);
		const [acts, calls] = [world.acts.length, world.calls.length];
		const again = await setUp(world);
		assert.deepEqual([flags, problemsIn(again), unlike(again.plan), actsSince(world, acts)], [flags, [], {}, []]);
		assert.ok(depth(world.calls.slice(calls)) <= 4, `${JSON.stringify(flags)}: ${depth(world.calls.slice(calls))} round trips`);
	}
});

/** A live change: the answers, the steps that change something besides the record, and what is so then. */
const live: readonly {flags: Given; applies: readonly string[]; sees(world: World): unknown; is: unknown}[] = [
	{
		flags: {workerTypes: ['c5.large', 'm5.large']},
		applies: ['test-worker', 'group'],
		sees: (world) => groupOf(world).types,
		is: ['c5.large', 'm5.large'],
	},
	{
		flags: {workerDisk: 60},
		applies: ['launch-template', 'test-worker', 'group'],
		sees: (world) => [groupOf(world).version, dataOf(world).BlockDeviceMappings?.[0]?.Ebs?.VolumeSize],
		is: ['2', 60],
	},
	{
		flags: {spot: false},
		applies: ['test-worker', 'group'],
		sees: (world) => groupOf(world).distribution.OnDemandPercentageAboveBaseCapacity,
		is: 100,
	},
	{flags: {spotPrice: 0.08}, applies: ['test-worker', 'group'], sees: (world) => groupOf(world).distribution.SpotMaxPrice, is: '0.08'},
	{
		flags: {onDemandBase: 1, onDemandShare: 25},
		applies: ['test-worker', 'group'],
		sees: (world) => [groupOf(world).distribution.OnDemandBaseCapacity, groupOf(world).distribution.OnDemandPercentageAboveBaseCapacity],
		is: [1, 25],
	},
	{
		flags: {limit: 20, concurrent: 20},
		applies: ['group', 'runner'],
		sees: (world) => [groupOf(world).max, /max_instances = 20$/m.test(config(world, onlyManager(world)))],
		is: [40, true],
	},
	{
		flags: {limit: 4, concurrent: 4},
		applies: ['runner'],
		sees: (world) => [groupOf(world).max, /max_instances = 20$/m.test(config(world, onlyManager(world)))],
		is: [20, true],
	},
	{
		flags: {idleCount: 1},
		applies: ['runner'],
		sees: (world) => /idle_count = 1/.test(config(world, onlyManager(world))),
		is: true,
	},
];

for (const {applies, flags, is, sees} of live) {
	test(`a changed ${Object.keys(flags).join(', ')} is live: it's planned so and reaches what it's about, the runner isn’t started anew, and jobs end well`, async () => {
		const world = simulatedWorld();
		const manager = await standingFleet(world, scaled(world));
		const started = startedAt(world, manager);
		world.outside.queueJobs(2, {seconds: 300});
		await world.clock.sleep(60_000);
		const plan = await planOf(world, {flags});
		assert.deepEqual(
			changesIn(plan).filter((change) => !change.endsWith(', live')),
			[],
		);
		const changed = await setUp(world, {flags});
		assert.deepEqual(problemsIn(changed), []);
		assert.deepEqual(appliedIn(changed.events).sort(), ['record', ...applies].sort());
		assert.deepEqual(sees(world), is);
		assert.equal(startedAt(world, manager), started);
		assert.deepEqual(unlike(await planOf(world)), {});
		await world.clock.sleep(900_000);
		assert.deepEqual(jobStates(world), {success: 2});
	});
}

/** Changes that the runner reads when it starts: the answers, and what is so then. */
const draining: readonly {flags: Given; what: string; sees(world: World): unknown; is: unknown}[] = [
	{
		flags: {limit: 22, concurrent: 22},
		what: 'runners.autoscaler.max_instances',
		sees: (world) => [groupOf(world).max, /max_instances = 44/.test(config(world, onlyManager(world)))],
		is: [44, true],
	},
	{
		flags: {workerImage: 'ubuntu-24.04'},
		what: 'workerSshUser',
		sees: (world) => [groupOf(world).version, /username = "ubuntu"/.test(config(world, onlyManager(world)))],
		is: ['2', true],
	},
	{flags: {maxBuilds: 1}, what: 'maxBuilds', sees: (world) => /max_use_count = 1/.test(config(world, onlyManager(world))), is: true},
	{
		flags: {capacityPerInstance: 2},
		what: 'capacityPerInstance',
		sees: (world) => /capacity_per_instance = 2/.test(config(world, onlyManager(world))),
		is: true,
	},
];

for (const {flags, is, sees, what} of draining) {
	test(`a changed ${Object.keys(flags).join(', ')} is read when the runner starts: running jobs end well first, and the plan says so`, async () => {
		const world = simulatedWorld();
		const manager = await standingFleet(world, scaled(world));
		const started = startedAt(world, manager);
		world.outside.queueJobs(2, {seconds: 200});
		await world.clock.sleep(60_000);
		assert.ok(changesIn(await planOf(world, {flags})).includes(`runner: ${what}, drain`));
		assert.deepEqual(problemsIn(await setUp(world, {flags})), []);
		assert.deepEqual([sees(world), jobStates(world), unlike(await planOf(world))], [is, {success: 2}, {}]);
		assert.notEqual(startedAt(world, manager), started);
		assert.equal(world.takers(), 1);
	});
}

test('named subnets are where workers start from then on', async () => {
	const world = simulatedWorld();
	await standingFleet(world, scaled(world));
	const [first = ''] = groupOf(world).subnetIds;
	assert.deepEqual(problemsIn(await setUp(world, {flags: {workerSubnets: [first]}})), []);
	assert.deepEqual(groupOf(world).subnetIds, [first]);
});

test('what others changed of group and template is told, and mended', async () => {
	const world = simulatedWorld();
	await standingFleet(world, scaled(world));
	const group = groupOf(world);
	const data = dataOf(world);
	Object.assign(group, {max: 3, min: 1, protectsNew: false, rebalances: true, suspended: [], version: '$Latest'});
	templateOf(world).versions.push({data: {...data, Monitoring: {Enabled: true}}, at: world.clock.now(), by: 'somebody'});
	const told = changesIn(await planOf(world)).sort();
	assert.deepEqual(told, [
		...['AZRebalance', 'capacity rebalancing', 'launch template', 'least size', 'most instances', 'protection from scale-in'].map(
			(what) => `group: ${what}, live`,
		),
		'launch-template: launch template, live',
	]);
	const mended = await setUp(world);
	assert.deepEqual([problemsIn(mended), unlike(await planOf(world))], [[], {}]);
	assert.deepEqual([group.max, group.min, group.protectsNew, group.rebalances, group.suspended, group.version], [20, 0, true, false, ['AZRebalance'], '3']);
});

test('a process that somebody has suspended is a note with the command that resumes it', async () => {
	const world = simulatedWorld();
	await standingFleet(world, scaled(world));
	groupOf(world).suspended.push('Launch');
	const plan = await planOf(world);
	assert.deepEqual(unlike(plan), {});
	assert.deepEqual(plan.get('group')?.notes, [
		{
			says: 'Somebody has suspended Launch of gitlab-runners-workers.',
			advice: `aws --region ${region} autoscaling resume-processes --auto-scaling-group-name gitlab-runners-workers --scaling-processes Launch`,
		},
	]);
});

test('somebody else’s group, template or key pair of our name is told in the plan, before anything is made, and is never touched', async () => {
	const policy = (id: string) => ({
		LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateId: id, Version: '1'}, Overrides: [{InstanceType: 'c5.large' as const}]},
	});
	const makes: [step: 'group' | 'launch-template' | 'worker-key', code: string, make: (world: World) => unknown][] = [
		[
			'group',
			'AlreadyExists',
			async (world) => {
				const at = world.outside.region(region);
				const image = [...at.images.values()].find(({architecture}) => architecture === 'x86_64');
				world.outside.call('CreateLaunchTemplate', region, {LaunchTemplateName: 'theirs', LaunchTemplateData: {ImageId: image?.id}});
				await world.clock.sleep(120_000);
				const [template] = at.templates.values();
				world.outside.call('CreateAutoScalingGroup', region, {
					AutoScalingGroupName: 'gitlab-runners-workers',
					MinSize: 0,
					MaxSize: 1,
					VPCZoneIdentifier: at.subnets[0]?.id,
					MixedInstancesPolicy: policy(template?.id ?? ''),
				});
			},
		],
		[
			'launch-template',
			'InvalidLaunchTemplateName.AlreadyExistsException',
			(world) =>
				void world.outside.call('CreateLaunchTemplate', region, {LaunchTemplateName: 'gitlab-runners-workers', LaunchTemplateData: {ImageId: 'ami-1'}}),
		],
		['worker-key', 'InvalidKeyPair.Duplicate', (world) => world.outside.addKeyPair(region, 'gitlab-runners-workers', makeSshKey('theirs').publicKey)],
	];
	for (const [step, code, make] of makes) {
		const world = simulatedWorld();
		await make(world);
		await world.clock.sleep(120_000);
		const {keyPairs, scalingGroups, templates} = world.outside.region(region);
		const theirs = () => JSON.stringify([...scalingGroups.values(), ...templates.values(), ...keyPairs.values()]);
		const before = theirs();
		const acts = world.acts.length;
		const refused = await setUp(world, scaled(world));
		assert.deepEqual([step, codesIn(refused), actsSince(world, acts)], [step, [code], []]);
		assert.equal(refused.plan.get(step)?.is, 'blocked');
		assert.deepEqual(untoldOnScreens(refused.events), []);
		await takeAway(world, {withCache: true});
		assert.deepEqual(theirs(), before);
	}
});

test('destroy leaves the cache bucket and no more, with workers that run jobs; with the cache nothing, and decoys of like names stand', async () => {
	const world = simulatedWorld();
	const decoys = ['gitlab-runners-2', 'my-gitlab-runners'];
	for (const fleet of decoys) assert.deepEqual(problemsIn(await setUp(world, scaled(world, {fleet, limit: 5}))), []);
	await standingFleet(world, scaled(world, {limit: 5}));
	world.outside.queueJobs(9, {seconds: 200});
	await world.clock.sleep(120_000);
	const removal = await takeAway(world);
	assert.deepEqual([removal.result.problems.map(({message}) => message), removal.left.filter(({goes}) => goes), standing(world)], [[], [], onlyTheBucket]);
	await takeAway(world, {withCache: true});
	assert.deepEqual(standing(world), noneAtAll);
	await world.clock.sleep(1_800_000);
	for (const fleet of decoys) assert.deepEqual([fleet, standing(world, fleet)], [fleet, oneGroup]);
	assert.deepEqual(jobStates(world), {success: 9});
});

test('a worker that AWS doesn’t launch is told by AWS’s reason, with what mends it, and nothing is left of the try', async () => {
	const world = simulatedWorld();
	world.outside.groupLaunches(
		region,
		'Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration. Please adjust your request and try again. Launching EC2 instance failed.',
	);
	const made = await setUp(world, scaled(world));
	assert.deepEqual(codesIn(made), ['no-spot-capacity']);
	const [problem] = made.result?.problems ?? [];
	assert.match(
		`${problem?.message} ${problem?.advice}`,
		/^EC2 has no spot capacity for c5\.large in us-east-2a and us-east-2b\. .*--worker-types.*--on-demand-share/,
	);
	assert.ok(
		saidIn(made.events).some((says) => /no spot capacity.*AWS tries again/.test(says)),
		'told while it is waited for',
	);
	assert.deepEqual({...standing(world), scalingGroups: 0}, {...oneGroup, scalingGroups: 0});
	world.outside.groupLaunches(region, undefined);
	assert.deepEqual([problemsIn(await setUp(world, scaled(world))), standing(world)], [[], oneGroup]);
});

test('a gitlab-runner before 19.2 is refused, with the version that does', async () => {
	const world = simulatedWorld();
	const plan = await planOf(world, scaled(world, {gitlabRunnerVersion: '19.1.1'}));
	const found = plan.get('software');
	assert.ok(found?.is === 'blocked' || found?.is === 'waiting', found?.is);
	const made = await setUp(world, scaled(world, {gitlabRunnerVersion: '19.1.1'}));
	assert.deepEqual(codesIn(made), ['runner-too-old']);
});

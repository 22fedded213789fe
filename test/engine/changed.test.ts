import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Plan} from '../../source/engine/plan.ts';
import type {StepName} from '../../source/engine/step.ts';
import type {Answers, Given} from '../../source/fleet.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {appliedIn, bucketName, changesIn, codesIn, name, planOf, problemsIn, region, type SetupWish, setUp, standingFleet, unlike} from './fleet.ts';
import {config, jobStates, oneOfEach, onlyManager, rules, standing, startedAt} from './seen.ts';

/** The notes of one step, with their advice, as one text. */
const plainNotes = (plan: Plan, step: StepName): string => (plan.get(step)?.notes ?? []).map(({says, advice = ''}) => `${says} ${advice}`).join('\n');

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

/** A live change: the answers, and the steps that change something besides the record. */
const live: readonly {flags: Given; applies: readonly string[]; sees?: RegExp}[] = [
	{flags: {limit: 4, concurrent: 4}, applies: ['runner'], sees: /limit = 4\n/},
	{flags: {concurrent: 3}, applies: ['runner'], sees: /^concurrent = 3$/m},
	{flags: {idleCount: 1, limit: 3}, applies: ['runner'], sees: /IdleCount = 1/},
	{flags: {idleTime: 900}, applies: ['runner'], sees: /IdleTime = 900/},
	{flags: {maxBuilds: 20}, applies: ['runner'], sees: /MaxBuilds = 20/},
	{flags: {maxGrowthRate: 2}, applies: ['runner'], sees: /MaxGrowthRate = 2/},
	{flags: {checkInterval: 5}, applies: ['runner'], sees: /check_interval = 5/},
	{flags: {dockerImage: 'debian:13'}, applies: ['runner'], sees: /image = "debian:13"/},
	{flags: {privileged: false}, applies: ['runner'], sees: /privileged = false/},
	{flags: {disableCache: true}, applies: ['runner'], sees: /disable_cache = true/},
	{
		flags: {schedule: [{periods: ['* * 8-17 * * mon-fri *'], timezone: 'UTC', idleCount: 2, idleTime: 600}]},
		applies: ['runner'],
		sees: /\[\[runners\.machine\.autoscaling\]\]/,
	},
	{flags: {runnerConfig: 'output_limit = 8192'}, applies: ['runner'], sees: /output_limit = 8192/},
	{flags: {workerType: 'm5.large'}, applies: ['instance-profile', 'test-machine', 'runner', 'earlier-rights'], sees: /amazonec2-instance-type=m5\.large/},
	{flags: {workerDisk: 40}, applies: ['test-machine', 'runner'], sees: /amazonec2-root-size=40/},
	{flags: {spot: false}, applies: ['instance-profile', 'test-machine', 'runner', 'earlier-rights']},
	{flags: {spotPrice: 0.08}, applies: ['test-machine', 'runner'], sees: /amazonec2-spot-price=0\.08/},
	{flags: {machineOptions: ['engine-opt=mtu=1400']}, applies: ['test-machine', 'runner'], sees: /engine-opt=mtu=1400/},
	{
		flags: {tags: {CostCenter: '42'}},
		applies: ['bucket', 'security-groups', 'security-group-rules', 'key-pair', 'instance-profile', 'manager', 'test-machine', 'runner', 'earlier-rights'],
		sees: /CostCenter,42/,
	},
	{flags: {cacheDays: 30}, applies: ['bucket']},
	{flags: {cache: 'none'}, applies: ['runner', 'earlier-rights']},
	{flags: {sshFrom: '203.0.113.0/24'}, applies: ['security-group-rules']},
	{flags: {tokenStore: 'ssm'}, applies: ['runner']},
	{flags: {runUntagged: false, runnerTags: ['aws']}, applies: []},
];

for (const {flags, applies, sees} of live) {
	test(`a changed ${Object.keys(flags).join(', ')} is live: the runner isn’t started anew, and nothing else is changed`, async () => {
		const world = simulatedWorld();
		const manager = await standingFleet(world, withToken(world));
		const started = startedAt(world, manager);
		world.outside.queueJobs(2, {seconds: 300, tags: []});
		await world.clock.sleep(60_000);
		const changed = await setUp(world, {flags});
		assert.deepEqual(problemsIn(changed), []);
		assert.deepEqual(appliedIn(changed.events).sort(), ['record', ...applies].sort());
		assert.equal(onlyManager(world), manager);
		assert.equal(startedAt(world, manager), started);
		if (sees) assert.match(config(world, manager), sees);
		assert.deepEqual(unlike(await planOf(world)), {});
		await world.clock.sleep(600_000);
		assert.deepEqual(jobStates(world), {success: 2});
	});
}

test('a version of the runner that changed while jobs run waits for them: they end well, then the service starts with it', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const started = startedAt(world, manager);
	world.outside.queueJobs(3, {seconds: 400});
	await world.clock.sleep(90_000);
	const changed = await setUp(world, {flags: {gitlabRunnerVersion: '19.2.1'}});
	assert.deepEqual(problemsIn(changed), []);
	assert.notEqual(startedAt(world, manager), started);
	assert.deepEqual(jobStates(world), {success: 3});
	assert.equal(world.takers(), 1);
	assert.deepEqual(unlike(await planOf(world)), {});
	assert.deepEqual(standing(world), {
		...oneOfEach,
		workers: standing(world).workers,
		workerKeys: standing(world).workerKeys,
		spotRequests: standing(world).spotRequests,
	});
});

test('a version of docker-machine that changed proves a new test machine and starts nothing anew', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const started = startedAt(world, manager);
	const changed = await setUp(world, {flags: {dockerMachineVersion: '0.16.2-gitlab.47'}});
	assert.deepEqual(problemsIn(changed), []);
	assert.deepEqual(appliedIn(changed.events), ['record', 'docker-machine', 'test-machine']);
	assert.equal(startedAt(world, manager), started);
});

test('Docker on workers is of one version, which the manager keeps for any laptop to see', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	assert.match(config(world, manager), /engine-install-url=\S+\/28\.2\.1\.sh/);
	assert.match(world.outside.region(region).instances.get(manager)?.tags['gitlab-runner-aws:engine'] ?? '', /^28\.2\.1 2026-11-24T/);
	world.outside.account.newestDocker = '30.0.0';
	world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(300_000);
	assert.deepEqual(unlike(await planOf(world.another({address: '203.0.113.7'}))), {});
});

test('what a test machine costs is told as what it is: its type, paid for some minutes', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, {...withToken(world), flags: {workerType: 'c5.4xlarge', limit: 2}});
	delete world.outside.region(region).instances.get(manager)?.tags['gitlab-runner-aws:proven'];
	const finding = (await planOf(world)).get('test-machine');
	assert.equal(finding?.is === 'missing' && finding.says, "one c5.4xlarge on spot, as the runner will make them; it's paid for some minutes");
});

test('an install script that names no version is told, and once workers get another Docker than was proven a test machine is tried again', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, {...withToken(world), flags: {engineInstall: 'https://get.docker.com'}});
	assert.match(
		plainNotes(await planOf(world), 'test-machine'),
		/isn't pinned.*--engine-install https:\/\/releases\.rancher\.com\/install-docker\/28\.2\.1\.sh/,
	);
	const job = async () => {
		world.outside.queueJobs(1, {seconds: 30});
		await world.clock.sleep(150_000);
	};
	await job();
	assert.deepEqual(unlike(await planOf(world)), {});
	world.outside.account.newestDocker = '30.0.0';
	assert.deepEqual(unlike(await planOf(world)), {}, 'the worker that is there has the Docker that was proven');
	await world.clock.sleep(600_000);
	await job();
	assert.deepEqual(changesIn(await planOf(world)), ['test-machine: test machine, live']);
	assert.deepEqual(problemsIn(await setUp(world, {})), []);
	assert.match(world.outside.region(region).instances.get(manager)?.tags['gitlab-runner-aws:engine'] ?? '', /^30\.0\.0 /);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a fleet that no longer wants a cache keeps its bucket, and says so', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.addObjects(bucketName, 3);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {cache: 'none'}})), []);
	assert.equal(world.outside.account.buckets.get(bucketName)?.objects.length, 3);
	assert.doesNotMatch(config(world, manager), /BucketName/);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {cache: 'create'}})), []);
	assert.match(config(world, manager), new RegExp(`BucketName = "${bucketName}"`));
});

test('another bucket for the cache gets one rule of ours and keeps its own, and the one before is left as it is', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.addBucket('acme-cache', region, {rules: [{ID: 'theirs', Status: 'Enabled', Filter: {Prefix: 'x/'}, Expiration: {Days: 1}}]});
	assert.deepEqual(problemsIn(await setUp(world, {flags: {cache: 'acme-cache'}})), []);
	assert.deepEqual(
		world.outside.account.buckets
			.get('acme-cache')
			?.rules?.map(({ID}) => ID)
			.sort(),
		[`gitlab-runner-aws-${name}`, 'theirs'],
	);
	assert.match(config(world, manager), /BucketName = "acme-cache"/);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a new sshFrom opens its rule and closes ours of before, and others’ rules stay', async () => {
	const world = simulatedWorld();
	await standingFleet(world, {...withToken(world), flags: {sshFrom: '203.0.113.0/24'}});
	const group = [...world.outside.region(region).groups.values()].find((one) => one.name === `${name}-manager`)?.id ?? '';
	world.outside.openPort(group, 22, {cidr: '192.0.2.0/24'}, 'the office');
	assert.deepEqual(problemsIn(await setUp(world, {flags: {sshFrom: '203.0.113.7/32'}})), []);
	assert.deepEqual(
		rules(world).filter((rule) => rule.startsWith(`${name}-manager`)),
		[`${name}-manager 22 192.0.2.0/24`, `${name}-manager 22 203.0.113.7/32`],
	);
});

test('access keys in place of a role go into root’s credentials file alone, and running jobs end well', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.queueJobs(2, {seconds: 300});
	await world.clock.sleep(90_000);
	const accessKey = {id: 'AKIASIMULATED0000000', secret: 'a-secret-that-no-event-says'};
	const changed = await setUp(world, {flags: {access: 'access-keys'}, secrets: {accessKey}});
	assert.deepEqual(problemsIn(changed), []);
	const credentials = world.outside.file(onlyManager(world), '/root/.aws/credentials');
	assert.match(credentials?.text ?? '', /a-secret-that-no-event-says/);
	assert.equal(credentials?.mode, 0o600);
	assert.ok(!JSON.stringify(changed.events).includes(accessKey.secret));
	assert.doesNotMatch(config(world, onlyManager(world)), /a-secret/);
	assert.equal(onlyManager(world), manager);
	await world.clock.sleep(900_000);
	assert.deepEqual(jobStates(world), {success: 2});
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a role in place of access keys says that the keys are still on the manager, and what takes them away', async () => {
	const world = simulatedWorld();
	const accessKey = {id: 'AKIASIMULATED0000000', secret: 'a-secret-that-no-event-says'};
	const manager = await standingFleet(world, {flags: {access: 'access-keys'}, secrets: {...withToken(world).secrets, accessKey}});
	assert.deepEqual(problemsIn(await setUp(world, {flags: {access: 'create'}})), []);
	const [note] = (await planOf(world)).get('software')?.notes ?? [];
	assert.match(note?.says ?? '', /credentials file/);
	assert.match(note?.advice ?? '', /sudo rm \/root\/\.aws\/credentials/);
	world.outside.removeFile(manager, '/root/.aws/credentials');
	const plan = await planOf(world);
	assert.deepEqual([unlike(plan), plan.get('software')?.notes], [{}, []]);
	world.outside.queueJobs(1, {seconds: 60});
	await world.clock.sleep(400_000);
	assert.deepEqual(jobStates(world), {success: 1});
});

test('what makes another fleet of it is never changed: the record’s executor and name stay what they are', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const record = `/gitlab-runner-aws/${name}`;
	const {Parameter} = world.outside.call('GetParameter', region, {Name: record});
	const kept: {version: number; answers: Partial<Answers>} = JSON.parse(Parameter?.Value ?? '{}');
	world.outside.call('PutParameter', region, {
		Name: record,
		Value: JSON.stringify({...kept, answers: {...kept.answers, region: 'eu-west-1'}}),
		Overwrite: true,
	});
	const refused = await setUp(world, {flags: {region}});
	assert.deepEqual(codesIn(refused), ['record-other-answers']);
});

test('a preset or a flag of nobody: for a fleet that stands the record beats every default', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, {...withToken(world), flags: {limit: 3, concurrent: 2, workerType: 'm5.large', cacheDays: 7}});
	const acts = world.acts.length;
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.deepEqual(world.acts.slice(acts), []);
	assert.match(config(world, manager), /limit = 3/);
});

test('a limit that is changed takes concurrent along as long as nobody said how many jobs, and leaves a number that was given alone', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, {...withToken(world), flags: {limit: 4}});
	assert.match(config(world, manager), /^concurrent = 4$/m);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {limit: 6}})), []);
	assert.match(config(world, manager), /^concurrent = 6$/m);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {concurrent: 6}})), []);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {limit: 8}})), []);
	assert.match(config(world, manager), /^concurrent = 6$/m);
	assert.match(config(world, manager), /^limit = 8$/m);
});

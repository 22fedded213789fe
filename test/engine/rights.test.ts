import assert from 'node:assert/strict';
import {test} from 'node:test';
import {markKeys} from '../../source/fleet.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {readPolicy} from '../../source/world/cloud/policy.ts';
import {untilLaunched} from '../simulated/policy/worker-calls.ts';
import {appliedIn, name, planOf, problemsIn, region, type SetupWish, saidIn, setUp, standingFleet, unlike} from './fleet.ts';
import {jobStates, onlyManager} from './seen.ts';

const withToken = (world: World, flags: SetupWish['flags'] = {}): SetupWish => ({secrets: {runnerToken: world.outside.token()}, flags});

/** The calls of machines since a moment of the world, by name, with the code of a refusal. */
const callsSince = (world: World, index: number): string[] =>
	world.machineCalls.slice(index).map(({name: call, refused}) => (refused === undefined ? call : `${call}: ${refused}`));

const removed = ['TerminateInstances', 'DeleteKeyPair'];

/** One job on a machine of its own, which then goes. */
async function oneJob(world: World): Promise<string[]> {
	const before = world.machineCalls.length;
	world.outside.queueJobs(1, {seconds: 60, tags: []});
	await world.clock.sleep(1_800_000);
	return callsSince(world, before);
}

test('docker-machine makes a worker on demand, and the runner takes it away, by just these calls', async () => {
	const world = simulatedWorld({lagMs: 0});
	await standingFleet(world, withToken(world, {spot: false}));
	assert.deepEqual(await oneJob(world), [...untilLaunched, 'DescribeInstances', 'StopInstances', ...removed]);
	assert.deepEqual(jobStates(world), {success: 1});
});

test('on spot it sets the tags after the launch, and a stop is refused', async () => {
	const world = simulatedWorld({lagMs: 0});
	await standingFleet(world, withToken(world));
	assert.deepEqual(await oneJob(world), [...untilLaunched, 'CreateTags', 'DescribeInstances', 'StopInstances: UnsupportedOperation', ...removed]);
	const [made] = world.machineCalls.filter((call) => call.name === 'CreateTags');
	assert.match(JSON.stringify(made?.input), /^\{"Resources":\["i-[0-9a-f]+"\],"Tags":\[\{"Key":"Name",/);
});

test('a launch that comes to nothing leaves no key pair, and the runner stops what has no id', async () => {
	const world = simulatedWorld({lagMs: 0});
	await standingFleet(world, withToken(world));
	for (const zone of ['a', 'b', 'c']) world.outside.capacity('c5.large', `${region}${zone}`, 'none');
	const calls = (await oneJob(world)).slice(0, untilLaunched.length + 2);
	assert.deepEqual(calls, [
		...untilLaunched.slice(0, -1),
		'RunInstances: InsufficientInstanceCapacity',
		'DeleteKeyPair',
		'StopInstances: InvalidInstanceID.Malformed',
	]);
	assert.deepEqual([...(world.outside.account.regions.get(region)?.keyPairs.keys() ?? [])], [`${name}-manager`]);
});

test('a spot worker whose tags come before EC2 knows it is ended without them, and the job gets another', async () => {
	const world = simulatedWorld({lagMs: 0});
	await standingFleet(world, withToken(world));
	world.outside.unseenByTags(1);
	const calls = await oneJob(world);
	assert.deepEqual(calls.slice(untilLaunched.length, untilLaunched.length + 3), [
		'CreateTags: InvalidInstanceID.NotFound',
		'TerminateInstances',
		'DeleteKeyPair',
	]);
	assert.deepEqual(jobStates(world), {success: 1});
	const instances = [...(world.outside.account.regions.get(region)?.instances.values() ?? [])];
	assert.deepEqual(
		instances.filter(({ending, tags}) => !ending && tags[markKeys.part] !== 'manager').map(({id}) => id),
		[],
	);
});

test('nothing that docker-machine and the runner need is refused by the role, whatever the answers are', async () => {
	for (const flags of [
		{},
		{spot: false},
		{tags: Object.fromEntries(Array.from({length: 12}, (_, index) => [`team-${index}`, 'ci']))},
		{workerProfile: 'workers'},
	]) {
		const world = simulatedWorld({lagMs: 0});
		const trust = '{"Version":"2012-10-17","Statement":[]}';
		world.outside.call('CreateRole', region, {RoleName: 'workers', AssumeRolePolicyDocument: trust});
		world.outside.call('CreateInstanceProfile', region, {InstanceProfileName: 'workers'});
		world.outside.call('AddRoleToInstanceProfile', region, {InstanceProfileName: 'workers', RoleName: 'workers'});
		await standingFleet(world, withToken(world, flags));
		await oneJob(world);
		assert.deepEqual(jobStates(world), {success: 1}, JSON.stringify(flags));
		assert.ok(world.machineCalls.length > 15);
		assert.deepEqual(
			world.machineCalls.filter(({refused}) => refused === 'UnauthorizedOperation'),
			[],
		);
	}
});

test('the manager’s role can neither mark nor end a stranger’s instance, in EC2’s own words', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const stranger = world.outside.addInstance(region, {type: 'c5.large'}).id;
	const asManager = world.outside.asManager(manager);
	const mark = {Resources: [stranger], Tags: [{Key: markKeys.fleet, Value: name}]};
	const resource = `arn:aws:ec2:${region}:123456789012:instance/${stranger}`;
	const words = (action: string) =>
		new RegExp(`not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`);
	assert.throws(() => asManager('CreateTags', mark), {name: 'UnauthorizedOperation', message: words('ec2:CreateTags')});
	assert.throws(() => asManager('TerminateInstances', {InstanceIds: [stranger]}), {name: 'UnauthorizedOperation', message: words('ec2:TerminateInstances')});
	assert.throws(() => asManager('TerminateInstances', {InstanceIds: [manager]}), {name: 'UnauthorizedOperation'});
	assert.throws(() => asManager('CreateTags', {Resources: [manager], Tags: [{Key: markKeys.hostKey, Value: 'SHA256:x'}]}), {name: 'UnauthorizedOperation'});
});

/** The instance types that the manager's role may launch. */
const typesAllowed = (world: World): unknown[] => {
	const text = world.outside.account.roles.get(`${name}-${region}-manager`)?.inline.get(`${name}-${region}-manager`) ?? '';
	return (readPolicy(text)?.Statement ?? []).flatMap(({Action, Condition}) =>
		Action === 'ec2:RunInstances' ? (Condition?.StringEquals?.['ec2:InstanceType'] ?? []) : [],
	);
};

test('another worker type is allowed before its test machine, which waits until AWS knows, and the earlier one until the end', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	assert.deepEqual(typesAllowed(world), ['c5.large']);
	const flags = {workerType: 'm5.large'};
	const during: unknown[][] = [];
	world.faults.afterwards('PutRolePolicy', 1, () => {
		during.push(typesAllowed(world));
		world.outside.queueJobs(1, {seconds: 30, tags: []});
	});
	const changed = await setUp(world, {flags});
	assert.deepEqual(problemsIn(changed), []);
	assert.deepEqual(during, [['m5.large', 'c5.large']]);
	assert.ok(saidIn(changed.events).includes("waiting until AWS knows the manager's rights"));
	assert.deepEqual(appliedIn(changed.events).at(-1), 'earlier-rights');
	assert.deepEqual(typesAllowed(world), ['m5.large']);
	assert.deepEqual(unlike(await planOf(world)), {});
	await world.clock.sleep(1_800_000);
	assert.deepEqual(jobStates(world), {success: 1});
});

test('rights that somebody added by hand are told, and go', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const role = `${name}-${region}-manager`;
	const standing = readPolicy(world.outside.account.roles.get(role)?.inline.get(role) ?? '');
	assert.ok(standing);
	const more = {Sid: 'All', Effect: 'Allow' as const, Action: 's3:*', Resource: '*'};
	world.outside.call('PutRolePolicy', region, {
		RoleName: role,
		PolicyName: role,
		PolicyDocument: JSON.stringify({...standing, Statement: [...standing.Statement, more]}),
	});
	const plan = await planOf(world);
	assert.deepEqual(unlike(plan), {'earlier-rights': 'extra'});
	const finding = plan.get('earlier-rights');
	assert.ok(finding?.is === 'extra' && finding.says === 'All: the manager needs them no more');
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.deepEqual(readPolicy(world.outside.account.roles.get(role)?.inline.get(role) ?? ''), standing);
});

const diskKey = 'arn:aws:kms:us-east-2:123456789012:key/11111111-2222-3333-4444-555555555555';

test('where the account’s own key encrypts disks the role may use it, and the plan says so', async () => {
	const world = simulatedWorld();
	world.outside.diskKey(region, diskKey);
	const plan = await planOf(world, withToken(world));
	const [note] = plan.get('instance-profile')?.notes ?? [];
	assert.equal(note?.says, `Your key ${diskKey} encrypts workers' disks.`);
	const manager = await standingFleet(world, withToken(world));
	assert.equal(onlyManager(world), manager);
});

test('a role of somebody’s that may not use that key is told in words, and its workers end as soon as they are launched', async () => {
	const world = simulatedWorld();
	world.outside.diskKey(region, diskKey);
	const statement = {Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: ['ec2:*', 's3:*'], Resource: '*'}]};
	world.outside.call('CreateRole', region, {RoleName: 'theirs', AssumeRolePolicyDocument: JSON.stringify(statement)});
	world.outside.call('PutRolePolicy', region, {RoleName: 'theirs', PolicyName: 'all', PolicyDocument: JSON.stringify(statement)});
	world.outside.call('CreateInstanceProfile', region, {InstanceProfileName: 'theirs'});
	world.outside.call('AddRoleToInstanceProfile', region, {InstanceProfileName: 'theirs', RoleName: 'theirs'});
	const wish = withToken(world, {access: 'theirs'});
	const [note] = (await planOf(world, wish)).get('instance-profile')?.notes ?? [];
	assert.match(note?.advice ?? '', /^role theirs needs `kms:CreateGrant`/);
	assert.deepEqual((await setUp(world, wish)).result?.failed, ['test-machine']);
	const ended = [...(world.outside.account.regions.get(region)?.instances.values() ?? [])].filter(({reason}) => reason?.code === 'Client.InternalError');
	assert.ok(ended.length > 0);
});

test('where AWS doesn’t tell which key encrypts disks that is said in words, and goes on', async () => {
	const world = simulatedWorld();
	world.outside.deny('ec2:GetEbsDefaultKmsKeyId');
	const plan = await planOf(world, withToken(world));
	assert.deepEqual(
		(plan.get('instance-profile')?.notes ?? []).map(({says}) => says),
		["Whether a key of yours encrypts workers' disks isn't known, since AWS doesn't tell (not-allowed)."],
	);
	await standingFleet(world, withToken(world));
});

test('the key of an adopted bucket is the role’s to use', async () => {
	const world = simulatedWorld();
	const key = 'arn:aws:kms:us-east-2:123456789012:key/22222222-2222-3333-4444-555555555555';
	world.outside.addBucket('acme-cache', region, {key});
	await standingFleet(world, withToken(world, {cache: 'acme-cache'}));
	const role = `${name}-${region}-manager`;
	const statement = readPolicy(world.outside.account.roles.get(role)?.inline.get(role) ?? '')?.Statement.find(({Sid}) => Sid === 'CacheKey');
	assert.deepEqual([statement?.Resource, statement?.Condition], [key, {StringEquals: {'kms:ViaService': 's3.us-east-2.amazonaws.com'}}]);
});

/** What two jobs, one after the other, heard of their cache. */
async function cachesOf(world: World): Promise<(string | undefined)[]> {
	await oneJob(world);
	await oneJob(world);
	return world.jobs.map(({cache}) => cache);
}

for (const cache of ['create', 'acme-cache', 'none'])
	test(`a first job is told that there is no cache yet, the next one gets it: ${cache}`, async () => {
		const world = simulatedWorld();
		world.outside.addBucket('acme-cache', region);
		await standingFleet(world, withToken(world, {cache}));
		assert.deepEqual(await cachesOf(world), cache === 'none' ? [undefined, undefined] : ['none yet', 'restored']);
	});

test('a role that may list only by a prefix hears 403 of a cache that isn’t there yet, as S3 says it', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const role = world.outside.account.roles.get(`${name}-${region}-manager`);
	const [[policyName, text] = ['', '']] = [...(role?.inline ?? [])];
	const policy = readPolicy(text);
	assert.ok(policy);
	const Statement = policy.Statement.map((one) => (one.Sid === 'CacheList' ? {...one, Condition: {StringLike: {'s3:prefix': `${name}/*`}}} : one));
	role?.inline.set(policyName, JSON.stringify({...policy, Statement}));
	assert.equal(onlyManager(world), manager);
	assert.deepEqual(await cachesOf(world), ['received: 403 Forbidden', 'restored']);
});

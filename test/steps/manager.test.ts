import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {World} from '../../source/simulated/world.ts';
import {clientToken} from '../../source/steps/launch.ts';
import {bornIn} from '../engine/seen.ts';
import {changesSince, differences, drive, found, notes, problem, region, sentence, world} from './drive.ts';

const instancesIn = (at: World) => [...at.outside.region(region).instances.values()];
const managerIn = (at: World) => instancesIn(at).find((one) => !one.ending);
const inputs = (at: World, name: string) => at.calls.filter((call) => call.name === name).map(({input}) => input);

test('the manager is launched with IMDSv2 only, an encrypted gp3 disk, and the mark on all that comes with it', async () => {
	const at = world();
	const {plan} = await drive(at).setUp();
	assert.match(sentence(plan, 'manager'), /^i-\w+ running, t3\.small, \d+\.\d+\.\d+\.\d+$/);
	const manager = managerIn(at);
	assert.equal(manager?.tokens, 'required');
	assert.deepEqual(manager?.tags, {Name: 'gitlab-runners-manager', 'gitlab-runner-aws:fleet': 'gitlab-runners', 'gitlab-runner-aws:part': 'manager'});
	const launched = inputs(at, 'RunInstances').find((input) => !(input as {DryRun?: boolean}).DryRun) as {
		BlockDeviceMappings: unknown[];
		TagSpecifications: {ResourceType: string}[];
	};
	assert.deepEqual(launched.BlockDeviceMappings, [
		{DeviceName: '/dev/sda1', Ebs: {VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true, VolumeSize: 16}},
	]);
	assert.deepEqual(
		launched.TagSpecifications.map(({ResourceType}) => ResourceType),
		['instance', 'volume', 'network-interface'],
	);
});

test('the token of a launch is the same for the same manager, and fits', () => {
	const fleet = {name: 'gitlab-runners', region, born: '2026-11-24T09:00:00.000Z'};
	assert.equal(clientToken(fleet, 0), clientToken(fleet, 0));
	assert.equal(clientToken(fleet, 0).length, 64);
	const others = [
		clientToken(fleet, 1),
		clientToken(fleet, 0, 'i-1'),
		clientToken({...fleet, name: 'other'}, 0),
		clientToken({...fleet, region: 'eu-west-1'}, 0),
		clientToken({...fleet, born: '2026-11-24T09:05:00.000Z'}, 0),
	];
	assert.ok(!others.includes(clientToken(fleet, 0)));
});

test('two laptops that set up the same fleet at once make one manager', async () => {
	const at = world();
	const both = await Promise.all([drive(at).setUp(), drive(at.another()).setUp()]);
	assert.deepEqual(
		both.map(({failed}) => failed),
		[[], []],
	);
	assert.equal(instancesIn(at).length, 1);
});

test('a stopped manager is started and never doubled', async () => {
	const at = world();
	await drive(at).setUp();
	at.outside.stopInstance(managerIn(at)?.id ?? '');
	const {plan, setUp} = drive(at);
	assert.deepEqual(
		differences(await plan(), 'manager').map(({what, to}) => [what, to]),
		[['state', 'running']],
	);
	const before = at.calls.length;
	assert.equal(found((await setUp()).plan).manager, 'ready');
	assert.deepEqual([changesSince(at, before), instancesIn(at).length], [['StartInstances'], 1]);
});

test('a manager that was terminated outside is made again, under another token', async () => {
	const at = world();
	await drive(at).setUp();
	at.outside.terminateInstance(managerIn(at)?.id ?? '');
	await at.clock.sleep(60_000);
	assert.equal(found((await drive(at).setUp()).plan).manager, 'ready');
	assert.deepEqual([instancesIn(at).length, instancesIn(at).filter(({ending}) => !ending).length], [2, 1]);
});

test('once AWS has forgotten the terminated one but not its token, the next token is taken', async () => {
	const at = world();
	await drive(at).setUp();
	at.outside.terminateInstance(managerIn(at)?.id ?? '');
	await at.clock.sleep(2 * 3_600_000);
	assert.equal(found((await drive(at).setUp()).plan).manager, 'ready');
	const {failed} = await drive(at, {managerType: 't3.medium'}).destroy();
	assert.deepEqual(failed, []);
	await at.clock.sleep(2 * 3_600_000);
	const again = await drive(at, {managerType: 't3.medium'}).setUp();
	assert.deepEqual([again.failed, found(again.plan).manager], [[], 'ready']);
});

test('another type is a replacement: a new manager beside the old one, which it names', async () => {
	const at = world();
	await drive(at).setUp();
	const old = managerIn(at)?.id;
	const {plan, setUp} = drive(at, {managerType: 't3.medium'});
	assert.deepEqual(differences(await plan(), 'manager'), [{what: 'managerType', from: 't3.small', to: 't3.medium', how: 'replace'}]);
	const after = await setUp();
	assert.deepEqual([after.failed, found(after.plan).manager], [[], 'ready']);
	const alive = instancesIn(at).filter(({ending}) => !ending);
	assert.deepEqual(
		alive.map(({type}) => type),
		['t3.small', 't3.medium'],
	);
	assert.equal(alive[1]?.tags['gitlab-runner-aws:replaces'], old);
	assert.deepEqual((await drive(at).destroy()).left.length, 1);
	assert.ok(instancesIn(at).every(({ending}) => ending));
});

test('a newer image of the same line is a note, and the manager keeps its own', async () => {
	const at = world();
	await drive(at).setUp();
	at.outside.publishImage(region, 'ubuntu-24.04');
	const before = at.calls.length;
	const {plan} = await drive(at).setUp();
	assert.deepEqual([found(plan).manager, changesSince(at, before)], ['ready', []]);
	assert.match(notes(plan, 'images').join(), /A newer ubuntu-24\.04 is published: ami-\w+\. The manager keeps ami-\w+;/);
});

test('a manager whose image is withdrawn runs on, by name or by id', async () => {
	const at = world();
	const {id} = at.outside.addImage(region);
	await drive(at, {image: id, sshUser: 'ubuntu'}).setUp();
	at.outside.region(region).images.delete(id);
	const plan = await drive(at, {image: id, sshUser: 'ubuntu'}).plan();
	assert.equal(found(plan).manager, 'ready');
	assert.deepEqual(notes(plan, 'images'), [`The manager's image ${id} is withdrawn; the manager runs on.`]);
});

test('an image of another line is a replacement', async () => {
	const at = world();
	await drive(at).setUp();
	const changed = differences(await drive(at, {image: 'debian-12'}).plan(), 'manager');
	assert.deepEqual(
		changed.map(({what, how}) => [what, how]),
		[['image', 'replace']],
	);
	const arm = differences(await drive(at, {managerType: 't4g.small'}).plan(), 'manager');
	assert.deepEqual(
		arm.map(({what}) => what),
		['managerType', 'image'],
	);
});

test('another subnet, key pair or group is a replacement, and default means where the manager is', async () => {
	const at = world();
	await drive(at, {subnet: 'us-east-2b'}).setUp();
	assert.equal(found(await drive(at).plan()).manager, 'ready');
	const {id} = at.outside.addSubnet('us-east-2a', 'internet');
	const group = at.outside.addGroup(region, 'bastions');
	at.outside.openPort(group.id, 22, {cidr: '0.0.0.0/0'});
	const changed = differences(await drive(at, {subnet: id, securityGroup: 'bastions'}).plan(), 'manager');
	assert.deepEqual(
		changed.map(({what, to}) => [what, to]),
		[
			['subnet', id],
			['securityGroup', group.id],
		],
	);
});

test('IMDSv2, missing tags and a missing profile are mended as it runs', async () => {
	const at = world();
	await drive(at).setUp();
	const manager = managerIn(at);
	if (manager) Object.assign(manager, {tokens: 'optional', profileName: undefined});
	const {plan, setUp} = drive(at, {tags: {CostCenter: '42'}});
	assert.deepEqual(
		differences(await plan(), 'manager').map(({what, how}) => [what, how]),
		[
			['IMDSv2', 'live'],
			['tags', 'live'],
		],
	);
	const after = found((await setUp()).plan);
	assert.deepEqual([after.manager, after['manager-profile']], ['ready', 'ready']);
	const {profileName, tags, tokens} = managerIn(at) ?? {};
	assert.deepEqual([tokens, tags?.CostCenter, profileName], ['required', '42', `gitlab-runners-${region}-manager`]);
});

test('another profile is given to the manager as it runs, once EC2 knows it, and never by another manager', async () => {
	const at = world();
	await drive(at).setUp();
	const manager = managerIn(at)?.id;
	const call = at.outside.call;
	call('CreateRole', region, {RoleName: 'managers', AssumeRolePolicyDocument: '{"Statement": []}'});
	call('CreateInstanceProfile', region, {InstanceProfileName: 'managers'});
	call('AddRoleToInstanceProfile', region, {InstanceProfileName: 'managers', RoleName: 'managers'});
	const {plan, setUp} = drive(at, {access: 'managers'});
	const own = `gitlab-runners-${region}-manager`;
	assert.deepEqual(differences(await plan(), 'manager-profile'), [{what: 'access', from: own, to: 'managers', how: 'live'}]);
	const before = at.calls.length;
	const {events, failed} = await setUp();
	assert.deepEqual([failed, managerIn(at)?.id, managerIn(at)?.profileName], [[], manager, 'managers']);
	assert.ok(events.some((event) => event.event === 'step.says' && event.says === 'waiting until EC2 knows the instance profile'));
	assert.deepEqual([...new Set(changesSince(at, before))], ['PutParameter', 'ReplaceIamInstanceProfileAssociation']);
});

test('a disk that somebody else put to the manager gets no tags', async () => {
	const at = world();
	await drive(at).setUp();
	const {volumes} = at.outside.region(region);
	const [own] = [...volumes.values()];
	if (own) volumes.set('vol-0123456789abcdef0', {...own, id: 'vol-0123456789abcdef0', tags: {}});
	assert.deepEqual((await drive(at, {tags: {CostCenter: '42'}}).setUp()).failed, []);
	assert.deepEqual([own?.tags.CostCenter, volumes.get('vol-0123456789abcdef0')?.tags], ['42', {}]);
});

test('no capacity is told in AWS’s place, and what stands is gone on from', async () => {
	const at = world();
	at.outside.capacity('t3.small', 'us-east-2a', 'none');
	const {failed} = await drive(at).setUp();
	assert.equal(failed.length, 1);
	assert.match(failed[0] ?? '', /^manager: AWS has no t3\.small free in zone us-east-2a now/);
	at.outside.capacity('t3.small', 'us-east-2a', 'some');
	assert.deepEqual((await drive(at).setUp()).failed, []);
	assert.equal(instancesIn(at).length, 1);
});

test('a launch under our token with other parameters is somebody else’s run, and is told', async () => {
	const at = world();
	const Tags = [
		{Key: 'gitlab-runner-aws:fleet', Value: 'gitlab-runners'},
		{Key: 'gitlab-runner-aws:part', Value: 'manager'},
	];
	const [image] = at.outside.region(region).images.values();
	const theirs = {
		ImageId: image?.id ?? '',
		InstanceType: 't3.medium' as const,
		MinCount: 1,
		MaxCount: 1,
		TagSpecifications: [{ResourceType: 'instance' as const, Tags}],
	};
	// The first call is the dry run.
	at.faults.meanwhile('RunInstances', 2, () =>
		at.outside.call('RunInstances', region, {...theirs, ClientToken: clientToken({name: 'gitlab-runners', region, born: bornIn(at)}, 0)}),
	);
	const {failed} = await drive(at).setUp();
	assert.match(failed.join(), /manager: Somebody else's run of this fleet made manager i-\w+ a moment ago, with other answers\./);
	assert.equal(instancesIn(at).length, 1);
});

test('a manager of the same fleet name in another region is another fleet’s', async () => {
	const at = world();
	await drive(at, {region: 'us-east-1'}).setUp();
	assert.equal(found(await drive(at).plan()).manager, 'missing');
	await drive(at).setUp();
	await drive(at).destroy({withCache: true});
	assert.equal(problem(await drive(at, {region: 'us-east-1'}).plan(), 'manager').message, 'manager is ready');
});

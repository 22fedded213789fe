import assert from 'node:assert/strict';
import {test} from 'node:test';
import {markKeys, names} from '../../../source/fleet.ts';
import {Problem} from '../../../source/problem.ts';
import {simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {paths} from '../../../source/world/host/scripts/paths.ts';
import {laptopOver, problems} from '../../executors/docker-machine/laptop.ts';
import {someAnswers, someFleet} from '../../executors/docker-machine/some-answers.ts';
import {newKey} from '../../simulated/fleet-by-hand.ts';
import {listed, orphansAt, removed, said} from './at-laptop.ts';

const {region} = someFleet;
const here = ['--region', region];

/** A world with a fleet that was just set up, and nobody's leftovers. */
async function standing(): Promise<World> {
	const world = simulatedWorld();
	const laptop = laptopOver(({answers}) => ({...world, cloud: world.cloudAt(answers.region)}));
	assert.deepEqual(problems(await laptop.setup({answers: someAnswers({limit: 2, concurrent: 2}), secrets: {runnerToken: world.tokens.runner}})), []);
	await world.clock.sleep(120_000);
	return world;
}

/** The name of a machine that a runner with this short token made so many hours ago; that of the world's own runner unless told. */
const nameOf = (world: World, hours: number, hex: string, of = 'simulated-gitlab-runners'): string =>
	`runner-${of}-${Math.floor(world.clock.now() / 1000 - hours * 3600)}-${hex}`;

const addPair = (world: World, name: string, at = region): string => {
	world.outside.addKeyPair(at, name, newKey().publicKey, {createdAt: world.clock.now() - 3 * 3_600_000});
	return name;
};

/** A machine as docker-machine makes it, without any docker-machine. */
const addWorker = (world: World, name: string, fields: Parameters<World['outside']['addInstance']>[1] = {}, at = region): string => {
	addPair(world, name, at);
	const {id} = world.outside.addInstance(at, {type: 'c5.large', keyName: name, tags: {Name: name}, launchedAt: world.clock.now() - 2 * 3_600_000, ...fields});
	return id;
};

/** Everything of the region that is a leftover or not: ids of live instances, names of key pairs. */
const left = (world: World, at = region): string[] => {
	const {instances, keyPairs, volumes} = world.outside.region(at);
	const live = [...instances.values()].filter(({ending}) => ending === undefined).map(({id}) => id);
	return [...live, ...keyPairs.keys(), ...[...volumes.values()].filter(({instanceId}) => instanceId === undefined).map(({id}) => id)];
};

const managerOf = async (world: World): Promise<string> => {
	const {Reservations = []} = await world.cloudAt(region).call('DescribeInstances', {Filters: [{Name: `tag:${markKeys.part}`, Values: ['manager']}]});
	return Reservations[0]?.Instances?.[0]?.InstanceId ?? '';
};

test('a worker of a runner whose short token has characters that no host name may hold is an orphan once its manager has forgotten it', async () => {
	const world = simulatedWorld();
	const token = 'glrt-t3_Ab_C-_9xYzabcdefghijk';
	const [runner] = world.outside.gitlab.runners.values();
	if (runner) runner.token = token;
	const laptop = laptopOver(({answers}) => ({...world, cloud: world.cloudAt(answers.region)}));
	assert.deepEqual(problems(await laptop.setup({answers: someAnswers({limit: 2, concurrent: 2, idleCount: 1}), secrets: {runnerToken: token}})), []);
	await world.clock.sleep(600_000);
	const {files} = world.outside.machine(await managerOf(world));
	const [path = ''] = [...files.keys()].filter((one) => one.startsWith('/root/.docker/machine/machines/runner-'));
	const name = path.split('/')[5] ?? '';
	assert.match(name, /^runner-abc-9xy-gitlab-runners-\d+-[0-9a-f]{8}$/, 'the runner takes them out of names');
	files.delete(path);
	const [of] = name.split('-gitlab-runners-');
	// Made before the runner's MachineName was changed: only the token tells whose it is.
	const earlier = addWorker(world, `${of}-earlier-${Math.floor(world.clock.now() / 1000) - 7200}-0123abcd`);
	const found = listed(await orphansAt(world, here));
	const worker = [...world.outside.region(region).instances.values()].find(({keyName}) => keyName === name);
	for (const id of [worker?.id, earlier]) assert.ok(found.includes(`orphan: instance ${id}`), found.join('\n'));
});

test('two orphans and ten leftover key pairs made outside are found and removed; a busy worker and a stranger’s are not', async () => {
	const world = await standing();
	world.outside.queueJobs(1, {seconds: 100_000});
	await world.clock.sleep(300_000);
	const before = left(world);
	const busy = world.jobs.find(({state}) => state === 'running')?.worker ?? '';
	assert.ok(before.includes(busy), 'the job’s worker has its key pair');
	const strange = addWorker(world, nameOf(world, 5, '0000000c', 'zz99aa-builders'));
	const others = left(world);
	const orphans = [addWorker(world, nameOf(world, 2, '0000000a')), addWorker(world, nameOf(world, 3, '0000000b'))];
	const pairs = Array.from({length: 10}, (_, index) => addPair(world, nameOf(world, 4, `0000001${index}`)));

	const looked = await orphansAt(world, here);
	assert.equal(looked.code, 0);
	assert.deepEqual(
		new Set(listed(looked)),
		new Set([...orphans.map((id) => `orphan: instance ${id}`), ...pairs.map((name) => `orphan: key pair ${name}`), `not-known: instance ${strange}`]),
	);
	assert.match(said(looked), /^2 workers and 10 key pairs in us-east-2 cost about \$0\.\d+ an hour, \$0\.\d+ so far\./);
	assert.equal(looked.proposal, undefined);
	assert.deepEqual(removed(looked), []);

	const taken = await orphansAt(world, [...here, '--yes']);
	assert.deepEqual(taken.problems, []);
	assert.equal(taken.code, 0);
	assert.deepEqual(new Set(removed(taken)), new Set([...orphans.map((id) => `instance ${id}`), ...pairs.map((name) => `key pair ${name}`)]));
	assert.deepEqual(new Set(left(world)), new Set(others));
	assert.equal(world.jobs.filter(({state}) => state === 'running').length, 1);

	const again = await orphansAt(world, [...here, '--yes']);
	assert.equal(again.code, 0);
	assert.match(said(again), /^No orphans in us-east-2\./);
});

test('looking changes nothing, neither in the account nor on the manager', async () => {
	const world = await standing();
	addWorker(world, nameOf(world, 2, '0000000a'));
	const acts = world.acts.length;
	const files = [...world.outside.machine(await managerOf(world)).files];
	assert.equal((await orphansAt(world, here)).code, 0);
	assert.equal((await orphansAt(world.another(), here)).code, 0);
	assert.equal(world.acts.length, acts);
	assert.deepEqual([...world.outside.machine(await managerOf(world)).files], files);
});

test('what one of the region’s managers may have made isn’t known while that one can’t be asked, and nothing of it goes', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'));
	addPair(world, nameOf(world, 4, '00000010'));
	world.outside.machineFaults(await managerOf(world), {ssh: 'silent'});
	const ran = await orphansAt(world, [...here, '--yes']);
	assert.equal(ran.code, 0);
	assert.ok(listed(ran).every((one) => one.startsWith('not-known: ')));
	assert.equal(listed(ran).length, 2);
	assert.ok(left(world).includes(worker));
	assert.ok(ran.events.some((one) => one.event === 'note' && /can't be asked/.test(one.says)));
	assert.match(said(ran), /1 worker and 1 key pair it isn't known/);
});

test('a manager that is stopped can’t be asked either', async () => {
	const world = await standing();
	addWorker(world, nameOf(world, 2, '0000000a'));
	world.outside.stopInstance(await managerOf(world));
	await world.clock.sleep(60_000);
	const ran = await orphansAt(world, here);
	assert.deepEqual(
		listed(ran).map((one) => one.split(':')[0]),
		['not-known'],
	);
	assert.ok(ran.events.some((one) => one.event === 'note' && /is stopped\.$/.test(one.says)));
});

test('however young a machine is, its manager knows it first; one of a moment ago that it doesn’t know is an orphan', async () => {
	const world = await standing();
	const launchedAt = world.clock.now() - 20_000;
	const worker = addWorker(world, nameOf(world, 0.01, '0000000a'), {launchedAt});
	world.outside.queueJobs(2, {seconds: 100_000});
	for (let round = 0; round < 30; round += 1) {
		await world.clock.sleep(5000);
		// A spot request is told of before its instance is, and isn't known for that moment.
		const orphans = listed(await orphansAt(world, here)).filter((one) => one.startsWith('orphan: '));
		assert.deepEqual(orphans, [`orphan: instance ${worker}`]);
	}
	assert.equal(world.jobs.filter(({state}) => state === 'running').length, 2);
});

test('a laptop that has never seen the fleet asks its manager by EC2 Instance Connect', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'));
	const second = world.another({address: world.laptop.address});
	assert.deepEqual(listed(await orphansAt(second, here)), [`orphan: instance ${worker}`]);
	assert.ok(world.calls.some(({name, laptop}) => name === 'SendSSHPublicKey' && laptop === second.laptop.number));
});

test('somebody says no, and nothing is removed; the review names what goes and what it costs', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'));
	addWorker(world, nameOf(world, 5, '0000000c', 'zz99aa-builders'));
	const before = left(world);
	const ran = await orphansAt(world, here, 'declines');
	assert.equal(ran.code, 0);
	assert.deepEqual(left(world), before);
	assert.equal(ran.proposal?.word, undefined);
	const details = ran.proposal?.details.join('\n') ?? '';
	assert.match(
		details,
		new RegExp(`worker +${worker} .*c5\\.large, .*2\\.0 h old, about \\$0\\.\\d+ an hour, \\$0\\.\\d+ so far; .*; its disk and key pair go with it`),
	);
	assert.match(details, /Stays, since it isn't known whose it is: 1 worker\./);
});

test('what its manager knows by the time of the yes stays', async () => {
	const world = await standing();
	const name = nameOf(world, 2, '0000000a');
	const worker = addWorker(world, name);
	const manager = await managerOf(world);
	const ran = await orphansAt(world, here, 'agrees', () => {
		const text = JSON.stringify({Name: name, Driver: {InstanceId: worker}});
		world.outside.setFile(manager, `/root/.docker/machine/machines/${name}/config.json`, text);
	});
	assert.equal(ran.code, 0);
	assert.ok(left(world).includes(worker));
	assert.match(said(ran), /1 worker had gone already, or belong/);
});

test('what can’t be judged any more by the time of the yes stays too, and that is a problem', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'));
	const manager = await managerOf(world);
	const ran = await orphansAt(world, here, 'agrees', () => world.outside.machineFaults(manager, {ssh: 'silent'}));
	assert.equal(ran.code, 1);
	assert.ok(left(world).includes(worker));
	assert.deepEqual(
		ran.problems.map(({code}) => code),
		['orphan-not-known'],
	);
});

test('one that can’t be removed doesn’t keep the others, and the exit says so', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'));
	const pair = addPair(world, nameOf(world, 4, '00000010'));
	world.outside.deny('ec2:TerminateInstances');
	const ran = await orphansAt(world, [...here, '--yes']);
	assert.equal(ran.code, 1);
	assert.deepEqual(removed(ran), [`key pair ${pair}`]);
	assert.ok(left(world).includes(worker));
	assert.ok(ran.problems.some(({message}) => /ec2:TerminateInstances/.test(message)));
});

test('spot requests and loose volumes of machines that are gone go with them', async () => {
	const world = await standing();
	const {spotRequests, volumes} = world.outside.region(region);
	const name = nameOf(world, 4, '0000000a');
	const at = world.clock.now() - 4 * 3_600_000;
	const tags = {[markKeys.fleet]: someFleet.name, [markKeys.part]: 'worker', Name: name};
	spotRequests.set('sir-1', {id: 'sir-1', state: 'open', type: 'c5.large', maxPrice: '0.1', createdAt: at, tags});
	const loose = {gib: 20, kind: 'gp3', encrypted: true, zone: `${region}a`, deleteOnTermination: true, createdAt: at} as const;
	volumes.set('vol-1', {id: 'vol-1', ...loose, tags: {Name: name}});
	volumes.set('vol-2', {id: 'vol-2', ...loose, tags: {Name: 'somebody’s data'}});
	const ran = await orphansAt(world, [...here, '--yes']);
	assert.equal(ran.code, 0);
	assert.deepEqual(removed(ran), ['spot request sir-1', 'volume vol-1'].sort());
	assert.equal(spotRequests.get('sir-1')?.state, 'cancelled');
	assert.deepEqual(
		[...volumes.values()].filter(({instanceId}) => instanceId === undefined).map(({id}) => id),
		['vol-2'],
	);
});

test('a machine whose name says bastion is asked where nobody else knows a worker, and one that only serves GitLab isn’t', async () => {
	const world = await standing();
	addWorker(world, nameOf(world, 5, '0000000c', 'zz99aa-builders'));
	const bastion = world.outside.addInstance(region, {tags: {Name: 'builders-bastion'}, publicIp: '18.190.7.7'}).id;
	world.outside.addInstance(region, {tags: {Name: 'gitlab'}, publicIp: '18.190.7.8'});
	const calls = world.calls.length;
	const ran = await orphansAt(world, here);
	assert.deepEqual(
		world.calls.slice(calls).flatMap(({name, input}) => (name === 'SendSSHPublicKey' ? [JSON.stringify(input).includes(bastion)] : [])),
		[true],
	);
	assert.ok(ran.events.some((one) => one.event === 'orphan.found' && one.because === `manager ${bastion} can't be asked`));
});

test('a copy of the fleet’s manager that can’t be asked keeps its machines from being taken for orphans', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'), {tags: {[markKeys.fleet]: someFleet.name, [markKeys.part]: 'worker'}});
	const copy = world.outside.addInstance(region, {tags: {Name: 'copy'}, profileName: names.profile(someFleet), publicIp: '18.190.7.7'}).id;
	assert.deepEqual(listed(await orphansAt(world, here)), [`not-known: instance ${worker}`]);
	world.outside.terminateInstance(copy);
	await world.clock.sleep(60_000);
	assert.deepEqual(listed(await orphansAt(world, here)), [`orphan: instance ${worker}`]);
});

test('a bastion that lets nobody in doesn’t stand before what is clearly a fleet’s own', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'));
	const strange = addWorker(world, nameOf(world, 5, '0000000c', 'zz99aa-builders'));
	world.outside.addInstance(region, {tags: {Name: 'bastion'}, publicIp: '18.190.7.7'});
	assert.deepEqual(new Set(listed(await orphansAt(world, here))), new Set([`orphan: instance ${worker}`, `not-known: instance ${strange}`]));
});

test('where nothing is left over no manager is asked', async () => {
	const world = await standing();
	world.outside.machineFaults(await managerOf(world), {ssh: 'silent'});
	const ran = await orphansAt(world, here);
	assert.match(said(ran), /^No orphans in us-east-2\.$/);
	assert.deepEqual(listed(ran), []);
});

test('with --fleet only that fleet’s are listed and go', async () => {
	const world = await standing();
	const worker = addWorker(world, nameOf(world, 2, '0000000a'));
	const tags = {[markKeys.fleet]: 'gone', [markKeys.part]: 'worker'};
	const elsewhere = world.outside.addInstance(region, {tags}).id;
	assert.deepEqual(new Set(listed(await orphansAt(world, here))), new Set([`orphan: instance ${worker}`, `orphan: instance ${elsewhere}`]));
	const ran = await orphansAt(world, [...here, '--fleet', 'gone', '--yes']);
	assert.deepEqual(removed(ran), [`instance ${elsewhere}`]);
	assert.ok(left(world).includes(worker));
});

test('all regions are looked at side by side; one that refuses is told and doesn’t stop the others', async () => {
	const world = await standing();
	const near = addWorker(world, nameOf(world, 2, '0000000a'));
	const tags = {[markKeys.fleet]: 'gone', [markKeys.part]: 'worker'};
	const far = world.outside.addInstance('eu-west-1', {tags}).id;
	const refusing = {
		...world,
		cloudAt: (at: string, signal?: AbortSignal) => {
			const cloud = world.cloudAt(at, signal);
			return at === 'us-east-1' ? {...cloud, call: () => Promise.reject(new Problem({code: 'not-allowed', message: 'us-east-1 is closed by policy.'}))} : cloud;
		},
	};
	const ran = await orphansAt(refusing, ['--all-regions', '--yes']);
	assert.equal(ran.code, 0);
	assert.deepEqual(new Set(removed(ran)), new Set([`instance ${near}`, `instance ${far}`]));
	assert.ok(ran.events.some((one) => one.event === 'step.found' && one.step === 'us-east-1' && one.is === 'blocked'));
	assert.match(said(ran), /^2 workers removed in 2 regions; none is left\.$/);
});

test('where every region refuses it ends with the problem', async () => {
	const world = await standing();
	world.outside.deny('ec2:DescribeInstances');
	const ran = await orphansAt(world, here);
	assert.equal(ran.code, 1);
	assert.match(ran.problems[0]?.message ?? '', /ec2:DescribeInstances/);
});

test('the list says how to remove what was found', async () => {
	const world = await standing();
	addWorker(world, nameOf(world, 2, '0000000a'));
	const ran = await orphansAt(world, ['--all-regions']);
	const ended = ran.events.find((one) => one.event === 'ended');
	assert.deepEqual(ended?.event === 'ended' ? ended.next.map(({command}) => command) : [], ['gitlab-runner-aws orphans --all-regions --yes']);
});

test('machines of a token that was rotated are nobody’s, though their manager has them: told with their cost, and taken away by docker-machine there; the busy one stays', async () => {
	const world = await standing();
	const manager = await managerOf(world);
	world.outside.queueJobs(2, {seconds: 60});
	world.outside.queueJobs(1, {seconds: 100_000});
	await world.clock.sleep(240_000);
	const before = world.jobs.map(({worker}) => worker ?? '');
	assert.equal((await orphansAt(world, here)).code, 0);
	world.outside.rotateToken(manager, world.tokens.runner, 'glrt-t3_rotated-by-the-runner');
	const store = (): string[] => [...world.outside.machine(manager).files.keys()].flatMap((path) => /machines\/([^/]+)\/config\.json$/.exec(path)?.[1] ?? []);
	const busy = world.jobs.find(({state}) => state === 'running')?.worker ?? assert.fail('no job runs');
	const idle = store().filter((name) => name !== busy);
	assert.equal(idle.length, 1, before.join());

	const looked = await orphansAt(world, here);
	const [found] = looked.events.flatMap((one) => (one.event === 'orphan.found' && one.kind === 'instance' ? [one] : []));
	assert.equal(found?.name, idle[0]);
	assert.equal(found?.because, `manager ${manager} has it, but no runner there manages it: the token or MachineName changed`);
	assert.ok((found?.usdPerHour ?? 0) > 0);

	const taken = await orphansAt(world, [...here, '--yes']);
	assert.deepEqual([taken.code, taken.problems], [0, []]);
	assert.deepEqual(store(), [busy]);
	assert.ok(!left(world).includes(idle[0] ?? ''), 'its key pair is gone, too');
	assert.ok(left(world).includes(busy));
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['success', 'success', 'running'],
	);
});

test('machines of another MachineName are nobody’s either; one that is asked for while its manager can’t be reached stays', async () => {
	const world = await standing();
	const manager = await managerOf(world);
	world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(150_000);
	const {text = ''} = world.outside.file(manager, paths.config) ?? {};
	world.outside.setFile(manager, paths.config, text.replace(/MachineName = "[^"]*"/, 'MachineName = "others-%s"'));
	await world.clock.sleep(10_000);
	assert.match(said(await orphansAt(world, here)), /^1 worker/);
	world.outside.machineFaults(manager, {ssh: 'silent'});
	assert.match(said(await orphansAt(world, here)), /^No orphans in us-east-2\./);
});

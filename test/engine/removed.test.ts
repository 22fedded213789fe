import assert from 'node:assert/strict';
import {test} from 'node:test';
import {destroy} from '../../source/commands/destroy.ts';
import type {Proposal} from '../../source/engine/step.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {bucketName, name, region, type SetupWish, saidIn, setUp, standingFleet, takeAway} from './fleet.ts';
import {jobStates, managers, noneAtAll, oneOfEach, onlyManager, onlyTheBucket, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});
const mark = (fleet: string, part: string) => ({'gitlab-runner-aws:fleet': fleet, 'gitlab-runner-aws:part': part});

/** A fleet whose jobs run on workers, and some of whose workers are idle. */
async function busyFleet(world: World, seconds = 300): Promise<string> {
	const manager = await standingFleet(world, withToken(world));
	world.outside.queueJobs(4, {seconds});
	await world.clock.sleep(90_000);
	assert.deepEqual(jobStates(world), {running: 4});
	return manager;
}

const problems = ({result}: Awaited<ReturnType<typeof takeAway>>) => result.problems.map(({code, message}) => `${code}: ${message}`);

test('workers, their spot requests and their key pairs go with the fleet, after their jobs have ended well', async () => {
	const world = simulatedWorld();
	await busyFleet(world);
	assert.ok(standing(world).workers >= 4 && standing(world).workerKeys >= 4 && standing(world).spotRequests >= 4, JSON.stringify(standing(world)));
	const removal = await takeAway(world);
	assert.deepEqual(problems(removal), []);
	assert.deepEqual(standing(world), onlyTheBucket);
	assert.deepEqual(jobStates(world), {success: 4});
	// It has waited for four, and says so.
	assert.match(saidIn(removal.events).join('\n'), /^stopped, 4 jobs have ended/m);
});

test('who no longer wants to wait has the jobs ended meanwhile, and all else goes as it should', async () => {
	const world = simulatedWorld();
	await busyFleet(world, 7200);
	const begun = world.clock.now();
	const hurry = new AbortController();
	const removal = await takeAway(world, {
		hurry: hurry.signal,
		heard: (event) => {
			if (event.event === 'step.says' && /^4 jobs still run: app #\d+, .*, 30 m left$/.test(event.says)) hurry.abort();
		},
	});
	assert.deepEqual([problems(removal), standing(world), jobStates(world)], [[], onlyTheBucket, {failed: 4}]);
	assert.ok(saidIn(removal.events).includes('4 jobs end now'));
	assert.ok(world.clock.now() - begun < 900_000);
});

test('a worker that bears this fleet’s name and no mark is listed as what stays and costs, with its price, before and after', async () => {
	const world = simulatedWorld();
	await busyFleet(world);
	const keyName = `runner-abcdefghi-${name}-1790000000-0badc0de`;
	const orphan = world.outside.addInstance(region, {tags: {Name: keyName}, keyName, type: 'c5.large'});
	const removal = await takeAway(world);
	const told = {id: orphan.id, says: 'worker without our mark, c5.large, about $0.085 an hour', goes: false, costs: true, step: 'workers'};
	assert.deepEqual([removal.before.find(({id}) => id === orphan.id), removal.left.find(({id}) => id === orphan.id)], [told, told]);
	assert.deepEqual([problems(removal), orphan.ending], [[], undefined]);
});

test('what is asked to go at once ends running jobs, and leaves nothing', async () => {
	const world = simulatedWorld();
	await busyFleet(world, 7200);
	const begun = world.clock.now();
	const removal = await takeAway(world, {drainSeconds: 0});
	assert.deepEqual(problems(removal), []);
	assert.deepEqual(standing(world), onlyTheBucket);
	assert.deepEqual(jobStates(world), {failed: 4});
	assert.ok(world.clock.now() - begun < 900_000);
});

test('jobs that outlast the time to drain stop the removal before their workers go, with what to do', async () => {
	const world = simulatedWorld();
	await busyFleet(world, 4000);
	const first = await takeAway(world, {drainSeconds: 600});
	assert.deepEqual(
		first.result.problems.map(({code}) => code),
		['still-busy'],
	);
	assert.match(first.result.problems[0]?.message ?? '', /4 jobs still run.*10 minutes/);
	assert.match(first.result.problems[0]?.advice ?? '', /--now/);
	assert.deepEqual(jobStates(world), {running: 4});
	assert.ok(standing(world).workers >= 4);
	assert.equal(managers(world).length, 1);
	const second = await takeAway(world, {drainSeconds: 7200});
	assert.deepEqual(problems(second), []);
	assert.deepEqual([standing(world), jobStates(world)], [onlyTheBucket, {success: 4}]);
});

test('what only looks like this fleet’s stays: fleets that contain its name, unmarked look-alikes, another’s key pairs, the same name elsewhere', async () => {
	const world = simulatedWorld();
	await busyFleet(world);
	const likes = ['gitlab-runners-2', 'my-gitlab-runners'];
	const other = world.outside.addGroup(region, 'someone-workers');
	const decoys = [
		...likes.flatMap((like) => [
			world.outside.addInstance(region, {tags: {...mark(like, 'manager'), Name: `${like}-manager`}}),
			world.outside.addInstance(region, {tags: mark(like, 'worker')}),
		]),
		world.outside.addInstance(region, {tags: {Name: `${name}-manager`}}),
		world.outside.addInstance(region, {tags: {}, groupIds: [other.id], keyName: `runner-abcdefghi-${name}-1790000000-0123abcd`}),
		world.outside.addInstance('us-east-1', {tags: mark(name, 'manager')}),
		world.outside.addInstance('us-east-1', {tags: mark(name, 'worker')}),
	];
	for (const like of likes) {
		world.outside.addGroup(region, `${like}-manager`, {tags: mark(like, 'security-groups')});
		world.outside.addKeyPair(region, `runner-abcdefghi-${like}-1790000000-0123abcd`, makeSshKey('x').publicKey);
		world.outside.addBucket(`${like}-cache-123456789012-${region}`, region, {tags: mark(like, 'bucket')});
		world.outside.call('PutParameter', region, {Name: `/gitlab-runner-aws/${like}`, Value: '{"version":1,"answers":{}}', Type: 'String'});
	}
	world.outside.addKeyPair(region, 'runner-abcdefghi-other-1790000000-0123abcd', makeSshKey('x').publicKey);
	world.outside.addKeyPair(region, `runner-abcdefghi-${name}-1790000000-0123abcd`, makeSshKey('x').publicKey);
	world.outside.addGroup('us-east-1', `${name}-manager`, {tags: mark(name, 'security-groups')});
	world.outside.call('PutParameter', 'us-east-1', {Name: `/gitlab-runner-aws/${name}`, Value: '{"version":1,"answers":{}}', Type: 'String'});
	const removal = await takeAway(world, {withCache: true});
	assert.deepEqual(problems(removal), []);
	for (const {id, ending} of decoys) assert.deepEqual([id, ending], [id, undefined]);
	const {groups, keyPairs, parameters} = world.outside.region(region);
	const left = [...groups.values()].map((group) => group.name).filter((one) => one !== 'default');
	assert.deepEqual(left.sort(), ['gitlab-runners-2-manager', 'my-gitlab-runners-manager', 'someone-workers']);
	assert.deepEqual([...keyPairs.keys()].sort(), [
		'runner-abcdefghi-gitlab-runners-1790000000-0123abcd',
		'runner-abcdefghi-gitlab-runners-2-1790000000-0123abcd',
		'runner-abcdefghi-my-gitlab-runners-1790000000-0123abcd',
		'runner-abcdefghi-other-1790000000-0123abcd',
	]);
	assert.deepEqual([...parameters.keys()].filter((key) => key.startsWith('/gitlab')).sort(), [
		'/gitlab-runner-aws/gitlab-runners-2',
		'/gitlab-runner-aws/my-gitlab-runners',
	]);
	assert.deepEqual([...world.outside.account.buckets.keys()].sort(), likes.map((like) => `${like}-cache-123456789012-${region}`).sort());
	assert.deepEqual(standing(world, name, 'us-east-1').groups, 1);
});

test('a key pair of a worker that is gone is taken away too, as long as no living instance uses it', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.addKeyPair(region, `runner-abcdefghi-${name}-1790000000-0123abcd`, makeSshKey('x').publicKey);
	const removal = await takeAway(world);
	assert.deepEqual([problems(removal), standing(world)], [[], onlyTheBucket]);
});

test('one failure stops only what depends on it, is told, and the same command takes away the rest', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.deny('iam:DeleteRole');
	const first = await takeAway(world, {withCache: true});
	assert.deepEqual(
		first.result.problems.map(({code}) => code),
		['not-allowed'],
	);
	assert.match(problems(first).join(), /iam:DeleteRole/);
	assert.deepEqual(standing(world), {...noneAtAll, roles: 1, parameters: 1});
	assert.ok(first.left.some(({says}) => says.startsWith('role')));
	world.outside.allow('iam:DeleteRole');
	const second = await takeAway(world, {withCache: true});
	assert.deepEqual([problems(second), standing(world)], [[], noneAtAll]);
});

test('a cache of thousands of objects and old versions goes with the bucket, when that is asked for', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.addObjects(bucketName, 2500);
	const kept = await takeAway(world);
	assert.equal(world.outside.account.buckets.get(bucketName)?.objects.length, 2500);
	const told = kept.left.filter(({goes}) => !goes).map(({says, short}) => [says, short]);
	assert.deepEqual(told, [['the cache bucket; `--with-cache` deletes it', 'the cache bucket']]);
	const removal = await takeAway(world, {withCache: true});
	assert.deepEqual([problems(removal), standing(world)], [[], noneAtAll]);
});

test('a bucket, a group, a key pair and a profile that were somebody’s before stay, less the one rule of ours', async () => {
	const world = simulatedWorld();
	const theirs = {ID: 'theirs', Status: 'Enabled', Filter: {Prefix: 'x/'}, Expiration: {Days: 1}} as const;
	world.outside.addBucket('acme-cache', region, {rules: [theirs]});
	const group = world.outside.addGroup(region, 'office');
	world.outside.openPort(group.id, 22, {cidr: '192.0.2.0/24'});
	const key = makeSshKey('mine');
	world.outside.addKeyPair(region, 'mine', key.publicKey);
	world.disk.files.set('/home/alice/.ssh/id', {text: key.privateKey, mode: 0o600});
	const flags = {cache: 'acme-cache', securityGroup: 'office', sshFrom: '203.0.113.7/32', keyPair: 'mine', privateKey: '/home/alice/.ssh/id'};
	await standingFleet(world, {...withToken(world), flags});
	assert.equal(group.inbound.length, 2);
	const removal = await takeAway(world, {withCache: true, flags});
	assert.deepEqual(problems(removal), []);
	assert.deepEqual(standing(world), noneAtAll);
	assert.deepEqual(world.outside.account.buckets.get('acme-cache')?.rules, [theirs]);
	assert.deepEqual(
		group.inbound.map(({cidr}) => cidr),
		['192.0.2.0/24'],
	);
	assert.deepEqual([...world.outside.region(region).keyPairs.keys()], ['mine']);
});

test('a connection that drops while jobs are drained is opened again: they end well all the same', async () => {
	const world = simulatedWorld();
	const manager = await busyFleet(world, 900);
	let cuts = 0;
	const removal = await takeAway(world, {
		heard: (event) => {
			if (event.event !== 'step.says' || event.step !== 'service' || !/still run/.test(event.says) || cuts === 2) return;
			cuts += 1;
			world.faults.cutConnections();
		},
	});
	assert.equal(cuts, 2);
	assert.equal(
		managers(world).some(({id}) => id === manager),
		false,
	);
	assert.deepEqual([problems(removal), standing(world), jobStates(world)], [[], onlyTheBucket, {success: 4}]);
});

test('a manager that can’t be reached keeps its workers’ jobs running: told, and nothing on them is ended unless that is asked for', async () => {
	const world = simulatedWorld();
	const manager = await busyFleet(world, 900);
	world.outside.machineFaults(manager, {ssh: 'silent'});
	const first = await takeAway(world);
	assert.deepEqual(
		first.result.problems.map(({code}) => code),
		['not-drained'],
	);
	assert.match(first.result.problems[0]?.advice ?? '', /--now/);
	assert.deepEqual(jobStates(world), {running: 4});
	const now = await takeAway(world, {drainSeconds: 0});
	assert.deepEqual([problems(now), standing(world)], [[], onlyTheBucket]);
	assert.ok(
		saidIn(now.events).some((said) => /isn't reached/.test(said)),
		saidIn(now.events).join('\n'),
	);
});

test('a manager that can’t be reached and has no worker is taken away all the same, and that it wasn’t drained is said', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.machineFaults(manager, {ssh: 'silent'});
	const removal = await takeAway(world);
	assert.deepEqual([problems(removal), standing(world)], [[], onlyTheBucket]);
	assert.ok(
		saidIn(removal.events).some((said) => /isn't reached/.test(said)),
		saidIn(removal.events).join('\n'),
	);
});

test('a manager that was stopped, or terminated by somebody, doesn’t keep the rest from going', async () => {
	for (const how of ['stopInstance', 'terminateInstance'] as const) {
		const world = simulatedWorld();
		const manager = await busyFleet(world, 7200);
		world.outside[how](manager);
		const removal = await takeAway(world);
		assert.deepEqual([how, problems(removal), standing(world)], [how, [], onlyTheBucket]);
	}
});

test('a fleet that isn’t there is no failure, and nothing is changed', async () => {
	const world = simulatedWorld();
	const removal = await takeAway(world);
	assert.deepEqual([removal.before, problems(removal), removal.left], [[], [], []]);
	await standingFleet(world, withToken(world));
	await takeAway(world, {withCache: true});
	const again = await takeAway(world, {withCache: true});
	assert.deepEqual([again.before, problems(again), again.left], [[], [], []]);
});

test('a runner that we created goes with the fleet; one whose token was given stays, and where to delete it is said', async () => {
	const world = simulatedWorld();
	const creating: SetupWish = {flags: {runner: 'create', project: 'acme/app'}, secrets: {gitlabToken: world.outside.token('gitlab')}};
	await standingFleet(world, creating);
	assert.equal(world.outside.gitlab.runners.size, 2);
	assert.deepEqual(problems(await takeAway(world, {secrets: {gitlabToken: world.outside.token('gitlab')}})), []);
	assert.deepEqual([...world.outside.gitlab.runners.keys()], [41]);
	const given = simulatedWorld();
	await standingFleet(given, withToken(given));
	const removal = await takeAway(given);
	assert.deepEqual([...given.outside.gitlab.runners.keys()], [41]);
	assert.ok(
		saidIn(removal.events).some((said) => /stays in GitLab.*#41/.test(said)),
		saidIn(removal.events).join('\n'),
	);
});

test('a runner that no manager ever held is deleted before another one is made', async () => {
	const world = simulatedWorld();
	const creating: SetupWish = {flags: {runner: 'create', project: 'acme/app'}, secrets: {gitlabToken: world.outside.token('gitlab')}};
	const note = `gitlab-runner-aws fleet=${name} region=${region} account=123456789012`;
	world.outside.gitlab.runners.set(40, {id: 40, token: 'glrt-t3_stray', description: name, tags: [], runUntagged: true, note, paused: false});
	await standingFleet(world, creating);
	assert.equal(world.outside.gitlab.runners.has(40), false);
	assert.equal([...world.outside.gitlab.runners.values()].filter((runner) => runner.note.includes(note)).length, 1);
	assert.equal(world.outside.gitlab.runners.has(41), true);
	assert.deepEqual(standing(world), oneOfEach);
	onlyManager(world);
	const again = await setUp(world);
	assert.deepEqual(again.blocked, []);
});

test('the review of a removal names the jobs that run and how long they have, and what stays and costs before what goes; who leaves it is told so', async () => {
	const world = simulatedWorld();
	const manager = await busyFleet(world, 7200);
	const reviewed = async (): Promise<readonly string[]> => {
		const asked: Proposal[] = [];
		const face = {
			...hearing(),
			agree: async (proposal: Proposal) => {
				asked.push(proposal);
				return false;
			},
		};
		assert.equal(await destroy(sessionAt(world, ['destroy'], face)), 0);
		assert.ok(face.events.some((one) => one.event === 'ended' && one.says === `Nothing was taken away. ${name} stands in ${region}.`));
		return asked[0]?.details ?? [];
	};
	const [head, ...lines] = await reviewed();
	assert.match(head ?? '', /^Runs now: 4 jobs; no new one is taken, and they have 30 m to end; `--now`, or N while it waits, ends them$/);
	assert.match(lines[0] ?? '', /^ {2}acme\/app #\d+, for \d+ \w$/);
	world.outside.stopService(manager);
	await world.clock.sleep(30_000);
	const keyName = `runner-abcdefghi-${name}-1790000000-0badc0de`;
	world.outside.addInstance(region, {tags: {Name: keyName}, keyName, type: 'c5.large'});
	const left = await reviewed();
	assert.equal(left[0], 'No job runs now.');
	const headed = left.filter((line) => !line.startsWith('  ') || /^ {2}!|without our mark/.test(line));
	assert.deepEqual(
		headed.map((line) => /^\S+:|without our mark|!/.exec(line.trim())?.[0]),
		[undefined, 'Stays:', 'without our mark', '!', 'Goes:'],
	);
	assert.equal(managers(world).length, 1);
});

import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {ImportKeyPairCommand, RunInstancesCommand} from '@aws-sdk/client-ec2';
import {between, named, type Thing} from '../../acceptance/account.ts';
import {begin} from '../../acceptance/begin.ts';
import {changingCalls, ended, laptopIn} from '../../acceptance/laptop.ts';
import {until} from '../../peers/poll.ts';
import {makeSshKey} from '../../world/ssh-key.ts';

const here = ['--region', 'us-east-1'];

const {world, account, laptop, setup} = await begin({idleTime: 3600});
before(async () => ended(await laptop.run(setup), 0));
after(() => world.stop());

/** The name of a machine that a runner with this token's short form made so many seconds ago. */
const nameOf = (token: string, fleet: string, ago: number, hex: string): string => {
	const short = token
		.replace(/^glrt-(t\d_)?/, '')
		.slice(0, 9)
		.toLowerCase()
		.replace(/[^a-z0-9-]/g, '-');
	return `runner-${short}-${fleet}-${Math.floor(Date.now() / 1000) - ago}-${hex}`;
};

const addPair = async (name: string): Promise<string> => {
	await account.ec2.send(new ImportKeyPairCommand({KeyName: name, PublicKeyMaterial: Buffer.from(makeSshKey(name).publicKey)}));
	return name;
};

async function addWorker(name: string): Promise<string> {
	await addPair(name);
	const Tags = [{Key: 'Name', Value: name}];
	const made = await account.ec2.send(
		new RunInstancesCommand({
			ImageId: await account.imageFor('x86_64'),
			InstanceType: 'c5.large',
			MinCount: 1,
			MaxCount: 1,
			KeyName: name,
			TagSpecifications: [{ResourceType: 'instance', Tags}],
		}),
	);
	return made.Instances?.[0]?.InstanceId ?? '';
}

const workersIn = (things: readonly Thing[]): string[] => things.filter(({name, sort}) => sort === 'instance' && name.startsWith('runner-')).map(({id}) => id);

test('two orphans and ten leftover key pairs made outside are found and removed; a busy worker and a stranger’s are not', async () => {
	world.gitlab.queue({seconds: 600});
	await until('a job to run on a worker', () => world.gitlab.store.jobs.find(({status}) => status === 'running'));
	const [busy] = await until('the worker to be there', async () => {
		const workers = workersIn(await account.things());
		return workers.length === 1 ? workers : undefined;
	});
	const strange = await addWorker(nameOf('glrt-zz99aa', 'builders', 90_000, '0000000c'));
	const stays = await account.things();
	const orphans = [
		await addWorker(nameOf(laptop.token, 'gitlab-runners', 60, '0000000a')),
		await addWorker(nameOf(laptop.token, 'gitlab-runners', 9000, '0000000b')),
	];
	const pairs: string[] = [];
	for (let number = 0; number < 10; number += 1) pairs.push(await addPair(nameOf(laptop.token, 'gitlab-runners', 4000 + number, `0000001${number}`)));

	world.aws.forget();
	const looked = await laptop.json(['orphans', ...here]);
	ended(looked, 0);
	assert.deepEqual(changingCalls(world), []);
	const found = looked.lines.flatMap((line) => (line.event === 'orphan.found' ? [`${line.is} ${line.kind === 'key pair' ? line.name : line.id}`] : []));
	assert.deepEqual(new Set(found), new Set([...orphans.map((id) => `orphan ${id}`), ...pairs.map((name) => `orphan ${name}`), `not-known ${strange}`]));

	const plain = await laptop.run(['orphans', ...here]);
	ended(plain, 0);
	assert.match(plain.stdout, /2 workers and 10 key pairs in us-east-1 cost about \$/);
	assert.match(plain.stdout, /gitlab-runner-aws orphans --region us-east-1 --yes/);

	const second = await laptopIn(world);
	const ran = await second.run(['orphans', '--yes', ...here]);
	ended(ran, 0);
	assert.match(ran.stdout, /2 workers and 10 key pairs removed in us-east-1; none is left\./);
	const left = await account.things();
	assert.deepEqual({came: named(between(stays, left).came), went: named(between(stays, left).went)}, {came: [], went: []});
	assert.deepEqual(new Set(workersIn(left)), new Set([busy, strange]));
	assert.equal(world.gitlab.store.jobs.filter(({status}) => status === 'running').length, 1, 'the job runs on');

	const again = await laptop.run(['orphans', ...here]);
	ended(again, 0);
	assert.match(again.stdout, /No orphans in us-east-1\./);
});

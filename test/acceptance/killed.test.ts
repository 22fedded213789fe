import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {until} from '../peers/poll.ts';
import {type PeerWorld, startWorld} from '../peers/world.ts';
import {type Account, accountAt, between, named, type Thing, wholeFleet} from './account.ts';
import {ended, type Laptop, laptopIn, onManager} from './laptop.ts';

const fleet = ['--fleet', 'gitlab-runners', '--region', 'us-east-1'];
const machines = '/root/.docker/machine/machines';

let world: PeerWorld;
let account: Account;
let laptop: Laptop;
let others: Thing[];

before(async () => {
	world = await startWorld();
	account = accountAt(world);
	laptop = await laptopIn(world);
	others = await account.things();
});

after(() => world.stop());

const setup = (): string[] => ['setup', '--yes', ...laptop.preset, ...laptop.tokenFile];
const standing = async (): Promise<string[]> => named(between(others, await account.things()).came);

/** Runs the program and kills it once AWS has carried out a call, before it hears the answer. */
async function killedAfter(args: readonly string[], action: string, nth = 1): Promise<void> {
	const ran = await laptop.run(args, {started: (pid) => world.aws.faults([{action, nth, kill: pid}])});
	world.aws.faults([]);
	assert.equal(ran.signal, 'SIGKILL', `${action} came: exit ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
}

test('a setup that is killed after any of its calls goes on when it is run again, and makes exactly one of each', async () => {
	for (const [action, nth] of [
		['PutParameter', 1],
		['CreateBucket', 1],
		['CreateSecurityGroup', 1],
		['CreateRole', 1],
		['CreateInstanceProfile', 1],
		['ImportKeyPair', 1],
		['AuthorizeSecurityGroupIngress', 2],
		['PutBucketLifecycleConfiguration', 1],
		['RunInstances', 2],
		['CreateTags', 1],
	] as const) {
		const done = await standing();
		if (action === 'PutBucketLifecycleConfiguration' && (await isSo(done))) continue;
		await killedAfter(setup(), action, nth);
	}
	assert.deepEqual(await standing(), wholeFleet);
});

/** Whether the bucket already has its rule. */
async function isSo(done: readonly string[]): Promise<boolean> {
	const bucket = done.find((name) => name.startsWith('bucket '))?.slice('bucket '.length);
	if (bucket === undefined) return false;
	try {
		return (await account.lifecycle(bucket)).length > 0;
	} catch {
		return false;
	}
}

test('a laptop that dies while the test machine is made leaves no worker behind', async () => {
	await onManager(world, 'echo 1 > /etc/docker-machine-delay');
	let pid = 0;
	const running = laptop.run(setup(), {
		started: (started) => {
			pid = started;
		},
	});
	await until('the test machine to be launched', async () => ((await account.instances()).length > 1 ? true : undefined), 30_000);
	process.kill(pid, 'SIGKILL');
	assert.equal((await running).signal, 'SIGKILL');
	await onManager(world, 'rm /etc/docker-machine-delay');
	await until('the manager to take the test machine away', async () => ((await onManager(world, `ls ${machines}`)).trim() === '' ? true : undefined), 30_000);
	assert.deepEqual(await standing(), wholeFleet);
});

test('the same command then ends well: one of each, and one runner in config.toml', async () => {
	await killedAfter(setup(), 'CreateTags');
	ended(await laptop.run(setup()), 0);
	assert.deepEqual(await standing(), wholeFleet);
	assert.equal((await onManager(world, 'grep -c "^\\[\\[runners\\]\\]" /etc/gitlab-runner/config.toml')).trim(), '1');
	const again = await laptop.run(['plan', ...fleet]);
	ended(again, 0);
});

test('a destroy that is killed after any of its calls goes on when it is run again, and leaves nothing but the cache', async () => {
	for (const action of ['TerminateInstances', 'DeleteKeyPair', 'DeleteSecurityGroup', 'DeleteRolePolicy', 'DeleteRole', 'DeleteParameter']) {
		if (!(await needs(action))) continue;
		await killedAfter(['destroy', '--yes', '--now', ...fleet], action);
	}
	ended(await laptop.run(['destroy', '--yes', '--now', ...fleet]), 0);
	assert.deepEqual(await standing(), ['bucket gitlab-runners-cache-123456789012-us-east-1']);
});

/** Whether something is left that this call takes away. */
async function needs(action: string): Promise<boolean> {
	const goes: Record<string, string> = {DeleteKeyPair: 'key pair', DeleteSecurityGroup: 'security group', DeleteRolePolicy: 'role', DeleteRole: 'role'};
	const sort = goes[action];
	return sort === undefined || (await standing()).some((name) => name.startsWith(`${sort} `));
}

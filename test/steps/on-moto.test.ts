import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {realClock} from '../../source/clock.ts';
import {realCloud} from '../../source/cloud/real.ts';
import {simulatedWorld} from '../../source/simulated.ts';
import {type PeerWorld, startWorld} from '../peers/world.ts';
import {awsSteps, drive, found, region} from './drive.ts';

let peers: PeerWorld;
let close: () => void;
/** A laptop of the simulated world whose AWS is moto. */
let ports: Parameters<typeof drive>[0];

before(async () => {
	peers = await startWorld({manager: false});
	Object.assign(process.env, peers.env);
	const cloud = realCloud({env: peers.env, clock: {...realClock, sleep: async () => undefined}, random: () => 0});
	close = cloud.close;
	// Waiting is for moto's own little delays only.
	const clock = {now: realClock.now, sleep: (ms: number) => realClock.sleep(Math.min(ms, 50))};
	ports = {...simulatedWorld(), cloudAt: cloud.at, clock};
});

after(async () => {
	close();
	await peers.stop();
});

const allSo = Object.fromEntries(awsSteps.map(({name}) => [name, 'so']));
const changing = () =>
	peers.aws
		.calls()
		.filter((call) => call.changing)
		.map(({action}) => action);

test('on moto all AWS steps are made, then so, then gone', async () => {
	const first = await drive(ports).plan();
	assert.deepEqual(
		Object.values(found(first)).filter((is) => is !== 'so' && is !== 'missing'),
		[],
	);
	const {failed, plan} = await drive(ports).setUp();
	assert.deepEqual([failed, found(plan)], [[], allSo]);
	peers.aws.forget();
	const again = await drive(ports).setUp();
	assert.deepEqual([again.failed, found(again.plan), changing()], [[], allSo, []]);
	const gone = await drive(ports).destroy({withCache: true});
	assert.deepEqual([gone.failed, gone.left], [[], []]);
});

test('on moto an adopted bucket gets our rule beside another’s, and is left as it was', async () => {
	const cloud = ports.cloudAt(region);
	await cloud.call('CreateBucket', {Bucket: 'acme-cache', CreateBucketConfiguration: {LocationConstraint: region}});
	const theirs = {ID: 'logs', Status: 'Enabled' as const, Filter: {Prefix: 'logs/'}, Expiration: {Days: 7}};
	const rules = async () => {
		const looked = await cloud.call('GetBucketLifecycleConfiguration', {Bucket: 'acme-cache'}).catch(() => ({Rules: []}));
		return (looked.Rules ?? []).map(({ID}) => ID);
	};
	for (const before of [[theirs], []]) {
		if (before.length > 0) await cloud.call('PutBucketLifecycleConfiguration', {Bucket: 'acme-cache', LifecycleConfiguration: {Rules: before}});
		else await cloud.call('DeleteBucketLifecycle', {Bucket: 'acme-cache'});
		const {failed, plan} = await drive(ports, {cache: 'acme-cache'}).setUp('record', 'bucket');
		assert.deepEqual([failed, found(plan)], [[], {record: 'so', bucket: 'so'}]);
		assert.deepEqual(await rules(), [...before.map(({ID}) => ID), 'gitlab-runner-aws-gitlab-runners']);
		assert.deepEqual((await drive(ports).destroy({withCache: true})).failed, []);
		assert.deepEqual(
			await rules(),
			before.map(({ID}) => ID),
		);
	}
});

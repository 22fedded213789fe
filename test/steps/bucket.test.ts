import assert from 'node:assert/strict';
import {test} from 'node:test';
import {account, bucketName, changesSince, differences, drive, found, notes, problem, region, sentence, world} from './drive.ts';

const theirs = {
	ID: 'logs',
	Status: 'Enabled' as const,
	Filter: {Prefix: 'logs/'},
	Expiration: {Days: 7},
	Transitions: [{Days: 3, StorageClass: 'GLACIER' as const}],
};
const mark = {'gitlab-runner-aws:fleet': 'gitlab-runners', 'gitlab-runner-aws:part': 'bucket', 'gitlab-runner-aws:region': region};
const bucketIn = (at: ReturnType<typeof world>, name = bucketName) => at.outside.account.buckets.get(name);

test('the bucket is made closed to the public, marked, and empties the fleet’s part of itself', async () => {
	const at = world();
	assert.equal(sentence(await drive(at).plan('bucket'), 'bucket'), `${bucketName}, 90 days`);
	const {plan} = await drive(at).setUp('bucket');
	assert.equal(sentence(plan, 'bucket'), `${bucketName}, 90 days`);
	const bucket = bucketIn(at);
	assert.deepEqual(bucket?.tags, mark);
	assert.deepEqual(bucket?.block, {BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true});
	assert.deepEqual(bucket?.rules, [
		{
			ID: 'gitlab-runner-aws-gitlab-runners',
			Status: 'Enabled',
			Filter: {Prefix: 'gitlab-runners/'},
			Expiration: {Days: 90},
			NoncurrentVersionExpiration: {NoncurrentDays: 1},
			AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1},
		},
	]);
});

test('the tags come with the bucket from the call that creates it, in us-east-1 too', async () => {
	for (const where of ['us-east-1', region]) {
		const at = world();
		assert.deepEqual(found((await drive(at, {region: where}).setUp('bucket')).plan), {bucket: 'ready'});
		assert.deepEqual(bucketIn(at, `gitlab-runners-cache-${account}-${where}`)?.tags, {...mark, 'gitlab-runner-aws:region': where});
		assert.ok(!changesSince(at, 0).includes('PutBucketTagging'));
	}
});

test('where an S3 drops the tags, or takes none without a region, the bucket is marked right after', async () => {
	for (const where of ['us-east-1', region]) {
		const at = world();
		at.outside.dropBucketTags(where);
		assert.deepEqual(found((await drive(at, {region: where}).setUp('bucket')).plan), {bucket: 'ready'});
		assert.deepEqual(bucketIn(at, `gitlab-runners-cache-${account}-${where}`)?.tags, {...mark, 'gitlab-runner-aws:region': where});
	}
});

test('a new bucket that isn’t known everywhere yet is waited for, and that is said', async () => {
	const at = world({late: {bucket: 40_000}});
	const {events, failed} = await drive(at).setUp('bucket');
	assert.deepEqual(failed, []);
	assert.ok(events.some((event) => event.event === 'step.says' && event.says === `waiting until S3 shows ${bucketName}`));
});

test('a tag that somebody sets while ours are being set stays too', async () => {
	const at = world();
	await drive(at).setUp('bucket');
	at.faults.meanwhile('GetBucketTagging', 2, () => Object.assign(bucketIn(at)?.tags ?? {}, {theirs: 'x'}));
	const {failed} = await drive(at, {tags: {CostCenter: '42'}}).setUp('bucket');
	assert.deepEqual([failed, bucketIn(at)?.tags], [[], {...mark, theirs: 'x', CostCenter: '42'}]);
});

test('a bucket of that name that is another account’s blocks', async () => {
	const at = world();
	at.outside.takeBucketName(bucketName);
	const {code, message} = problem(await drive(at).plan('bucket'), 'bucket');
	assert.equal(code, 'bucket-not-ours');
	assert.match(message, /A bucket gitlab-runners-cache-123456789012-us-east-2 is already there, and it's another account's/);
});

test('an unmarked bucket of that name with something in it is somebody’s, and is not touched', async () => {
	const at = world();
	at.outside.addBucket(bucketName, region);
	at.outside.addObjects(bucketName, 1);
	const {failed, plan} = await drive(at).setUp('bucket');
	assert.equal(problem(plan, 'bucket').code, 'bucket-not-ours');
	assert.match(failed[0] ?? '', /isn't empty, so it stays as it is/);
	assert.deepEqual([bucketIn(at)?.tags, bucketIn(at)?.rules, changesSince(at, 0)], [{}, undefined, []]);
});

test('an unmarked and empty one of that name is half-made, and is finished', async () => {
	const at = world();
	at.outside.addBucket(bucketName, region, {tags: {CostCenter: '42'}});
	assert.deepEqual(found((await drive(at).setUp('bucket')).plan), {bucket: 'ready'});
	assert.deepEqual(bucketIn(at)?.tags, {CostCenter: '42', ...mark});
	assert.ok(!changesSince(at, 0).includes('CreateBucket'));
});

test('the same name of the fleet in another region is another bucket', async () => {
	const at = world();
	at.outside.addBucket(bucketName, region, {tags: {...mark, 'gitlab-runner-aws:region': 'eu-west-1'}});
	assert.equal(problem(await drive(at).plan('bucket'), 'bucket').code, 'bucket-not-ours');
});

test('our rule gone, changed or switched off by hand is mended, and others’ rules stay as they were', async () => {
	const at = world();
	await drive(at).setUp('bucket');
	at.outside.addLifecycleRule(bucketName, theirs);
	at.outside.removeLifecycleRule(bucketName, 'gitlab-runner-aws-gitlab-runners');
	const {plan, setUp} = drive(at);
	assert.deepEqual(differences(await plan('bucket'), 'bucket'), [{what: 'cacheDays', from: 'no rule of ours', to: '90 days', how: 'live'}]);
	const before = at.calls.length;
	const after = await setUp('bucket');
	assert.deepEqual([found(after.plan), changesSince(at, before)], [{bucket: 'ready'}, ['PutBucketLifecycleConfiguration']]);
	assert.deepEqual(bucketIn(at)?.rules?.[0], theirs);
	assert.deepEqual(notes(after.plan, 'bucket'), [`Other lifecycle rules in ${bucketName} stay as they are: 1.`]);
});

test('other days are a live change of one rule', async () => {
	const at = world();
	await drive(at).setUp('bucket');
	const {plan, setUp} = drive(at, {cacheDays: 30});
	assert.deepEqual(differences(await plan('bucket'), 'bucket'), [{what: 'cacheDays', from: '90 days, Enabled', to: '30 days', how: 'live'}]);
	await setUp('bucket');
	assert.equal(bucketIn(at)?.rules?.length, 1);
});

test('an adopted bucket gets our one rule and nothing else, and destroy takes only that away', async () => {
	const at = world();
	at.outside.addBucket('acme-cache', region, {rules: [theirs], tags: {owner: 'ops'}});
	const {plan} = await drive(at, {cache: 'acme-cache'}).setUp('record', 'bucket');
	assert.deepEqual(found(plan), {record: 'ready', bucket: 'ready'});
	const bucket = bucketIn(at, 'acme-cache');
	assert.deepEqual([bucket?.tags, bucket?.block, bucket?.rules?.length], [{owner: 'ops'}, undefined, 2]);
	const {failed} = await drive(at).destroy({withCache: true});
	assert.deepEqual([failed, bucketIn(at, 'acme-cache')?.rules], [[], [theirs]]);
});

test('among rules of S3’s old form ours is of that form too', async () => {
	const at = world();
	const old = {ID: 'id-expire-90-days', Status: 'Enabled' as const, Prefix: '', Expiration: {Days: 90}};
	at.outside.addBucket('acme-cache', region, {rules: [old]});
	const {plan} = await drive(at, {cache: 'acme-cache'}).setUp('bucket');
	assert.deepEqual(found(plan), {bucket: 'ready'});
	const [theirOld, ours] = bucketIn(at, 'acme-cache')?.rules ?? [];
	assert.deepEqual([theirOld, ours?.Prefix, ours?.Filter], [old, 'gitlab-runners/', undefined]);
});

test('an adopted bucket that had no rule has none again after destroy', async () => {
	const at = world();
	at.outside.addBucket('acme-cache', region);
	await drive(at, {cache: 'acme-cache'}).setUp('record', 'bucket');
	assert.deepEqual((await drive(at).destroy()).failed, []);
	assert.equal(bucketIn(at, 'acme-cache')?.rules, undefined);
});

test('an adopted bucket that isn’t there, or is in another region, blocks', async () => {
	const at = world();
	at.outside.addBucket('acme-eu', 'eu-west-1');
	assert.equal(problem(await drive(at, {cache: 'acme-cache'}).plan('bucket'), 'bucket').code, 'NoSuchBucket');
	assert.match(problem(await drive(at, {cache: 'acme-eu'}).plan('bucket'), 'bucket').message, /is in eu-west-1, and the fleet is in us-east-2/);
});

test('with no cache there is no bucket', async () => {
	const at = world();
	assert.deepEqual(found(await drive(at, {cache: 'none'}).plan('bucket')), {});
});

test('the bucket goes with all in it only when asked to', async () => {
	const at = world();
	await drive(at).setUp('bucket');
	at.outside.addObjects(bucketName, 2300);
	await drive(at).destroy();
	assert.equal(bucketIn(at)?.objects.length, 2300);
	const {events, failed} = await drive(at).destroy({withCache: true});
	assert.deepEqual([failed, bucketIn(at)], [[], undefined]);
	assert.ok(events.some((event) => event.event === 'step.says' && event.says === 'emptying, 2,000 objects gone'));
});

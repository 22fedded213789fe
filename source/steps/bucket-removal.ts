import {names} from '../fleet.ts';
import {Problem} from '../problem.ts';
import type {Removal, Report, Standing} from '../step.ts';
import {unless} from './answering.ts';
import {withoutOurRule} from './lifecycle.ts';
import {bucketLook} from './looks/bucket.ts';
import {identityLook} from './looks/identity.ts';
import {recordRead} from './looks/record.ts';
import {bearsGlobalMark} from './tags.ts';

/** A cache of ten million objects is emptied within this many batches of 1,000. */
const mostBatches = 10_000;

/** The bucket that we made, if it stands and bears the mark. */
async function made(context: Removal) {
	const {account} = await context.look(identityLook);
	const name = names.bucket(context.fleet, account);
	const look = bucketLook(name, account);
	const seen = await context.look(look);
	return seen.is === 'open' && bearsGlobalMark(context.fleet, seen.tags) ? {name, look} : undefined;
}

/** The bucket of somebody's that this fleet uses, by its record. */
async function adopted(context: Removal): Promise<string | undefined> {
	const {cache} = (await recordRead(context)).answers;
	return cache === undefined || cache === 'create' || cache === 'none' ? undefined : cache;
}

/** The cache bucket, which is kept unless `--with-cache`. */
export async function bucketStands(context: Removal): Promise<Standing[]> {
	const bucket = await made(context);
	if (!bucket) return [];
	const goes = context.options.withCache;
	return [{id: bucket.name, says: goes ? 'the cache bucket, with all in it' : 'the cache bucket; `--with-cache` deletes it', goes}];
}

/** Deletes one batch of versions and delete markers, and tells how many; a bucket that somebody else deletes meanwhile is empty. */
async function emptyOnce({cloud}: Removal, name: string): Promise<number> {
	const {Versions = [], DeleteMarkers = []} = (await unless(cloud.call('ListObjectVersions', {Bucket: name, MaxKeys: 1000}), 'NoSuchBucket')) ?? {};
	const objects = [...Versions, ...DeleteMarkers].flatMap(({Key, VersionId}) => (Key === undefined ? [] : [{Key, VersionId}])).slice(0, 1000);
	if (objects.length === 0) return 0;
	const {Errors = []} = (await unless(cloud.call('DeleteObjects', {Bucket: name, Delete: {Objects: objects, Quiet: true}}), 'NoSuchBucket')) ?? {};
	const [first] = Errors;
	if (first) {
		throw new Problem({
			code: first.Code ?? 'bucket-not-emptied',
			fault: 'outside',
			message: `S3 keeps ${Errors.length} of ${objects.length} objects in ${name}, ${first.Key ?? ''} among them: ${first.Message ?? ''} (${first.Code ?? ''}).`,
			advice: `Delete them yourself with \`aws s3 rm --recursive s3://${name}\`, then run the same command again.`,
		});
	}
	return objects.length;
}

async function empty(context: Removal, name: string, report: Report): Promise<void> {
	let gone = 0;
	for (let batch = 0; batch < mostBatches; batch++) {
		const deleted = await emptyOnce(context, name);
		if (deleted === 0) return;
		gone += deleted;
		report({says: `emptying, ${gone.toLocaleString('en-US')} objects gone`});
	}
}

/** Takes our rule, and only ours, out of a bucket that was somebody's before. */
async function leave(context: Removal, name: string, report: Report): Promise<void> {
	const {account} = await context.look(identityLook);
	const look = bucketLook(name, account);
	const seen = await context.look(look);
	if (seen.is !== 'open') return;
	const rules = withoutOurRule(context.fleet, seen.rules);
	if (rules.length === seen.rules.length) return;
	if (rules.length > 0) {
		await context.cloud.call('PutBucketLifecycleConfiguration', {
			Bucket: name,
			LifecycleConfiguration: {Rules: rules},
			...(seen.minimumSize ? {TransitionDefaultMinimumObjectSize: seen.minimumSize} : {}),
		});
	} else {
		await context.cloud.call('DeleteBucketLifecycle', {Bucket: name});
	}
	context.forget(look);
	report({says: `our rule is taken out of ${name}, which stays`});
}

/** Deletes the bucket that we made, when asked to; of an adopted one only our rule goes. */
export async function removeBucket(context: Removal, report: Report): Promise<void> {
	const theirs = await adopted(context);
	if (theirs !== undefined) await leave(context, theirs, report);
	const bucket = await made(context);
	if (!bucket) return;
	if (!context.options.withCache) return report({says: `${bucket.name} is kept`});
	await empty(context, bucket.name, report);
	await unless(context.cloud.call('DeleteBucket', {Bucket: bucket.name}), 'NoSuchBucket', 'NotFound');
	context.forget(bucket.look);
	report({says: `${bucket.name} deleted`});
}

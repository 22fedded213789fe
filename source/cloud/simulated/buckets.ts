import type {AccountState, BucketState} from './account.ts';
import {onlyKnows, required, tagList, tagsOf} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {refusal} from './refusal.ts';

const wellFormed = /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias|--ol-s3|\.mrap|--x-s3)$/;

/** A bucket that is the caller's, in whichever region: S3 redirects to it and the client follows. */
function bucketOf(name: string | undefined, {account}: Here): BucketState {
	const asked = required(name, 'Bucket');
	if (account.foreignBuckets.has(asked)) throw refusal('AccessDenied', 'Access Denied', 403);
	const bucket = account.buckets.get(asked);
	if (!bucket) throw refusal('NoSuchBucket', 'The specified bucket does not exist', 404);
	return bucket;
}

function judgeConstraint(constraint: string | undefined, region: string): void {
	if (constraint === 'us-east-1') throw refusal('InvalidLocationConstraint', 'The specified location-constraint is not valid');
	if (region === 'us-east-1' && constraint === undefined) return;
	if (constraint !== region) {
		throw refusal(
			'IllegalLocationConstraintException',
			`The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
		);
	}
}

function judgeName(name: string, account: AccountState): void {
	if (!wellFormed.test(name)) throw refusal('InvalidBucketName', 'The specified bucket is not valid.');
	if (account.foreignBuckets.has(name)) {
		throw refusal(
			'BucketAlreadyExists',
			'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
			409,
		);
	}
}

/** S3's buckets: their names are everybody's (facts §11). */
export const buckets: Handlers<
	| 'HeadBucket'
	| 'CreateBucket'
	| 'GetBucketTagging'
	| 'PutBucketTagging'
	| 'GetPublicAccessBlock'
	| 'PutPublicAccessBlock'
	| 'GetBucketLifecycleConfiguration'
	| 'PutBucketLifecycleConfiguration'
	| 'DeleteBucketLifecycle'
	| 'ListObjectVersions'
	| 'DeleteObjects'
	| 'DeleteBucket'
> = {
	HeadBucket(input, {account}) {
		onlyKnows('HeadBucket', input, ['Bucket', 'ExpectedBucketOwner']);
		const name = required(input.Bucket, 'Bucket');
		if (account.foreignBuckets.has(name)) throw refusal('403', 'Unknown', 403);
		const bucket = account.buckets.get(name);
		if (!bucket) throw refusal('NotFound', 'Unknown', 404);
		return {BucketRegion: bucket.region};
	},
	CreateBucket(input, {account, region, now}) {
		onlyKnows('CreateBucket', input, ['Bucket', 'CreateBucketConfiguration', 'ObjectOwnership']);
		const name = required(input.Bucket, 'Bucket');
		const configuration = input.CreateBucketConfiguration;
		judgeConstraint(configuration?.LocationConstraint, region.name);
		judgeName(name, account);
		const own = account.buckets.get(name);
		if (own && region.name !== 'us-east-1')
			throw refusal('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded and you already own it.', 409);
		if (own) return {Location: `/${name}`};
		const tags = account.tagDroppingRegions.has(region.name) ? {} : tagsOf(configuration?.Tags);
		const block = {BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true};
		account.buckets.set(name, {name, region: region.name, createdAt: now, tags, rules: undefined, block, objects: []});
		return {Location: `/${name}`};
	},
	GetBucketTagging(input, here) {
		onlyKnows('GetBucketTagging', input, ['Bucket', 'ExpectedBucketOwner']);
		const {tags} = bucketOf(input.Bucket, here);
		if (Object.keys(tags).length === 0) throw refusal('NoSuchTagSet', 'The TagSet does not exist', 404);
		return {TagSet: tagList(tags)};
	},
	PutBucketTagging(input, here) {
		onlyKnows('PutBucketTagging', input, ['Bucket', 'Tagging', 'ExpectedBucketOwner']);
		bucketOf(input.Bucket, here).tags = tagsOf(input.Tagging?.TagSet);
		return {};
	},
	GetPublicAccessBlock(input, here) {
		onlyKnows('GetPublicAccessBlock', input, ['Bucket', 'ExpectedBucketOwner']);
		const {block} = bucketOf(input.Bucket, here);
		if (!block) throw refusal('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found', 404);
		return {PublicAccessBlockConfiguration: {...block}};
	},
	PutPublicAccessBlock(input, here) {
		onlyKnows('PutPublicAccessBlock', input, ['Bucket', 'PublicAccessBlockConfiguration', 'ExpectedBucketOwner']);
		const asked = required(input.PublicAccessBlockConfiguration, 'PublicAccessBlockConfiguration');
		bucketOf(input.Bucket, here).block = {
			BlockPublicAcls: asked.BlockPublicAcls === true,
			IgnorePublicAcls: asked.IgnorePublicAcls === true,
			BlockPublicPolicy: asked.BlockPublicPolicy === true,
			RestrictPublicBuckets: asked.RestrictPublicBuckets === true,
		};
		return {};
	},
	GetBucketLifecycleConfiguration(input, here) {
		onlyKnows('GetBucketLifecycleConfiguration', input, ['Bucket', 'ExpectedBucketOwner']);
		const {rules} = bucketOf(input.Bucket, here);
		if (!rules) throw refusal('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', 404);
		return {Rules: structuredClone(rules)};
	},
	PutBucketLifecycleConfiguration(input, here) {
		onlyKnows('PutBucketLifecycleConfiguration', input, ['Bucket', 'LifecycleConfiguration', 'ExpectedBucketOwner', 'TransitionDefaultMinimumObjectSize']);
		const rules = input.LifecycleConfiguration?.Rules ?? [];
		if (rules.length === 0 || rules.length > 1000)
			throw refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema');
		for (const rule of rules) {
			if ((rule.Filter === undefined) === (rule.Prefix === undefined) || !rule.Status)
				throw refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema');
		}
		const ids = rules.map(({ID}) => ID).filter((id) => id !== undefined);
		if (new Set(ids).size !== ids.length) throw refusal('InvalidArgument', 'Rule ID must be unique. Found same ID for more than one rule');
		bucketOf(input.Bucket, here).rules = structuredClone(rules);
		return {};
	},
	DeleteBucketLifecycle(input, here) {
		onlyKnows('DeleteBucketLifecycle', input, ['Bucket', 'ExpectedBucketOwner']);
		bucketOf(input.Bucket, here).rules = undefined;
		return {};
	},
	ListObjectVersions(input, here) {
		onlyKnows('ListObjectVersions', input, ['Bucket', 'MaxKeys', 'KeyMarker', 'VersionIdMarker', 'Prefix', 'ExpectedBucketOwner']);
		const {objects} = bucketOf(input.Bucket, here);
		const wanted = objects.filter(({key}) => key.startsWith(input.Prefix ?? ''));
		const start =
			input.KeyMarker === undefined ? 0 : wanted.findIndex(({key, versionId}) => key === input.KeyMarker && versionId === input.VersionIdMarker) + 1;
		const page = wanted.slice(start, start + (input.MaxKeys ?? 1000));
		const last = page.at(-1);
		const more = start + page.length < wanted.length;
		return {
			IsTruncated: more,
			Versions: page.map(({key, versionId, size}) => ({Key: key, VersionId: versionId, Size: size, IsLatest: true})),
			DeleteMarkers: [],
			...(more && last ? {NextKeyMarker: last.key, NextVersionIdMarker: last.versionId} : {}),
		};
	},
	DeleteObjects(input, here) {
		onlyKnows('DeleteObjects', input, ['Bucket', 'Delete', 'ExpectedBucketOwner']);
		const bucket = bucketOf(input.Bucket, here);
		const going = input.Delete?.Objects ?? [];
		if (going.length === 0 || going.length > 1000)
			throw refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema');
		bucket.objects = bucket.objects.filter(
			({key, versionId}) => !going.some((one) => one.Key === key && (one.VersionId === undefined || one.VersionId === versionId)),
		);
		return {Deleted: going.map(({Key, VersionId}) => ({Key, VersionId}))};
	},
	DeleteBucket(input, here) {
		onlyKnows('DeleteBucket', input, ['Bucket', 'ExpectedBucketOwner']);
		const bucket = bucketOf(input.Bucket, here);
		if (bucket.objects.length > 0)
			throw refusal('BucketNotEmpty', 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.', 409);
		here.account.buckets.delete(bucket.name);
		return {};
	},
};

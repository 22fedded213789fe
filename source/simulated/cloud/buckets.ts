import {copied} from '../copied.ts';
import type {AccountState, BucketSetting, BucketState, Former} from './account.ts';
import {onlyKnows, required, tagList} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {refusal} from './refusal.ts';
import {judgedTags} from './tag-rules.ts';

const wellFormed = /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias|--ol-s3|\.mrap|--x-s3)$/;

const malformed = () => refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema');

/** What S3 says of two changes of one bucket at once, its creation and its deletion among them. */
const conflicting = () =>
	refusal('OperationAborted', 'A conflicting conditional operation is currently in progress against this resource. Please try again.', 409);

/** A bucket that is the caller's, in whichever region: S3 redirects to it and the client follows. A new one isn't known everywhere yet. */
function bucketOf(name: string | undefined, {account, now}: Here, doing: 'reads' | 'writes' = 'reads'): BucketState {
	const asked = required(name, 'Bucket');
	if (account.foreignBuckets.has(asked)) throw refusal('AccessDenied', 'Access Denied', 403);
	const bucket = account.buckets.get(asked);
	const until = bucket?.knownFrom ?? 0;
	if (!bucket || (now < until && !halfKnown(bucket, now, doing))) throw refusal('NoSuchBucket', 'The specified bucket does not exist', 404);
	if (now < until) throw conflicting();
	return bucket;
}

/** In the second half of the time in which a bucket is new, what writes to it meets its creation rather than nothing. */
const halfKnown = ({createdAt, knownFrom}: BucketState, now: number, doing: 'reads' | 'writes'): boolean =>
	doing === 'writes' && now >= (createdAt + knownFrom) / 2;

/** Changes a setting; S3 shows the one before for a while. */
function set<Setting extends BucketSetting>(bucket: BucketState, setting: Setting, value: BucketState[Setting], here: Here): void {
	const former: Former<Setting> = {was: shownOf(bucket, setting, here), until: here.now + here.late('bucketSettings')};
	bucket.former = {...bucket.former, [setting]: former};
	bucket[setting] = value;
}

/** A setting as S3 shows it now. */
function shownOf<Setting extends BucketSetting>(bucket: BucketState, setting: Setting, {now}: Here): BucketState[Setting] {
	const former: Former<Setting> | undefined = bucket.former[setting];
	return former && now < former.until ? former.was : bucket[setting];
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

/** S3's buckets: their names are everybody's (docs/facts.md, "S3"). */
export const buckets: Handlers<
	| 'HeadBucket'
	| 'CreateBucket'
	| 'GetBucketTagging'
	| 'PutBucketTagging'
	| 'GetBucketEncryption'
	| 'GetPublicAccessBlock'
	| 'PutPublicAccessBlock'
	| 'GetBucketLifecycleConfiguration'
	| 'PutBucketLifecycleConfiguration'
	| 'DeleteBucketLifecycle'
	| 'ListObjectVersions'
	| 'DeleteObjects'
	| 'DeleteBucket'
> = {
	HeadBucket(input, {account, now}) {
		onlyKnows('HeadBucket', input, ['Bucket', 'ExpectedBucketOwner']);
		const name = required(input.Bucket, 'Bucket');
		if (account.foreignBuckets.has(name)) throw refusal('403', 'Unknown', 403);
		const bucket = account.buckets.get(name);
		if (!bucket || bucket.knownFrom > now) throw refusal('NotFound', 'Unknown', 404);
		return {BucketRegion: bucket.region};
	},
	CreateBucket(input, here) {
		const {account, region, now} = here;
		onlyKnows('CreateBucket', input, ['Bucket', 'CreateBucketConfiguration', 'ObjectOwnership']);
		const name = required(input.Bucket, 'Bucket');
		const configuration = input.CreateBucketConfiguration;
		judgeConstraint(configuration?.LocationConstraint, region.name);
		judgeName(name, account);
		const asked = judgedTags('s3', configuration?.Tags);
		// A peer that drops tags elsewhere takes no body without a region at all.
		if (configuration && configuration.LocationConstraint === undefined && account.tagDroppingRegions.has(region.name)) throw malformed();
		if ((account.restingBuckets.get(name) ?? 0) > now) throw conflicting();
		const own = account.buckets.get(name);
		if (own && region.name !== 'us-east-1')
			throw refusal('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded and you already own it.', 409);
		if (own) return {Location: `/${name}`};
		const tags = account.tagDroppingRegions.has(region.name) ? {} : asked;
		const block = {BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true};
		account.buckets.set(name, {
			name,
			region: region.name,
			createdAt: now,
			tags,
			rules: undefined,
			block,
			objects: [],
			knownFrom: now + here.late('bucket'),
			former: {},
		});
		return {Location: `/${name}`};
	},
	GetBucketTagging(input, here) {
		onlyKnows('GetBucketTagging', input, ['Bucket', 'ExpectedBucketOwner']);
		const tags = shownOf(bucketOf(input.Bucket, here), 'tags', here);
		if (Object.keys(tags).length === 0) throw refusal('NoSuchTagSet', 'The TagSet does not exist', 404);
		return {TagSet: tagList(tags)};
	},
	PutBucketTagging(input, here) {
		onlyKnows('PutBucketTagging', input, ['Bucket', 'Tagging', 'ExpectedBucketOwner']);
		set(bucketOf(input.Bucket, here, 'writes'), 'tags', judgedTags('s3', input.Tagging?.TagSet), here);
		return {};
	},
	GetBucketEncryption(input, here) {
		onlyKnows('GetBucketEncryption', input, ['Bucket', 'ExpectedBucketOwner']);
		const {key} = bucketOf(input.Bucket, here);
		const by = key === undefined ? ({SSEAlgorithm: 'AES256'} as const) : ({SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key} as const);
		return {ServerSideEncryptionConfiguration: {Rules: [{ApplyServerSideEncryptionByDefault: by, BucketKeyEnabled: false}]}};
	},
	GetPublicAccessBlock(input, here) {
		onlyKnows('GetPublicAccessBlock', input, ['Bucket', 'ExpectedBucketOwner']);
		const block = shownOf(bucketOf(input.Bucket, here), 'block', here);
		if (!block) throw refusal('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found', 404);
		return {PublicAccessBlockConfiguration: {...block}};
	},
	PutPublicAccessBlock(input, here) {
		onlyKnows('PutPublicAccessBlock', input, ['Bucket', 'PublicAccessBlockConfiguration', 'ExpectedBucketOwner']);
		const asked = required(input.PublicAccessBlockConfiguration, 'PublicAccessBlockConfiguration');
		const block = {
			BlockPublicAcls: asked.BlockPublicAcls === true,
			IgnorePublicAcls: asked.IgnorePublicAcls === true,
			BlockPublicPolicy: asked.BlockPublicPolicy === true,
			RestrictPublicBuckets: asked.RestrictPublicBuckets === true,
		};
		set(bucketOf(input.Bucket, here, 'writes'), 'block', block, here);
		return {};
	},
	GetBucketLifecycleConfiguration(input, here) {
		onlyKnows('GetBucketLifecycleConfiguration', input, ['Bucket', 'ExpectedBucketOwner']);
		const rules = shownOf(bucketOf(input.Bucket, here), 'rules', here);
		if (!rules) throw refusal('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', 404);
		return {Rules: copied(rules)};
	},
	PutBucketLifecycleConfiguration(input, here) {
		onlyKnows('PutBucketLifecycleConfiguration', input, ['Bucket', 'LifecycleConfiguration', 'ExpectedBucketOwner', 'TransitionDefaultMinimumObjectSize']);
		const rules = input.LifecycleConfiguration?.Rules ?? [];
		if (rules.length === 0 || rules.length > 1000) throw malformed();
		for (const rule of rules) {
			if ((rule.Filter === undefined) === (rule.Prefix === undefined) || !rule.Status) throw malformed();
		}
		const ids = rules.map(({ID}) => ID).filter((id) => id !== undefined);
		if (new Set(ids).size !== ids.length) throw refusal('InvalidArgument', 'Rule ID must be unique. Found same ID for more than one rule');
		set(bucketOf(input.Bucket, here, 'writes'), 'rules', copied(rules), here);
		return {};
	},
	DeleteBucketLifecycle(input, here) {
		onlyKnows('DeleteBucketLifecycle', input, ['Bucket', 'ExpectedBucketOwner']);
		set(bucketOf(input.Bucket, here, 'writes'), 'rules', undefined, here);
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
		if (going.length === 0 || going.length > 1000) throw malformed();
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
		here.account.restingBuckets.set(bucket.name, here.now + here.late('bucketName'));
		return {};
	},
};

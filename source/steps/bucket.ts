import type {Change, Context, Finding, Found, Look, Removal, Report, Standing, Step} from '../engine/step.ts';
import {type Answers, type Fleet, mark, names} from '../fleet.ts';
import {isProblem, Problem, unless} from '../problem.ts';
import type {BucketLocationConstraint, CreateBucketConfiguration, PublicAccessBlockConfiguration} from '../world/cloud/port.ts';
import {quote} from '../world/host/quote.ts';
import {counted} from '../world/printable.ts';
import {aws} from './aws-cli.ts';
import {blocked, differs} from './finding.ts';
import {identityLook} from './identity.ts';
import {spreading, untilSeen, whenKnown} from './late.ts';
import {doesTheSame, ourRule, ruleIn, withOurRule, withoutOurRule} from './lifecycle.ts';
import {type BucketSeen, bucketLook} from './looks/bucket.ts';
import {recordRead} from './looks/record.ts';
import {bearsGlobalMark, missingTags, tagChanges, tagList, tagsOf} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		bucket: {name: string; ours: boolean};
	}
}

type Open = Extract<BucketSeen, {is: 'open'}>;

const closed: PublicAccessBlockConfiguration = {BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true};

const isClosed = (seen: PublicAccessBlockConfiguration | undefined): boolean =>
	seen?.BlockPublicAcls === true && seen.IgnorePublicAcls === true && seen.BlockPublicPolicy === true && seen.RestrictPublicBuckets === true;

/** The bucket these answers want, and whether it is one that we make. */
async function wanted(context: Context) {
	const {account} = await context.look(identityLook);
	const ours = context.answers.cache === 'create';
	const name = ours ? names.bucket(context.fleet, account) : context.answers.cache;
	return {name, ours, account, look: bucketLook(name, account)};
}

/** What our one lifecycle rule still has to become. */
function ruleChange({answers, fleet}: Context, seen: Open): Change[] {
	const ours = ourRule(fleet, answers.cacheDays, seen.rules);
	const standing = ruleIn(fleet, seen.rules);
	if (standing && doesTheSame(standing, ours)) return [];
	const from = standing ? `${standing.Expiration?.Days ?? 'no'} days, ${standing.Status ?? 'Disabled'}` : 'no rule of ours';
	return [{what: 'cacheDays', from, to: `${answers.cacheDays} days`, how: 'live'}];
}

/** What else a bucket of ours has to become. */
function ownChanges({answers, fleet}: Context, seen: Open): Change[] {
	const changes: Change[] = [];
	if (bearsGlobalMark(fleet, seen.tags)) changes.push(...tagChanges(answers, [seen.tags]));
	else changes.push({what: 'mark', from: 'no tags of ours', to: `gitlab-runner-aws:fleet=${fleet.name}`, how: 'live'});
	if (!isClosed(seen.publicAccess)) changes.push({what: 'public access', from: 'not blocked', to: 'blocked', how: 'live'});
	return changes;
}

/** An unmarked bucket of our exact name in this account: half-made when it is empty, since a creating call's tags may be dropped, else somebody's. */
async function isSomebodys({cloud, fleet}: Context, name: string, seen: Open): Promise<boolean> {
	if (bearsGlobalMark(fleet, seen.tags)) return false;
	if ('gitlab-runner-aws:fleet' in seen.tags) return true;
	const {Versions = [], DeleteMarkers = []} = await cloud.call('ListObjectVersions', {Bucket: name, MaxKeys: 1});
	return Versions.length + DeleteMarkers.length > 0;
}

async function check(context: Context): Promise<Finding<Found['bucket']>> {
	const {name, ours, look} = await wanted(context);
	const {cacheDays} = context.answers;
	const seen = await context.look(look);
	const region = context.fleet.region;
	if (seen.is === 'absent') {
		if (ours) return {is: 'missing', says: `${name}, ${cacheDays} days`};
		return blocked('NoSuchBucket', `There is no bucket ${name} that this account can see.`, 'Name another with `--cache`, or answer `create`.');
	}
	if (seen.is === 'closed' || (ours && (await isSomebodys(context, name, seen)))) {
		const whose =
			seen.is === 'closed'
				? `another account's, or nothing on it is allowed (${seen.problem.code})`
				: "not this fleet's: it bears no mark of it, and isn't empty";
		return blocked(
			'bucket-not-ours',
			`A bucket ${name} is already there, and it's ${whose}, so it stays as it is.`,
			'Name the fleet otherwise with `--fleet`, or a bucket of yours with `--cache`.',
		);
	}
	if (seen.region !== undefined && seen.region !== region) {
		return blocked(
			'bucket-elsewhere',
			`Bucket ${name} is in ${seen.region}, and the fleet is in ${region}: every job's cache would cross regions, which costs time and money.`,
			`Choose a bucket in ${region}, or answer \`create\`.`,
		);
	}
	const resource = {name, ours};
	const changes = [...(ours ? ownChanges(context, seen) : []), ...ruleChange(context, seen)];
	const others = seen.rules.length - (ruleIn(context.fleet, seen.rules) ? 1 : 0);
	const notes = others > 0 ? [{says: `Other lifecycle rules in ${name} stay as they are: ${others}.`}] : [];
	if (changes.length === 0) return {is: 'ready', resource, says: `${name}, ${cacheDays} days`, notes};
	return differs(resource, changes, notes, name);
}

/** The region that S3 wants to be told of a new bucket; us-east-1 is the one that it must not be told. */
const location = ({region}: Fleet) => (region === 'us-east-1' ? {} : {LocationConstraint: constraintOf(region)});

/** Makes the bucket with its tags. Where S3 drops them, or takes none without a region (S3's stand-ins do), they are put right after. */
async function create(context: Context, name: string, report: Report): Promise<void> {
	const {answers, cloud, fleet} = context;
	const make = (configuration: CreateBucketConfiguration | undefined) =>
		unless(
			whenKnown(context, report, () =>
				cloud.call('CreateBucket', {Bucket: name, ...(configuration === undefined ? {} : {CreateBucketConfiguration: configuration})}),
			),
			'BucketAlreadyOwnedByYou',
		);
	try {
		await make({...location(fleet), Tags: tagList(answers.tags, mark(fleet, 'bucket', true))});
	} catch (error) {
		if (fleet.region !== 'us-east-1' || !isProblem(error, 'MalformedXML')) throw error;
		await make(undefined);
	}
}

/** Looks until a bucket that was just made can be seen. */
async function seenOnce(context: Context, name: string, look: Look<BucketSeen>, report: Report): Promise<BucketSeen> {
	const anew = async () => {
		context.forget(look);
		const seen = await context.look(look);
		return seen.is === 'absent' ? undefined : seen;
	};
	return (await untilSeen(context, anew, () => report({says: `waiting until S3 shows ${name}`}))) ?? {is: 'absent'};
}

/** S3's list of regions lags behind AWS's: any region may be written. */
const constraintOf = (region: string) => region as BucketLocationConstraint;

/** PutBucketTagging replaces the whole set, so what stands at this moment goes with it; AWS's own tags stay by themselves and can't be written. */
async function setTags(context: Context, name: string, report: Report): Promise<void> {
	const {answers, cloud, fleet} = context;
	const looked = whenKnown(context, report, () => cloud.call('GetBucketTagging', {Bucket: name}));
	const standing = tagsOf((await unless(looked, 'NoSuchTagSet'))?.TagSet);
	const kept = Object.fromEntries(Object.entries(standing).filter(([key]) => !key.startsWith('aws:')));
	const put = {Bucket: name, Tagging: {TagSet: tagList(kept, answers.tags, mark(fleet, 'bucket', true))}};
	await whenKnown(context, report, () => cloud.call('PutBucketTagging', put));
}

async function apply(context: Context, _found: object, _finding: unknown, report: Report): Promise<void> {
	const {answers, cloud, fleet} = context;
	const {name, ours, look} = await wanted(context);
	let seen = await context.look(look);
	if (seen.is === 'absent' && ours) {
		report({says: `creating ${name}`});
		await create(context, name, report);
		seen = await seenOnce(context, name, look, report);
	}
	if (seen.is === 'absent') {
		throw new Problem({
			code: 'NoSuchBucket',
			fault: 'outside',
			again: true,
			message: `S3 doesn't show the bucket ${name} yet.`,
			advice: 'Run the same command again.',
		});
	}
	if (seen.is === 'closed') throw seen.problem;
	if (ours && (!bearsGlobalMark(fleet, seen.tags) || Object.keys(missingTags(answers, seen.tags)).length > 0)) await setTags(context, name, report);
	if (ours && !isClosed(seen.publicAccess)) {
		const put = {Bucket: name, PublicAccessBlockConfiguration: closed};
		await whenKnown(context, report, () => cloud.call('PutPublicAccessBlock', put));
	}
	if (ruleChange(context, seen).length > 0) {
		const put = {
			Bucket: name,
			LifecycleConfiguration: {Rules: withOurRule(seen.rules, ourRule(fleet, answers.cacheDays, seen.rules))},
			...(seen.minimumSize ? {TransitionDefaultMinimumObjectSize: seen.minimumSize} : {}),
		};
		await whenKnown(context, report, () => cloud.call('PutBucketLifecycleConfiguration', put));
	}
	context.forget(look);
}

/** The account isn't known before AWS is asked; a shell asks it by itself. */
const shellName = (answers: Answers, fleet: Fleet): string =>
	answers.cache === 'create' ? `"${names.bucket(fleet, '$(aws sts get-caller-identity --query Account --output text)')}"` : quote(answers.cache);

function commands(answers: Answers, fleet: Fleet): string[] {
	const bucket = ` --bucket ${shellName(answers, fleet)}`;
	const lifecycle =
		aws(fleet, 's3api', 'put-bucket-lifecycle-configuration', '--lifecycle-configuration', JSON.stringify({Rules: [ourRule(fleet, answers.cacheDays)]})) +
		bucket;
	if (answers.cache !== 'create') return [aws(fleet, 's3api', 'get-bucket-lifecycle-configuration') + bucket, lifecycle];
	const configuration = JSON.stringify({...location(fleet), Tags: tagList(answers.tags, mark(fleet, 'bucket', true))});
	const access = Object.keys(closed).map((key) => `${key}=true`);
	return [
		aws(fleet, 's3api', 'create-bucket', '--create-bucket-configuration', configuration) + bucket,
		aws(fleet, 's3api', 'put-public-access-block', '--public-access-block-configuration', access.join(',')) + bucket,
		lifecycle,
	];
}

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
async function bucketStands(context: Removal): Promise<Standing[]> {
	const bucket = await made(context);
	if (!bucket) return [];
	const short = 'the cache bucket';
	const goes = context.options.withCache;
	return [{id: bucket.name, says: goes ? `${short}, with all in it` : `${short}; \`--with-cache\` deletes it`, short, goes}];
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
	let total = 0;
	for (let batch = 0; batch < mostBatches; batch++) {
		const deleted = await emptyOnce(context, name);
		if (deleted === 0) return;
		total += deleted;
		report({says: `emptying, ${counted(total)} objects gone`});
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
async function removeBucket(context: Removal, report: Report): Promise<void> {
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

/** The bucket of the runner's distributed cache, with one lifecycle rule of ours; all else in an adopted one is left alone. */
export const bucketStep: Step<'bucket', never, 'record' | 'permissions' | 'quota'> = {
	name: 'bucket',
	title: 'Cache bucket',
	needs: [],
	after: ['record', 'permissions', 'quota'],
	when: ({cache}) => cache !== 'none',
	actions: [
		's3:ListBucket',
		's3:CreateBucket',
		's3:TagResource',
		's3:GetBucketTagging',
		's3:PutBucketTagging',
		's3:GetBucketPublicAccessBlock',
		's3:PutBucketPublicAccessBlock',
		's3:GetLifecycleConfiguration',
		's3:PutLifecycleConfiguration',
		's3:ListBucketVersions',
		's3:DeleteObject',
		's3:DeleteObjectVersion',
		's3:DeleteBucket',
	],
	settles: spreading,
	check,
	apply,
	stands: bucketStands,
	remove: removeBucket,
	commands,
};

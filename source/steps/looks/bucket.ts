import type {Look} from '../../engine/step.ts';
import {ifAnswered, type Problem, unless} from '../../problem.ts';
import type {LifecycleRule, PublicAccessBlockConfiguration} from '../../world/cloud/port.ts';
import {tagsOf} from '../tags.ts';

/** What a bucket of some name is, as far as this account may see. */
export type BucketSeen =
	| {is: 'absent'}
	/** There, and not for this account to use: another account's, or nothing is allowed on it. */
	| {is: 'closed'; problem: Problem}
	| {
			is: 'open';
			/** The bucket's region, when AWS tells. */
			region?: string | undefined;
			tags: Record<string, string>;
			rules: LifecycleRule[];
			publicAccess?: PublicAccessBlockConfiguration | undefined;
			/** S3's own word on rules that were written before, sent back with them. */
			minimumSize?: 'all_storage_classes_128K' | 'varies_by_storage_class' | undefined;
	  };

/** Answers of HeadBucket for a bucket that is there and not to be used from here. */
const closedCodes = ['not-allowed', 'PermanentRedirect', 'AuthorizationHeaderMalformed', 'BadRequest', 'InvalidBucketOwner'];

/** A bucket by name, which must be this account's: where it is, its tags, its lifecycle and its block of public access, in one round of calls. */
export const bucketLook = (name: string, account: string): Look<BucketSeen> => ({
	name: `bucket ${name}`,
	async load({cloud}) {
		const owned = {Bucket: name, ExpectedBucketOwner: account};
		const [head, tags, lifecycle, access] = await Promise.all([
			ifAnswered(cloud.call('HeadBucket', owned)),
			ifAnswered(unless(cloud.call('GetBucketTagging', owned), 'NoSuchTagSet', 'NoSuchBucket')),
			ifAnswered(unless(cloud.call('GetBucketLifecycleConfiguration', owned), 'NoSuchLifecycleConfiguration', 'NoSuchBucket')),
			ifAnswered(unless(cloud.call('GetPublicAccessBlock', owned), 'NoSuchPublicAccessBlockConfiguration', 'NoSuchBucket')),
		]);
		if ('problem' in head) {
			if (head.problem.code === 'NotFound' || head.problem.code === 'NoSuchBucket') return {is: 'absent'};
			if (closedCodes.includes(head.problem.code)) return {is: 'closed', problem: head.problem};
			throw head.problem;
		}
		for (const answer of [tags, lifecycle, access]) if ('problem' in answer) throw answer.problem;
		return {
			is: 'open',
			region: head.result.BucketRegion,
			tags: 'result' in tags ? tagsOf(tags.result?.TagSet) : {},
			rules: 'result' in lifecycle ? (lifecycle.result?.Rules ?? []) : [],
			publicAccess: 'result' in access ? access.result?.PublicAccessBlockConfiguration : undefined,
			minimumSize: 'result' in lifecycle ? lifecycle.result?.TransitionDefaultMinimumObjectSize : undefined,
		};
	},
});

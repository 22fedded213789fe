import type {Look} from '../../engine/step.ts';
import {ifAnswered, unless} from '../../problem.ts';
import {identityLook} from '../identity.ts';

/** A key that encrypts: the ARN of a customer's own, none where AWS's own does, or the code of AWS's refusal to tell. */
export type KeySeen = {arn: string | undefined} | {unknown: string};

/** A key as AWS names it, by ARN, alias or id, as an ARN; keys whose alias begins with `aws/` are AWS's own and need no rights. */
function arnOf(key: string | undefined, prefix: string): string | undefined {
	if (key === undefined || /(^|:)alias\/aws\//.test(key)) return undefined;
	if (key.startsWith('arn:')) return key;
	return `${prefix}:${key.startsWith('alias/') ? key : `key/${key}`}`;
}

/** The key that EBS encrypts disks with in this region where the call names none. */
export const diskKeyLook: Look<KeySeen> = {
	name: 'disk key',
	async load(context) {
		const {cloud, fleet} = context;
		const [{account, partition}, answer] = await Promise.all([context.look(identityLook), ifAnswered(cloud.call('GetEbsDefaultKmsKeyId', {}))]);
		if ('problem' in answer) return {unknown: answer.problem.code};
		return {arn: arnOf(answer.result.KmsKeyId, `arn:${partition}:kms:${fleet.region}:${account}`)};
	},
};

/** The key that a bucket encrypts with where an upload names none. */
export const bucketKeyLook = (bucket: string): Look<KeySeen> => ({
	name: `key of ${bucket}`,
	async load(context) {
		const {cloud, fleet} = context;
		const [{account, partition}, answer] = await Promise.all([
			context.look(identityLook),
			ifAnswered(unless(cloud.call('GetBucketEncryption', {Bucket: bucket}), 'ServerSideEncryptionConfigurationNotFoundError', 'NoSuchBucket')),
		]);
		if ('problem' in answer) return {unknown: answer.problem.code};
		const rules = answer.result?.ServerSideEncryptionConfiguration?.Rules ?? [];
		const key = rules.map(({ApplyServerSideEncryptionByDefault: by}) => (by?.SSEAlgorithm?.startsWith('aws:kms') ? by.KMSMasterKeyID : undefined));
		return {arn: arnOf(key[0], `arn:${partition}:kms:${fleet.region}:${account}`)};
	},
});

import {questionsOf} from '../../world/cloud/policy/questions.ts';
import type {BucketState} from '../cloud/account.ts';
import {judgeRole} from '../cloud/rights.ts';
import type {CacheHeard} from '../gitlab/state.ts';
import {credentialsPath, textOf} from './machine.ts';
import type {Runner} from './runner.ts';
import {type RunnerEntry, shortToken} from './runner-config.ts';

/** Where the runner keeps a job's cache (GitLab Runner, "Distributed runners caching"). */
const keyOf = ({cache, token}: RunnerEntry): string => `${cache?.path ?? ''}/runner/${shortToken(token)}/project/4711/default`;

/** Whether whoever signs the cache's URLs may do this: the manager's role, or the person whose keys root's credentials file has. */
function may({hosts: {clock, cloud}, machine}: Runner, bucket: BucketState, action: string, resource: string): boolean {
	if (textOf(machine, credentialsPath)?.includes('aws_access_key_id')) return true;
	const {account} = cloud;
	const scope = {partition: 'aws', account: account.id, region: bucket.region, known: () => undefined};
	const keys = action.startsWith('kms:') ? {'kms:ViaService': `s3.${bucket.region}.amazonaws.com`} : {};
	return questionsOf({action, resource, keys}, scope).every(
		(question) => judgeRole(account, machine.instance.profileName, question, clock.now()) === 'allowed',
	);
}

const arnOf = ({name}: BucketState, key = ''): string => `arn:aws:s3:::${name}${key && `/${key}`}`;

/** What S3 answers to a job that asks for its cache; undefined where the runner has none. */
export function askForCache(runner: Runner, entry: RunnerEntry): CacheHeard | undefined {
	if (!entry.cache) return undefined;
	const bucket = runner.hosts.cloud.account.buckets.get(entry.cache.bucket);
	if (!bucket) return 'none yet';
	const key = keyOf(entry);
	const isRead = may(runner, bucket, 's3:GetObject', arnOf(bucket, key)) && (bucket.key === undefined || may(runner, bucket, 'kms:Decrypt', bucket.key));
	if (bucket.objects.some((object) => object.key === key)) return isRead ? 'restored' : 'received: 403 Forbidden';
	// S3 tells that an object is missing only to who may list the bucket; the question has no prefix.
	return isRead && may(runner, bucket, 's3:ListBucket', arnOf(bucket)) ? 'none yet' : 'received: 403 Forbidden';
}

/** A job that went well leaves its cache, where it may. */
export function leaveCache(runner: Runner, entry: RunnerEntry): void {
	const bucket = entry.cache && runner.hosts.cloud.account.buckets.get(entry.cache.bucket);
	if (!bucket) return;
	const key = keyOf(entry);
	const isWritten =
		may(runner, bucket, 's3:PutObject', arnOf(bucket, key)) && (bucket.key === undefined || may(runner, bucket, 'kms:GenerateDataKey', bucket.key));
	if (isWritten && !bucket.objects.some((object) => object.key === key)) bucket.objects.push({key, versionId: 'null', size: 4096});
}

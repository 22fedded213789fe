import type {Context, Found, Note} from '../engine/step.ts';
import {Problem} from '../problem.ts';
import type {PolicyDocument} from '../world/cloud/policy.ts';
import {identityLook} from './identity.ts';
import {bucketKeyLook, diskKeyLook, type KeySeen} from './looks/keys.ts';
import {profileLook} from './looks/profile.ts';
import {managerPolicy, type WorkerRights} from './manager-policy.ts';

/** The workers' profile and the role in it, which the answers name; its name need not be the role's. */
async function workerProfile(context: Context): Promise<{profileArn: string; roleArn: string} | undefined> {
	const {workerProfile: name} = context.answers;
	if (name === undefined) return undefined;
	const profile = await context.look(profileLook(name));
	if (profile?.roleArn) return {profileArn: profile.arn, roleArn: profile.roleArn};
	throw new Problem({
		code: 'NoSuchEntity',
		message: `This account has no instance profile ${name} with a role in it.`,
		advice: 'Name another with `--worker-profile`, or leave it out.',
	});
}

/** The keys that the manager's calls encrypt with: of workers' disks, and of a cache bucket that is somebody's. */
async function keysSeen(context: Context): Promise<{disk: KeySeen; bucket: KeySeen}> {
	const {cache} = context.answers;
	const adopted = cache !== 'create' && cache !== 'none';
	const [disk, bucket] = await Promise.all([context.look(diskKeyLook), adopted ? context.look(bucketKeyLook(cache)) : {arn: undefined}]);
	return {disk, bucket};
}

const arnIn = (seen: KeySeen): string | undefined => ('arn' in seen ? seen.arn : undefined);

/** The policy that these answers want for the manager. Throws where the workers' profile isn't there, or the policy is longer than IAM takes. */
export async function policyFor(context: Context, {network}: Pick<Found, 'network'>, workers: WorkerRights): Promise<PolicyDocument> {
	const {answers, fleet} = context;
	const [{account, partition}, worker, keys] = await Promise.all([context.look(identityLook), workerProfile(context), keysSeen(context)]);
	return managerPolicy({fleet, account, partition, network, worker, keys: {disk: arnIn(keys.disk), bucket: arnIn(keys.bucket)}}, answers, workers);
}

const disk = {
	thing: "workers' disks",
	uses: ['kms:CreateGrant', 'kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext'],
	else: 'workers end as soon as they are launched',
};
const bucket = {thing: 'the cache bucket', uses: ['kms:Decrypt', 'kms:GenerateDataKey'], else: 'jobs get no cache'};

/**
 * What has to be said of keys: which one's own policy may have to let the manager's role in, or that AWS doesn't tell. `role` where it isn't ours to give
 * rights. Where the manager doesn't launch workers itself, the key of their disks is nothing to its role.
 */
export async function keyNotes(context: Context, {launches}: WorkerRights, role?: string): Promise<Note[]> {
	const seen = await keysSeen(context);
	const whose = role ?? "the manager's role";
	return [...(launches ? [{...disk, key: seen.disk}] : []), {...bucket, key: seen.bucket}].flatMap(({else: otherwise, key, thing, uses}): Note[] => {
		const needs = uses.map((use) => `\`${use}\``).join(', ');
		if ('unknown' in key)
			return [
				{
					says: `Whether a key of yours encrypts ${thing} isn't known, since AWS doesn't tell (${key.unknown}).`,
					advice: `If one does, ${whose} needs ${needs} on it; without them ${otherwise}.`,
				},
			];
		if (key.arn === undefined) return [];
		const advice =
			role === undefined
				? `The role gets ${needs}; the key's own policy has to let the account's policies count, or ${otherwise}.`
				: `${whose} needs ${needs} on it; without them ${otherwise}.`;
		return [{says: `Your key ${key.arn} encrypts ${thing}.`, advice}];
	});
}

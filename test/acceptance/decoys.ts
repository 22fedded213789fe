import {CreateSecurityGroupCommand, ImportKeyPairCommand, RunInstancesCommand, type TagSpecification} from '@aws-sdk/client-ec2';
import {CreateInstanceProfileCommand, CreateRoleCommand} from '@aws-sdk/client-iam';
import {CreateBucketCommand, PutBucketTaggingCommand} from '@aws-sdk/client-s3';
import {PutParameterCommand} from '@aws-sdk/client-ssm';
import {makeSshKey} from '../world/ssh-key.ts';
import type {AccountOnMoto} from './account.ts';

type DecoyKind = 'security-group' | 'key-pair' | 'instance' | 'volume';
type DecoyTags = Record<string, string>;

const listed = (tags: DecoyTags) => Object.entries(tags).map(([Key, Value]) => ({Key, Value}));
const specified = (tags: DecoyTags, ...kinds: DecoyKind[]): {TagSpecifications?: TagSpecification[]} =>
	Object.keys(tags).length === 0 ? {} : {TagSpecifications: kinds.map((kind) => ({ResourceType: kind, Tags: listed(tags)}))};

const markOf = (fleet: string, part: string): DecoyTags => ({'gitlab-runner-aws:fleet': fleet, 'gitlab-runner-aws:part': part});

const group = ({ec2}: AccountOnMoto, name: string, tags: DecoyTags = {}) =>
	ec2.send(new CreateSecurityGroupCommand({GroupName: name, Description: "somebody's", ...specified(tags, 'security-group')}));

const keyPair = ({ec2}: AccountOnMoto, name: string, tags: DecoyTags = {}) =>
	ec2.send(new ImportKeyPairCommand({KeyName: name, PublicKeyMaterial: Buffer.from(makeSshKey(name).publicKey), ...specified(tags, 'key-pair')}));

const instance = async (account: AccountOnMoto, KeyName: string, tags: DecoyTags = {}) =>
	account.ec2.send(
		new RunInstancesCommand({
			ImageId: await account.imageFor('x86_64'),
			InstanceType: 't3.micro',
			MinCount: 1,
			MaxCount: 1,
			KeyName,
			...specified(tags, 'instance', 'volume'),
		}),
	);

/** Things of others whose names look like those of the fleet `gitlab-runners`: another fleet's, and ones without any mark. */
export async function likeNames(account: AccountOnMoto): Promise<void> {
	const worker = (fleet: string) => `runner-abcdefgh1-${fleet}-1795527683-4ef8469f`;
	await group(account, 'gitlab-runners-2-manager', markOf('gitlab-runners-2', 'security-groups'));
	await group(account, 'gitlab-runners-2-workers', markOf('gitlab-runners-2', 'security-groups'));
	await group(account, 'my-gitlab-runners-workers');
	await group(account, 'gitlab-runners');
	await keyPair(account, 'gitlab-runners-2-manager', markOf('gitlab-runners-2', 'key-pair'));
	await keyPair(account, 'my-gitlab-runners-manager');
	await keyPair(account, worker('gitlab-runners-2'));
	await keyPair(account, worker('my-gitlab-runners'));
	await keyPair(account, 'runner-test-my-gitlab-runners-1795527683-4ef8469f');
	await keyPair(account, worker('gitlab-runners'));
	await instance(account, worker('gitlab-runners-2'), markOf('gitlab-runners-2', 'worker'));
	await instance(account, worker('gitlab-runners'), {Name: 'gitlab-runners-manager'});
	await account.ssm.send(new PutParameterCommand({Name: '/gitlab-runner-aws/gitlab-runners-2', Value: '{}', Type: 'String'}));
	await account.s3.send(new CreateBucketCommand({Bucket: 'gitlab-runners-cache'}));
}

/** A fleet of the same name in another region, as far as the account can tell. */
export async function sameNameElsewhere(account: AccountOnMoto): Promise<void> {
	const {region} = account;
	const globally = (part: string) => ({...markOf('gitlab-runners', part), 'gitlab-runner-aws:region': region});
	await group(account, 'gitlab-runners-manager', markOf('gitlab-runners', 'security-groups'));
	await group(account, 'gitlab-runners-workers', markOf('gitlab-runners', 'security-groups'));
	await keyPair(account, 'gitlab-runners-manager', markOf('gitlab-runners', 'key-pair'));
	await instance(account, 'gitlab-runners-manager', {...markOf('gitlab-runners', 'manager'), Name: 'gitlab-runners-manager'});
	await account.ssm.send(
		new PutParameterCommand({Name: '/gitlab-runner-aws/gitlab-runners', Value: '{}', Type: 'String', Tags: listed(markOf('gitlab-runners', 'record'))}),
	);
	const name = `gitlab-runners-${region}-manager`;
	await account.iam.send(
		new CreateRoleCommand({RoleName: name, AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}', Tags: listed(globally('instance-profile'))}),
	);
	await account.iam.send(new CreateInstanceProfileCommand({InstanceProfileName: name, Tags: listed(globally('instance-profile'))}));
	const Bucket = `gitlab-runners-cache-123456789012-${region}`;
	await account.s3.send(new CreateBucketCommand({Bucket, CreateBucketConfiguration: {LocationConstraint: 'us-west-2'}}));
	await account.s3.send(new PutBucketTaggingCommand({Bucket, Tagging: {TagSet: listed(globally('bucket'))}}));
}

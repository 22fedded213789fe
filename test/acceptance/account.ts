import {AutoScalingClient, DescribeAutoScalingGroupsCommand} from '@aws-sdk/client-auto-scaling';
import {
	DescribeImagesCommand,
	DescribeInstancesCommand,
	DescribeKeyPairsCommand,
	DescribeLaunchTemplatesCommand,
	DescribeSecurityGroupRulesCommand,
	DescribeSecurityGroupsCommand,
	DescribeSnapshotsCommand,
	DescribeVolumesCommand,
	EC2Client,
	type Instance,
	RevokeSecurityGroupIngressCommand,
	type SecurityGroup,
	type Tag,
} from '@aws-sdk/client-ec2';
import {GetInstanceProfileCommand, IAMClient, ListInstanceProfilesCommand, ListRolesCommand, ListRoleTagsCommand} from '@aws-sdk/client-iam';
import {GetBucketLifecycleConfigurationCommand, GetBucketTaggingCommand, type LifecycleRule, ListBucketsCommand, S3Client} from '@aws-sdk/client-s3';
import {GetParametersByPathCommand, ListTagsForResourceCommand, SSMClient} from '@aws-sdk/client-ssm';
import type {PeerWorld} from '../peers/world.ts';

/** Something that stands in the account: a sort, its id or name, and its tags. */
export type Thing = {sort: string; id: string; name: string; tags: Record<string, string>};

const tagsOf = (tags: readonly Partial<Tag>[] = []): Record<string, string> => Object.fromEntries(tags.map(({Key = '', Value = ''}) => [Key, Value]));

/** What a baked image and its snapshot are called here: their own names have their builder's id in them. */
const baked = (Tags?: Tag[]): string => {
	const {'gitlab-runner-aws:fleet': fleet, 'gitlab-runner-aws:part': part, version} = tagsOf(Tags);
	return `${fleet} ${part} ${version}`;
};

/** One region of the account as somebody with AWS's own clients sees it, past the proxy, so that no call of the tests is counted. */
export function accountAt(world: PeerWorld, region = 'us-east-1') {
	const client = {endpoint: world.aws.direct, region, maxAttempts: 1, credentials: {accessKeyId: 'AKIAOUTSIDE000000000', secretAccessKey: 'outside'}};
	const ec2 = new EC2Client(client);
	const scaling = new AutoScalingClient(client);
	const s3 = new S3Client({...client, forcePathStyle: true});
	const iam = new IAMClient(client);
	const ssm = new SSMClient(client);

	const instances = async (): Promise<Instance[]> =>
		((await ec2.send(new DescribeInstancesCommand({}))).Reservations ?? [])
			.flatMap(({Instances = []}) => Instances)
			.filter(({State}) => State?.Name !== 'terminated' && State?.Name !== 'shutting-down');

	const groups = async (): Promise<SecurityGroup[]> =>
		((await ec2.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups ?? []).filter(({GroupName}) => GroupName !== 'default');

	/** Closes a door of a group, as a colleague would in the console. */
	async function closePort(group: string, port: number): Promise<void> {
		const GroupId = (await groups()).find(({GroupName}) => GroupName === group)?.GroupId ?? '';
		const {SecurityGroupRules = []} = await ec2.send(new DescribeSecurityGroupRulesCommand({Filters: [{Name: 'group-id', Values: [GroupId]}]}));
		const rules = SecurityGroupRules.filter((rule) => rule.FromPort === port && rule.IsEgress !== true);
		const SecurityGroupRuleIds = rules.map(({SecurityGroupRuleId = ''}) => SecurityGroupRuleId);
		await ec2.send(new RevokeSecurityGroupIngressCommand({GroupId, SecurityGroupRuleIds}));
	}

	const lifecycle = async (bucket: string): Promise<LifecycleRule[]> =>
		(await s3.send(new GetBucketLifecycleConfigurationCommand({Bucket: bucket}))).Rules ?? [];

	async function bucketTags(bucket: string): Promise<Record<string, string>> {
		try {
			return tagsOf((await s3.send(new GetBucketTaggingCommand({Bucket: bucket}))).TagSet);
		} catch (error) {
			if (error instanceof Error && error.name === 'NoSuchTagSet') return {};
			throw error;
		}
	}

	async function inEc2(): Promise<Thing[]> {
		const [machines, allGroups, pairs, volumes, images, snapshots] = await Promise.all([
			instances(),
			groups(),
			ec2.send(new DescribeKeyPairsCommand({})),
			ec2.send(new DescribeVolumesCommand({})),
			ec2.send(new DescribeImagesCommand({Owners: ['self']})),
			ec2.send(new DescribeSnapshotsCommand({OwnerIds: ['self']})),
		]);
		const thing = (sort: string, id = '', name = '', tags?: Tag[]): Thing => ({sort, id, name, tags: tagsOf(tags)});
		return [
			...machines.map(({InstanceId, Tags}) => thing('instance', InstanceId, tagsOf(Tags).Name, Tags)),
			...allGroups.map(({GroupId, GroupName, Tags}) => thing('security group', GroupId, GroupName, Tags)),
			...(pairs.KeyPairs ?? []).map(({KeyName, KeyPairId, Tags}) => thing('key pair', KeyPairId, KeyName, Tags)),
			...(volumes.Volumes ?? []).map(({Tags, VolumeId}) => thing('volume', VolumeId, tagsOf(Tags).Name, Tags)),
			...(images.Images ?? []).map(({ImageId, Tags}) => thing('image', ImageId, baked(Tags), Tags)),
			...(snapshots.Snapshots ?? []).map(({SnapshotId, Tags}) => thing('snapshot', SnapshotId, baked(Tags), Tags)),
		];
	}

	async function inScaling(): Promise<Thing[]> {
		const [{AutoScalingGroups = []}, {LaunchTemplates = []}] = await Promise.all([
			scaling.send(new DescribeAutoScalingGroupsCommand({})),
			ec2.send(new DescribeLaunchTemplatesCommand({})),
		]);
		const staying = AutoScalingGroups.filter(({Status}) => Status === undefined || Status === '');
		return [
			...staying.map(({AutoScalingGroupName: name = '', Tags}) => ({sort: 'Auto Scaling group', id: name, name, tags: tagsOf(Tags)})),
			...LaunchTemplates.map(({LaunchTemplateId: id = '', LaunchTemplateName: name = '', Tags}) => ({sort: 'launch template', id, name, tags: tagsOf(Tags)})),
		];
	}

	async function inIam(): Promise<Thing[]> {
		const [{Roles = []}, {InstanceProfiles = []}] = await Promise.all([iam.send(new ListRolesCommand({})), iam.send(new ListInstanceProfilesCommand({}))]);
		const roles = Roles.filter(({Path = ''}) => !Path.startsWith('/aws-service-role/')).map(async ({RoleName = ''}) => {
			const {Tags} = await iam.send(new ListRoleTagsCommand({RoleName}));
			return {sort: 'role', id: RoleName, name: RoleName, tags: tagsOf(Tags)};
		});
		const profiles = InstanceProfiles.map(async ({InstanceProfileName = ''}) => {
			const {InstanceProfile} = await iam.send(new GetInstanceProfileCommand({InstanceProfileName}));
			return {sort: 'instance profile', id: InstanceProfileName, name: InstanceProfileName, tags: tagsOf(InstanceProfile?.Tags)};
		});
		return Promise.all([...roles, ...profiles]);
	}

	async function inS3(): Promise<Thing[]> {
		const {Buckets = []} = await s3.send(new ListBucketsCommand({}));
		return Promise.all(Buckets.map(async ({Name = ''}) => ({sort: 'bucket', id: Name, name: Name, tags: await bucketTags(Name)})));
	}

	async function inSsm(): Promise<Thing[]> {
		const {Parameters = []} = await ssm.send(new GetParametersByPathCommand({Path: '/gitlab-runner-aws', Recursive: true}));
		return Promise.all(
			Parameters.map(async ({Name = ''}) => {
				const {TagList} = await ssm.send(new ListTagsForResourceCommand({ResourceType: 'Parameter', ResourceId: Name}));
				return {sort: 'parameter', id: Name, name: Name, tags: tagsOf(TagList)};
			}),
		);
	}

	return {
		region,
		ec2,
		scaling,
		s3,
		iam,
		ssm,
		instances,
		groups,
		lifecycle,
		closePort,
		/** Everything that stands in this region and in what has none, but for what AWS itself brings. */
		things: async (): Promise<Thing[]> => (await Promise.all([inEc2(), inScaling(), inIam(), inS3(), inSsm()])).flat(),
		async imageFor(architecture: 'x86_64' | 'arm64'): Promise<string> {
			const {Images = []} = await ec2.send(new DescribeImagesCommand({Filters: [{Name: 'architecture', Values: [architecture]}]}));
			return Images.find(({Name}) => Name?.includes('24.04'))?.ImageId ?? '';
		},
	};
}

export type AccountOnMoto = ReturnType<typeof accountAt>;

/** What came, and what went, between two looks. */
export function between(before: readonly Thing[], after: readonly Thing[]): {came: Thing[]; went: Thing[]} {
	const keys = (things: readonly Thing[]) => new Set(things.map(({id, sort}) => `${sort} ${id}`));
	const [known, now] = [keys(before), keys(after)];
	return {came: after.filter(({id, sort}) => !known.has(`${sort} ${id}`)), went: before.filter(({id, sort}) => !now.has(`${sort} ${id}`))};
}

/** A list of things in words, to compare and to read in a failed test. */
export const named = (things: readonly Thing[]): string[] => things.map(({name, sort}) => `${sort} ${name}`).sort();

/** Exactly one of each: what the fleet `gitlab-runners` of us-east-1 consists of in the account. */
export const wholeFleet: readonly string[] = [
	'bucket gitlab-runners-cache-123456789012-us-east-1',
	'instance gitlab-runners-manager',
	'instance profile gitlab-runners-us-east-1-manager',
	'key pair gitlab-runners-manager',
	'parameter /gitlab-runner-aws/gitlab-runners',
	'role gitlab-runners-us-east-1-manager',
	'security group gitlab-runners-manager',
	'security group gitlab-runners-workers',
	'volume gitlab-runners-manager',
];

/** The same of a fleet whose workers an Auto Scaling group launches. */
export const wholeGroup: readonly string[] = [
	'Auto Scaling group gitlab-runners-workers',
	...wholeFleet,
	'key pair gitlab-runners-workers',
	'launch template gitlab-runners-workers',
].sort();

/** What is there besides once a worker image was baked: the image, and the snapshot that it's on. */
export const firstBaked: readonly string[] = ['image gitlab-runners worker-image 1', 'snapshot gitlab-runners worker-image 1'];

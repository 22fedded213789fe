import type * as autoScaling from '@aws-sdk/client-auto-scaling';
import type * as ec2 from '@aws-sdk/client-ec2';
import type * as ec2InstanceConnect from '@aws-sdk/client-ec2-instance-connect';
import type * as iam from '@aws-sdk/client-iam';
import type * as pricing from '@aws-sdk/client-pricing';
import type * as s3 from '@aws-sdk/client-s3';
import type * as serviceQuotas from '@aws-sdk/client-service-quotas';
import type * as ssm from '@aws-sdk/client-ssm';
import type * as sts from '@aws-sdk/client-sts';

/** The services whose calls are made here, by the name of their SDK client. */
export type AwsService = keyof Commands;

/** The operations that are called here, by AWS's own names, and the service of each: which client carries it, and the prefix of its IAM action. */
export const serviceOf = {
	DescribeRegions: 'ec2',
	DescribeAvailabilityZones: 'ec2',
	DescribeInstanceTypes: 'ec2',
	DescribeInstanceTypeOfferings: 'ec2',
	DescribeImages: 'ec2',
	CreateImage: 'ec2',
	DeregisterImage: 'ec2',
	DescribeSnapshots: 'ec2',
	DeleteSnapshot: 'ec2',
	DescribeVpcs: 'ec2',
	DescribeSubnets: 'ec2',
	DescribeRouteTables: 'ec2',
	DescribeSecurityGroups: 'ec2',
	CreateSecurityGroup: 'ec2',
	DeleteSecurityGroup: 'ec2',
	DescribeSecurityGroupRules: 'ec2',
	AuthorizeSecurityGroupIngress: 'ec2',
	RevokeSecurityGroupIngress: 'ec2',
	DescribeKeyPairs: 'ec2',
	ImportKeyPair: 'ec2',
	DeleteKeyPair: 'ec2',
	DescribeInstances: 'ec2',
	RunInstances: 'ec2',
	StartInstances: 'ec2',
	StopInstances: 'ec2',
	TerminateInstances: 'ec2',
	CreateTags: 'ec2',
	DeleteTags: 'ec2',
	GetConsoleOutput: 'ec2',
	DescribeSpotPriceHistory: 'ec2',
	DescribeSpotInstanceRequests: 'ec2',
	CancelSpotInstanceRequests: 'ec2',
	GetEbsDefaultKmsKeyId: 'ec2',
	DescribeVolumes: 'ec2',
	DeleteVolume: 'ec2',
	ModifyInstanceMetadataOptions: 'ec2',
	DescribeIamInstanceProfileAssociations: 'ec2',
	AssociateIamInstanceProfile: 'ec2',
	ReplaceIamInstanceProfileAssociation: 'ec2',
	CreateLaunchTemplate: 'ec2',
	CreateLaunchTemplateVersion: 'ec2',
	DescribeLaunchTemplates: 'ec2',
	DescribeLaunchTemplateVersions: 'ec2',
	DeleteLaunchTemplate: 'ec2',
	CreateAutoScalingGroup: 'auto-scaling',
	UpdateAutoScalingGroup: 'auto-scaling',
	DescribeAutoScalingGroups: 'auto-scaling',
	DescribeScalingActivities: 'auto-scaling',
	CreateOrUpdateTags: 'auto-scaling',
	SetDesiredCapacity: 'auto-scaling',
	SetInstanceProtection: 'auto-scaling',
	SuspendProcesses: 'auto-scaling',
	TerminateInstanceInAutoScalingGroup: 'auto-scaling',
	DeleteAutoScalingGroup: 'auto-scaling',
	HeadBucket: 's3',
	CreateBucket: 's3',
	GetBucketTagging: 's3',
	PutBucketTagging: 's3',
	GetBucketEncryption: 's3',
	GetPublicAccessBlock: 's3',
	PutPublicAccessBlock: 's3',
	GetBucketLifecycleConfiguration: 's3',
	PutBucketLifecycleConfiguration: 's3',
	DeleteBucketLifecycle: 's3',
	ListObjectVersions: 's3',
	DeleteObjects: 's3',
	DeleteBucket: 's3',
	ListAccountAliases: 'iam',
	GetRole: 'iam',
	CreateRole: 'iam',
	TagRole: 'iam',
	DeleteRole: 'iam',
	GetRolePolicy: 'iam',
	PutRolePolicy: 'iam',
	DeleteRolePolicy: 'iam',
	ListRolePolicies: 'iam',
	ListAttachedRolePolicies: 'iam',
	DetachRolePolicy: 'iam',
	GetInstanceProfile: 'iam',
	CreateInstanceProfile: 'iam',
	TagInstanceProfile: 'iam',
	DeleteInstanceProfile: 'iam',
	AddRoleToInstanceProfile: 'iam',
	RemoveRoleFromInstanceProfile: 'iam',
	CreateServiceLinkedRole: 'iam',
	SimulatePrincipalPolicy: 'iam',
	GetCallerIdentity: 'sts',
	DecodeAuthorizationMessage: 'sts',
	GetParameter: 'ssm',
	PutParameter: 'ssm',
	DeleteParameter: 'ssm',
	GetParameterHistory: 'ssm',
	GetParametersByPath: 'ssm',
	AddTagsToResource: 'ssm',
	ListTagsForResource: 'ssm',
	GetServiceQuota: 'service-quotas',
	GetAWSDefaultServiceQuota: 'service-quotas',
	GetProducts: 'pricing',
	SendSSHPublicKey: 'ec2-instance-connect',
} as const satisfies Record<string, AwsService>;

export type OperationName = keyof typeof serviceOf;

/** The SDK's commands by service: types alone, so that no client is loaded for them. */
type Commands = {
	'auto-scaling': typeof autoScaling;
	ec2: typeof ec2;
	s3: typeof s3;
	iam: typeof iam;
	sts: typeof sts;
	ssm: typeof ssm;
	'service-quotas': typeof serviceQuotas;
	pricing: typeof pricing;
	'ec2-instance-connect': typeof ec2InstanceConnect;
};
type OperationTypes<Name extends OperationName> = Commands[(typeof serviceOf)[Name]] extends {
	[Command in `${Name}Command`]: new (
		...given: never[]
	) => {
		input: infer Asked extends object;
		resolveMiddleware(...given: never[]): (...given: never[]) => Promise<{output: infer Told extends {$metadata: object}}>;
	};
}
	? {input: Asked; output: Told}
	: {input: object; output: {$metadata: object}};

/** What AWS is asked for, and what it answers, by the operation's own name, as the SDK's command of that name has it. */
export type Operations = {[Name in OperationName]: OperationTypes<Name>};

export type Input<Name extends OperationName> = Operations[Name]['input'];
/** An answer, without the transport's metadata: what both sides of the port give. */
export type Output<Name extends OperationName> = Omit<Operations[Name]['output'], '$metadata'>;

/**
 * One region of one account. `call` gives the whole list where AWS pages it (EC2's Describe calls, GetParametersByPath, GetProducts);
 * S3's ListObjectVersions and Auto Scaling's DescribeScalingActivities, newest first, give one page.
 * It throws `Problem`s only: the code is AWS's own, without a `Client.`/`Server.` prefix and, but for EC2 and S3, without the SDK's suffix
 * (`InvalidGroup.Duplicate`, `NoSuchEntity`, `ParameterNotFound`, `AlreadyExists`, `DryRunOperation`), or ours: `no-credentials`, `session-expired`, `clock-skewed`, `no-answer`.
 * `again` is true for throttling, faults on AWS's side, broken connections, and a wrong clock, which the next call makes up for.
 */
export type Cloud = {
	readonly region: string;
	/** Milliseconds by which AWS's clock is ahead of this machine's, negative when behind, as its last answers told; 0 before the first. */
	ahead(): number;
	call<Name extends OperationName>(name: Name, input: Input<Name>): Promise<Output<Name>>;
};

/** Makes the port for a region; every call made through it ends with the signal, and none that failed is tried again once `enough` is aborted. */
export type CloudAt = (region: string, signal?: AbortSignal, enough?: AbortSignal) => Cloud;

/** Operations that change nothing in AWS, whoever calls them. `RunInstances` with `DryRun` counts as one too: see `changes`. */
const reads = /^(Describe|Get|List|Head|Simulate|Decode|SendSSHPublicKey)/;

/** Whether this call would change something in the account. */
export const changes = (name: OperationName, input: object): boolean => !reads.test(name) && !('DryRun' in input && input.DryRun === true);

/** What is inside AWS's answers and questions, for whoever reads or writes parts of them; the SDK itself is imported in this folder only. */
export type {AutoScalingGroup} from '@aws-sdk/client-auto-scaling';
export type {
	_InstanceType as InstanceType,
	Instance,
	IpPermission,
	RequestLaunchTemplateData,
	ResponseLaunchTemplateData,
	RouteTable,
	SecurityGroup,
	SecurityGroupRule,
} from '@aws-sdk/client-ec2';
export type {BucketLocationConstraint, CreateBucketConfiguration, LifecycleRule, PublicAccessBlockConfiguration} from '@aws-sdk/client-s3';

/** An IAM action such as `ec2:RunInstances`: what a step's calls need, for the printed policy and for naming what is refused. */
export type Action = `${'autoscaling' | 'ec2' | 's3' | 'iam' | 'sts' | 'ssm' | 'servicequotas' | 'pricing' | 'ec2-instance-connect'}:${string}`;

/** Where S3's actions are named otherwise than its operations (AWS Service Authorization Reference, S3). */
const exceptions: Partial<Record<OperationName, Action[]>> = {
	HeadBucket: ['s3:ListBucket'],
	GetBucketEncryption: ['s3:GetEncryptionConfiguration'],
	GetPublicAccessBlock: ['s3:GetBucketPublicAccessBlock'],
	PutPublicAccessBlock: ['s3:PutBucketPublicAccessBlock'],
	GetBucketLifecycleConfiguration: ['s3:GetLifecycleConfiguration'],
	PutBucketLifecycleConfiguration: ['s3:PutLifecycleConfiguration'],
	DeleteBucketLifecycle: ['s3:PutLifecycleConfiguration'],
	ListObjectVersions: ['s3:ListBucketVersions'],
	DeleteObjects: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
};

/** IAM's prefix of services whose SDK client is named otherwise. */
const prefixes: Partial<Record<AwsService, string>> = {'auto-scaling': 'autoscaling', 'service-quotas': 'servicequotas'};

/** The IAM action of an operation where the two names are the same, which is the rule; S3's and quotas' exceptions are written out by the steps. */
const actionOf = (service: AwsService, operation: OperationName): Action => `${prefixes[service] ?? service}:${operation}` as Action;

/** The IAM actions that an operation needs, the likeliest to be refused first. */
export const actionsOf = (operation: OperationName): Action[] => exceptions[operation] ?? [actionOf(serviceOf[operation], operation)];

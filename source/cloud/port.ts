import type * as ec2 from '@aws-sdk/client-ec2';
import type * as ec2InstanceConnect from '@aws-sdk/client-ec2-instance-connect';
import type * as iam from '@aws-sdk/client-iam';
import type * as pricing from '@aws-sdk/client-pricing';
import type * as s3 from '@aws-sdk/client-s3';
import type * as serviceQuotas from '@aws-sdk/client-service-quotas';
import type * as ssm from '@aws-sdk/client-ssm';
import type * as sts from '@aws-sdk/client-sts';

/** The services whose calls are made here, by the name of their SDK client. */
export type Service = 'ec2' | 's3' | 'iam' | 'sts' | 'ssm' | 'service-quotas' | 'pricing' | 'ec2-instance-connect';

/** What AWS is asked for, and what it answers, by the operation's own name. Only what is needed is here. */
export type Operations = {
	DescribeRegions: {input: ec2.DescribeRegionsCommandInput; output: ec2.DescribeRegionsCommandOutput};
	DescribeAvailabilityZones: {input: ec2.DescribeAvailabilityZonesCommandInput; output: ec2.DescribeAvailabilityZonesCommandOutput};
	DescribeInstanceTypes: {input: ec2.DescribeInstanceTypesCommandInput; output: ec2.DescribeInstanceTypesCommandOutput};
	DescribeInstanceTypeOfferings: {input: ec2.DescribeInstanceTypeOfferingsCommandInput; output: ec2.DescribeInstanceTypeOfferingsCommandOutput};
	DescribeImages: {input: ec2.DescribeImagesCommandInput; output: ec2.DescribeImagesCommandOutput};
	DescribeVpcs: {input: ec2.DescribeVpcsCommandInput; output: ec2.DescribeVpcsCommandOutput};
	DescribeSubnets: {input: ec2.DescribeSubnetsCommandInput; output: ec2.DescribeSubnetsCommandOutput};
	DescribeRouteTables: {input: ec2.DescribeRouteTablesCommandInput; output: ec2.DescribeRouteTablesCommandOutput};
	DescribeSecurityGroups: {input: ec2.DescribeSecurityGroupsCommandInput; output: ec2.DescribeSecurityGroupsCommandOutput};
	CreateSecurityGroup: {input: ec2.CreateSecurityGroupCommandInput; output: ec2.CreateSecurityGroupCommandOutput};
	DeleteSecurityGroup: {input: ec2.DeleteSecurityGroupCommandInput; output: ec2.DeleteSecurityGroupCommandOutput};
	DescribeSecurityGroupRules: {input: ec2.DescribeSecurityGroupRulesCommandInput; output: ec2.DescribeSecurityGroupRulesCommandOutput};
	AuthorizeSecurityGroupIngress: {input: ec2.AuthorizeSecurityGroupIngressCommandInput; output: ec2.AuthorizeSecurityGroupIngressCommandOutput};
	RevokeSecurityGroupIngress: {input: ec2.RevokeSecurityGroupIngressCommandInput; output: ec2.RevokeSecurityGroupIngressCommandOutput};
	DescribeKeyPairs: {input: ec2.DescribeKeyPairsCommandInput; output: ec2.DescribeKeyPairsCommandOutput};
	ImportKeyPair: {input: ec2.ImportKeyPairCommandInput; output: ec2.ImportKeyPairCommandOutput};
	DeleteKeyPair: {input: ec2.DeleteKeyPairCommandInput; output: ec2.DeleteKeyPairCommandOutput};
	DescribeInstances: {input: ec2.DescribeInstancesCommandInput; output: ec2.DescribeInstancesCommandOutput};
	RunInstances: {input: ec2.RunInstancesCommandInput; output: ec2.RunInstancesCommandOutput};
	StartInstances: {input: ec2.StartInstancesCommandInput; output: ec2.StartInstancesCommandOutput};
	StopInstances: {input: ec2.StopInstancesCommandInput; output: ec2.StopInstancesCommandOutput};
	TerminateInstances: {input: ec2.TerminateInstancesCommandInput; output: ec2.TerminateInstancesCommandOutput};
	CreateTags: {input: ec2.CreateTagsCommandInput; output: ec2.CreateTagsCommandOutput};
	DeleteTags: {input: ec2.DeleteTagsCommandInput; output: ec2.DeleteTagsCommandOutput};
	GetConsoleOutput: {input: ec2.GetConsoleOutputCommandInput; output: ec2.GetConsoleOutputCommandOutput};
	DescribeSpotPriceHistory: {input: ec2.DescribeSpotPriceHistoryCommandInput; output: ec2.DescribeSpotPriceHistoryCommandOutput};
	DescribeSpotInstanceRequests: {input: ec2.DescribeSpotInstanceRequestsCommandInput; output: ec2.DescribeSpotInstanceRequestsCommandOutput};
	CancelSpotInstanceRequests: {input: ec2.CancelSpotInstanceRequestsCommandInput; output: ec2.CancelSpotInstanceRequestsCommandOutput};
	GetEbsDefaultKmsKeyId: {input: ec2.GetEbsDefaultKmsKeyIdCommandInput; output: ec2.GetEbsDefaultKmsKeyIdCommandOutput};
	DescribeVolumes: {input: ec2.DescribeVolumesCommandInput; output: ec2.DescribeVolumesCommandOutput};
	DeleteVolume: {input: ec2.DeleteVolumeCommandInput; output: ec2.DeleteVolumeCommandOutput};
	ModifyInstanceMetadataOptions: {input: ec2.ModifyInstanceMetadataOptionsCommandInput; output: ec2.ModifyInstanceMetadataOptionsCommandOutput};
	DescribeIamInstanceProfileAssociations: {
		input: ec2.DescribeIamInstanceProfileAssociationsCommandInput;
		output: ec2.DescribeIamInstanceProfileAssociationsCommandOutput;
	};
	AssociateIamInstanceProfile: {input: ec2.AssociateIamInstanceProfileCommandInput; output: ec2.AssociateIamInstanceProfileCommandOutput};
	ReplaceIamInstanceProfileAssociation: {
		input: ec2.ReplaceIamInstanceProfileAssociationCommandInput;
		output: ec2.ReplaceIamInstanceProfileAssociationCommandOutput;
	};
	HeadBucket: {input: s3.HeadBucketCommandInput; output: s3.HeadBucketCommandOutput};
	CreateBucket: {input: s3.CreateBucketCommandInput; output: s3.CreateBucketCommandOutput};
	GetBucketTagging: {input: s3.GetBucketTaggingCommandInput; output: s3.GetBucketTaggingCommandOutput};
	PutBucketTagging: {input: s3.PutBucketTaggingCommandInput; output: s3.PutBucketTaggingCommandOutput};
	GetBucketEncryption: {input: s3.GetBucketEncryptionCommandInput; output: s3.GetBucketEncryptionCommandOutput};
	GetPublicAccessBlock: {input: s3.GetPublicAccessBlockCommandInput; output: s3.GetPublicAccessBlockCommandOutput};
	PutPublicAccessBlock: {input: s3.PutPublicAccessBlockCommandInput; output: s3.PutPublicAccessBlockCommandOutput};
	GetBucketLifecycleConfiguration: {input: s3.GetBucketLifecycleConfigurationCommandInput; output: s3.GetBucketLifecycleConfigurationCommandOutput};
	PutBucketLifecycleConfiguration: {input: s3.PutBucketLifecycleConfigurationCommandInput; output: s3.PutBucketLifecycleConfigurationCommandOutput};
	DeleteBucketLifecycle: {input: s3.DeleteBucketLifecycleCommandInput; output: s3.DeleteBucketLifecycleCommandOutput};
	ListObjectVersions: {input: s3.ListObjectVersionsCommandInput; output: s3.ListObjectVersionsCommandOutput};
	DeleteObjects: {input: s3.DeleteObjectsCommandInput; output: s3.DeleteObjectsCommandOutput};
	DeleteBucket: {input: s3.DeleteBucketCommandInput; output: s3.DeleteBucketCommandOutput};
	ListAccountAliases: {input: iam.ListAccountAliasesCommandInput; output: iam.ListAccountAliasesCommandOutput};
	GetRole: {input: iam.GetRoleCommandInput; output: iam.GetRoleCommandOutput};
	CreateRole: {input: iam.CreateRoleCommandInput; output: iam.CreateRoleCommandOutput};
	TagRole: {input: iam.TagRoleCommandInput; output: iam.TagRoleCommandOutput};
	DeleteRole: {input: iam.DeleteRoleCommandInput; output: iam.DeleteRoleCommandOutput};
	GetRolePolicy: {input: iam.GetRolePolicyCommandInput; output: iam.GetRolePolicyCommandOutput};
	PutRolePolicy: {input: iam.PutRolePolicyCommandInput; output: iam.PutRolePolicyCommandOutput};
	DeleteRolePolicy: {input: iam.DeleteRolePolicyCommandInput; output: iam.DeleteRolePolicyCommandOutput};
	ListRolePolicies: {input: iam.ListRolePoliciesCommandInput; output: iam.ListRolePoliciesCommandOutput};
	ListAttachedRolePolicies: {input: iam.ListAttachedRolePoliciesCommandInput; output: iam.ListAttachedRolePoliciesCommandOutput};
	DetachRolePolicy: {input: iam.DetachRolePolicyCommandInput; output: iam.DetachRolePolicyCommandOutput};
	GetInstanceProfile: {input: iam.GetInstanceProfileCommandInput; output: iam.GetInstanceProfileCommandOutput};
	CreateInstanceProfile: {input: iam.CreateInstanceProfileCommandInput; output: iam.CreateInstanceProfileCommandOutput};
	TagInstanceProfile: {input: iam.TagInstanceProfileCommandInput; output: iam.TagInstanceProfileCommandOutput};
	DeleteInstanceProfile: {input: iam.DeleteInstanceProfileCommandInput; output: iam.DeleteInstanceProfileCommandOutput};
	AddRoleToInstanceProfile: {input: iam.AddRoleToInstanceProfileCommandInput; output: iam.AddRoleToInstanceProfileCommandOutput};
	RemoveRoleFromInstanceProfile: {input: iam.RemoveRoleFromInstanceProfileCommandInput; output: iam.RemoveRoleFromInstanceProfileCommandOutput};
	CreateServiceLinkedRole: {input: iam.CreateServiceLinkedRoleCommandInput; output: iam.CreateServiceLinkedRoleCommandOutput};
	SimulatePrincipalPolicy: {input: iam.SimulatePrincipalPolicyCommandInput; output: iam.SimulatePrincipalPolicyCommandOutput};
	GetCallerIdentity: {input: sts.GetCallerIdentityCommandInput; output: sts.GetCallerIdentityCommandOutput};
	DecodeAuthorizationMessage: {input: sts.DecodeAuthorizationMessageCommandInput; output: sts.DecodeAuthorizationMessageCommandOutput};
	GetParameter: {input: ssm.GetParameterCommandInput; output: ssm.GetParameterCommandOutput};
	PutParameter: {input: ssm.PutParameterCommandInput; output: ssm.PutParameterCommandOutput};
	DeleteParameter: {input: ssm.DeleteParameterCommandInput; output: ssm.DeleteParameterCommandOutput};
	GetParameterHistory: {input: ssm.GetParameterHistoryCommandInput; output: ssm.GetParameterHistoryCommandOutput};
	GetParametersByPath: {input: ssm.GetParametersByPathCommandInput; output: ssm.GetParametersByPathCommandOutput};
	AddTagsToResource: {input: ssm.AddTagsToResourceCommandInput; output: ssm.AddTagsToResourceCommandOutput};
	ListTagsForResource: {input: ssm.ListTagsForResourceCommandInput; output: ssm.ListTagsForResourceCommandOutput};
	GetServiceQuota: {input: serviceQuotas.GetServiceQuotaCommandInput; output: serviceQuotas.GetServiceQuotaCommandOutput};
	GetAWSDefaultServiceQuota: {input: serviceQuotas.GetAWSDefaultServiceQuotaCommandInput; output: serviceQuotas.GetAWSDefaultServiceQuotaCommandOutput};
	GetProducts: {input: pricing.GetProductsCommandInput; output: pricing.GetProductsCommandOutput};
	SendSSHPublicKey: {input: ec2InstanceConnect.SendSSHPublicKeyCommandInput; output: ec2InstanceConnect.SendSSHPublicKeyCommandOutput};
};

export type OperationName = keyof Operations;
export type Input<Name extends OperationName> = Operations[Name]['input'];
/** An answer, without the transport's metadata: what both sides of the port give. */
export type Output<Name extends OperationName> = Omit<Operations[Name]['output'], '$metadata'>;

/**
 * One region of one account. `call` gives the whole list where AWS pages it (EC2's Describe calls, GetParametersByPath, GetProducts);
 * S3's ListObjectVersions gives one page.
 * It throws `Problem`s only: the code is AWS's own, without a `Client.`/`Server.` prefix and, for IAM and SSM, without the `Exception` suffix
 * (`InvalidGroup.Duplicate`, `NoSuchEntity`, `ParameterNotFound`, `DryRunOperation`), or ours: `no-credentials`, `session-expired`, `clock-skewed`, `no-answer`.
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

/** The service of each operation: which client carries it, and the prefix of its IAM action. */
export const serviceOf: Record<OperationName, Service> = {
	DescribeRegions: 'ec2',
	DescribeAvailabilityZones: 'ec2',
	DescribeInstanceTypes: 'ec2',
	DescribeInstanceTypeOfferings: 'ec2',
	DescribeImages: 'ec2',
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
};

/** Operations that change nothing in AWS, whoever calls them. `RunInstances` with `DryRun` counts as one too: see `changes`. */
const reads = /^(Describe|Get|List|Head|Simulate|Decode|SendSSHPublicKey)/;

/** Whether this call would change something in the account. */
export const changes = (name: OperationName, input: object): boolean => !reads.test(name) && !('DryRun' in input && input.DryRun === true);

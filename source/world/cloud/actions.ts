import {type AwsService, type OperationName, serviceOf} from './port.ts';

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

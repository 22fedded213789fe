import {type Action, actionOf} from '../step.ts';
import {type OperationName, serviceOf} from './port.ts';

/** Where S3's actions are named otherwise than its operations (AWS Service Authorization Reference, S3; facts §11). */
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

/** The IAM actions that an operation needs, the likeliest to be refused first. */
export const actionsOf = (operation: OperationName): Action[] => exceptions[operation] ?? [actionOf(serviceOf[operation], operation)];

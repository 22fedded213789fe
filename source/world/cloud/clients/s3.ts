import {
	CreateBucketCommand,
	DeleteBucketCommand,
	DeleteBucketLifecycleCommand,
	DeleteObjectsCommand,
	GetBucketEncryptionCommand,
	GetBucketLifecycleConfigurationCommand,
	GetBucketTaggingCommand,
	GetPublicAccessBlockCommand,
	HeadBucketCommand,
	ListObjectVersionsCommand,
	PutBucketLifecycleConfigurationCommand,
	PutBucketTaggingCommand,
	PutPublicAccessBlockCommand,
	S3Client,
} from '@aws-sdk/client-s3';
import type {ClientSettings, OpenClient} from '../calls.ts';

/** Opens S3's client; only the commands that are used here come into the bundle with it. */
export function openS3(settings: ClientSettings): OpenClient {
	const client = new S3Client(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			HeadBucket: (input, options) => client.send(new HeadBucketCommand(input), options),
			CreateBucket: (input, options) => client.send(new CreateBucketCommand(input), options),
			GetBucketTagging: (input, options) => client.send(new GetBucketTaggingCommand(input), options),
			PutBucketTagging: (input, options) => client.send(new PutBucketTaggingCommand(input), options),
			GetBucketEncryption: (input, options) => client.send(new GetBucketEncryptionCommand(input), options),
			GetPublicAccessBlock: (input, options) => client.send(new GetPublicAccessBlockCommand(input), options),
			PutPublicAccessBlock: (input, options) => client.send(new PutPublicAccessBlockCommand(input), options),
			GetBucketLifecycleConfiguration: (input, options) => client.send(new GetBucketLifecycleConfigurationCommand(input), options),
			PutBucketLifecycleConfiguration: (input, options) => client.send(new PutBucketLifecycleConfigurationCommand(input), options),
			DeleteBucketLifecycle: (input, options) => client.send(new DeleteBucketLifecycleCommand(input), options),
			ListObjectVersions: (input, options) => client.send(new ListObjectVersionsCommand(input), options),
			DeleteObjects: (input, options) => client.send(new DeleteObjectsCommand(input), options),
			DeleteBucket: (input, options) => client.send(new DeleteBucketCommand(input), options),
		},
	};
}

import * as s3 from '@aws-sdk/client-s3';
import type {ClientSettings, OpenClient} from '../calls.ts';

/** Opens S3's client; only the commands that are used here come into the bundle with it. */
export function openS3(settings: ClientSettings): OpenClient {
	const client = new s3.S3Client(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			HeadBucket: (input, options) => client.send(new s3.HeadBucketCommand(input), options),
			CreateBucket: (input, options) => client.send(new s3.CreateBucketCommand(input), options),
			GetBucketTagging: (input, options) => client.send(new s3.GetBucketTaggingCommand(input), options),
			PutBucketTagging: (input, options) => client.send(new s3.PutBucketTaggingCommand(input), options),
			GetBucketEncryption: (input, options) => client.send(new s3.GetBucketEncryptionCommand(input), options),
			GetPublicAccessBlock: (input, options) => client.send(new s3.GetPublicAccessBlockCommand(input), options),
			PutPublicAccessBlock: (input, options) => client.send(new s3.PutPublicAccessBlockCommand(input), options),
			GetBucketLifecycleConfiguration: (input, options) => client.send(new s3.GetBucketLifecycleConfigurationCommand(input), options),
			PutBucketLifecycleConfiguration: (input, options) => client.send(new s3.PutBucketLifecycleConfigurationCommand(input), options),
			DeleteBucketLifecycle: (input, options) => client.send(new s3.DeleteBucketLifecycleCommand(input), options),
			ListObjectVersions: (input, options) => client.send(new s3.ListObjectVersionsCommand(input), options),
			DeleteObjects: (input, options) => client.send(new s3.DeleteObjectsCommand(input), options),
			DeleteBucket: (input, options) => client.send(new s3.DeleteBucketCommand(input), options),
		},
	};
}

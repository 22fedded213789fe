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

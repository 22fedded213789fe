/**
 * What AWS knows late of what was just made. The words are AWS's own at each place; terraform-provider-aws waits for each of them, for two
 * minutes at most (internal/service/{ec2,iam,s3,ssm}).
 */
export type Late =
	/** EC2's Describe calls don't show a new instance, group, key pair, image or snapshot. */
	| 'seeing'
	/** EC2's Describe calls still show a deregistered image, and its snapshot is in use: `InvalidSnapshot.InUse`. */
	| 'imageGone'
	/** EC2's other calls don't know a new security group: `InvalidGroup.NotFound`. */
	| 'group'
	/** EC2's Describe calls don't show a new rule of a group. */
	| 'rule'
	/** IAM's own calls don't know a new role: `NoSuchEntity`. */
	| 'role'
	/** IAM's own calls don't know a new instance profile: `NoSuchEntity`. */
	| 'profile'
	/** EC2 doesn't know a new instance profile: `Invalid IAM Instance Profile name`. */
	| 'ec2Profile'
	/** EC2 finds no role in a profile whose role has just come: `has no associated IAM Roles`. */
	| 'ec2Role'
	/** Auto Scaling doesn't know a new launch template: `does not exist`. */
	| 'template'
	/** Auto Scaling can't launch by its service-linked role, which is new: `Authentication Failure`. */
	| 'scalingRole'
	/** A changed policy of a role isn't in force yet for who calls by the role. */
	| 'policy'
	/** S3 doesn't know a new bucket: `NoSuchBucket`, and for what writes `OperationAborted`. */
	| 'bucket'
	/** S3 shows a bucket's tags, lifecycle and public access as they were before the last change. */
	| 'bucketSettings'
	/** S3 doesn't give the name of a deleted bucket: `OperationAborted`. */
	| 'bucketName'
	/** Systems Manager doesn't show a new parameter. */
	| 'parameter';

/** How late each is, in milliseconds: exactly so long. */
export type Lateness = Partial<Record<Late, number>>;

/** The longest that any of them is known to take, in milliseconds. */
export const latest = 120_000;

/** What is late by this much whatever else is: EC2 hears of IAM's profiles, roles and policies after about ten seconds, and Auto Scaling's role works after a minute. */
export const always: Lateness = {ec2Profile: 10_000, ec2Role: 10_000, policy: 10_000, scalingRole: 60_000};

/** What a code of AWS's means and what to do; `said` is AWS's own sentence without its full stop. The code itself is put behind the message. */
type Explanation = {message: string; advice?: string};

const quota = (what: string): Explanation => ({message: what, advice: 'Take away what is no longer needed, or ask AWS for more under Service Quotas.'});
const quoted = (said: string, pattern: RegExp, otherwise: string): string => pattern.exec(said)?.[1] ?? otherwise;

/** EC2 names the zone that was asked for; where it doesn't, it is the subnet's. */
function zoneIn(said: string): string {
	const zone = quoted(said, /requested \(([^)]+)\)/, '');
	return zone === '' ? "the subnet's zone" : `zone ${zone}`;
}

/** Codes that a person can act on, by AWS's own name (AWS, "Error codes for the Amazon EC2 API"). */
export const explanations: Record<string, ((said: string, region: string) => Explanation) | undefined> = {
	OptInRequired: () => ({
		message: "This AWS account isn't signed up for this service yet",
		advice: "Finish the account's sign-up in the AWS console, wait for AWS's mail that it's active, then run the same command again.",
	}),
	PendingVerification: () => ({
		message: 'AWS is still checking this account and starts nothing for it meanwhile',
		advice: 'Wait for its mail, usually within four hours, then run the same command again.',
	}),
	Blocked: () => ({message: 'AWS has blocked this account', advice: 'Write to AWS Support.'}),
	AccountDisabled: () => ({message: 'AWS has disabled this account', advice: 'Write to AWS Support.'}),
	'InvalidAMIID.NotFound': (said, region) => ({
		message: `Region ${region} has no image ${quoted(said, /(ami-[0-9a-f]+)/, 'of this id')} that this account may use`,
		advice: 'Choose an image of this region; `ubuntu-24.04` is in every one.',
	}),
	'InvalidAMIID.Malformed': (said) => ({
		message: `${quoted(said, /["'[]?(ami-[^\s"'\]]*)/, 'This')} is no image id`,
		advice: 'An image id is `ami-` and 8 or 17 hexadecimal digits; `ubuntu-24.04` is a name that works too.',
	}),
	'InvalidAMIID.Unavailable': (said) => {
		const image = `Image ${quoted(said, /(ami-[0-9a-f]+)/, '')} `.replace('  ', ' ');
		if (/pending/.test(said)) return {message: `${image}is still being made`, advice: 'Run the same command again in some minutes.'};
		return {message: `${image}is no longer offered by its publisher`, advice: 'Choose a newer one.'};
	},
	'InvalidAMIName.Duplicate': (said) => ({
		message: `Another image${quoted(said, /(ami-[0-9a-f]+)/, '') && `, ${quoted(said, /(ami-[0-9a-f]+)/, '')},`} has the name ${quoted(said, /name (.+) is already/, 'already')}`,
		advice: 'Deregister that one if nothing needs it, then run the same command again.',
	}),
	'InvalidSnapshot.InUse': (said) => ({
		message: `Snapshot ${quoted(said, /(snap-[0-9a-f]+)/, 'of this image')} is in use by image ${quoted(said, /(ami-[0-9a-f]+)/, 'that names it')}`,
		advice: 'It goes once that image is deregistered: do so if nothing needs it, then run the same command again.',
	}),
	Unsupported: (said) => ({
		message: said.includes('requested Availability Zone')
			? `Instance type ${quoted(said, /type \(([^)]+)\)/, '')} isn't offered in zone ${quoted(said, /Zone \(([^)]+)\)/, '')}`
			: said,
		advice: `Choose another type or another subnet${quoted(said, /choosing (.+)$/, '') && `: AWS offers it in ${quoted(said, /choosing (.+)$/, '')}`}.`,
	}),
	InsufficientInstanceCapacity: (said) => ({
		message: `AWS has no ${quoted(said, /sufficient (\S+) capacity/, 'machine of this type')} free in ${zoneIn(said)} now`,
		advice: 'Choose another type or another subnet, or run the same command again later.',
	}),
	UnfulfillableCapacity: () => ({
		message: 'AWS has not enough spot capacity of this type now',
		advice: 'Choose another type or subnet, or run the same command again in some minutes.',
	}),
	SpotMaxPriceTooLow: (said) => ({
		message: `The cap on the spot price is below today's price${quoted(said, /fulfillment price of (\S+)/, '') && ` of ${quoted(said, /fulfillment price of (\S+)/, '')} USD`}`,
		advice: 'Raise `--spot-price`, or use `--spot-price on-demand`.',
	}),
	VcpuLimitExceeded: (said) =>
		quota(`This account may run ${quoted(said, /limit of (\d+)/, 'no more')} vCPUs on demand of this family, and that isn't enough for another machine`),
	InstanceLimitExceeded: () => quota('This account runs as many instances of this type as it may'),
	MaxSpotInstanceCountExceeded: () => quota('This account runs as many spot vCPUs as it may'),
	KeyPairLimitExceeded: (_, region) => quota(`This account has as many key pairs in ${region} as it may`),
	SecurityGroupLimitExceeded: (_, region) => quota(`This account has as many security groups in ${region} as it may`),
	RulesPerSecurityGroupLimitExceeded: () => quota('This security group has as many rules as it may'),
	SnapshotLimitExceeded: (_, region) => quota(`This account has as many snapshots in ${region} as it may`),
	ConcurrentSnapshotLimitExceeded: () => quota('This account makes as many snapshots at once as it may'),
	ResourceLimitExceeded: (said) => quota(said || 'This account has as many of these as it may'),
	VolumeLimitExceeded: (_, region) => quota(`This account has as much disk in ${region} as it may`),
	AddressLimitExceeded: (_, region) => quota(`This account has as many addresses in ${region} as it may`),
	LimitExceeded: (said) => quota(said || 'This account has as many of these as it may'),
	TooManyBuckets: () => quota('This account has as many buckets as it may'),
	InsufficientFreeAddressesInSubnet: () => ({message: 'The subnet has no address free', advice: 'Choose another subnet with `--subnet`.'}),
	'InvalidSubnetID.NotFound': (said, region) => ({
		message: `Region ${region} has no subnet ${quoted(said, /(subnet-[0-9a-f]+)/, 'of this id')}`,
		advice: 'Choose one of this region with `--subnet`.',
	}),
	'InvalidVpcID.NotFound': (said, region) => ({
		message: `Region ${region} has no VPC ${quoted(said, /(vpc-[0-9a-f]+)/, 'of this id')}`,
		advice: 'Choose a subnet of this region with `--subnet`.',
	}),
	VPCIdNotSpecified: (_, region) => ({
		message: `Region ${region} has no default VPC`,
		advice: 'Choose a subnet with `--subnet`, or run `aws ec2 create-default-vpc`.',
	}),
	DefaultVpcDoesNotExist: (_, region) => ({
		message: `Region ${region} has no default VPC`,
		advice: 'Choose a subnet with `--subnet`, or run `aws ec2 create-default-vpc`.',
	}),
	InvalidInstanceType: () => ({message: 'There is no instance type of this name', advice: 'Choose another, such as `t3.small`.'}),
	OperationNotPermitted: (said) => ({message: said, advice: 'Where termination protection is on, switch it off in the EC2 console.'}),
	TagPolicyViolation: (said) => ({
		message: `A tag policy of your organisation refuses these tags: ${said}`,
		advice: 'Give the tags that it asks for with `--tags`.',
	}),
	BucketAlreadyExists: () => ({
		message: "A bucket of this name is somebody else's",
		advice: 'Name the fleet otherwise with `--fleet`, or choose a bucket with `--cache`.',
	}),
	NotFound: () => ({message: 'There is no bucket of this name'}),
	NoSuchBucket: () => ({message: 'There is no bucket of this name'}),
	PermanentRedirect: () => ({message: 'The bucket is in another region'}),
	IllegalLocationConstraintException: (_, region) => ({message: `The bucket is asked for in another region than ${region}`}),
	InvalidBucketName: () => ({
		message: 'S3 takes no bucket of this name',
		advice: 'A bucket has 3 to 63 lower-case letters, digits and hyphens: name the fleet otherwise with `--fleet`, or choose one with `--cache`.',
	}),
	'AuthFailure.ServiceLinkedRoleCreationNotPermitted': () => ({
		message: 'The account has no role for spot instances, and AWS may not make it for this identity',
		advice: 'Run `aws iam create-service-linked-role --aws-service-name spot.amazonaws.com` as somebody who may.',
	}),
};

/** Codes that steps act on and whose words from AWS are told as they are: an answer, not a mystery. */
export const ordinary: ReadonlySet<string> = new Set([
	'DryRunOperation',
	'InvalidGroup.Duplicate',
	'InvalidGroup.NotFound',
	'InvalidGroup.InUse',
	'InvalidKeyPair.Duplicate',
	'InvalidKeyPair.NotFound',
	'InvalidKeyPair.Format',
	'InvalidKey.Format',
	'InvalidInstanceID.NotFound',
	'InvalidInstanceID.Malformed',
	'InvalidAMIName.Malformed',
	'InvalidSnapshot.NotFound',
	'InvalidPermission.Duplicate',
	'InvalidPermission.NotFound',
	'InvalidParameterValue',
	'IdempotentParameterMismatch',
	'IdempotentInstanceTerminated',
	'IncorrectInstanceState',
	'DependencyViolation',
	'NoSuchEntity',
	'EntityAlreadyExists',
	'DeleteConflict',
	'AlreadyExists',
	'ResourceInUse',
	'ValidationError',
	'InvalidLaunchTemplateName.AlreadyExistsException',
	'InvalidLaunchTemplateName.NotFoundException',
	'InvalidLaunchTemplateId.NotFound',
	'InvalidLaunchTemplateId.VersionNotFound',
	'ParameterNotFound',
	'ParameterAlreadyExists',
	'BucketAlreadyOwnedByYou',
	'BucketNotEmpty',
	'NoSuchTagSet',
	'NoSuchLifecycleConfiguration',
	'NoSuchPublicAccessBlockConfiguration',
	'NoSuchResource',
]);

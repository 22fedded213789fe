import type {Answers} from '../fleet.ts';
import type {Action} from '../world/cloud/port.ts';

/** Actions that a fleet does without where they are refused: it then says less, keeps its cache bucket, or bakes no image. */
const soft: readonly Action[] = [
	'iam:ListAccountAliases',
	'iam:SimulatePrincipalPolicy',
	'sts:DecodeAuthorizationMessage',
	'servicequotas:GetServiceQuota',
	'servicequotas:GetAWSDefaultServiceQuota',
	'pricing:GetProducts',
	'ec2:DescribeSpotPriceHistory',
	'ec2:DescribeRegions',
	'ec2:GetEbsDefaultKmsKeyId',
	'ec2:DescribeSnapshots',
	'ec2:CreateImage',
	'ec2:DeregisterImage',
	'ec2:DeleteSnapshot',
	'ssm:GetParametersByPath',
	'ssm:ListTagsForResource',
	's3:GetEncryptionConfiguration',
	's3:ListBucketVersions',
	's3:DeleteObject',
	's3:DeleteObjectVersion',
	's3:DeleteBucket',
];

/** What an instance profile or a bucket of somebody's needs of a service, where ours would need it all. */
const ofAdopted: Record<'iam' | 's3', readonly Action[]> = {
	iam: ['iam:GetInstanceProfile', 'iam:GetRole', 'iam:PassRole', 'iam:CreateServiceLinkedRole'],
	s3: ['s3:ListBucket', 's3:GetBucketTagging', 's3:GetBucketPublicAccessBlock', 's3:GetLifecycleConfiguration', 's3:PutLifecycleConfiguration'],
};

/** The actions among a list that these answers can't do without: naming what exists needs less than making it. */
export function neededActions(actions: readonly Action[], answers: Answers): Action[] {
	const isNeeded = (action: Action): boolean => {
		if (soft.includes(action)) return false;
		if (action.startsWith('iam:') && answers.access !== 'create') return ofAdopted.iam.includes(action);
		if (action.startsWith('s3:') && answers.cache !== 'create') return ofAdopted.s3.includes(action);
		return answers.keyPair === 'create' || (action !== 'ec2:ImportKeyPair' && action !== 'ec2:DeleteKeyPair');
	};
	return [...new Set(actions)].filter(isNeeded);
}

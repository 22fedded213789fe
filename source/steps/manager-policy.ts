import {type Answers, type Fleet, markKeys, names} from '../fleet.ts';
import {canonical} from './recorded.ts';

/** One statement of an IAM policy. */
type Statement = {
	Sid: string;
	Effect: 'Allow';
	Action: string | string[];
	Resource: string | string[];
	Condition?: Record<string, Record<string, string>>;
};

export type PolicyDocument = {Version: '2012-10-17'; Statement: Statement[]};

/** What the manager's policy depends on besides the answers. */
export type PolicyPlace = {
	fleet: Fleet;
	partition: string;
	account: string /** ARN of the role in the workers' own profile. */;
	workerRoleArn?: string | undefined;
};

/** Who may take the manager's role: EC2, in the name of an instance. */
export const trustPolicy = (partition: string): object => ({
	Version: '2012-10-17',
	Statement: [{Effect: 'Allow', Principal: {Service: partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com'}, Action: 'sts:AssumeRole'}],
});

/** What docker-machine calls (facts §7): it launches into the fleet's own group only, and ends only what is the fleet's. */
function machines({account, fleet, partition}: PolicyPlace): Statement[] {
	const inRegion = {StringEquals: {'aws:RequestedRegion': fleet.region}};
	const arn = (kind: string) => `arn:${partition}:ec2:${fleet.region}:${account}:${kind}`;
	const ending = ['ec2:TerminateInstances', 'ec2:StopInstances', 'ec2:StartInstances', 'ec2:RebootInstances'];
	return [
		{Sid: 'Look', Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*', Condition: inRegion},
		{
			Sid: 'Launch',
			Effect: 'Allow',
			Action: 'ec2:RunInstances',
			Resource: [
				...['instance/*', 'volume/*', 'network-interface/*', 'subnet/*', 'key-pair/runner-*', 'spot-instances-request/*'].map(arn),
				`arn:${partition}:ec2:${fleet.region}::image/*`,
				`arn:${partition}:ec2:${fleet.region}:${account}:image/*`,
			],
		},
		{
			Sid: 'LaunchIntoOwnGroup',
			Effect: 'Allow',
			Action: 'ec2:RunInstances',
			Resource: arn('security-group/*'),
			Condition: {StringEquals: {[`aws:ResourceTag/${markKeys.fleet}`]: fleet.name}},
		},
		// docker-machine tags spot instances only after they run, so a tag can't be demanded here (facts §3.5).
		{
			Sid: 'Tag',
			Effect: 'Allow',
			Action: 'ec2:CreateTags',
			Resource: ['instance/*', 'volume/*', 'network-interface/*', 'spot-instances-request/*'].map(arn),
		},
		{
			Sid: 'EndOwn',
			Effect: 'Allow',
			Action: ending,
			Resource: arn('instance/*'),
			Condition: {StringEquals: {[`aws:ResourceTag/${markKeys.fleet}`]: fleet.name}},
		},
		// A worker whose tagging failed must still go, or it would be paid for and known to nobody.
		{
			Sid: 'EndUntagged',
			Effect: 'Allow',
			Action: ending,
			Resource: arn('instance/*'),
			Condition: {Null: {[`aws:ResourceTag/${markKeys.fleet}`]: 'true', 'aws:ResourceTag/Name': 'true'}},
		},
		{Sid: 'WorkerKeys', Effect: 'Allow', Action: ['ec2:ImportKeyPair', 'ec2:DeleteKeyPair'], Resource: arn('key-pair/runner-*')},
	];
}

/** The runner signs the cache's URLs with the manager's credentials; the workers need none (facts §4.4). */
function cache({account, fleet, partition}: PolicyPlace, {cache: answer}: Answers): Statement[] {
	if (answer === 'none') return [];
	const bucket = `arn:${partition}:s3:::${answer === 'create' ? names.bucket(fleet, account) : answer}`;
	const prefix = `${names.cachePath(fleet)}/*`;
	return [
		{Sid: 'CacheObjects', Effect: 'Allow', Action: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject'], Resource: `${bucket}/${prefix}`},
		{Sid: 'CacheList', Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket, Condition: {StringLike: {'s3:prefix': prefix}}},
	];
}

/** The least policy for the manager: docker-machine's calls, the cache, and no more (facts §7). */
export function managerPolicy(place: PolicyPlace, answers: Answers): PolicyDocument {
	const {account, fleet, partition, workerRoleArn} = place;
	const token: Statement[] =
		answers.tokenStore === 'ssm'
			? [
					{
						Sid: 'Token',
						Effect: 'Allow',
						Action: 'ssm:GetParameter',
						Resource: `arn:${partition}:ssm:${fleet.region}:${account}:parameter${names.token(fleet)}`,
					},
				]
			: [];
	const pass: Statement[] = workerRoleArn
		? [
				{
					Sid: 'PassWorkerRole',
					Effect: 'Allow',
					Action: 'iam:PassRole',
					Resource: workerRoleArn,
					Condition: {StringEquals: {'iam:PassedToService': 'ec2.amazonaws.com'}},
				},
			]
		: [];
	return {Version: '2012-10-17', Statement: [...machines(place), ...cache(place, answers), ...token, ...pass]};
}

/** Whether a policy's text, URL-encoded as IAM gives it, says the same. */
export function saysTheSame(text: string, policy: PolicyDocument): boolean {
	try {
		return canonical(JSON.parse(text.trimStart().startsWith('{') ? text : decodeURIComponent(text))) === canonical(policy);
	} catch {
		return false;
	}
}

import {type Answers, type Fleet, names} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {type PolicyDocument, readPolicy, type Statement} from '../world/cloud/policy.ts';
import {counted} from '../world/printable.ts';
import {canonical} from './recorded.ts';

/** What the manager's policy depends on besides the answers. */
export type PolicyScope = {
	fleet: Fleet;
	partition: string;
	account: string;
	/** Where the manager is, and whether it gets a public address there. */
	network: {subnetId: string; public: boolean};
	/** The workers' own instance profile, and the role in it. */
	worker?: {profileArn: string; roleArn: string} | undefined;
	/** ARNs of the customer's own KMS keys: of the account's default for disks in this region, and of the cache bucket. */
	keys: {disk?: string | undefined; bucket?: string | undefined};
};

/** What one way to make workers needs the manager to be allowed. */
export type WorkerRights = {
	statements(scope: PolicyScope, answers: Answers): Statement[];
	/** The manager launches them itself: then it passes their role on and opens the key of their disks. */
	readonly launches: boolean;
};

/** EC2 as a principal: in the China partition under another domain. */
const ec2Service = (partition: string): string => (partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com');

/** A service as condition keys name it; in the China partition AWS's documents have it with and without its own domain. */
const asCondition = (service: string, partition: string): string | string[] =>
	partition === 'aws-cn' ? [`${service}.amazonaws.com`, `${service}.amazonaws.com.cn`] : `${service}.amazonaws.com`;

/** Who may take the manager's role: EC2, in the name of an instance. */
export const trustPolicy = (partition: string): object => ({
	Version: '2012-10-17',
	Statement: [{Effect: 'Allow', Principal: {Service: ec2Service(partition)}, Action: 'sts:AssumeRole'}],
});

/**
 * The runner signs the cache's URLs with the manager's credentials; the workers need none. GitLab's documentation asks for these four (GitLab Runner,
 * advanced configuration, `[runners.cache.s3]`). A missing object is told as one, by a 404, only to who may list the bucket, and that question carries no
 * prefix (S3 API Reference, GetObject); the runner takes anything but a 404 for trouble. So our own bucket may be listed, and somebody's within our prefix
 * or without any.
 */
function cache({account, fleet, partition}: PolicyScope, {cache: answer}: Answers): Statement[] {
	if (answer === 'none') return [];
	const bucket = `arn:${partition}:s3:::${answer === 'create' ? names.bucket(fleet, account) : answer}`;
	const prefix = `${names.cachePath(fleet)}/*`;
	return [
		{Sid: 'CacheObjects', Effect: 'Allow', Action: ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject'], Resource: `${bucket}/${prefix}`},
		{
			Sid: 'CacheList',
			Effect: 'Allow',
			Action: 's3:ListBucket',
			Resource: bucket,
			...(answer === 'create' ? {} : {Condition: {StringLikeIfExists: {'s3:prefix': prefix}}}),
		},
	];
}

/** A key by its ARN; by its alias where that is all that AWS tells, since a policy can't name a key so. */
function onKey(arn: string, ViaService: string | string[]): Pick<Statement, 'Resource'> & {Condition: NonNullable<Statement['Condition']>} {
	const via = {StringEquals: {'kms:ViaService': ViaService}};
	const alias = /:(alias\/.+)$/.exec(arn)?.[1];
	if (alias === undefined) return {Resource: arn, Condition: via};
	return {Resource: arn.replace(/:alias\/.+$/, ':key/*'), Condition: {...via, 'ForAnyValue:StringEquals': {'kms:ResourceAliases': alias}}};
}

/** Whoever launches with an encrypted disk, or reads a bucket that encrypts, needs the key's rights, through that service alone (EBS and S3 user guides). */
function keys({fleet, keys: {bucket, disk}, partition}: PolicyScope, launches: boolean): Statement[] {
	const statements: Statement[] = [];
	if (disk !== undefined && launches) {
		const {Condition, Resource} = onKey(disk, asCondition(`ec2.${fleet.region}`, partition));
		const uses = ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncrypt*'];
		statements.push({Sid: 'DiskKey', Effect: 'Allow', Action: uses, Resource, Condition});
		const granting = {...Condition, Bool: {'kms:GrantIsForAWSResource': 'true'}};
		statements.push({Sid: 'DiskKeyGrant', Effect: 'Allow', Action: 'kms:CreateGrant', Resource, Condition: granting});
	}
	if (bucket !== undefined)
		statements.push({
			Sid: 'CacheKey',
			Effect: 'Allow',
			Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
			...onKey(bucket, asCondition(`s3.${fleet.region}`, partition)),
		});
	return statements;
}

/** A manager without a public address is reached through the SSM agent on it, which opens the way from inside (Session Manager, "instance permissions"). */
const sessions = ({fleet, network}: PolicyScope): Statement[] =>
	network.public ? [] : [{Sid: 'SessionManager', Effect: 'Allow', Action: [...agentActions], Resource: '*', Condition: inRegion(fleet)}];

/** What the SSM agent asks for, to be known and to carry sessions. */
const agentActions: readonly string[] = [
	'ssm:UpdateInstanceInformation',
	'ssmmessages:CreateControlChannel',
	'ssmmessages:CreateDataChannel',
	'ssmmessages:OpenControlChannel',
	'ssmmessages:OpenDataChannel',
];

const inRegion = ({region}: Fleet) => ({StringEquals: {'aws:RequestedRegion': region}});

const passing = ({partition, worker}: PolicyScope): Statement[] =>
	worker === undefined
		? []
		: [
				{
					Sid: 'PassWorkerRole',
					Effect: 'Allow',
					Action: 'iam:PassRole',
					Resource: worker.roleArn,
					Condition: {StringEquals: {'iam:PassedToService': asCondition('ec2', partition)}},
				},
			];

/** Characters that IAM takes for all inline policies of a role together. */
const mostCharacters = 10_240;

/** The least policy for the manager: what its workers need, the cache, and no more. */
export function managerPolicy(scope: PolicyScope, answers: Answers, workers: WorkerRights): PolicyDocument {
	const policy: PolicyDocument = {
		Version: '2012-10-17',
		Statement: [
			...workers.statements(scope, answers),
			...(workers.launches ? passing(scope) : []),
			...cache(scope, answers),
			...keys(scope, workers.launches),
			...sessions(scope),
		],
	};
	if (isTooLong(policy)) {
		throw new Problem({
			code: 'policy-too-long',
			message: `The manager's policy is ${counted(JSON.stringify(policy).length)} characters, and IAM takes ${counted(mostCharacters)}: it names the key of each tag.`,
			advice: 'Give fewer tags, or shorter keys, with `--tags`.',
		});
	}
	return policy;
}

const isTooLong = (policy: PolicyDocument): boolean => JSON.stringify(policy).length > mostCharacters;

/** The statements of a policy that stands which one that is wanted doesn't make; their names don't matter. */
function others(text: string, wanted: PolicyDocument): Statement[] {
	const said = new Set(wanted.Statement.map(meaning));
	return (readPolicy(text)?.Statement ?? []).filter((statement) => !said.has(meaning(statement)));
}

const meaning = ({Sid: _sid, ...statement}: Statement): string => canonical(statement);

/** Whether a policy that stands makes all statements of one that is wanted. */
export const saysAll = (text: string, wanted: PolicyDocument): boolean => others(JSON.stringify(wanted), readPolicy(text) ?? nothing).length === 0;

const nothing: PolicyDocument = {Version: '2012-10-17', Statement: []};

/** Names of the statements of a policy that stands beyond those wanted; undefined where the policy can't be read. */
export const surplusIn = (text: string, wanted: PolicyDocument): string[] | undefined =>
	readPolicy(text) && others(text, wanted).map(({Sid}, index) => Sid ?? `statement ${index + 1}`);

/**
 * The policy that is wanted, and what the one that stands allows besides: a running manager makes workers as its config.toml said before until the new one
 * is written. Where the two are more than IAM takes, the wanted one alone.
 */
export function withEarlier(wanted: PolicyDocument, text: string | undefined): PolicyDocument {
	const earlier = others(text ?? '', wanted)
		.filter(({Effect}) => Effect === 'Allow')
		.map((statement, index) => ({...statement, Sid: `Earlier${index + 1}`}));
	const both = {...wanted, Statement: [...wanted.Statement, ...earlier]};
	return isTooLong(both) ? wanted : both;
}

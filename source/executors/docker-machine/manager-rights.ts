import {type Answers, markKeys} from '../../fleet.ts';
import type {PolicyScope, WorkerRights} from '../../steps/manager-policy.ts';
import type {Statement} from '../../world/cloud/policy.ts';
import {flagOf} from './machine-options.ts';

/** How many tags docker-machine sets in one call (amazonec2 driver, v0.16.2-gitlab.22). */
const tagsInOneCall = 10;

/** What of a worker's launch the policy pins down. */
type WorkerLaunch = {
	type: string;
	spot: boolean;
	subnetId: string;
	/** The image where the answers name one by its id. */
	imageId: string | undefined;
	profileArn: string | undefined;
	/** docker-machine's own key pair for each machine, or one that the person named. */
	keyPair: string;
	/** In the order in which docker-machine sets them. */
	tagKeys: string[];
};

/** Reads the last of an option, as docker-machine does; without a value it is on. */
function own(answers: Answers, flag: string): string | undefined {
	const option = answers.machineOptions.findLast((one) => flagOf(one) === `amazonec2-${flag}`);
	return option?.includes('=') ? option.slice(option.indexOf('=') + 1) : option && 'true';
}

/** How workers are launched: as the answers say, and over them the person's own options, which override ours. */
function launchOf(scope: PolicyScope, answers: Answers): WorkerLaunch {
	const {network, worker} = scope;
	const spot = own(answers, 'request-spot-instance');
	const named = answers.workerImage.startsWith('ami-') ? answers.workerImage : undefined;
	return {
		type: own(answers, 'instance-type') ?? answers.workerType,
		spot: spot === undefined ? answers.spot : !['', 'false'].includes(spot),
		subnetId: own(answers, 'subnet-id') ?? network.subnetId,
		imageId: own(answers, 'ami') ?? named,
		profileArn: worker?.profileArn,
		keyPair: own(answers, 'keypair-name') ?? keyPairs(scope),
		tagKeys: ['Name', markKeys.fleet, markKeys.part, ...Object.keys(answers.tags)],
	};
}

const tag = (of: 'Resource' | 'Request', key: string) => `aws:${of}Tag/${key}`;

/** The mark of this fleet's workers, on a thing or in a request. */
const workerMark = (of: 'Resource' | 'Request', {fleet}: PolicyScope) => ({[tag(of, markKeys.fleet)]: fleet.name, [tag(of, markKeys.part)]: 'worker'});

const market = ({spot}: WorkerLaunch) => ({'ec2:InstanceMarketType': spot ? 'spot' : 'on-demand'});

/**
 * What a spot worker is like before it has its tags, which docker-machine sets after the launch: of the workers' own type and profile, without a name,
 * and launched by nobody's Auto Scaling group or fleet. EC2 knows no condition that tells more.
 */
const untagged = (launch: WorkerLaunch): Statement['Condition'] & {Null: Record<string, string>; StringEquals: Record<string, string>} => ({
	StringEquals: {'ec2:InstanceType': launch.type, ...market(launch)},
	Null: {
		...Object.fromEntries([markKeys.fleet, 'Name', 'aws:autoscaling:groupName', 'aws:ec2:fleet-id'].map((key) => [tag('Resource', key), 'true'])),
		...(launch.profileArn === undefined ? {'ec2:InstanceProfile': 'true'} : {}),
	},
	...(launch.profileArn === undefined ? {} : {ArnEquals: {'ec2:InstanceProfile': launch.profileArn}}),
});

type Arns = (...kinds: string[]) => string[];

/** One worker's launch, into the fleet's own group: EC2 asks about each thing that it makes or takes. */
function launching(scope: PolicyScope, launch: WorkerLaunch, arns: Arns): Statement[] {
	const {fleet, partition} = scope;
	const images = `arn:${partition}:ec2:${fleet.region}::image`;
	const run = {Effect: 'Allow', Action: 'ec2:RunInstances'} as const;
	return [
		{Sid: 'Launch', ...run, Resource: arns('instance/*'), Condition: {StringEquals: {'ec2:InstanceType': launch.type, ...market(launch)}}},
		{
			Sid: 'LaunchWith',
			...run,
			Resource: arns(`subnet/${launch.subnetId}`, 'volume/*', `key-pair/${launch.keyPair}`, ...(launch.spot ? ['spot-instances-request/*'] : [])),
		},
		{
			Sid: 'LaunchInSubnet',
			...run,
			Resource: arns('network-interface/*'),
			Condition: {ArnEqualsIfExists: {'ec2:Subnet': arns(`subnet/${launch.subnetId}`)}},
		},
		launch.imageId === undefined
			? {Sid: 'LaunchImage', ...run, Resource: `${images}/*`, Condition: {Bool: {'ec2:Public': 'true'}}}
			: {Sid: 'LaunchImage', ...run, Resource: `${images}/${launch.imageId}`},
		{Sid: 'LaunchIntoOwnGroup', ...run, Resource: arns('security-group/*'), Condition: {StringEquals: {[tag('Resource', markKeys.fleet)]: fleet.name}}},
	];
}

/** Tags go on what a launch makes, in its own call; on spot docker-machine sets them on the instance right after. */
function tagging(scope: PolicyScope, launch: WorkerLaunch, arns: Arns): Statement[] {
	const create = {Effect: 'Allow', Action: 'ec2:CreateTags'} as const;
	const only = (keys: string[]) => ({'ForAllValues:StringEquals': {'aws:TagKeys': keys}});
	const asked = workerMark('Request', scope);
	const {StringEquals, ...bare} = untagged(launch);
	const rest = launch.tagKeys.slice(tagsInOneCall);
	return [
		{
			Sid: 'TagAtLaunch',
			...create,
			Resource: arns('instance/*', 'volume/*', 'network-interface/*', ...(launch.spot ? ['spot-instances-request/*'] : [])),
			Condition: {StringEquals: {'ec2:CreateAction': 'RunInstances', ...asked}, ...only(launch.tagKeys)},
		},
		...(launch.spot
			? [{Sid: 'TagSpot', ...create, Resource: arns('instance/*'), Condition: {StringEquals: {...StringEquals, ...asked}, ...bare, ...only(launch.tagKeys)}}]
			: []),
		...(launch.spot && rest.length > 0
			? [{Sid: 'TagSpotMore', ...create, Resource: arns('instance/*'), Condition: {StringEquals: workerMark('Resource', scope), ...only(rest)}}]
			: []),
	];
}

/** Only this fleet's workers are ended; one whose tagging failed must go too, or it would be paid for and known to nobody. */
function ending(scope: PolicyScope, launch: WorkerLaunch, arns: Arns): Statement[] {
	const end = {Effect: 'Allow', Action: ['ec2:StopInstances', 'ec2:TerminateInstances'], Resource: arns('instance/*')} as const;
	return [
		{Sid: 'EndOwn', ...end, Action: [...end.Action], Condition: {StringEquals: workerMark('Resource', scope)}},
		...(launch.spot ? [{Sid: 'EndUntagged', ...end, Action: [...end.Action], Condition: untagged(launch)}] : []),
	];
}

/** The key pairs that docker-machine imports, one a machine: `runner-<short token>-<fleet>-<unix>-<hex>`. */
const keyPairs = ({fleet}: PolicyScope) => `runner-*-${fleet.name}-*`;

/**
 * What docker-machine needs of EC2 for this fleet's workers, call by call (amazonec2 driver, v0.16.2-gitlab.23), and no more: it makes, marks and ends
 * them, and nothing of anybody else's.
 */
function statements(scope: PolicyScope, answers: Answers): Statement[] {
	const {account, fleet, partition} = scope;
	const arns: Arns = (...kinds) => kinds.map((kind) => `arn:${partition}:ec2:${fleet.region}:${account}:${kind}`);
	const launch = launchOf(scope, answers);
	return [
		{
			Sid: 'Look',
			Effect: 'Allow',
			Action: ['ec2:DescribeInstances', 'ec2:DescribeKeyPairs', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets'],
			Resource: '*',
			Condition: {StringEquals: {'aws:RequestedRegion': fleet.region}},
		},
		...launching(scope, launch, arns),
		...tagging(scope, launch, arns),
		...ending(scope, launch, arns),
		{Sid: 'WorkerKeys', Effect: 'Allow', Action: ['ec2:ImportKeyPair', 'ec2:DeleteKeyPair'], Resource: arns(`key-pair/${keyPairs(scope)}`)},
	];
}

/** docker-machine's rights: it launches workers by the manager's own role. */
export const machineRights: WorkerRights = {statements, launches: true};

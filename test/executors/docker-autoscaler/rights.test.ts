import assert from 'node:assert/strict';
import {test} from 'node:test';
import {scalingRights} from '../../../source/executors/docker-autoscaler/executor.ts';
import type {Answers} from '../../../source/fleet.ts';
import {judge} from '../../../source/simulated/cloud/policy/judge.ts';
import {type JudgedCall, questionsOf} from '../../../source/simulated/cloud/policy/questions.ts';
import {simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {managerPolicy, type PolicyScope} from '../../../source/steps/manager-policy.ts';
import {readPolicy} from '../../../source/world/cloud/policy.ts';
import {name, region, type SetupWish, setUp, standingFleet} from '../../engine/fleet.ts';
import {jobStates} from '../../engine/seen.ts';
import {someAnswers, someFleet, someNetwork} from '../docker-machine/some-answers.ts';

const account = '123456789012';
const scope: PolicyScope = {fleet: someFleet, partition: 'aws', account, network: someNetwork, keys: {}};
const worker = {profileArn: `arn:aws:iam::${account}:instance-profile/workers`, roleArn: `arn:aws:iam::${account}:role/workers`};
const diskKey = `arn:aws:kms:${region}:${account}:key/11111111-2222-3333-4444-555555555555`;

/** The policies of a manager, by what the answers differ by. */
const policies = Object.entries({
	'as it is by itself': managerPolicy(scope, answersWith(), scalingRights),
	'with a profile for workers and the account’s own key for disks': managerPolicy(
		{...scope, worker, keys: {disk: diskKey}},
		answersWith({workerProfile: 'workers'}),
		scalingRights,
	),
	'without a cache, in a private subnet': managerPolicy({...scope, network: {...someNetwork, public: false}}, answersWith({cache: 'none'}), scalingRights),
});

function answersWith(over: Partial<Answers> = {}): Answers {
	return someAnswers({executor: 'docker-autoscaler', ...over});
}

const refused = (policy: (typeof policies)[number][1], call: JudgedCall, at = region): boolean =>
	questionsOf(call, {partition: 'aws', account, region: at, known: () => undefined}).some((question) => judge([policy], question) !== 'allowed');

const scaling = (verb: 'SetDesiredCapacity' | 'TerminateInstanceInAutoScalingGroup', scalingGroup: string): JudgedCall => ({
	action: `autoscaling:${verb}` as const,
	scalingGroup,
});
const onGroup = (verb: string): JudgedCall => ({
	action: `autoscaling:${verb}`,
	resource: `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:uuid:autoScalingGroupName/${name}-workers`,
});
const ec2 = (verb: string, kind: string): JudgedCall => ({
	action: `ec2:${verb}`,
	resource: `arn:aws:ec2:${region}:${account}:${kind}`,
	keys: {'aws:RequestedRegion': region},
});

/** What somebody may try who has the manager's credentials. */
const attacks: Record<string, JudgedCall> = {
	'launch by another fleet’s group': scaling('SetDesiredCapacity', 'gitlab-runners-2-workers'),
	'launch by a group whose name ends in this one’s': scaling('SetDesiredCapacity', 'my-gitlab-runners-workers'),
	'launch by a group whose name begins with this one’s': scaling('SetDesiredCapacity', 'gitlab-runners-workers-2'),
	'launch by a stranger’s group': scaling('SetDesiredCapacity', 'web'),
	'end an instance of another fleet’s group': scaling('TerminateInstanceInAutoScalingGroup', 'gitlab-runners-2-workers'),
	'end an instance of a stranger’s group': scaling('TerminateInstanceInAutoScalingGroup', 'web'),
	'give its group another template': onGroup('UpdateAutoScalingGroup'),
	'delete its group': onGroup('DeleteAutoScalingGroup'),
	'make a group': onGroup('CreateAutoScalingGroup'),
	'put an instance into its group': onGroup('AttachInstances'),
	'take an instance out of its group': onGroup('DetachInstances'),
	'take its instances’ protection away': onGroup('SetInstanceProtection'),
	'let its group scale by itself': onGroup('PutScalingPolicy'),
	'let its group run at a time': onGroup('PutScheduledUpdateGroupAction'),
	'tag its group': onGroup('CreateOrUpdateTags'),
	'launch by itself': ec2('RunInstances', 'instance/*'),
	'launch from the template': ec2('RunInstances', 'launch-template/lt-1'),
	'ask for a fleet': ec2('CreateFleet', 'fleet/*'),
	'end an instance by itself': ec2('TerminateInstances', 'instance/i-1'),
	'stop an instance': ec2('StopInstances', 'instance/i-1'),
	'tag an instance': ec2('CreateTags', 'instance/i-1'),
	'make another version of the template': ec2('CreateLaunchTemplateVersion', 'launch-template/lt-1'),
	'make another version the default': ec2('ModifyLaunchTemplate', 'launch-template/lt-1'),
	'read user data': ec2('DescribeInstanceAttribute', 'instance/i-1'),
	'import a key pair': {action: 'ec2:ImportKeyPair', keyName: 'gitlab-runners-workers'},
	'delete the workers’ key pair': {action: 'ec2:DeleteKeyPair', keyName: 'gitlab-runners-workers'},
	'open a port': ec2('AuthorizeSecurityGroupIngress', 'security-group/sg-1'),
	'let itself in by Instance Connect': {action: 'ec2-instance-connect:SendSSHPublicKey', resource: `arn:aws:ec2:${region}:${account}:instance/i-1`},
	'pass the workers’ role on': {action: 'iam:PassRole', resource: worker.roleArn, keys: {'iam:PassedToService': 'ec2.amazonaws.com'}},
	'pass any role on': {action: 'iam:PassRole', resource: `arn:aws:iam::${account}:role/admin`, keys: {'iam:PassedToService': 'ec2.amazonaws.com'}},
	'make a service’s role': {action: 'iam:CreateServiceLinkedRole', resource: '*'},
	'use the key of disks': {action: 'kms:Decrypt', resource: diskKey, keys: {'kms:ViaService': `ec2.${region}.amazonaws.com`}},
	'grant the key of disks': {
		action: 'kms:CreateGrant',
		resource: diskKey,
		keys: {'kms:ViaService': `ec2.${region}.amazonaws.com`, 'kms:GrantIsForAWSResource': 'true'},
	},
	'read the token': {action: 'ssm:GetParameter', resource: `arn:aws:ssm:${region}:${account}:parameter/gitlab-runner-aws/gitlab-runners/token`},
};

for (const [which, policy] of policies) {
	test(`all that the plugin and a try of a worker call is allowed, and nothing else: ${which}`, () => {
		for (const group of ['gitlab-runners-workers', 'gitlab-runners-workers-test'])
			for (const verb of ['SetDesiredCapacity', 'TerminateInstanceInAutoScalingGroup'] as const)
				assert.ok(!refused(policy, scaling(verb, group)), `${verb} ${group}`);
		for (const action of ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances', 'ec2:DescribeSpotInstanceRequests'])
			assert.ok(!refused(policy, {action, resource: '*', keys: {'aws:RequestedRegion': region}}), action);
		assert.deepEqual(
			Object.entries(attacks).flatMap(([attack, call]) => (refused(policy, call) ? [] : [attack])),
			[],
		);
		assert.ok(refused(policy, scaling('SetDesiredCapacity', 'gitlab-runners-workers'), 'eu-west-1'));
	});
}

const scaled = (world: World, flags: SetupWish['flags'] = {}): SetupWish => ({
	flags: {executor: 'docker-autoscaler', ...flags},
	secrets: {runnerToken: world.outside.token()},
});

test('nothing that the plugin, the runner and a try need is refused by the role, whatever the answers are', async () => {
	for (const flags of [{}, {spot: false, capacityPerInstance: 2}, {workerProfile: 'workers'}]) {
		const world = simulatedWorld({lagMs: 0});
		world.outside.call('CreateRole', region, {RoleName: 'workers', AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}'});
		world.outside.call('CreateInstanceProfile', region, {InstanceProfileName: 'workers'});
		world.outside.call('AddRoleToInstanceProfile', region, {InstanceProfileName: 'workers', RoleName: 'workers'});
		await standingFleet(world, scaled(world, flags));
		world.outside.queueJobs(2, {seconds: 60});
		await world.clock.sleep(1_800_000);
		assert.deepEqual(jobStates(world), {success: 2}, JSON.stringify(flags));
		assert.ok(world.machineCalls.length > 15);
		assert.deepEqual(
			world.machineCalls.filter((call) => call.refused !== undefined),
			[],
		);
	}
});

test('the manager’s role can neither launch by another fleet’s group nor end what is in it, in AWS’s own words', async () => {
	const world = simulatedWorld();
	await setUp(world, scaled(world, {fleet: 'gitlab-runners-2', limit: 5}));
	const manager = await standingFleet(world, scaled(world, {limit: 5}));
	const asManager = world.outside.asManager(manager);
	const words = {name: 'AccessDenied', message: /not authorized to perform: autoscaling:SetDesiredCapacity .*no identity-based policy allows/};
	assert.throws(() => asManager('SetDesiredCapacity', {AutoScalingGroupName: 'gitlab-runners-2-workers', DesiredCapacity: 1}), words);
});

test('the rights of docker-machine go with a fleet that has a group: it may launch nothing by itself', async () => {
	const world = simulatedWorld();
	await standingFleet(world, scaled(world));
	const text = world.outside.account.roles.get(`${name}-${region}-manager`)?.inline.get(`${name}-${region}-manager`) ?? '';
	const actions = (readPolicy(text)?.Statement ?? []).flatMap(({Action}) => Action);
	assert.deepEqual(
		actions.filter((action) => !/^(autoscaling|s3):|^ec2:Describe/.test(action)),
		[],
	);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {mark, markKeys} from '../../../source/fleet.ts';
import type {JudgedCall} from '../../../source/simulated/cloud/policy/questions.ts';
import {someFleet} from '../../executors/docker-machine/some-answers.ts';
import {account, arn, cases, machine, type PolicyCase, refused, workerProfile} from './fleet-policies.ts';

const ours = {Name: machine, ...mark(someFleet, 'worker')};
const on = (action: string, resource: string, keys: Record<string, string> = {}): JudgedCall => ({action, resource, keys});

const bucketOf = ({answers}: PolicyCase) => (answers.cache === 'create' ? `gitlab-runners-cache-${account}-us-east-2` : answers.cache);
const launch =
	(over: object) =>
	(one: PolicyCase): JudgedCall => ({action: 'ec2:RunInstances', launch: {...one.launch, ...over}});
const end = (id: string): JudgedCall => ({action: 'ec2:TerminateInstances', instanceIds: [id]});
const stop = (id: string): JudgedCall => ({action: 'ec2:StopInstances', instanceIds: [id]});
const tag = (id: string, tags: Record<string, string>): JudgedCall => ({action: 'ec2:CreateTags', ids: [id], tags});

/** What somebody may try who has the manager's credentials. */
const attacks: Record<string, JudgedCall | ((one: PolicyCase) => JudgedCall)> = {
	'mark a stranger’s instance as a worker': tag('i-web', ours),
	'mark a stranger’s instance without a name as a worker': tag('i-unnamed', ours),
	'mark a stranger’s spot instance with a name as a worker': tag('i-spot-web', ours),
	'mark a spot instance of another type as a worker': tag('i-spot-other-type', ours),
	'mark a spot instance of an Auto Scaling group as a worker': tag('i-spot-asg', ours),
	'mark a node of a cluster as a worker': tag('i-spot-node', ours),
	'mark another fleet’s worker as one of ours': tag('i-other-worker', ours),
	'mark another fleet’s manager as one of our workers': tag('i-other-manager', ours),
	'mark the manager as a worker': tag('i-manager', ours),
	'mark a fresh spot worker as another fleet’s': tag('i-spot-fresh', {...ours, [markKeys.fleet]: 'others'}),
	'mark a fresh spot worker as a manager': tag('i-spot-fresh', {...ours, [markKeys.part]: 'manager'}),
	'give a fresh spot worker a host key’s tag': tag('i-spot-fresh', {...ours, [markKeys.hostKey]: 'SHA256:x'}),
	'give a fresh spot worker somebody’s tag': tag('i-spot-fresh', {...ours, 'kubernetes.io/cluster/prod': 'owned'}),
	'name a fresh spot worker without marking it': tag('i-spot-fresh', {Name: machine}),
	'rewrite the manager’s host key': tag('i-manager', {[markKeys.hostKey]: 'SHA256:x'}),
	'rewrite another manager’s host key': tag('i-other-manager', {[markKeys.hostKey]: 'SHA256:x'}),
	'rewrite what another manager has proven': tag('i-other-manager', {[markKeys.proven]: 'x'}),
	'make a worker a manager': tag('i-worker', {[markKeys.part]: 'manager'}),
	'tag foreign volumes': tag('vol-web', ours),
	'tag foreign groups': tag('sg-default', ours),
	'take tags away': {action: 'ec2:DeleteTags', ids: ['i-worker'], tags: {[markKeys.fleet]: someFleet.name}},
	'end a stranger’s instance': end('i-web'),
	'end a stranger’s instance without a name': end('i-unnamed'),
	'end a stranger’s spot instance': end('i-spot-web'),
	'end a spot instance of another type': end('i-spot-other-type'),
	'end an instance of an Auto Scaling group': end('i-spot-asg'),
	'end a node of a cluster': end('i-spot-node'),
	'end another fleet’s worker': end('i-other-worker'),
	'end another fleet’s manager': end('i-other-manager'),
	'end the manager': end('i-manager'),
	'stop a stranger’s instance': stop('i-web'),
	'stop the manager': stop('i-manager'),
	'start an instance': {action: 'ec2:StartInstances', instanceIds: ['i-worker']},
	'start another type': launch({type: 'p5.48xlarge'}),
	'start in another subnet': launch({subnetId: 'subnet-0prod'}),
	'start with somebody’s network interface': launch({interfaceId: 'eni-1', subnetId: 'subnet-0prod'}),
	'start in the other market': (one) => launch({spot: !one.launch.spot})(one),
	'start into another fleet’s group': launch({groupIds: ['sg-other']}),
	'start into a stranger’s group beside the fleet’s': launch({groupIds: ['sg-workers', 'sg-default']}),
	'start from somebody’s private image': launch({imageId: 'ami-private'}),
	'start with a disk from somebody’s snapshot': launch({snapshotId: 'snap-1'}),
	'start with somebody’s key pair': launch({keyName: 'admin'}),
	'pass another role': launch({profile: {arn: `arn:aws:iam::${account}:instance-profile/admin`, roleArn: `arn:aws:iam::${account}:role/admin`}}),
	'start with the manager’s own profile': launch({
		profile: {
			arn: `arn:aws:iam::${account}:instance-profile/gitlab-runners-us-east-2-manager`,
			roleArn: `arn:aws:iam::${account}:role/gitlab-runners-us-east-2-manager`,
		},
	}),
	'pass the workers’ role to another service': on('iam:PassRole', workerProfile.roleArn, {'iam:PassedToService': 'lambda.amazonaws.com'}),
	'start a second manager': launch({tags: {instance: {...ours, [markKeys.part]: 'manager'}}}),
	'start a manager of another fleet': launch({tags: {instance: mark({name: 'others', region: 'us-east-2'}, 'manager')}}),
	'start with tags that only a manager has': launch({tags: {instance: {...ours, [markKeys.replaces]: 'i-manager'}}}),
	'give a profile to an instance': on('ec2:AssociateIamInstanceProfile', arn('instance/i-web')),
	'read a stranger’s user data': on('ec2:DescribeInstanceAttribute', arn('instance/i-web')),
	'change an instance’s user data': on('ec2:ModifyInstanceAttribute', arn('instance/i-worker')),
	'read launch templates': on('ec2:DescribeLaunchTemplateVersions', '*'),
	'read a console': on('ec2:GetConsoleOutput', arn('instance/i-web')),
	'take a screenshot of a console': on('ec2:GetConsoleScreenshot', arn('instance/i-web')),
	'get a password': on('ec2:GetPasswordData', arn('instance/i-web')),
	'look into snapshots': on('ec2:DescribeSnapshots', '*'),
	'copy a disk': on('ec2:CreateSnapshot', arn('volume/vol-web')),
	'attach a disk': on('ec2:AttachVolume', arn('volume/vol-web')),
	'make an image of an instance': on('ec2:CreateImage', arn('instance/i-web')),
	'open a group': on('ec2:AuthorizeSecurityGroupIngress', arn('security-group/sg-workers')),
	'make a group': on('ec2:CreateSecurityGroup', arn('security-group/*')),
	'push a key by Instance Connect': on('ec2-instance-connect:SendSSHPublicKey', arn('instance/i-other-manager')),
	'import a key pair of another name': {action: 'ec2:ImportKeyPair', keyName: 'admin'},
	'delete somebody’s key pair': {action: 'ec2:DeleteKeyPair', keyName: 'admin'},
	'delete the fleet’s own key pair': {action: 'ec2:DeleteKeyPair', keyName: 'gitlab-runners-manager'},
	'delete another fleet’s key pair': {action: 'ec2:DeleteKeyPair', keyName: 'runner-abcdefghi-others-1795622400-0a1b2c3d'},
	'read the token': on('ssm:GetParameter', `arn:aws:ssm:us-east-2:${account}:parameter/gitlab-runner-aws/gitlab-runners/token`),
	'read the record': on('ssm:GetParameter', `arn:aws:ssm:us-east-2:${account}:parameter/gitlab-runner-aws/gitlab-runners`),
	'write the record': on('ssm:PutParameter', `arn:aws:ssm:us-east-2:${account}:parameter/gitlab-runner-aws/gitlab-runners`),
	'run a command on an instance': on('ssm:SendCommand', arn('instance/i-web')),
	'start a session': on('ssm:StartSession', arn('instance/i-web')),
	'change its own policy': on('iam:PutRolePolicy', `arn:aws:iam::${account}:role/gitlab-runners-us-east-2-manager`),
	'become another role': on('sts:AssumeRole', `arn:aws:iam::${account}:role/admin`),
	'make a user': on('iam:CreateUser', `arn:aws:iam::${account}:user/eve`),
	'read an object outside the prefix': (one) => ({action: 's3:GetObject', bucket: bucketOf(one), key: 'secrets/a'}),
	'read an object under a prefix that begins alike': (one) => ({action: 's3:GetObject', bucket: bucketOf(one), key: 'gitlab-runners-2/a'}),
	'overwrite an object outside the prefix': (one) => ({action: 's3:PutObject', bucket: bucketOf(one), key: 'index.html'}),
	'read another bucket': {action: 's3:GetObject', bucket: 'payroll', key: 'gitlab-runners/a'},
	'list another bucket': {action: 's3:ListBucket', bucket: 'payroll'},
	'list all buckets': on('s3:ListAllMyBuckets', '*'),
	'delete the bucket': (one) => on('s3:DeleteBucket', `arn:aws:s3:::${bucketOf(one)}`),
	'change the bucket’s policy': (one) => on('s3:PutBucketPolicy', `arn:aws:s3:::${bucketOf(one)}`),
	'decrypt with any key': on('kms:Decrypt', `arn:aws:kms:us-east-2:${account}:key/1`),
};

for (const one of cases) {
	test(`nobody with the manager’s credentials can do harm elsewhere: ${one.name}`, () => {
		const allowed = Object.entries(attacks).flatMap(([what, attack]) => {
			if (one.answers.cache === 'none' && typeof attack === 'function' && what.includes('bucket')) return [];
			const call = typeof attack === 'function' ? attack(one) : attack;
			return refused(one, call).length > 0 ? [] : [what];
		});
		assert.deepEqual(allowed, []);
	});
}

test('there are at least as many attacks as a reader of the policy thought of', () => {
	assert.ok(Object.keys(attacks).length >= 38);
});

test('what is allowed here is refused in another region', () => {
	for (const one of cases) {
		for (const call of [launch({})(one), {action: 'ec2:DescribeInstances', resource: '*'}, {action: 'ec2:ImportKeyPair', keyName: machine}] as const)
			assert.ok(refused(one, call, 'eu-west-1').length > 0, `${one.name}: ${call.action}`);
	}
});

test('an adopted bucket is listed within the fleet’s prefix only; without any prefix its keys’ names can be seen', () => {
	const adopted = cases.find(({answers}) => answers.cache === 'acme-cache');
	assert.ok(adopted);
	const list = (prefix?: string): JudgedCall => ({action: 's3:ListBucket', bucket: 'acme-cache', ...(prefix === undefined ? {} : {prefix})});
	assert.equal(refused(adopted, list('payroll/')).length, 1);
	assert.equal(refused(adopted, list('gitlab-runners/project/')).length, 0);
	// What S3 asks for a missing object, which is told as missing only so.
	assert.equal(refused(adopted, list()).length, 0);
});

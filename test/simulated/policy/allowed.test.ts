import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JudgedCall} from '../../../source/simulated/cloud/policy/questions.ts';
import type {Statement} from '../../../source/world/cloud/policy.ts';
import {account, arn, cases, diskKey, machine, type PolicyCase, refused} from './fleet-policies.ts';

const batches = (tags: Record<string, string>): Record<string, string>[] => {
	const entries = Object.entries(tags);
	return Array.from({length: Math.ceil(entries.length / 10)}, (_, index) => Object.fromEntries(entries.slice(10 * index, 10 * index + 10)));
};

/** docker-machine's calls for a worker's whole life, and for one that comes to nothing. */
function machineCalls({launch, tags}: PolicyCase): JudgedCall[] {
	const fresh = launch.profile ? 'i-fresh-with-profile' : 'i-spot-fresh';
	const [first = {}, ...more] = batches(tags);
	const look = (what: string): JudgedCall => ({action: `ec2:Describe${what}`, resource: '*'});
	return [
		...['Subnets', 'KeyPairs', 'SecurityGroups', 'Instances'].map(look),
		{action: 'ec2:ImportKeyPair', keyName: machine},
		{action: 'ec2:RunInstances', launch},
		...(launch.spot
			? ([
					{action: 'ec2:CreateTags', ids: [fresh], tags: first},
					...more.map((batch): JudgedCall => ({action: 'ec2:CreateTags', ids: ['i-spot-worker'], tags: batch})),
					// One that came too early: the worker has no tags when it is ended.
					{action: 'ec2:TerminateInstances', instanceIds: [fresh]},
				] satisfies JudgedCall[])
			: []),
		{action: 'ec2:StopInstances', instanceIds: [launch.spot ? 'i-spot-worker' : 'i-worker']},
		{action: 'ec2:TerminateInstances', instanceIds: [launch.spot ? 'i-spot-worker' : 'i-worker']},
		{action: 'ec2:DeleteKeyPair', keyName: machine},
		{action: 'ec2:DeleteKeyPair', keyName: 'runner-test-gitlab-runners-1795622400-0a1b2c3d'},
	];
}

/** The runner's own: it signs the URLs of the cache. */
function runnerCalls({answers}: PolicyCase): JudgedCall[] {
	if (answers.cache === 'none') return [];
	const bucket = answers.cache === 'create' ? `gitlab-runners-cache-${account}-us-east-2` : answers.cache;
	const key = 'gitlab-runners/runner/abcdefghi/project/1/default';
	return [
		{action: 's3:GetObject', bucket, key},
		{action: 's3:PutObject', bucket, key},
		{action: 's3:ListBucket', bucket},
	];
}

for (const one of cases) {
	test(`all that docker-machine and the runner call is allowed: ${one.name}`, () => {
		const wrong = [...machineCalls(one), ...runnerCalls(one)].flatMap((call) => refused(one, call).map(({action, resource}) => `${action} on ${resource}`));
		assert.deepEqual(wrong, []);
	});
}

test('tags in a spot launch itself, as another version of docker-machine may set them, are allowed too', () => {
	for (const one of cases.filter(({launch}) => launch.spot)) {
		const kinds = ['instance', 'volume', 'network-interface', 'spot-instances-request'];
		const tags = Object.fromEntries(kinds.map((kind) => [kind, one.tags]));
		assert.deepEqual(refused(one, {action: 'ec2:RunInstances', launch: {...one.launch, tags}}), [], one.name);
	}
});

test('a manager without a public address may hold sessions open, and the account’s own key for disks may be used through EC2 alone', () => {
	const one = cases.find(({name}) => name.startsWith('a private subnet'));
	assert.ok(one);
	const uses = (via: string): JudgedCall => ({
		action: 'kms:CreateGrant',
		resource: diskKey,
		keys: {'kms:ViaService': `${via}.us-east-2.amazonaws.com`, 'kms:GrantIsForAWSResource': 'true'},
	});
	assert.deepEqual(refused(one, uses('ec2')), []);
	assert.equal(refused(one, uses('s3')).length, 1);
	assert.deepEqual(refused(one, {action: 'ssmmessages:OpenControlChannel', resource: '*'}), []);
	for (const other of cases.filter((each) => each !== one)) assert.equal(refused(other, {action: 'ssmmessages:OpenControlChannel', resource: '*'}).length, 1);
});

const tags = ['aws:RequestTag', 'aws:TagKeys'];
const ofInstance = ['ec2:InstanceMarketType', 'ec2:InstanceProfile', 'ec2:InstanceType'];

/** Condition keys that the Service Authorization Reference lists for an action of EC2 on a kind of thing, as far as we use them. */
const documented: Record<string, string[]> = {
	'ec2:RunInstances instance': [...tags, ...ofInstance],
	'ec2:RunInstances network-interface': [...tags, 'ec2:Subnet'],
	'ec2:RunInstances volume': tags,
	'ec2:RunInstances image': ['aws:ResourceTag', 'ec2:Public'],
	'ec2:RunInstances subnet': ['aws:ResourceTag'],
	'ec2:RunInstances security-group': ['aws:ResourceTag'],
	'ec2:RunInstances key-pair': ['aws:ResourceTag'],
	'ec2:CreateTags instance': [...tags, ...ofInstance, 'aws:ResourceTag', 'ec2:CreateAction'],
	'ec2:CreateTags volume': [...tags, 'aws:ResourceTag', 'ec2:CreateAction'],
	'ec2:CreateTags network-interface': [...tags, 'aws:ResourceTag', 'ec2:CreateAction', 'ec2:Subnet'],
	'ec2:CreateTags spot-instances-request': [...tags, 'aws:ResourceTag', 'ec2:CreateAction'],
	'ec2:StopInstances instance': [...ofInstance, 'aws:ResourceTag'],
	'ec2:TerminateInstances instance': [...ofInstance, 'aws:ResourceTag'],
};

const listOf = (one: string | string[]): string[] => [one].flat();
const kindIn = (resource: string): string => resource.split(':').slice(5).join(':').split('/')[0] ?? '';
const keysIn = ({Condition = {}}: Statement): string[] =>
	Object.values(Condition).flatMap((wanted) => Object.keys(wanted).map((key) => key.split('/')[0] ?? key));

test('each condition on an instance or what comes with it is one that AWS documents for that call and kind of thing', () => {
	const unknown = cases.flatMap(({policy}) =>
		policy.Statement.flatMap((statement) =>
			listOf(statement.Action)
				.filter((action) => /^ec2:(Run|Stop|Terminate|CreateTags)/.test(action))
				.flatMap((action) =>
					listOf(statement.Resource).flatMap((resource) =>
						keysIn(statement)
							.filter((key) => !documented[`${action} ${kindIn(resource)}`]?.includes(key))
							.map((key) => `${statement.Sid}: ${action} on ${kindIn(resource)} by ${key}`),
					),
				),
		),
	);
	assert.deepEqual([...new Set(unknown)], []);
});

test('the policy names no instance, volume or image of anybody, and no account but its own', () => {
	for (const {policy} of cases)
		for (const resource of policy.Statement.flatMap(({Resource}) => Resource))
			if (resource.includes(':ec2:')) assert.ok(resource.startsWith(arn('')) || resource.includes('::image/'));
});

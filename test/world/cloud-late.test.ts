import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import type {Cloud} from '../../source/world/cloud/port.ts';
import {comesTo, eventually, group, launch, region, rejects, started} from './cloud-parts.ts';
import {type CloudSide, type CloudWorld, sides} from './cloud-sides.ts';

const trust = JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Principal: {Service: 'ec2.amazonaws.com'}, Action: 'sts:AssumeRole'}]});
const policy = JSON.stringify({Version: '2012-10-17', Statement: []});

/** Opens a side's world for the tests of a suite. */
function opened(side: CloudSide, late: 'never' | 'for ever'): {world(): CloudWorld; cloud(): Cloud; colleague(): Cloud} {
	let world: CloudWorld;
	before(async () => {
		world = await side.open(late);
	});
	after(() => world.stop());
	return {world: () => world, cloud: () => world.cloudAt(region), colleague: () => world.colleague(region)};
}

/** What AWS says of a call in its own words. */
const words = async (call: Promise<unknown>): Promise<string> =>
	call.then(
		() => 'nothing',
		(error) => (isProblem(error) ? `${error.code}: ${error.message}` : Promise.reject(error)),
	);

for (const side of sides) {
	suite(`${side.name}, where AWS never knows what was just made`, () => {
		const {cloud, colleague} = opened(side, 'for ever');

		test('a new role is there for CreateRole alone, and so is a new profile', async () => {
			const [RoleName, InstanceProfileName] = ['late', 'late'];
			await cloud().call('CreateRole', {RoleName, AssumeRolePolicyDocument: trust});
			await rejects(cloud().call('CreateRole', {RoleName, AssumeRolePolicyDocument: trust}), 'EntityAlreadyExists');
			await cloud().call('CreateInstanceProfile', {InstanceProfileName});
			await rejects(cloud().call('CreateInstanceProfile', {InstanceProfileName}), 'EntityAlreadyExists');
			for (const early of [
				cloud().call('GetRole', {RoleName}),
				cloud().call('PutRolePolicy', {RoleName, PolicyName: 'p', PolicyDocument: policy}),
				cloud().call('AddRoleToInstanceProfile', {RoleName, InstanceProfileName}),
				cloud().call('GetInstanceProfile', {InstanceProfileName}),
			].map(words))
				assert.match(await early, /^NoSuchEntity: .*(The role with name|Instance Profile) late cannot be found/);
		});

		test('EC2 knows no profile of which it hasn’t heard, and in one that it knows no role that has just come', async () => {
			const input = (Name: string) => launch(cloud(), 'late', {IamInstanceProfile: {Name}});
			await rejects(cloud().call('RunInstances', await input('nobody')), 'InvalidParameterValue');
			await colleague().call('CreateRole', {RoleName: 'their', AssumeRolePolicyDocument: trust});
			await colleague().call('CreateInstanceProfile', {InstanceProfileName: 'their'});
			await cloud().call('AddRoleToInstanceProfile', {InstanceProfileName: 'their', RoleName: 'their'});
			const said = await eventually({pass: async () => undefined}, async () => {
				const one = await words(cloud().call('RunInstances', await input('their')));
				return /Invalid IAM Instance Profile name/.test(one) ? undefined : one;
			});
			assert.match(said, /InvalidParameterValue: .*IAM Instance Profile "arn:aws:iam::\d{12}:instance-profile\/their" has no associated IAM Roles/);
		});

		test('a new group’s name is taken, and the group is unknown', async () => {
			const id = await group(cloud(), 'late');
			await rejects(group(cloud(), 'late'), 'InvalidGroup.Duplicate');
			const IpPermissions = [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '198.51.100.4/32'}]}];
			await rejects(cloud().call('AuthorizeSecurityGroupIngress', {GroupId: id, IpPermissions}), 'InvalidGroup.NotFound');
			await rejects(
				cloud().call('RunInstances', await launch(cloud(), 'group', {NetworkInterfaces: undefined, SecurityGroupIds: [id]})),
				'InvalidGroup.NotFound',
			);
			await rejects(cloud().call('CreateTags', {Resources: [id], Tags: [{Key: 'a', Value: 'b'}]}), 'InvalidGroup.NotFound');
		});

		test('a new bucket’s name is taken, and the bucket is unknown', async () => {
			const [Bucket, CreateBucketConfiguration] = ['gitlab-runners-cache-late', {LocationConstraint: region} as const];
			await cloud().call('CreateBucket', {Bucket, CreateBucketConfiguration});
			await rejects(cloud().call('CreateBucket', {Bucket, CreateBucketConfiguration}), 'BucketAlreadyOwnedByYou');
			await rejects(cloud().call('HeadBucket', {Bucket}), 'NotFound');
			await rejects(cloud().call('GetBucketTagging', {Bucket}), 'NoSuchBucket');
			await rejects(cloud().call('PutBucketTagging', {Bucket, Tagging: {TagSet: [{Key: 'a', Value: 'b'}]}}), 'NoSuchBucket');
		});

		test('a new parameter is not to be seen, and its name is taken', async () => {
			const parameter = {Name: '/gitlab-runner-aws/late', Value: 'one', Type: 'String'} as const;
			await cloud().call('PutParameter', parameter);
			await rejects(cloud().call('GetParameter', {Name: parameter.Name}), 'ParameterNotFound');
			await rejects(cloud().call('ListTagsForResource', {ResourceType: 'Parameter', ResourceId: parameter.Name}), 'InvalidResourceId');
			await rejects(cloud().call('PutParameter', parameter), 'ParameterAlreadyExists');
		});
	});

	suite(`${side.name}, where AWS knows all at once`, () => {
		const {cloud, world} = opened(side, 'never');

		test('a token is remembered with what was asked, long after its instance can be seen', async () => {
			const input = await launch(cloud(), 'remembered');
			const id = await started(cloud(), input);
			await comesTo(world(), cloud(), id, 'running');
			await cloud().call('TerminateInstances', {InstanceIds: [id]});
			await comesTo(world(), cloud(), id, 'terminated');
			await world().hour();
			await rejects(cloud().call('DescribeInstances', {InstanceIds: [id]}), 'InvalidInstanceID.NotFound');
			await rejects(cloud().call('RunInstances', input), 'IdempotentInstanceTerminated');
			await rejects(cloud().call('RunInstances', {...input, InstanceType: 't3.medium'}), 'IdempotentParameterMismatch');
		});

		test('tags come with a bucket from the call that creates it, in us-east-1 too, where they stand without a region', async () => {
			const TagSet = [{Key: 'gitlab-runner-aws:fleet', Value: 'contract'}];
			for (const [where, location] of [
				['us-east-1', {}],
				[region, {LocationConstraint: region}],
			] as const) {
				const there = world().cloudAt(where);
				await there.call('CreateBucket', {Bucket: `tagged-${where}`, CreateBucketConfiguration: {...location, Tags: TagSet}});
				assert.deepEqual((await there.call('GetBucketTagging', {Bucket: `tagged-${where}`})).TagSet, TagSet);
			}
		});

		test('each service judges tags by rules of its own', async () => {
			await cloud().call('CreateRole', {RoleName: 'tagged', AssumeRolePolicyDocument: trust});
			let tries = 0;
			const code = async (call: Promise<unknown>) => (await words(call)).split(':')[0];
			/** The codes of EC2, IAM, S3 and Systems Manager. */
			const tried = async (Tags: {Key: string; Value: string}[]) => {
				tries += 1;
				const name = `tagged-${tries}`;
				return [
					await code(cloud().call('CreateSecurityGroup', {GroupName: name, Description: 'd', TagSpecifications: [{ResourceType: 'security-group', Tags}]})),
					await code(cloud().call('TagRole', {RoleName: 'tagged', Tags})),
					await code(cloud().call('CreateBucket', {Bucket: name, CreateBucketConfiguration: {LocationConstraint: region, Tags}})),
					await code(cloud().call('PutParameter', {Name: `/${name}`, Value: '1', Type: 'String', Tags})),
				];
			};
			const taken = ['nothing', 'nothing', 'nothing', 'nothing'];
			const notByEc2 = ['ValidationError', 'InvalidTag', 'Validation'];
			assert.deepEqual(await tried([{Key: 'Kosten Stelle_.:/=+-@', Value: 'für Ämter 42'}]), taken);
			assert.deepEqual(await tried([{Key: 'a&b', Value: ''}]), ['nothing', ...notByEc2]);
			assert.deepEqual(await tried([{Key: 'a', Value: '(b)'}]), ['nothing', ...notByEc2]);
			assert.deepEqual(await tried([{Key: 'k'.repeat(129), Value: ''}]), ['InvalidParameterValue', ...notByEc2]);
			assert.deepEqual(await tried([{Key: 'AWS:x', Value: ''}]), ['InvalidParameterValue', 'InvalidInput', 'InvalidTag', 'Validation']);
			const cases = [
				{Key: 'team', Value: 'a'},
				{Key: 'Team', Value: 'b'},
			];
			assert.deepEqual(await tried(cases), ['nothing', 'InvalidInput', 'nothing', 'nothing']);
			const twice = [
				{Key: 'team', Value: 'a'},
				{Key: 'team', Value: 'b'},
			];
			assert.deepEqual((await tried(twice)).slice(0, 3), ['InvalidParameterValue', 'InvalidInput', 'InvalidTag']);
		});

		test('a parameter’s value holds no double braces, and no more than its tier', async () => {
			const parameter = {Name: '/gitlab-runner-aws/braces', Type: 'String', Tier: 'Standard'} as const;
			await rejects(cloud().call('PutParameter', {...parameter, Value: '{"tag":"{{.Name}}"}'}), 'Validation');
			await rejects(cloud().call('PutParameter', {...parameter, Value: 'x'.repeat(4097)}), 'Validation');
			await cloud().call('PutParameter', {...parameter, Value: '{"one":{"tag":"{\\u007b.Name}}"}}'});
		});

		test('IAM judges one action with each of its resources, and none together that are on other sorts of things', async () => {
			const PolicySourceArn = (await cloud().call('GetCallerIdentity', {})).Arn ?? '';
			await world().deny(['s3:CreateBucket']);
			const ResourceArns = ['arn:aws:s3:::one', 'arn:aws:s3:::two'];
			const asked = (ActionNames: string[]) => cloud().call('SimulatePrincipalPolicy', {PolicySourceArn, ActionNames, ResourceArns});
			const {EvaluationResults = []} = await asked(['s3:CreateBucket', 's3:PutBucketTagging']);
			assert.deepEqual(
				EvaluationResults.map(({EvalActionName, EvalDecision, ResourceSpecificResults = []}) => [
					EvalActionName,
					EvalDecision === 'allowed',
					ResourceSpecificResults.map(({EvalResourceName, EvalResourceDecision}) => [EvalResourceName, EvalResourceDecision === 'allowed']),
				]),
				[
					['s3:CreateBucket', false, ResourceArns.map((arn) => [arn, false])],
					['s3:PutBucketTagging', true, ResourceArns.map((arn) => [arn, true])],
				],
			);
			assert.match(
				await words(asked(['s3:CreateBucket', 's3:DeleteObject'])),
				/^InvalidInput: .*\[s3:CreateBucket\] and \[s3:DeleteObject\] require different authorization information/,
			);
			await world().deny([]);
		});
	});
}

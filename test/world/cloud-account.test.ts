import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import type {Cloud} from '../../source/world/cloud/port.ts';
import {comesTo, group, launch, region, rejects, started} from './cloud-parts.ts';
import {type CloudWorld, sides} from './cloud-sides.ts';

const trust = JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Principal: {Service: 'ec2.amazonaws.com'}, Action: 'sts:AssumeRole'}]});
const policy = JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*'}]});

for (const side of sides) {
	suite(side.name, () => {
		let world: CloudWorld;
		let cloud: Cloud;
		before(async () => {
			world = await side.open();
			cloud = world.cloudAt(region);
		});
		after(() => world.stop());

		test('the identity tells account and ARN', async () => {
			const {Account, Arn} = await cloud.call('GetCallerIdentity', {});
			assert.match(Account ?? '', /^\d{12}$/);
			assert.match(Arn ?? '', new RegExp(`^arn:aws:(iam|sts)::${Account}:`));
		});

		test('regions say whether they are enabled', async () => {
			const {Regions} = await cloud.call('DescribeRegions', {});
			const known = new Map(Regions?.map(({RegionName, OptInStatus}) => [RegionName, OptInStatus]));
			assert.equal(known.get('us-east-2'), 'opt-in-not-required');
			assert.ok(known.has('eu-west-1'));
		});

		test('a quota has a value, or there is no such quota', async () => {
			const {Quota} = await cloud.call('GetServiceQuota', {ServiceCode: 'ec2', QuotaCode: 'L-1216C47A'});
			assert.ok((Quota?.Value ?? 0) > 0);
			await rejects(cloud.call('GetServiceQuota', {ServiceCode: 'ec2', QuotaCode: 'L-00000000'}), 'NoSuchResource');
		});

		test('a parameter is made once, changed with a new version, remembered, and gone', async () => {
			const Name = '/gitlab-runner-aws/contract';
			const first = await cloud.call('PutParameter', {
				Name,
				Value: 'one',
				Type: 'String',
				Tier: 'Standard',
				Tags: [{Key: 'gitlab-runner-aws:fleet', Value: 'contract'}],
			});
			await rejects(cloud.call('PutParameter', {Name, Value: 'mine', Type: 'String', Tier: 'Standard'}), 'ParameterAlreadyExists');
			const second = await cloud.call('PutParameter', {Name, Value: 'two', Overwrite: true});
			assert.deepEqual([first.Version, second.Version], [1, 2]);
			const {Parameter} = await cloud.call('GetParameter', {Name});
			assert.deepEqual([Parameter?.Value, Parameter?.Version], ['two', 2]);
			const {Parameters: history} = await cloud.call('GetParameterHistory', {Name});
			assert.deepEqual(
				history?.map((each) => each.Value),
				['one', 'two'],
			);
			const {Parameters: all} = await cloud.call('GetParametersByPath', {Path: '/gitlab-runner-aws', Recursive: true});
			assert.deepEqual(
				all?.map((each) => each.Name),
				[Name],
			);
			const {TagList} = await cloud.call('ListTagsForResource', {ResourceType: 'Parameter', ResourceId: Name});
			assert.deepEqual(TagList, [{Key: 'gitlab-runner-aws:fleet', Value: 'contract'}]);
			await cloud.call('AddTagsToResource', {ResourceType: 'Parameter', ResourceId: Name, Tags: [{Key: 'team', Value: 'ci'}]});
			const {TagList: more} = await cloud.call('ListTagsForResource', {ResourceType: 'Parameter', ResourceId: Name});
			assert.deepEqual(more, [
				{Key: 'gitlab-runner-aws:fleet', Value: 'contract'},
				{Key: 'team', Value: 'ci'},
			]);
			await cloud.call('DeleteParameter', {Name});
			await rejects(cloud.call('ListTagsForResource', {ResourceType: 'Parameter', ResourceId: Name}), 'InvalidResourceId');
			await rejects(cloud.call('GetParameter', {Name}), 'ParameterNotFound');
			await rejects(cloud.call('DeleteParameter', {Name}), 'ParameterNotFound');
		});

		test('what others wrote comes as text that a terminal only shows, but a parameter’s value byte for byte', async () => {
			const Name = '/gitlab-runner-aws-hostile/one';
			const Value = 'a\u001b[2J\u202eb';
			await cloud.call('PutParameter', {Name, Value, Type: 'String', Tier: 'Standard', Description: 'c\u001b]0;x\u0007\u2028d'});
			assert.equal((await cloud.call('GetParameter', {Name})).Parameter?.Value, Value);
			assert.equal((await cloud.call('GetParametersByPath', {Path: '/gitlab-runner-aws-hostile'})).Parameters?.[0]?.Value, Value);
			const [version] = (await cloud.call('GetParameterHistory', {Name})).Parameters ?? [];
			assert.deepEqual([version?.Value, version?.Description], [Value, 'c<U+001B>]0;x<U+0007> d']);
			await cloud.call('DeleteParameter', {Name});
		});

		test('a path holds more parameters than a page, and all of them come', async () => {
			const names = Array.from({length: 13}, (_, index) => `/gitlab-runner-aws-many/f${String(index).padStart(2, '0')}`);
			for (const Name of names) await cloud.call('PutParameter', {Name, Value: 'x', Type: 'String'});
			const {Parameters} = await cloud.call('GetParametersByPath', {Path: '/gitlab-runner-aws-many'});
			assert.deepEqual(Parameters?.map((each) => each.Name).sort(), names);
		});

		test('a bucket is not there, then made, ours, tagged, private, with rules, and gone', async () => {
			const Bucket = 'gitlab-runners-cache-contract';
			await rejects(cloud.call('HeadBucket', {Bucket}), 'NotFound');
			await cloud.call('CreateBucket', {Bucket, CreateBucketConfiguration: {LocationConstraint: region}});
			await cloud.call('HeadBucket', {Bucket});
			await rejects(cloud.call('CreateBucket', {Bucket, CreateBucketConfiguration: {LocationConstraint: region}}), 'BucketAlreadyOwnedByYou');
			await rejects(cloud.call('GetBucketTagging', {Bucket}), 'NoSuchTagSet');
			await cloud.call('PutBucketTagging', {Bucket, Tagging: {TagSet: [{Key: 'gitlab-runner-aws:fleet', Value: 'contract'}]}});
			assert.deepEqual((await cloud.call('GetBucketTagging', {Bucket})).TagSet, [{Key: 'gitlab-runner-aws:fleet', Value: 'contract'}]);
			const closed = {BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true};
			await cloud.call('PutPublicAccessBlock', {Bucket, PublicAccessBlockConfiguration: closed});
			assert.deepEqual((await cloud.call('GetPublicAccessBlock', {Bucket})).PublicAccessBlockConfiguration, closed);
			await rejects(cloud.call('GetBucketLifecycleConfiguration', {Bucket}), 'NoSuchLifecycleConfiguration');
			const rule = {ID: 'ours', Status: 'Enabled' as const, Filter: {Prefix: 'f/'}, Expiration: {Days: 90}};
			await cloud.call('PutBucketLifecycleConfiguration', {Bucket, LifecycleConfiguration: {Rules: [rule]}});
			const {Rules} = await cloud.call('GetBucketLifecycleConfiguration', {Bucket});
			assert.deepEqual(
				Rules?.map(({ID, Status, Expiration}) => [ID, Status, Expiration?.Days]),
				[['ours', 'Enabled', 90]],
			);
			assert.deepEqual((await cloud.call('ListObjectVersions', {Bucket})).Versions ?? [], []);
			await cloud.call('DeleteBucket', {Bucket});
			await rejects(cloud.call('DeleteBucket', {Bucket}), 'NoSuchBucket');
		});

		test('a role and its profile are made once, tied, and go in the right order only', async () => {
			const [RoleName, InstanceProfileName, PolicyName] = ['contract-role', 'contract-profile', 'contract-policy'];
			const Tags = [{Key: 'gitlab-runner-aws:fleet', Value: 'contract'}];
			await rejects(cloud.call('GetRole', {RoleName}), 'NoSuchEntity');
			await rejects(cloud.call('GetInstanceProfile', {InstanceProfileName}), 'NoSuchEntity');
			await cloud.call('CreateRole', {RoleName, AssumeRolePolicyDocument: trust, Tags});
			await rejects(cloud.call('CreateRole', {RoleName, AssumeRolePolicyDocument: trust}), 'EntityAlreadyExists');
			await cloud.call('PutRolePolicy', {RoleName, PolicyName, PolicyDocument: policy});
			await cloud.call('CreateInstanceProfile', {InstanceProfileName, Tags});
			await rejects(cloud.call('CreateInstanceProfile', {InstanceProfileName}), 'EntityAlreadyExists');
			await cloud.call('AddRoleToInstanceProfile', {InstanceProfileName, RoleName});
			const {InstanceProfile} = await cloud.call('GetInstanceProfile', {InstanceProfileName});
			assert.deepEqual(
				InstanceProfile?.Roles?.map((each) => each.RoleName),
				[RoleName],
			);
			assert.deepEqual(InstanceProfile?.Tags, Tags);
			assert.deepEqual((await cloud.call('GetRole', {RoleName})).Role?.Tags, Tags);
			assert.deepEqual(JSON.parse(decodeURIComponent((await cloud.call('GetRolePolicy', {RoleName, PolicyName})).PolicyDocument ?? '')), JSON.parse(policy));
			const more = [
				{Key: 'gitlab-runner-aws:fleet', Value: 'another'},
				{Key: 'team', Value: 'ci'},
			];
			await cloud.call('TagRole', {RoleName, Tags: more});
			await cloud.call('TagInstanceProfile', {InstanceProfileName, Tags: more});
			assert.deepEqual((await cloud.call('GetRole', {RoleName})).Role?.Tags, more);
			assert.deepEqual((await cloud.call('GetInstanceProfile', {InstanceProfileName})).InstanceProfile?.Tags, more);
			assert.deepEqual((await cloud.call('ListRolePolicies', {RoleName})).PolicyNames, [PolicyName]);
			await rejects(cloud.call('DeleteRole', {RoleName}), 'DeleteConflict');
			await cloud.call('RemoveRoleFromInstanceProfile', {InstanceProfileName, RoleName});
			await cloud.call('DeleteInstanceProfile', {InstanceProfileName});
			await cloud.call('DeleteRolePolicy', {RoleName, PolicyName});
			await cloud.call('DeleteRole', {RoleName});
			await rejects(cloud.call('DeleteRole', {RoleName}), 'NoSuchEntity');
			await rejects(cloud.call('TagRole', {RoleName, Tags}), 'NoSuchEntity');
			await rejects(cloud.call('TagInstanceProfile', {InstanceProfileName, Tags}), 'NoSuchEntity');
			await rejects(cloud.call('GetRolePolicy', {RoleName, PolicyName}), 'NoSuchEntity');
		});

		test('what is in another region is not here', async () => {
			await group(cloud, 'elsewhere');
			const {SecurityGroups} = await world.cloudAt('eu-west-1').call('DescribeSecurityGroups', {Filters: [{Name: 'group-name', Values: ['elsewhere']}]});
			assert.deepEqual(SecurityGroups, []);
		});

		test('a refused action is named, with who may not', async () => {
			await world.deny(['ec2:RunInstances', 'iam:CreateRole']);
			const input = await launch(cloud, 'denied');
			await assert.rejects(cloud.call('RunInstances', input), (error) => isProblem(error, 'not-allowed') && error.message.includes('ec2:RunInstances'));
			await assert.rejects(cloud.call('RunInstances', {...input, DryRun: true}), (error) => isProblem(error, 'not-allowed'));
			await assert.rejects(
				cloud.call('CreateRole', {RoleName: 'denied', AssumeRolePolicyDocument: trust}),
				(error) => isProblem(error, 'not-allowed') && error.message.includes('iam:CreateRole'),
			);
			await world.deny([]);
		});

		test('a throttled call is made again and answers', async () => {
			world.trouble('DescribeVpcs', 'throttled');
			assert.ok((await cloud.call('DescribeVpcs', {})).Vpcs);
		});

		test('a launch whose answer got lost is made again and finds the same machine', async () => {
			world.trouble('RunInstances', 'dropped-after');
			const id = await started(cloud, await launch(cloud, 'lost'));
			await comesTo(world, cloud, id, 'running');
			const {Reservations} = await cloud.call('DescribeInstances', {Filters: [{Name: 'tag:gitlab-runner-aws:fleet', Values: ['lost']}]});
			assert.deepEqual(
				Reservations?.flatMap((each) => each.Instances?.map((one) => one.InstanceId) ?? []),
				[id],
			);
		});

		test('a call ends with its signal', async () => {
			const controller = new AbortController();
			controller.abort();
			await assert.rejects(world.cloudAt(region, controller.signal).call('DescribeVpcs', {}), {name: 'Stopped'});
		});
	});
}

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {newKey, region} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

test('a new security group is unseen and unknown for a moment, and its name is taken at once', async () => {
	const world = simulatedWorld();
	const cloud = world.cloudAt(region);
	const {GroupId = ''} = await cloud.call('CreateSecurityGroup', {GroupName: 'one', Description: 'd'});
	assert.equal(await refusedWith(cloud.call('DescribeSecurityGroups', {GroupIds: [GroupId]})), 'InvalidGroup.NotFound');
	assert.equal(await refusedWith(cloud.call('CreateSecurityGroup', {GroupName: 'ONE', Description: 'd'})), 'InvalidGroup.Duplicate');
	const rule = {IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '100.68.0.18/18'}]}]};
	assert.equal(await refusedWith(cloud.call('AuthorizeSecurityGroupIngress', {GroupId, ...rule})), 'InvalidGroup.NotFound');
	await world.clock.sleep(2000);
	await cloud.call('AuthorizeSecurityGroupIngress', {GroupId, ...rule});
	assert.deepEqual((await cloud.call('DescribeSecurityGroups', {GroupIds: [GroupId]})).SecurityGroups?.[0]?.IpPermissions, []);
	await world.clock.sleep(2000);
	const seen = await cloud.call('DescribeSecurityGroups', {GroupIds: [GroupId]});
	assert.equal(seen.SecurityGroups?.[0]?.IpPermissions?.[0]?.IpRanges?.[0]?.CidrIp, '100.68.0.0/18');
	const twin = {IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '100.68.0.0/18', Description: 'another word'}]}]};
	assert.equal(await refusedWith(cloud.call('AuthorizeSecurityGroupIngress', {GroupId, ...twin})), 'InvalidPermission.Duplicate');
});

test('a rule’s description takes only the characters that EC2 takes', async () => {
	const cloud = simulatedWorld({lagMs: 0}).cloudAt(region);
	const {GroupId} = await cloud.call('CreateSecurityGroup', {GroupName: 'one', Description: 'd'});
	const described = (Description: string) =>
		cloud.call('AuthorizeSecurityGroupIngress', {
			GroupId,
			IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '10.0.0.0/8', Description}]}],
		});
	assert.equal(await refusedWith(described("alice's laptop")), 'InvalidParameterValue');
	await described('alice@laptop 2026-11-24');
});

test('a group that a rule or a living instance uses stays', async () => {
	const world = simulatedWorld({lagMs: 0});
	const cloud = world.cloudAt(region);
	const one = world.outside.addGroup(region, 'one');
	const two = world.outside.addGroup(region, 'two');
	world.outside.openPort(one.id, 22, {groupId: two.id});
	assert.equal(await refusedWith(cloud.call('DeleteSecurityGroup', {GroupId: two.id})), 'DependencyViolation');
	world.outside.closePort(one.id, 22);
	const instance = world.outside.addInstance(region, {groupIds: [two.id]});
	assert.equal(await refusedWith(cloud.call('DeleteSecurityGroup', {GroupId: two.id})), 'DependencyViolation');
	await cloud.call('TerminateInstances', {InstanceIds: [instance.id]});
	assert.equal(await refusedWith(cloud.call('DeleteSecurityGroup', {GroupId: two.id})), 'DependencyViolation');
	await world.clock.sleep(60_000);
	await cloud.call('DeleteSecurityGroup', {GroupId: two.id});
	const [standard] = [...world.outside.region(region).groups.values()].filter(({name}) => name === 'default');
	assert.equal(await refusedWith(cloud.call('DeleteSecurityGroup', {GroupId: standard?.id})), 'CannotDelete');
});

test('a key pair is imported with its fingerprint and gives its public half back', async () => {
	const world = simulatedWorld({lagMs: 0});
	const cloud = world.cloudAt(region);
	const {publicKey} = newKey();
	await cloud.call('ImportKeyPair', {KeyName: 'k', PublicKeyMaterial: Buffer.from(`${publicKey} alice@laptop`)});
	const [pair] = (await cloud.call('DescribeKeyPairs', {KeyNames: ['k'], IncludePublicKey: true})).KeyPairs ?? [];
	assert.equal(pair?.KeyType, 'ed25519');
	assert.equal(pair?.PublicKey, `${publicKey} k\n`);
	assert.equal(Buffer.from(pair?.KeyFingerprint ?? '', 'base64').length, 32);
	assert.equal(await refusedWith(cloud.call('ImportKeyPair', {KeyName: 'j', PublicKeyMaterial: Buffer.from('no key')})), 'InvalidKey.Format');
});

test('bucket names are everybody’s: another’s is taken and closed, one’s own is made once outside us-east-1 and again in it', async () => {
	const world = simulatedWorld();
	world.outside.takeBucketName('theirs');
	const there = world.cloudAt('eu-west-1');
	const east = world.cloudAt('us-east-1');
	assert.equal(await refusedWith(there.call('HeadBucket', {Bucket: 'theirs'})), 'not-allowed');
	assert.equal(await refusedWith(there.call('HeadBucket', {Bucket: 'nobodys'})), 'NotFound');
	const configuration = {LocationConstraint: 'eu-west-1' as const};
	assert.equal(await refusedWith(there.call('CreateBucket', {Bucket: 'theirs', CreateBucketConfiguration: configuration})), 'BucketAlreadyExists');
	assert.equal(await refusedWith(there.call('CreateBucket', {Bucket: 'ours'})), 'IllegalLocationConstraintException');
	await there.call('CreateBucket', {Bucket: 'ours', CreateBucketConfiguration: configuration});
	assert.equal(await refusedWith(there.call('CreateBucket', {Bucket: 'ours', CreateBucketConfiguration: configuration})), 'BucketAlreadyOwnedByYou');
	await east.call('CreateBucket', {Bucket: 'eastern'});
	await east.call('CreateBucket', {Bucket: 'eastern'});
	assert.equal((await east.call('HeadBucket', {Bucket: 'ours'})).BucketRegion, 'eu-west-1');
});

test('lifecycle rules and tags are replaced whole, and a bucket with anything in it stays', async () => {
	const world = simulatedWorld({lagMs: 0});
	const cloud = world.cloudAt('us-east-1');
	await cloud.call('CreateBucket', {Bucket: 'ours'});
	assert.equal(await refusedWith(cloud.call('GetBucketLifecycleConfiguration', {Bucket: 'ours'})), 'NoSuchLifecycleConfiguration');
	assert.equal(await refusedWith(cloud.call('GetBucketTagging', {Bucket: 'ours'})), 'NoSuchTagSet');
	const rule = (ID: string) => ({ID, Status: 'Enabled' as const, Filter: {Prefix: ''}, Expiration: {Days: 9}});
	await cloud.call('PutBucketLifecycleConfiguration', {Bucket: 'ours', LifecycleConfiguration: {Rules: [rule('a')]}});
	await cloud.call('PutBucketLifecycleConfiguration', {Bucket: 'ours', LifecycleConfiguration: {Rules: [rule('b')]}});
	assert.deepEqual(
		(await cloud.call('GetBucketLifecycleConfiguration', {Bucket: 'ours'})).Rules?.map(({ID}) => ID),
		['b'],
	);
	world.outside.addObjects('ours', 1500);
	assert.equal(await refusedWith(cloud.call('DeleteBucket', {Bucket: 'ours'})), 'BucketNotEmpty');
	const page = await cloud.call('ListObjectVersions', {Bucket: 'ours'});
	assert.equal(page.IsTruncated, true);
	assert.equal(page.Versions?.length, 1000);
	const rest = await cloud.call('ListObjectVersions', {Bucket: 'ours', KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker});
	assert.equal(rest.Versions?.length, 500);
	for (const {Versions = []} of [page, rest])
		await cloud.call('DeleteObjects', {Bucket: 'ours', Delete: {Objects: Versions.map(({Key, VersionId}) => ({Key, VersionId}))}});
	await cloud.call('DeleteBucket', {Bucket: 'ours'});
});

test('tags come with a new bucket, in us-east-1 too, where they stand alone', async () => {
	const world = simulatedWorld({lagMs: 0});
	const Tags = [{Key: 'a', Value: 'b'}];
	for (const [where, location] of [
		['us-east-1', {}],
		['us-east-2', {LocationConstraint: 'us-east-2' as const}],
	] as const) {
		const cloud = world.cloudAt(where);
		await cloud.call('CreateBucket', {Bucket: `ours-${where}`, CreateBucketConfiguration: {...location, Tags}});
		assert.deepEqual((await cloud.call('GetBucketTagging', {Bucket: `ours-${where}`})).TagSet, Tags);
	}
});

test('a new bucket is unknown for a moment, what writes to it meets its creation, its settings show late, and so does its name come free', async () => {
	const world = simulatedWorld({lagMs: 0, late: {bucket: 20_000, bucketSettings: 20_000, bucketName: 20_000}});
	const cloud = world.cloudAt('us-east-1');
	const Bucket = 'ours';
	const put = () => cloud.call('PutBucketTagging', {Bucket, Tagging: {TagSet: [{Key: 'a', Value: 'b'}]}});
	await cloud.call('CreateBucket', {Bucket});
	assert.deepEqual([await refusedWith(cloud.call('HeadBucket', {Bucket})), await refusedWith(put())], ['NotFound', 'NoSuchBucket']);
	await world.clock.sleep(11_000);
	assert.deepEqual([await refusedWith(cloud.call('GetBucketTagging', {Bucket})), await refusedWith(put())], ['NoSuchBucket', 'OperationAborted']);
	await world.clock.sleep(10_000);
	await put();
	assert.equal(await refusedWith(cloud.call('GetBucketTagging', {Bucket})), 'NoSuchTagSet');
	await world.clock.sleep(20_000);
	assert.equal((await cloud.call('GetBucketTagging', {Bucket})).TagSet?.length, 1);
	await cloud.call('DeleteBucket', {Bucket});
	assert.equal(await refusedWith(cloud.call('CreateBucket', {Bucket})), 'OperationAborted');
	await world.clock.sleep(20_000);
	await cloud.call('CreateBucket', {Bucket});
});

test('a region may drop the tags of a new bucket, as one real peer does', async () => {
	const world = simulatedWorld({lagMs: 0});
	world.outside.dropBucketTags('us-east-2');
	const cloud = world.cloudAt('us-east-2');
	await cloud.call('CreateBucket', {Bucket: 'ours', CreateBucketConfiguration: {LocationConstraint: 'us-east-2', Tags: [{Key: 'a', Value: 'b'}]}});
	assert.equal(await refusedWith(cloud.call('GetBucketTagging', {Bucket: 'ours'})), 'NoSuchTagSet');
});

test('a parameter is made once, changed with a version, remembered with who, and its name rests for 30 s after a delete', async () => {
	const world = simulatedWorld({lagMs: 0});
	const cloud = world.cloudAt(region);
	const made = {Name: '/f/x', Value: '1', Type: 'String' as const, Tier: 'Standard' as const};
	assert.equal((await cloud.call('PutParameter', {...made, Tags: [{Key: 'a', Value: 'b'}]})).Version, 1);
	assert.equal(await refusedWith(cloud.call('PutParameter', made)), 'ParameterAlreadyExists');
	assert.equal(await refusedWith(cloud.call('PutParameter', {...made, Overwrite: true, Tags: []})), 'Validation');
	assert.equal((await cloud.call('PutParameter', {...made, Value: '2', Overwrite: true})).Version, 2);
	world.outside.call('PutParameter', region, {...made, Value: '3', Overwrite: true});
	const history = (await cloud.call('GetParameterHistory', {Name: '/f/x'})).Parameters ?? [];
	assert.deepEqual(
		history.map(({Value, LastModifiedUser}) => `${Value} ${LastModifiedUser?.split('/')[1]}`),
		['1 alice', '2 alice', '3 bob'],
	);
	assert.equal(await refusedWith(cloud.call('PutParameter', {...made, Overwrite: true, Value: 'x'.repeat(4097)})), 'Validation');
	await cloud.call('DeleteParameter', {Name: '/f/x'});
	assert.equal(await refusedWith(cloud.call('GetParameter', {Name: '/f/x'})), 'ParameterNotFound');
	assert.equal(await refusedWith(cloud.call('PutParameter', made)), 'ParameterAlreadyExists');
	await world.clock.sleep(30_000);
	assert.equal((await cloud.call('PutParameter', made)).Version, 1);
});

test('a SecureString is ciphertext unless asked for in clear', async () => {
	const cloud = simulatedWorld({lagMs: 0}).cloudAt(region);
	await cloud.call('PutParameter', {Name: '/f/token', Value: 'secret', Type: 'SecureString'});
	assert.ok(!JSON.stringify(await cloud.call('GetParameter', {Name: '/f/token'})).includes('secret'));
	assert.equal((await cloud.call('GetParameter', {Name: '/f/token', WithDecryption: true})).Parameter?.Value, 'secret');
	assert.deepEqual(
		(await cloud.call('GetParametersByPath', {Path: '/f'})).Parameters?.map(({Name}) => Name),
		['/f/token'],
	);
});

test('a parameter’s value can’t hold double braces around anything, and a new one is seen late', async () => {
	const world = simulatedWorld({late: {parameter: 5000}});
	const cloud = world.cloudAt(region);
	const parameter = {Name: '/f/x', Type: 'String' as const};
	assert.equal(await refusedWith(cloud.call('PutParameter', {...parameter, Value: '{"tag":"{{.Name}}"}'})), 'Validation');
	await cloud.call('PutParameter', {...parameter, Value: '{"one":{"tag":"{.Name}"}}'});
	assert.equal(await refusedWith(cloud.call('PutParameter', {...parameter, Value: 'x'})), 'ParameterAlreadyExists');
	assert.equal(await refusedWith(cloud.call('GetParameter', {Name: '/f/x'})), 'ParameterNotFound');
	assert.deepEqual((await cloud.call('GetParametersByPath', {Path: '/f'})).Parameters, []);
	await world.clock.sleep(5000);
	assert.equal((await cloud.call('GetParameter', {Name: '/f/x'})).Parameter?.Version, 1);
});

test('a new role is there for CreateRole at once, and for every other call a little later; so is a profile', async () => {
	const world = simulatedWorld({late: {role: 20_000, profile: 20_000}});
	const cloud = world.cloudAt(region);
	const both = {RoleName: 'r', InstanceProfileName: 'i'};
	const role = {RoleName: 'r', AssumeRolePolicyDocument: '{"Statement":[]}'};
	await cloud.call('CreateInstanceProfile', {InstanceProfileName: 'i'});
	assert.equal(await refusedWith(cloud.call('GetInstanceProfile', {InstanceProfileName: 'i'})), 'NoSuchEntity');
	await world.clock.sleep(20_000);
	await cloud.call('CreateRole', role);
	assert.equal(await refusedWith(cloud.call('CreateRole', role)), 'EntityAlreadyExists');
	for (const early of [
		() => cloud.call('GetRole', {RoleName: 'r'}),
		() => cloud.call('PutRolePolicy', {RoleName: 'r', PolicyName: 'p', PolicyDocument: '{"Statement":[]}'}),
		() => cloud.call('AddRoleToInstanceProfile', both),
	])
		assert.equal(await refusedWith(early()), 'NoSuchEntity');
	await world.clock.sleep(20_000);
	await cloud.call('AddRoleToInstanceProfile', both);
});

test('a role goes only after its profile and its policies', async () => {
	const cloud = simulatedWorld({lagMs: 0}).cloudAt(region);
	const RoleName = 'r';
	await cloud.call('CreateRole', {RoleName, AssumeRolePolicyDocument: '{"Statement":[]}'});
	assert.equal(await refusedWith(cloud.call('CreateRole', {RoleName, AssumeRolePolicyDocument: '{"Statement":[]}'})), 'EntityAlreadyExists');
	await cloud.call('PutRolePolicy', {RoleName, PolicyName: 'p', PolicyDocument: '{"Statement":[]}'});
	await cloud.call('CreateInstanceProfile', {InstanceProfileName: 'i'});
	await cloud.call('AddRoleToInstanceProfile', {InstanceProfileName: 'i', RoleName});
	assert.equal(await refusedWith(cloud.call('AddRoleToInstanceProfile', {InstanceProfileName: 'i', RoleName})), 'LimitExceeded');
	assert.equal(await refusedWith(cloud.call('DeleteRole', {RoleName})), 'DeleteConflict');
	assert.equal(await refusedWith(cloud.call('DeleteInstanceProfile', {InstanceProfileName: 'i'})), 'DeleteConflict');
	await cloud.call('RemoveRoleFromInstanceProfile', {InstanceProfileName: 'i', RoleName});
	await cloud.call('DeleteInstanceProfile', {InstanceProfileName: 'i'});
	assert.equal(await refusedWith(cloud.call('DeleteRole', {RoleName})), 'DeleteConflict');
	await cloud.call('DeleteRolePolicy', {RoleName, PolicyName: 'p'});
	await cloud.call('DeleteRole', {RoleName});
	assert.equal(await refusedWith(cloud.call('GetRole', {RoleName})), 'NoSuchEntity');
});

test('what is denied is refused, in a dry run too, and the simulation of policies tells it', async () => {
	const world = simulatedWorld();
	const cloud = world.cloudAt(region);
	world.outside.deny('ec2:CreateTags', 's3:PutBucketTagging');
	const tagged = {GroupName: 'g', Description: 'd', TagSpecifications: [{ResourceType: 'security-group' as const, Tags: [{Key: 'a', Value: 'b'}]}]};
	assert.equal(await refusedWith(cloud.call('CreateSecurityGroup', {...tagged, DryRun: true})), 'not-allowed');
	assert.equal(await refusedWith(cloud.call('CreateSecurityGroup', {GroupName: 'g', Description: 'd', DryRun: true})), 'DryRunOperation');
	assert.equal(world.outside.region(region).groups.size, 1);
	const arn = (await cloud.call('GetCallerIdentity', {})).Arn;
	const ResourceArns = ['arn:aws:s3:::one', 'arn:aws:s3:::two'];
	const asked = (ActionNames: string[]) => cloud.call('SimulatePrincipalPolicy', {PolicySourceArn: arn, ActionNames, ResourceArns});
	const results = (await asked(['s3:PutBucketTagging', 's3:CreateBucket'])).EvaluationResults;
	assert.deepEqual(
		results?.map(({EvalDecision, ResourceSpecificResults = []}) => [
			EvalDecision,
			ResourceSpecificResults.map(({EvalResourceName, EvalResourceDecision}) => `${EvalResourceName} ${EvalResourceDecision}`),
		]),
		[
			['explicitDeny', ['arn:aws:s3:::one explicitDeny', 'arn:aws:s3:::two explicitDeny']],
			['allowed', ['arn:aws:s3:::one allowed', 'arn:aws:s3:::two allowed']],
		],
	);
	await assert.rejects(
		asked(['s3:CreateBucket', 's3:DeleteObject']),
		/\[s3:CreateBucket\] and \[s3:DeleteObject\] require different authorization information/,
	);
	assert.equal(await refusedWith(cloud.call('SimulatePrincipalPolicy', {PolicySourceArn: 'arn:aws:sts::1:assumed-role/a/b', ActionNames: []})), 'InvalidInput');
});

test('credentials that are missing, wrong or expired are told by every service, and good ones work again', async () => {
	const world = simulatedWorld();
	const cloud = world.cloudAt(region);
	for (const [state, code] of [
		['none', 'no-credentials'],
		['wrong', 'wrong-credentials'],
		['expired', 'session-expired'],
	] as const) {
		world.outside.credentials(state);
		assert.equal(await refusedWith(cloud.call('GetCallerIdentity', {})), code);
		assert.equal(await refusedWith(cloud.call('DescribeVpcs', {})), code);
		assert.equal(await refusedWith(cloud.call('GetParametersByPath', {Path: '/f'})), code);
	}
	world.outside.credentials('good');
	assert.equal((await cloud.call('GetCallerIdentity', {})).Account, '123456789012');
});

test('quotas have an applied value or only AWS’s own, and prices are told for spot and on demand', async () => {
	const world = simulatedWorld();
	const cloud = world.cloudAt(region);
	const asked = {ServiceCode: 'ec2', QuotaCode: 'L-34B43A08'};
	world.outside.setQuota('L-34B43A08', 32);
	assert.equal((await cloud.call('GetServiceQuota', asked)).Quota?.Value, 32);
	world.outside.setQuota('L-34B43A08', undefined);
	assert.equal(await refusedWith(cloud.call('GetServiceQuota', asked)), 'NoSuchResource');
	assert.equal((await cloud.call('GetAWSDefaultServiceQuota', asked)).Quota?.Value, 5);
	world.outside.spotPrice('c5.large', `${region}b`, 0.05);
	world.time.advance(60_000);
	world.outside.spotPrice('c5.large', `${region}b`, 0.06);
	const pricesFrom = async (from: number, to?: number) => {
		const {SpotPriceHistory} = await cloud.call('DescribeSpotPriceHistory', {
			InstanceTypes: ['c5.large'],
			ProductDescriptions: ['Linux/UNIX'],
			AvailabilityZone: `${region}b`,
			StartTime: new Date(from),
			...(to === undefined ? {} : {EndTime: new Date(to)}),
		});
		return SpotPriceHistory?.map(({SpotPrice}) => Number(SpotPrice));
	};
	const now = world.clock.now();
	assert.deepEqual(await pricesFrom(now), [0.06]);
	// The one that held at the beginning is told too.
	assert.deepEqual(await pricesFrom(now - 30_000), [0.06, 0.05]);
	assert.deepEqual(await pricesFrom(now - 3_600_000, now - 30_000), [0.05, 0.0355]);
	const products = await cloud.call('GetProducts', {
		ServiceCode: 'AmazonEC2',
		Filters: [
			{Type: 'TERM_MATCH', Field: 'instanceType', Value: 'c5.large'},
			{Type: 'TERM_MATCH', Field: 'regionCode', Value: region},
		],
	});
	assert.equal(products.PriceList?.length, 1);
	assert.match(String(products.PriceList?.[0]), /"USD":"0\.085/);
});

test('a call, a parameter or a filter that this world doesn’t know is a loud bug and no answer', async () => {
	const cloud = simulatedWorld().cloudAt(region);
	await assert.rejects(cloud.call('DescribeInstances', {Filters: [{Name: 'hypervisor', Values: ['xen']}]}), /doesn't know the filter hypervisor/);
	await assert.rejects(cloud.call('DescribeVpcs', {DryRun: true, MaxResults: 5, VpcIds: []}), /DryRun/);
	await assert.rejects(
		cloud.call('CreateSecurityGroup', {GroupName: 'a', Description: 'b', VpcId: undefined, ...{Weird: 1}}),
		/doesn't know the parameter Weird/,
	);
});

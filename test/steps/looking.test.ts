import assert from 'node:assert/strict';
import {test} from 'node:test';
import {userOf} from '../../source/answers/publishers.ts';
import {quotaCodeOf} from '../../source/steps/looks/quota.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {awsSteps, changesSince, drive, found, notes, problem, region, sentence, world} from './drive.ts';

test('credentials that don’t work are one problem, and everything else waits for them', async () => {
	for (const [state, code] of [
		['none', 'no-credentials'],
		['expired', 'session-expired'],
		['wrong', 'wrong-credentials'],
	] as const) {
		const at = world();
		at.outside.credentials(state);
		const plan = await drive(at).plan();
		assert.equal(problem(plan, 'identity').code, code);
		const others = Object.entries(found(plan)).filter(([name]) => name !== 'identity');
		assert.deepEqual(
			others.filter(([, is]) => is !== 'waiting'),
			[],
		);
		assert.deepEqual(changesSince(at, 0), []);
	}
});

test('identity says account and who', async () => {
	const at = world();
	assert.equal(sentence(await drive(at).plan('identity'), 'identity'), `${at.outside.account.alias ?? '123456789012'}, arn:aws:iam::123456789012:user/alice`);
});

test('the default subnet is the first zone’s by name that offers both types', async () => {
	const at = world();
	assert.match(sentence(await drive(at).plan('network'), 'network'), /^subnet-\w+ in us-east-2a, public, [\d,]+ free addresses$/);
	at.outside.offer('c5.large', 'us-east-2a', false);
	assert.match(sentence(await drive(at).plan('network'), 'network'), /in us-east-2b, public/);
});

test('a subnet by id or zone is taken as named, private ones with a way out too', async () => {
	const at = world();
	const {id} = at.outside.addSubnet('us-east-2b', 'nat');
	assert.match(sentence(await drive(at, {subnet: id}).plan('network'), 'network'), /in us-east-2b, private, with a way out/);
	assert.match(sentence(await drive(at, {subnet: 'us-east-2c'}).plan('network'), 'network'), /in us-east-2c/);
});

test('a subnet without a way out, of another region, or full blocks', async () => {
	const at = world();
	const nowhere = at.outside.addSubnet('us-east-2b', 'nowhere');
	const full = at.outside.addSubnet('us-east-2b', 'internet', {free: 1});
	assert.equal(problem(await drive(at, {subnet: nowhere.id}).plan('network'), 'network').code, 'subnet-without-way-out');
	assert.equal(problem(await drive(at, {subnet: 'subnet-0123456789abcdef0'}).plan('network'), 'network').code, 'InvalidSubnetID.NotFound');
	assert.equal(problem(await drive(at, {subnet: full.id}).plan('network'), 'network').code, 'InsufficientFreeAddressesInSubnet');
	assert.equal(problem(await drive(at, {subnet: 'us-east-2z'}).plan('network'), 'network').code, 'InvalidSubnet');
});

test('a region that docker-machine doesn’t know blocks before anything is asked of it, and says what works there', async () => {
	const at = world();
	const since = at.calls.length;
	const {code, advice, fix} = problem(await drive(at, {region: 'il-central-1'}).plan('network'), 'network');
	assert.equal(code, 'region-not-supported');
	assert.match(advice, /`--executor docker-autoscaler`, which can/);
	assert.deepEqual(fix, {executor: 'docker-autoscaler'});
	assert.equal(at.calls.length, since);
});

test('a subnet in a Local Zone blocks, and none is the default', async () => {
	const at = world();
	const {id} = at.outside.addSubnet('us-east-2-lax-1a', 'internet', {defaultForZone: true});
	for (const subnet of [id, 'us-east-2-lax-1a']) assert.equal(problem(await drive(at, {subnet}).plan('network'), 'network').code, 'zone-not-supported');
	const {subnets} = at.outside.region(region);
	subnets.splice(0, subnets.length, ...subnets.filter((subnet) => subnet.id === id));
	assert.equal(problem(await drive(at).plan('network'), 'network').code, 'DefaultVpcDoesNotExist');
});

test('too few free addresses for the limit are a note', async () => {
	const at = world();
	const {id} = at.outside.addSubnet('us-east-2b', 'internet', {free: 8});
	assert.deepEqual(notes(await drive(at, {subnet: id}).plan('network'), 'network'), [`Subnet ${id} has 8 free addresses, and 10 workers need 11.`]);
});

test('an account without a default VPC blocks, with both ways out', async () => {
	const at = world();
	at.outside.removeDefaultVpc(region);
	const {advice, code} = problem(await drive(at).plan('network'), 'network');
	assert.equal(code, 'DefaultVpcDoesNotExist');
	assert.match(advice, /aws ec2 create-default-vpc/);
});

test('the quota counts the workers’ vCPUs, and the manager’s where it is the same', async () => {
	const at = world();
	at.outside.setQuota('L-34B43A08', 640);
	at.outside.setQuota('L-1216C47A', 64);
	assert.equal(sentence(await drive(at).plan('network', 'quota'), 'quota'), '20 of 640 vCPUs for 10 workers of c5.large on spot');
	assert.equal(sentence(await drive(at, {spot: false}).plan('network', 'quota'), 'quota'), '22 of 64 vCPUs for 10 workers of c5.large on demand');
});

test('a quota that is too small blocks, with the limit that fits and the command that asks for more', async () => {
	const at = world();
	at.outside.setQuota('L-34B43A08', 32);
	const {advice, fix, message} = problem(await drive(at, {limit: 32}).plan('network', 'quota'), 'quota');
	assert.equal(message, '32 workers of c5.large need 64 vCPUs, and this account may run 32 on spot here.');
	assert.match(advice, /--limit 16`, or ask AWS for more: `aws service-quotas request-service-quota-increase .*L-34B43A08 --desired-value 64`/);
	assert.deepEqual(fix, {limit: 16});
	assert.deepEqual(found(await drive(at, {limit: 16}).plan('network', 'quota')), {network: 'ready', quota: 'ready'});
});

test('a quota of none has no fix', async () => {
	const at = world();
	at.outside.setQuota('L-34B43A08', 0);
	assert.equal(problem(await drive(at).plan('network', 'quota'), 'quota').fix, undefined);
});

test('a quota that AWS doesn’t tell is a note', async () => {
	const at = world();
	at.outside.deny('servicequotas:GetServiceQuota');
	const plan = await drive(at).plan('network', 'quota');
	assert.equal(found(plan).quota, 'ready');
	assert.match(notes(plan, 'quota').join(), /How many vCPUs this account may run on spot isn't known/);
});

test('each family has the quota that counts it', () => {
	assert.equal(quotaCodeOf('c5.large', true), 'L-34B43A08');
	assert.equal(quotaCodeOf('t4g.small', false), 'L-1216C47A');
	assert.equal(quotaCodeOf('g5.xlarge', true), 'L-3819A6DF');
	assert.equal(quotaCodeOf('p5.48xlarge', false), undefined);
	assert.equal(quotaCodeOf('mac2.metal', false), undefined);
});

test('a type that isn’t offered blocks, with a zone or a type that would do', async () => {
	const at = world();
	at.outside.offer('m5.large', 'us-east-2a', false);
	const zoned = problem(await drive(at, {workerType: 'm5.large', subnet: 'us-east-2a'}).plan('network', 'quota'), 'quota');
	assert.match(zoned.message, /AWS doesn't offer m5\.large in us-east-2a; it is in us-east-2b, us-east-2c\./);
	assert.deepEqual(zoned.fix, {subnet: 'us-east-2b'});
	const absent = problem(await drive(at, {workerType: 'c6i.large'}).plan('network', 'quota'), 'quota');
	assert.equal(absent.code, 'type-not-offered');
	assert.deepEqual(absent.fix, {workerType: 'c5.large'});
});

test('an image name means the publisher’s newest of the type’s architecture', async () => {
	const at = world();
	assert.match(sentence(await drive(at).plan('images'), 'images'), /^ubuntu-24\.04 ami-\w+, x86_64$/);
	const mixed = await drive(at, {managerType: 't4g.small', image: 'debian-12'}).plan('images');
	assert.match(sentence(mixed, 'images'), /^debian-12 ami-\w+, arm64; workers ubuntu-24\.04 ami-\w+, x86_64$/);
});

test('an image of the other architecture blocks, with the type of the same size that fits', async () => {
	const at = world();
	const arm = [...at.outside.region(region).images.values()].find(({architecture, name}) => architecture === 'arm64' && name.includes('noble'));
	const {fix, message} = problem(await drive(at, {image: arm?.id ?? ''}).plan('images'), 'images');
	assert.equal(message, `Image ${arm?.id} is arm64, but t3.small is x86_64.`);
	assert.deepEqual(fix, {managerType: 't4g.small'});
	const fixed = problem(await drive(at, {workerImage: 'ubuntu-24.04-arm64', workerType: 'm5.large'}).plan('images'), 'images');
	assert.deepEqual(fixed.fix, {workerImage: 'ubuntu-24.04'});
});

test('an image of another region blocks, with one that is in every region', async () => {
	const at = world();
	const {id} = at.outside.addImage('us-east-1');
	const {code, fix, message} = problem(await drive(at, {image: id}).plan('images'), 'images');
	assert.equal(code, 'InvalidAMIID.NotFound');
	assert.match(message, new RegExp(`Region us-east-2 has no image ${id} that this account may use; image ids differ between regions`));
	assert.deepEqual(fix, {image: 'ubuntu-24.04'});
});

test('an image of an unknown publisher needs the user’s name, and workers’ disks must hold their image', async () => {
	const at = world();
	const {id} = at.outside.addImage(region, {diskGib: 40});
	assert.match(problem(await drive(at, {image: id}).plan('images'), 'images').advice, /--ssh-user/);
	const {fix} = problem(await drive(at, {workerImage: id, workerSshUser: 'ci'}).plan('images'), 'images');
	assert.deepEqual(fix, {workerDisk: 40});
});

test('Canonical’s images are known in every partition by their account, though AWS shows them as its own', async () => {
	const noble = {name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261112', alias: 'amazon'};
	for (const owner of ['099720109477', '513442679011', '837727238323']) assert.equal(userOf({...noble, owner}), 'ubuntu', owner);
	assert.equal(userOf({name: 'al2023-ami-2023.9.20261110.0-kernel-6.1-x86_64', owner: '045324592363', alias: 'amazon'}), 'ec2-user');
});

test('an image of Amazon’s that isn’t Amazon Linux has no user that is guessed', async () => {
	const at = world();
	const {id} = at.outside.addImage(region, {
		name: 'Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20261101',
		owner: '898082745236',
		alias: 'amazon',
		public: true,
	});
	const {advice, code} = problem(await drive(at, {image: id}).plan('images'), 'images');
	assert.deepEqual([code, /--ssh-user/.test(advice)], ['image-user-unknown', true]);
});

test('a deprecated image is a note', async () => {
	const at = world();
	const {id} = at.outside.addImage(region, {deprecatedFrom: at.clock.now() - 1000});
	assert.match(notes(await drive(at, {image: id, sshUser: 'ubuntu'}).plan('images'), 'images').join(), /is deprecated since 2026-11-24/);
});

test('an action that is refused is named before anything is made', async () => {
	for (const action of [
		'ec2:RunInstances',
		'ec2:CreateTags',
		'ec2:AuthorizeSecurityGroupIngress',
		'iam:CreateRole',
		'iam:PassRole',
		's3:CreateBucket',
		'ssm:PutParameter',
	]) {
		const at = world();
		at.outside.deny(action);
		const {plan} = await drive(at).setUp();
		const {code, message} = problem(plan, 'permissions');
		assert.equal(code, 'not-allowed');
		assert.ok(message.includes(`\`${action}\``), `${action} in: ${message}`);
		assert.deepEqual([action, changesSince(at, 0)], [action, []]);
	}
});

test('answers that name what exists need less', async () => {
	const at = world();
	at.outside.addBucket('acme-cache', region);
	at.outside.addKeyPair(region, 'acme', makeSshKey('acme').publicKey);
	at.outside.deny('iam:CreateRole', 'iam:PutRolePolicy', 's3:CreateBucket', 's3:PutBucketTagging', 'ec2:ImportKeyPair');
	const answers = {access: 'managers', cache: 'acme-cache', keyPair: 'acme'};
	assert.equal(found(await drive(at, answers).plan()).permissions, 'ready');
	assert.equal(problem(await drive(at, {...answers, access: 'create'}).plan(), 'permissions').code, 'not-allowed');
});

test('actions that IAM won’t be asked about together are asked about one by one, and one that is refused is still named', async () => {
	const apart = {
		name: 'InvalidInputException',
		message: 'Invalid Input Actions: [iam:CreateRole] and [iam:GetRole] require different authorization information.',
	};
	const whole = world();
	await drive(whole).plan();
	const asked = whole.calls.filter(({name}) => name === 'SimulatePrincipalPolicy').map(({input}) => JSON.stringify(input));
	const several = asked.flatMap((input, index) => (JSON.parse(input).ActionNames.length > 1 ? [index + 1] : []));
	assert.ok(several.length >= 4, `${several.length} questions about several actions`);
	for (const nth of several) {
		const at = world();
		at.faults.failNth('SimulatePrincipalPolicy', nth, apart);
		at.outside.deny('iam:CreateRole', 'iam:PassRole', 's3:CreateBucket', 's3:TagResource', 'ssm:PutParameter');
		const {message} = problem(await drive(at).plan(), 'permissions');
		assert.match(message, /AWS refuses `iam:CreateRole`, `iam:PassRole`, `s3:CreateBucket`, `s3:TagResource`, `ssm:PutParameter`\./);
	}
});

test('the right to make the spot role is needed only where the account has none', async () => {
	const at = world();
	at.outside.deny('iam:CreateServiceLinkedRole');
	assert.match(problem(await drive(at).plan(), 'permissions').message, /AWS refuses `iam:CreateServiceLinkedRole`\./);
	at.outside.account.serviceLinkedRoles.add('AWSServiceRoleForEC2Spot');
	const {failed, plan} = await drive(at).setUp();
	assert.deepEqual([failed, found(plan).permissions, notes(plan, 'permissions')], [[], 'ready', []]);
});

test('several refusals are told together', async () => {
	const at = world();
	at.outside.deny('iam:CreateRole', 'ec2:ImportKeyPair');
	assert.match(
		problem(await drive(at).plan(), 'permissions').message,
		/alice may not do all that gitlab-runners needs: AWS refuses `ec2:ImportKeyPair`, `iam:CreateRole`\./,
	);
});

test('what can’t be asked about is a note', async () => {
	const at = world();
	at.outside.deny('iam:SimulatePrincipalPolicy');
	const plan = await drive(at).plan();
	assert.equal(found(plan).permissions, 'ready');
	assert.match(notes(plan, 'permissions').join(), /isn't checked/);
});

test('a fleet that stands isn’t asked about again', async () => {
	const at = world();
	await drive(at).setUp();
	const before = at.calls.length;
	const plan = await drive(at).plan();
	assert.equal(sentence(plan, 'permissions'), 'not asked again, since the fleet stands');
	assert.deepEqual(
		at.calls.slice(before).filter(({name}) => name === 'RunInstances' || name === 'SimulatePrincipalPolicy'),
		[],
	);
});

test('the spot role is made once for the account, and never taken away', async () => {
	const at = world();
	await drive(at).setUp('spot-role');
	await drive(at).setUp('spot-role');
	assert.deepEqual(changesSince(at, 0), ['CreateServiceLinkedRole']);
	await drive(at).destroy();
	assert.ok(at.outside.account.serviceLinkedRoles.has('AWSServiceRoleForEC2Spot'));
});

test('two laptops that make the spot role at once both find it', async () => {
	const at = world();
	const both = await Promise.all([drive(at).setUp('spot-role'), drive(at.another()).setUp('spot-role')]);
	assert.deepEqual(
		both.map(({failed}) => failed),
		[[], []],
	);
});

test('a spot role that may not be looked at is a note, and on demand none is wanted', async () => {
	const at = world();
	at.outside.deny('iam:GetRole');
	const plan = await drive(at).plan('spot-role');
	assert.deepEqual([found(plan), notes(plan, 'spot-role').length], [{'spot-role': 'ready'}, 1]);
	assert.deepEqual(found(await drive(at, {spot: false}).plan('spot-role')), {});
});

test('every step names its actions and says the same by hand', async () => {
	const {someAnswers, someFleet} = await import('../executors/docker-machine/some-answers.ts');
	for (const step of awsSteps) {
		assert.ok(step.actions.length > 0, step.name);
		const lines = step.commands?.(someAnswers({tags: {"o'brien": 'a b'}}), someFleet) ?? [];
		assert.ok(lines.length > 0, step.name);
		for (const line of lines) assert.ok(!/undefined|\[object/.test(line), line);
	}
});

import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {test} from 'node:test';
import {dockerAutoscaler} from '../../source/executors/docker-autoscaler/executor.ts';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {bucketName, name, problemsIn, region, type SetUp, type SetupWish, setUp} from './fleet.ts';
import {noneAtAll, oneGroup, oneOfEach, standing} from './seen.ts';

const arm = (world: World) => [...world.outside.region(region).images.values()].find(({architecture}) => architecture === 'arm64')?.id ?? '';
const elsewhere = (world: World) => [...world.outside.region('eu-west-1').images.values()][0]?.id ?? '';

type BlockedBy = {
	what: string;
	/** Brings it about, and gives what is answered. */
	sets?(world: World): SetupWish | undefined;
	flags?: SetupWish['flags'];
	token?: 'runner' | 'unknown' | 'none';
	code: string;
	says: RegExp;
	advice: RegExp;
	/** Answers that would mend it with a key. */
	fix?: SetupWish['flags'];
};

const troubles: readonly BlockedBy[] = [
	{
		what: 'an own image made from Amazon Linux, for workers',
		sets: (world) => ({flags: {workerImage: world.outside.addImage(region, {name: 'ci-worker', description: 'From al2023-ami-2023.9, Docker in it'}).id}}),
		code: 'image-not-supported',
		says: /can't set up Docker on Amazon Linux/,
		advice: /--worker-image/,
		fix: {workerImage: 'ubuntu-24.04'},
	},
	{what: 'no credentials', sets: (world) => void world.outside.credentials('none'), code: 'no-credentials', says: /credentials/, advice: /aws/i},
	{
		what: 'wrong credentials',
		sets: (world) => void world.outside.credentials('wrong'),
		code: 'wrong-credentials',
		says: /credentials|access key/i,
		advice: /aws/i,
	},
	{
		what: 'an expired session',
		sets: (world) => void world.outside.credentials('expired'),
		code: 'session-expired',
		says: /expired/,
		advice: /^Renew them as they were made/,
	},
	{
		what: 'ec2:RunInstances denied',
		sets: (world) => void world.outside.deny('ec2:RunInstances'),
		code: 'not-allowed',
		says: /`ec2:RunInstances`/,
		advice: /Ask/,
	},
	{what: 'iam:CreateRole denied', sets: (world) => void world.outside.deny('iam:CreateRole'), code: 'not-allowed', says: /`iam:CreateRole`/, advice: /Ask/},
	{what: 'iam:PassRole denied', sets: (world) => void world.outside.deny('iam:PassRole'), code: 'not-allowed', says: /`iam:PassRole`/, advice: /Ask/},
	{what: 's3:CreateBucket denied', sets: (world) => void world.outside.deny('s3:CreateBucket'), code: 'not-allowed', says: /`s3:CreateBucket`/, advice: /Ask/},
	{
		what: 'ssm:PutParameter denied',
		sets: (world) => void world.outside.deny('ssm:PutParameter'),
		code: 'not-allowed',
		says: /`ssm:PutParameter`/,
		advice: /Ask/,
	},
	{
		what: 'ec2:ImportKeyPair denied',
		sets: (world) => void world.outside.deny('ec2:ImportKeyPair'),
		code: 'not-allowed',
		says: /`ec2:ImportKeyPair`/,
		advice: /Ask/,
	},
	{
		what: 'ec2:DescribeInstances denied',
		sets: (world) => void world.outside.deny('ec2:DescribeInstances'),
		code: 'not-allowed',
		says: /`ec2:DescribeInstances`/,
		advice: /./,
	},
	{
		what: 'an image of another region',
		sets: (world) => ({flags: {image: elsewhere(world)}}),
		code: 'InvalidAMIID.NotFound',
		says: /ami-[0-9a-f]+/,
		advice: /--image/,
	},
	{
		what: 'an arm64 image for an x86_64 type',
		sets: (world) => ({flags: {image: arm(world)}}),
		code: 'architecture-differs',
		says: /arm64.*x86_64|x86_64.*arm64/,
		advice: /./,
	},
	{
		what: 'a worker type that the zone doesn’t offer',
		flags: {subnet: `${region}c`},
		code: 'type-not-offered',
		says: /c5\.large/,
		advice: /--/,
	},
	{what: 'a type that AWS doesn’t know', flags: {workerType: 'c9z.large'}, code: 'type-not-offered', says: /c9z\.large/, advice: /--worker-type/},
	{what: 'a quota too small', flags: {limit: 40}, code: 'MaxSpotInstanceCountExceeded', says: /80 vCPUs.*64/, advice: /--limit 32/, fix: {limit: 32}},
	{
		what: 'a quota too small on demand',
		flags: {limit: 40, spot: false},
		code: 'VcpuLimitExceeded',
		says: /82 vCPUs.*64/,
		advice: /--limit 31/,
		fix: {limit: 31},
	},
	{
		what: 'a bucket of another’s',
		sets: (world) => void world.outside.takeBucketName(bucketName),
		code: 'bucket-not-ours',
		says: new RegExp(bucketName),
		advice: /--cache/,
	},
	{
		what: 'a bucket of our name without a mark and with objects in it',
		sets: (world) => {
			world.outside.addBucket(bucketName, region);
			world.outside.addObjects(bucketName, 2);
			return undefined;
		},
		code: 'bucket-not-ours',
		says: new RegExp(bucketName),
		advice: /--cache/,
	},
	{
		what: 'a bucket of another region',
		sets: (world) => void world.outside.addBucket('acme-cache', 'eu-west-1'),
		flags: {cache: 'acme-cache'},
		code: 'bucket-elsewhere',
		says: /eu-west-1/,
		advice: /create/,
	},
	{what: 'a bucket that isn’t there', flags: {cache: 'nobodys-cache'}, code: 'NoSuchBucket', says: /nobodys-cache/, advice: /--cache/},
	{
		what: 'an adopted group that keeps this machine out',
		sets: (world) => {
			const group = world.outside.addGroup(region, 'office');
			world.outside.openPort(group.id, 22, {cidr: '192.0.2.0/24'});
			return {flags: {securityGroup: 'office'}};
		},
		code: 'group-keeps-out',
		says: /192\.0\.2\.0\/24.*203\.0\.113\.7/,
		advice: /--ssh-from 203\.0\.113\.7\/32/,
		fix: {sshFrom: '203.0.113.7/32'},
	},
	{what: 'an adopted group that isn’t there', flags: {securityGroup: 'nobodys'}, code: 'InvalidGroup.NotFound', says: /nobodys/, advice: /--security-group/},
	{
		what: 'somebody else’s group of our name',
		sets: (world) => void world.outside.addGroup(region, `${name}-manager`),
		code: 'InvalidGroup.Duplicate',
		says: new RegExp(`${name}-manager`),
		advice: /--fleet/,
	},
	{
		what: 'a private key that doesn’t match its pair',
		sets: (world) => {
			world.outside.addKeyPair(region, 'mine', makeSshKey('mine').publicKey);
			world.disk.files.set('/home/alice/.ssh/id', {
				text: generateKeyPairSync('ed25519').privateKey.export({format: 'pem', type: 'pkcs8'}).toString(),
				mode: 0o600,
			});
			return {flags: {keyPair: 'mine', privateKey: '/home/alice/.ssh/id'}};
		},
		code: 'private-key-other',
		says: /\/home\/alice\/\.ssh\/id.*mine/,
		advice: /--private-key/,
	},
	{
		what: 'somebody else’s key pair of our name',
		sets: (world) => void world.outside.addKeyPair(region, `${name}-manager`, makeSshKey('x').publicKey),
		code: 'InvalidKeyPair.Duplicate',
		says: new RegExp(`${name}-manager`),
		advice: /--key-pair/,
	},
	{
		what: 'an instance profile that isn’t there',
		flags: {access: 'nobodys-profile'},
		code: 'NoSuchEntity',
		says: /nobodys-profile/,
		advice: /--access/,
	},
	{what: 'a token that GitLab doesn’t know', token: 'unknown', code: 'runner-token-refused', says: /doesn't know this runner token/, advice: /glrt-/},
	{what: 'no token', token: 'none', code: 'runner-token-missing', says: /token is missing/, advice: /GITLAB_RUNNER_TOKEN/},
	{
		what: 'a runner to be created without a GitLab token',
		token: 'none',
		flags: {runner: 'create', project: 'acme/app'},
		code: 'gitlab-token-missing',
		says: /GitLab token/,
		advice: /GITLAB_TOKEN/,
	},
	{
		what: 'a GitLab that can’t be reached',
		sets: (world) => void world.outside.setGitlab('unreachable'),
		code: 'gitlab-unreachable',
		says: /gitlab\.com/,
		advice: /./,
	},
	{
		what: 'a GitLab whose certificate isn’t trusted',
		sets: (world) => void world.outside.setGitlab('certificate'),
		code: 'gitlab-certificate',
		says: /gitlab\.com/,
		advice: /--gitlab-ca/,
	},
	{
		what: 'another GitLab that isn’t there',
		flags: {gitlabUrl: 'https://gitlab.example.com'},
		code: 'gitlab-unreachable',
		says: /gitlab\.example\.com/,
		advice: /./,
	},
	{
		what: 'a record with answers of a newer release',
		sets: (world) =>
			void world.outside.call('PutParameter', region, {Name: `/gitlab-runner-aws/${name}`, Type: 'String', Value: JSON.stringify({version: 2, answers: {}})}),
		code: 'record-newer',
		says: /newer release/,
		advice: /release/,
	},
	{
		what: 'a region without a default VPC',
		sets: (world) => void world.outside.removeDefaultVpc(region),
		code: 'DefaultVpcDoesNotExist',
		says: /default VPC/,
		advice: /--subnet/,
	},
	{
		what: 'a subnet that leads nowhere',
		sets: (world) => ({flags: {subnet: world.outside.addSubnet(`${region}a`, 'nowhere').id}}),
		code: 'subnet-without-way-out',
		says: /internet|gateway/,
		advice: /./,
	},
];

const secretsOf = (world: World, {token = 'runner'}: BlockedBy): SetupWish['secrets'] => (token === 'none' ? {} : {runnerToken: world.outside.token(token)});

for (const trouble of troubles) {
	const {what, sets, flags, code, says, advice, fix} = trouble;
	test(`${what} is told before anything is made`, async () => {
		const world = simulatedWorld();
		const more = sets?.(world);
		const wish: SetupWish = {flags: {...flags, ...more?.flags}, secrets: {...secretsOf(world, trouble)}};
		const before = standing(world);
		const refused: SetUp | Error = await setUp(world, wish).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
		const problems = refused instanceof Error ? [refused] : refused.blocked;
		assert.deepEqual(
			problems.map((one) => ('code' in one ? one.code : one.message)),
			[code],
		);
		const [problem] = problems;
		assert.match(problem?.message ?? '', says);
		assert.match(problem && 'advice' in problem ? String(problem.advice) : '', advice);
		assert.deepEqual(world.acts, []);
		assert.deepEqual(standing(world), before);
		if (!(refused instanceof Error)) {
			assert.equal(refused.result, undefined);
			const finding = [...refused.plan.values()].find(({is}) => is === 'blocked');
			if (fix) assert.deepEqual(finding?.is === 'blocked' ? finding.fix?.answers : undefined, fix);
		}
	});
}

test('an unknown region is told before anything is made', async () => {
	const world = simulatedWorld();
	const told: unknown = await setUp(world, {flags: {region: 'mars-north-1'}, secrets: {runnerToken: world.outside.token()}}).then(
		({blocked}) => blocked[0],
		(error: unknown) => error,
	);
	assert.match(String(told), /mars-north-1/);
	assert.deepEqual(world.acts, []);
});

test('problems that can be seen now are told together, not one by one', async () => {
	const world = simulatedWorld();
	world.outside.takeBucketName(bucketName);
	world.outside.setGitlab('unreachable');
	const refused = await setUp(world, {flags: {limit: 40}, secrets: {runnerToken: world.outside.token()}});
	assert.deepEqual(refused.blocked.map(({code}) => code).sort(), ['MaxSpotInstanceCountExceeded', 'bucket-not-ours', 'gitlab-unreachable']);
	assert.deepEqual(standing(world), noneAtAll);
});

test('whichever action a run needs is denied, or spoken of by no policy, it is named before anything is made, or the fleet is made without it', async () => {
	const ways = [
		{executor: dockerMachine, refuse: 'deny', whole: oneOfEach},
		{executor: dockerAutoscaler, refuse: 'lack', whole: oneGroup},
	] as const;
	for (const {executor, refuse, whole} of ways) {
		// Of other services IAM tells both alike.
		const actions = [...new Set(executor.steps.flatMap((step) => step.actions))].filter((action) => refuse === 'deny' || /^(ec2|autoscaling):/.test(action));
		assert.ok(actions.length > 30, `${actions.length}`);
		for (const action of actions) {
			const world = simulatedWorld();
			world.outside[refuse](action);
			const wish: SetupWish = {flags: {executor: executor.name}, secrets: {runnerToken: world.outside.token()}};
			const made: SetUp | Error = await setUp(world, wish).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
			const told = made instanceof Error ? [made.message] : problemsIn(made);
			if (told.length === 0) assert.deepEqual([refuse, action, standing(world)], [refuse, action, whole]);
			else assert.deepEqual([refuse, action, told.some((one) => one.includes(`\`${action}\``)), world.acts], [refuse, action, true, []]);
		}
	}
});

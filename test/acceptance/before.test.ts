import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, ImportKeyPairCommand} from '@aws-sdk/client-ec2';
import {DeleteParameterCommand, PutParameterCommand} from '@aws-sdk/client-ssm';
import type {Given} from '../../source/fleet.ts';
import {startWithoutManager} from '../peers/no-manager.ts';
import {until} from '../peers/poll.ts';
import type {FaultRule, PeerWorld} from '../peers/world.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {type AccountOnMoto, accountAt, between, named, type Thing} from './account.ts';
import {answersFor, changingCalls, ended, type LaptopOnPeers, laptopIn, problemsIn} from './laptop.ts';

let world: PeerWorld;
let account: AccountOnMoto;
let laptop: LaptopOnPeers;
let others: Thing[];

before(async () => {
	world = await startWithoutManager();
	account = accountAt(world);
	laptop = await laptopIn(world);
	await account.ec2.send(new CreateSecurityGroupCommand({GroupName: 'office', Description: "somebody's"}));
	const GroupId = (await account.groups()).find(({GroupName}) => GroupName === 'office')?.GroupId;
	await account.ec2.send(
		new AuthorizeSecurityGroupIngressCommand({GroupId, IpPermissions: [{IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: '203.0.113.0/24'}]}]}),
	);
	await account.ec2.send(new ImportKeyPairCommand({KeyName: 'work', PublicKeyMaterial: Buffer.from(makeSshKey('work').publicKey)}));
	others = await account.things();
});

after(() => world.stop());

type TroubleBefore = {
	/** The problem's code. */
	code: string;
	/** What it has to name. */
	names: RegExp;
	flags?: readonly string[];
	env?: Record<string, string>;
	exit?: number;
};

/** Runs setup into trouble: it is told with advice, and nothing is made. */
async function told(
	{code, env = {}, exit = 1, flags = [], names}: TroubleBefore,
	given: readonly string[] = [...laptop.preset, ...laptop.tokenFile],
): Promise<void> {
	world.aws.forget();
	const ran = await laptop.json(['setup', '--yes', ...given, ...flags], {env});
	ended(ran, exit);
	assert.deepEqual(problemsIn(ran.lines), [code], ran.stdout);
	const problem = ran.lines.findLast((line) => line.event === 'problem');
	assert.ok(problem?.event === 'problem');
	assert.match(`${problem.message}\n${problem.advice}`, names);
	assert.ok((problem.advice ?? '').length > 10, `it gives advice: ${problem.message}`);
	assert.deepEqual(changingCalls(world), []);
	assert.deepEqual(between(others, await account.things()), {came: [], went: []});
}

/** AWS answers these calls with an error for the time of some work. */
async function withFaults(rules: readonly FaultRule[], work: () => Promise<void>): Promise<void> {
	world.aws.faults(rules);
	try {
		await work();
	} finally {
		world.aws.faults([]);
	}
}

/** Every action that a setup asks first: the calls that an account answers to nobody without a right to. */
const every = (error: FaultRule['error']): FaultRule[] =>
	[
		...['GetCallerIdentity', 'ListAccountAliases', 'DescribeInstances', 'DescribeSecurityGroups', 'DescribeSecurityGroupRules', 'DescribeKeyPairs'],
		...['DescribeSpotInstanceRequests', 'GetParameter', 'DescribeSubnets', 'DescribeRouteTables', 'DescribeVpcs', 'DescribeInstanceTypes'],
		...['DescribeInstanceTypeOfferings', 'GetRole', 'GetInstanceProfile', 'GetRolePolicy', 'GetParametersByPath'],
	].map((action) => ({action, ...(error ? {error} : {})}));

test('without AWS credentials nothing is made, and it says how to get some', async () => {
	await told({code: 'no-credentials', names: /aws configure/, env: {AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: ''}});
});

test('credentials that AWS does not accept are told once', async () => {
	const error = {status: 401, code: 'AuthFailure', message: 'AWS was not able to validate the provided access credentials'};
	await withFaults(every(error), () => told({code: 'wrong-credentials', names: /aws sts get-caller-identity/}));
});

test('an expired session is told, with the way to renew it', async () => {
	const error = {status: 400, code: 'ExpiredTokenException', message: 'The security token included in the request is expired'};
	await withFaults(every(error), () => told({code: 'session-expired', names: /aws sso login|aws login|renew/i}));
});

test('an action that is refused is named, whichever service refuses it', async () => {
	for (const action of ['ec2:RunInstances', 's3:CreateBucket', 'iam:CreateRole', 'ssm:PutParameter']) {
		await world.aws.deny([action]);
		await told({code: 'not-allowed', names: new RegExp(action)});
	}
	await world.aws.deny([]);
});

test('a region that there is none of is told', async () => {
	const error = {status: 401, code: 'AuthFailure', message: 'AWS was not able to validate the provided access credentials'};
	await withFaults(every(error), () => told({code: 'wrong-credentials', names: /us-north-9/, flags: ['--region', 'us-north-9']}));
	await told({code: 'usage', names: /mars.*us-east-2/s, flags: ['--region', 'mars'], exit: 2});
});

test('an image of another region is told', async () => {
	const id = await accountAt(world, 'eu-west-1').imageFor('x86_64');
	await told({code: 'InvalidAMIID.NotFound', names: new RegExp(`us-east-1.*${id}`), flags: ['--image', id]});
});

test('an arm64 image for an x86_64 type is told', async () => {
	const id = await account.imageFor('arm64');
	await told({code: 'architecture-differs', names: /arm64.*t3\.small.*x86_64/s, flags: ['--image', id]});
	await told({code: 'architecture-differs', names: /arm64/, flags: ['--worker-image', 'ubuntu-24.04-arm64']});
});

test('a type that is not offered here is told', async () => {
	await told({code: 'type-not-offered', names: /c99\.large.*--worker-type/s, flags: ['--worker-type', 'c99.large']});
});

test('a quota that is too small for the limit is told, with the limit that fits', async () => {
	await world.aws.quota('L-34B43A08', 8);
	await told({code: 'MaxSpotInstanceCountExceeded', names: /20 vCPUs.*8 .*--limit 4/s, flags: ['--limit', '10']});
	await world.aws.quota('L-34B43A08', 640);
});

test("a bucket of somebody else's is told", async () => {
	await told({code: 'bucket-not-ours', names: /taken-by-others-cache/, flags: ['--cache', 'taken-by-others-cache']});
	await told({code: 'bucket-not-ours', names: /taken-by-others/, flags: ['--fleet', 'taken-by-others']});
});

test('a group that exists and keeps this laptop out is told, with the flag that lets it in', async () => {
	await told({code: 'group-keeps-out', names: /203\.0\.113\.0\/24.*--ssh-from 127\.0\.0\.1\/32/s, flags: ['--security-group', 'office']});
});

test('a private key that does not belong to the key pair is told', async () => {
	const path = await laptop.file('other-key', makeSshKey('other').privateKey);
	await told({code: 'private-key-other', names: /work/, flags: ['--key-pair', 'work', '--private-key', path]});
});

test('a runner token that GitLab does not know is told', async () => {
	const path = await laptop.file('wrong-token', 'glrt-t3_abcdefghijklmnopqrst');
	await told({code: 'runner-token-refused', names: /token/}, [...laptop.preset, '--token-file', path]);
});

test('a GitLab that is not there is told', async () => {
	await told({code: 'gitlab-unreachable', names: /127\.0\.0\.1:9/, flags: ['--gitlab-url', 'http://127.0.0.1:9']});
	world.gitlab.fault({answer: 503});
	await told({code: 'gitlab-failing', names: /503/});
	world.gitlab.fault();
});

const recordName = '/gitlab-runner-aws/gitlab-runners';
const record = (answers: Given) => ({Name: recordName, Value: JSON.stringify({version: 1, answers}), Type: 'String'}) as const;
const forgetRecord = () => account.ssm.send(new DeleteParameterCommand({Name: recordName}));

test('a record that says that this name is a fleet elsewhere is told, and stays', async () => {
	await account.ssm.send(new PutParameterCommand(record({...answersFor(world), fleet: 'gitlab-runners', region: 'us-west-2'})));
	world.aws.forget();
	const ran = await laptop.json(['setup', '--yes', ...laptop.preset, ...laptop.tokenFile]);
	ended(ran, 1);
	assert.deepEqual(problemsIn(ran.lines), ['record-other-answers']);
	assert.deepEqual(changingCalls(world), []);
	await forgetRecord();
});

test('of two people who set up one fleet at once the first wins; the other is told what answers otherwise, and makes nothing', async () => {
	world.aws.forget();
	const theirs = Promise.withResolvers<void>();
	world.aws.faults([{action: 'PutParameter', until: theirs.promise}]);
	const running = laptop.json(['setup', '--yes', ...laptop.preset, ...laptop.tokenFile]);
	// This one has looked, and found no record; the other's comes before its own.
	await until('the record to be written', () => (changingCalls(world).includes('PutParameter') ? true : undefined));
	await account.ssm.send(new PutParameterCommand(record({...answersFor(world), fleet: 'gitlab-runners', limit: 7})));
	theirs.resolve();
	const ran = await running;
	world.aws.faults([]);
	ended(ran, 1);
	assert.deepEqual(problemsIn(ran.lines), ['record-other-answers']);
	assert.match(ran.stdout, /limit is 7 there and 4 here/);
	assert.deepEqual(named(between(others, await account.things()).came), [`parameter ${recordName}`]);
	await forgetRecord();
});

test('without a terminal, what would be asked is named, and no call is made', async () => {
	const cases: {args: string[]; flag: RegExp}[] = [
		{args: ['setup', '--yes'], flag: /--region/},
		{args: ['plan'], flag: /--region/},
		{args: ['setup', '--yes', '--region', 'us-east-1', '--key-pair', 'work'], flag: /--private-key/},
		{args: ['setup', ...laptop.preset, ...laptop.tokenFile], flag: /--yes/},
		{args: ['destroy', '--fleet', 'gitlab-runners', '--region', 'us-east-1'], flag: /--yes/},
	];
	for (const {args, flag} of cases) {
		world.aws.forget();
		const env = {AWS_REGION: ''};
		const [plain, json] = await Promise.all([laptop.run(args, {env}), laptop.json(args, {env})]);
		ended(plain, 2);
		assert.match(plain.stderr, flag);
		ended(json, 2);
		assert.match(json.stdout, flag);
		assert.deepEqual(
			world.aws.calls().map(({action}) => action),
			[],
		);
	}
});

test('without a terminal, a missing token is named before anything is made', async () => {
	await told({code: 'secret-missing', names: /--token-file/, exit: 2}, laptop.preset);
});

test('a secret on the command line or in a preset is refused, and not repeated', async () => {
	const preset = await laptop.file('secret.json', JSON.stringify({version: 1, answers: {runnerName: laptop.token}}));
	for (const args of [
		['--runner-name', laptop.token],
		['--preset', preset],
	]) {
		world.aws.forget();
		const ran = await laptop.run(['setup', '--yes', ...args]);
		ended(ran, 2);
		assert.ok(!(ran.stdout + ran.stderr).includes(laptop.token));
		assert.deepEqual(
			world.aws.calls().map(({action}) => action),
			[],
		);
	}
});

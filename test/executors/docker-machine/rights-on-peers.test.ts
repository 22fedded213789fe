import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {DescribeInstancesCommand, EC2Client, RunInstancesCommand} from '@aws-sdk/client-ec2';
import {GetRolePolicyCommand, IAMClient, PutRolePolicyCommand} from '@aws-sdk/client-iam';
import {SSMClient, StartSessionCommand} from '@aws-sdk/client-ssm';
import {markKeys} from '../../../source/fleet.ts';
import {until} from '../../peers/poll.ts';
import {type PeerWorld, startWorld} from '../../peers/world.ts';
import {untilLaunched} from '../../simulated/policy/worker-calls.ts';
import {type CommandWish, problems, unlike} from './laptop.ts';
import {peersLaptop} from './on-peers.ts';
import {someAnswers} from './some-answers.ts';

let world: PeerWorld;
let laptop: ReturnType<typeof peersLaptop>;
let token: string;

before(async () => {
	world = await startWorld();
	Object.assign(process.env, world.env);
	laptop = peersLaptop(world);
	token = world.gitlab.token();
});
after(async () => {
	laptop?.close();
	await world?.stop();
});

const wish = (over: Parameters<typeof someAnswers>[0] = {}): CommandWish => ({
	answers: someAnswers({
		gitlabUrl: world.gitlab.url,
		downloads: {gitlabRunner: world.downloads.gitlabRunner, dockerMachine: world.downloads.dockerMachine},
		limit: 2,
		concurrent: 2,
		idleTime: 1,
		...over,
	}),
	secrets: {runnerToken: token},
});

/** The machine's calls of EC2 since a moment, by name with the code of a refusal; looks at an instance that come several times in a row are one. */
const callsSince = (index: number): string[] =>
	world.aws
		.machineCalls()
		.slice(index)
		.filter(({service}) => service === 'ec2')
		.map(({action, code}) => (code === undefined ? action : `${action}: ${code}`))
		.filter((call, at, all) => call !== 'DescribeInstances' || all[at - 1] !== call);

const exec = async (command: string): Promise<string> => (await world.manager.exec(command)).stdout.trim();

/** A call to EC2 from the machine, signed as its role does; gives what EC2 answers. */
const asRole = (action: string, form: Record<string, string>): Promise<string> => {
	const data = new URLSearchParams({Action: action, Version: '2016-11-15', ...form}).toString();
	const signed = 'AWS4-HMAC-SHA256 Credential=MACHINE/20260101/us-east-2/ec2/aws4_request, SignedHeaders=host, Signature=none';
	return exec(`aws=$(sed -n 's/.*"aws":"\\([^"]*\\)".*/\\1/p' /etc/peers.json); curl -sS -H 'Authorization: ${signed}' -d '${data}' "$aws"`);
};

const clientOf = () => new EC2Client({endpoint: world.aws.direct, region: 'us-east-2', credentials: {accessKeyId: 'PEERS', secretAccessKey: 'peers'}});

/** The manager as EC2 has it. */
async function managerNow(ec2 = clientOf()) {
	const {Reservations = []} = await ec2.send(new DescribeInstancesCommand({Filters: [{Name: `tag:${markKeys.part}`, Values: ['manager']}]}));
	return Reservations.flatMap(({Instances = []}) => Instances).find(({State}) => State?.Name === 'running');
}

/** One job, whose machine then goes. */
async function oneJob(ends = 'success'): Promise<{calls: string[]; printed: string[]}> {
	const before = world.aws.machineCalls().length;
	const job = world.gitlab.queue();
	await until('the job to end', () => (job.finishedAt === null ? undefined : true));
	assert.equal(job.status, ends);
	await until('its machine to go', () => (callsSince(before).at(-1) === 'DeleteKeyPair' ? true : undefined));
	const printed = (await exec('cat /var/log/peers-jobs')).split('\n').filter((line) => line.startsWith(`${job.id} `));
	return {calls: callsSince(before), printed: printed.map((line) => line.slice(`${job.id} `.length))};
}

test('a fleet on spot is set up and runs jobs with the role’s rights alone: docker-machine calls what it calls, and nothing is refused', async () => {
	assert.deepEqual(problems(await laptop.setup(wish())), []);
	const first = await oneJob();
	assert.deepEqual(first.calls, [
		...untilLaunched,
		'CreateTags',
		'DescribeInstances',
		'StopInstances: UnsupportedOperation',
		'TerminateInstances',
		'DeleteKeyPair',
	]);
	assert.deepEqual(first.printed, ['WARNING: file does not exist', 'Created cache']);
	assert.deepEqual((await oneJob()).printed, ['Successfully extracted cache', 'Created cache']);
	assert.deepEqual(
		world.aws.machineCalls().filter(({code}) => code === 'UnauthorizedOperation' || code === 'AccessDenied'),
		[],
	);
});

test('a spot worker whose tags come before EC2 knows it is ended without them', async () => {
	world.aws.unseenByTags(1);
	// The stand-in of the runner makes one machine for a job, the real one up to nine.
	const {calls} = await oneJob('failed');
	assert.deepEqual(calls.slice(untilLaunched.length, untilLaunched.length + 3), [
		'CreateTags: InvalidInstanceID.NotFound',
		'TerminateInstances',
		'DeleteKeyPair',
	]);
	assert.ok(!calls.some((call) => call.endsWith('UnauthorizedOperation')));
});

test('the role can’t mark, stop or end what isn’t the fleet’s, nor read user data, nor start another type', async () => {
	const ec2 = clientOf();
	const manager = await managerNow(ec2);
	const made = await ec2.send(new RunInstancesCommand({ImageId: manager?.ImageId, InstanceType: 'c5.large', MinCount: 1, MaxCount: 1}));
	const stranger = made.Instances?.[0]?.InstanceId ?? '';
	const tagged = (id: string, key: string, value: string) => asRole('CreateTags', {'ResourceId.1': id, 'Tag.1.Key': key, 'Tag.1.Value': value});
	const told = [
		await tagged(stranger, markKeys.fleet, 'gitlab-runners'),
		await tagged(manager?.InstanceId ?? '', markKeys.hostKey, 'SHA256:x'),
		await asRole('TerminateInstances', {'InstanceId.1': stranger}),
		await asRole('StopInstances', {'InstanceId.1': manager?.InstanceId ?? ''}),
		await asRole('DescribeInstanceAttribute', {InstanceId: stranger, Attribute: 'userData'}),
		await asRole('RunInstances', {
			ImageId: manager?.ImageId ?? '',
			InstanceType: 'p5.48xlarge',
			MinCount: '1',
			MaxCount: '1',
			'NetworkInterface.1.SubnetId': manager?.SubnetId ?? '',
		}),
	];
	for (const answer of told) assert.match(answer, /<Code>UnauthorizedOperation<\/Code>.*because no identity-based policy allows/);
	assert.match(await asRole('DescribeInstances', {}), /<reservationSet>/);
	ec2.destroy();
});

test('a session is had only with the agent’s rights', async () => {
	const settings = {endpoint: world.aws.endpoint, credentials: {accessKeyId: 'PEERS', secretAccessKey: 'peers'}};
	const [ssm, iam] = [new SSMClient({...settings, region: 'us-east-2'}), new IAMClient({...settings, region: 'us-east-1'})];
	const manager = (await managerNow())?.InstanceId ?? '';
	const start = () => ssm.send(new StartSessionCommand({Target: manager, DocumentName: 'AWS-StartPortForwardingSession'}));
	await assert.rejects(start(), {name: 'TargetNotConnected', message: `${manager} is not connected.`});
	const named = {RoleName: 'gitlab-runners-us-east-2-manager', PolicyName: 'gitlab-runners-us-east-2-manager'};
	const {PolicyDocument = ''} = await iam.send(new GetRolePolicyCommand(named));
	const standing = JSON.parse(decodeURIComponent(PolicyDocument));
	const agent = {Sid: 'Agent', Effect: 'Allow', Action: ['ssm:UpdateInstanceInformation', 'ssmmessages:*'], Resource: '*'};
	await iam.send(new PutRolePolicyCommand({...named, PolicyDocument: JSON.stringify({...standing, Statement: [...standing.Statement, agent]})}));
	assert.ok((await start()).SessionId);
	for (const client of [ssm, iam]) client.destroy();
});

test('on demand the tags are in the launch, and the rights for spot go with the change', async () => {
	const changed = wish({spot: false});
	assert.deepEqual(problems(await laptop.setup(changed)), []);
	assert.deepEqual(unlike(await laptop.plan(changed)), {});
	const {calls} = await oneJob();
	assert.deepEqual(calls, [...untilLaunched, 'DescribeInstances', 'StopInstances', 'TerminateInstances', 'DeleteKeyPair']);
});

import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {
	DescribeInstancesCommand,
	EC2Client,
	GetConsoleOutputCommand,
	ImportKeyPairCommand,
	RunInstancesCommand,
	type RunInstancesCommandInput,
	TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {EC2InstanceConnectClient, SendSSHPublicKeyCommand} from '@aws-sdk/client-ec2-instance-connect';
import {IAMClient, SimulatePrincipalPolicyCommand} from '@aws-sdk/client-iam';
import {GetProductsCommand, PricingClient} from '@aws-sdk/client-pricing';
import {
	CreateBucketCommand,
	HeadBucketCommand,
	ListBucketsCommand,
	PutBucketLifecycleConfigurationCommand,
	S3Client,
	type S3ServiceException,
} from '@aws-sdk/client-s3';
import {GetServiceQuotaCommand, ServiceQuotasClient} from '@aws-sdk/client-service-quotas';
import {GetParameterCommand, PutParameterCommand, SSMClient} from '@aws-sdk/client-ssm';
import {NodeSSH} from 'node-ssh';
import {regions} from '../source/executors/docker-machine/limits.ts';
import {launch, run} from './peers/launch.ts';
import {until} from './peers/poll.ts';
import {type PeerWorld, startWorld} from './peers/world.ts';

let world: PeerWorld;
let key: {path: string; line: string};

before(async () => {
	world = await startWorld({late: 0});
	const path = join(await world.newHome(), 'key');
	await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
	key = {path, line: await readFile(`${path}.pub`, 'utf8')};
	await ec2().send(new ImportKeyPairCommand({KeyName: 'peers-test', PublicKeyMaterial: Buffer.from(key.line)}));
});

after(async () => {
	await world.stop();
});

const client = () => ({
	endpoint: world.aws.endpoint,
	region: 'us-east-1',
	maxAttempts: 1,
	credentials: {accessKeyId: 'AKIAPEERS00000000000', secretAccessKey: 'peers'},
});
const ec2 = () => new EC2Client(client());

async function parameter(name: string): Promise<string> {
	const {Parameter} = await new SSMClient(client()).send(new GetParameterCommand({Name: name}));
	return Parameter?.Value ?? '';
}

async function ubuntu(): Promise<string> {
	return parameter('/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id');
}

async function launchInstance(more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
	const {Instances} = await ec2().send(
		new RunInstancesCommand({ImageId: await ubuntu(), InstanceType: 't3.small', MinCount: 1, MaxCount: 1, KeyName: 'peers-test', ...more}),
	);
	return Instances?.[0]?.InstanceId ?? '';
}

async function running(id: string): Promise<string> {
	return until('the instance to run', async () => {
		const {Reservations} = await ec2().send(new DescribeInstancesCommand({InstanceIds: [id]}));
		const found = Reservations?.[0]?.Instances?.[0];
		return found?.State?.Name === 'running' ? (found.PublicIpAddress ?? '') : undefined;
	});
}

async function logIn(host: string, username = 'ubuntu', privateKeyPath = key.path): Promise<NodeSSH> {
	return new NodeSSH().connect({host, username, privateKeyPath, readyTimeout: 5000});
}

async function inMachine(command: string, of = world): Promise<string> {
	const {code, stdout, stderr} = await of.manager.exec(command);
	assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
	return stdout;
}

async function installed(of = world): Promise<void> {
	await inMachine(
		`
		set -e
		fetch() { curl -fsS -o /usr/local/bin/$3 $1/$2 && chmod 755 /usr/local/bin/$3; }
		fetch ${of.downloads.gitlabRunner}/v19.3.0 binaries/gitlab-runner-linux-amd64 gitlab-runner
		fetch ${of.downloads.dockerMachine}/v0.16.2-gitlab.48 docker-machine-Linux-x86_64 docker-machine
		mkdir -p /root/.aws /etc/gitlab-runner && printf '[default]\\naws_access_key_id = AKIAPEERS00000000000\\naws_secret_access_key = peers\\n' >/root/.aws/credentials`,
		of,
	);
}

async function saidLimit(of: PeerWorld): Promise<string | undefined> {
	const {stdout} = await of.manager.exec('curl -fsS http://127.0.0.1:9252/metrics');
	return /^gitlab_runner_concurrent .*$/m.exec(stdout)?.[0];
}

/** Starts a runner that has only a limit, and gives what it says of it on the usual port. */
async function tellsLimit(limit: number, of: PeerWorld): Promise<string> {
	await installed(of);
	await inMachine(
		`printf 'concurrent = ${limit}\\nlisten_address = "127.0.0.1:9252"\\n' > /etc/gitlab-runner/config.toml
		gitlab-runner install --user=gitlab-runner --working-directory=/home/gitlab-runner && gitlab-runner start`,
		of,
	);
	return until('the runner to tell its metrics', async () => saidLimit(of));
}

test("a running instance lets its key pair in, as the image's user and with sudo", async () => {
	const id = await launchInstance();
	const address = await running(id);
	assert.equal(address, world.manager.address);
	const ssh = await logIn(address);
	const {stdout} = await ssh.execCommand('sudo id -un; . /etc/os-release; echo $ID $VERSION_ID; cloud-init status --wait');
	ssh.dispose();
	assert.deepEqual(stdout.split('\n'), ['root', 'ubuntu 24.04', 'status: done']);
	await ec2().send(new TerminateInstancesCommand({InstanceIds: [id]}));
	await until('its machine to end with it', () =>
		logIn(address).then(
			() => undefined,
			(error: Error) => /ECONNREFUSED|ECONNRESET/.test(error.message) || undefined,
		),
	);
});

test('the console tells the host keys that sshd really has, once it can be read', async () => {
	await world.aws.holdConsoles(true);
	const id = await launchInstance();
	await running(id);
	const fingerprints = await world.manager.hostKeyFingerprints();
	const read = async (): Promise<string> =>
		Buffer.from((await ec2().send(new GetConsoleOutputCommand({InstanceId: id, Latest: true}))).Output ?? '', 'base64').toString();
	assert.equal(await read(), '');
	await world.aws.holdConsoles(false);
	const text = await until('the console to be read', async () => (await read()) || undefined);
	assert.match(text, /-----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n/);
	for (const print of fingerprints) {
		assert.ok(text.includes(print), `${print} is not in\n${text}`);
	}
	await ec2().send(new TerminateInstancesCommand({InstanceIds: [id]}));
});

test('a key pushed by Instance Connect opens the door for its user only', async () => {
	const id = await launchInstance({KeyName: undefined});
	const address = await running(id);
	const path = join(await world.newHome(), 'pushed');
	await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
	await inMachine('true');
	await assert.rejects(logIn(address, 'ubuntu', path), /authentication methods failed/);
	await new EC2InstanceConnectClient(client()).send(
		new SendSSHPublicKeyCommand({InstanceId: id, InstanceOSUser: 'ubuntu', SSHPublicKey: await readFile(`${path}.pub`, 'utf8')}),
	);
	const ssh = await logIn(address, 'ubuntu', path);
	ssh.dispose();
	await assert.rejects(logIn(address, 'admin', path));
	await ec2().send(new TerminateInstancesCommand({InstanceIds: [id]}));
});

test('a client token gives the same instance again, and nothing else than that', async () => {
	const once = {ClientToken: 'token-of-a-fleet'};
	const id = await launchInstance(once);
	assert.equal(await launchInstance(once), id);
	await assert.rejects(launchInstance({...once, InstanceType: 't3.medium'}), {name: 'IdempotentParameterMismatch'});
	const {Reservations} = await ec2().send(new DescribeInstancesCommand({Filters: [{Name: 'client-token', Values: [once.ClientToken]}]}));
	assert.deepEqual(
		Reservations?.flatMap(({Instances}) => Instances?.map(({InstanceId}) => InstanceId)),
		[id],
	);
	await ec2().send(new TerminateInstancesCommand({InstanceIds: [id]}));
	await assert.rejects(launchInstance(once), {name: 'IdempotentInstanceTerminated'});
});

test('a call whose answer is dropped was carried out, and one that is refused was not', async () => {
	const s3 = new S3Client(client());
	world.aws.forget();
	world.aws.faults([
		{action: 'CreateBucket', nth: 1, drop: 'after'},
		{action: 'CreateBucket', nth: 2, error: {status: 503, code: 'SlowDown', message: 'Slow down'}},
	]);
	await assert.rejects(s3.send(new CreateBucketCommand({Bucket: 'half-heard'})));
	await assert.rejects(s3.send(new CreateBucketCommand({Bucket: 'refused'})), {name: 'SlowDown'});
	world.aws.faults([]);
	const {Buckets = []} = await s3.send(new ListBucketsCommand({}));
	assert.deepEqual(
		Buckets.map(({Name}) => Name),
		['half-heard'],
	);
	await s3.send(
		new PutBucketLifecycleConfigurationCommand({
			Bucket: 'half-heard',
			LifecycleConfiguration: {Rules: [{ID: 'one', Status: 'Enabled', Filter: {Prefix: ''}, Expiration: {Days: 9}}]},
		}),
	);
	assert.deepEqual(
		world.aws.calls().map(({action, status, changing, code}) => [action, status, changing, code ?? '']),
		[
			['CreateBucket', 0, true, ''],
			['CreateBucket', 503, true, 'SlowDown'],
			['ListBuckets', 200, false, ''],
			['PutBucketLifecycleConfiguration', 200, true, ''],
		],
	);
});

test('a program is killed once its call was carried out', async () => {
	const victim = launch('/bin/sleep', ['60']);
	world.aws.faults([
		{action: 'CreateBucket', kill: victim.child.pid ?? 0},
		{action: 'ListBuckets', drop: 'before'},
	]);
	const s3 = new S3Client(client());
	await s3.send(new CreateBucketCommand({Bucket: 'made-by-the-dead'}));
	assert.equal(await victim.ended, 'SIGKILL');
	await assert.rejects(s3.send(new ListBucketsCommand({})));
	world.aws.faults([]);
	await s3.send(new HeadBucketCommand({Bucket: 'made-by-the-dead'}));
});

test('buckets that others own are told apart from free names', async () => {
	const s3 = new S3Client(client());
	await assert.rejects(
		s3.send(new HeadBucketCommand({Bucket: 'taken-by-others-cache'})),
		({$metadata}: S3ServiceException) => $metadata.httpStatusCode === 403,
	);
	await assert.rejects(s3.send(new CreateBucketCommand({Bucket: 'taken-by-others-cache'})), {name: 'BucketAlreadyExists'});
	await assert.rejects(s3.send(new HeadBucketCommand({Bucket: 'free-name'})), {name: 'NotFound'});
});

test('a denied action is refused in earnest, in a dry run and in a simulation', async () => {
	await world.aws.deny(['ec2:RunInstances', 'ssm:PutParameter']);
	await assert.rejects(launchInstance({DryRun: true}), {name: 'UnauthorizedOperation'});
	await assert.rejects(new SSMClient(client()).send(new PutParameterCommand({Name: '/x', Value: 'x', Type: 'String'})), {name: 'AccessDeniedException'});
	const {EvaluationResults = []} = await new IAMClient(client()).send(
		new SimulatePrincipalPolicyCommand({PolicySourceArn: 'arn:aws:iam::123456789012:user/peers', ActionNames: ['ssm:PutParameter', 'ssm:GetParameter']}),
	);
	assert.deepEqual(
		EvaluationResults.map(({EvalDecision}) => EvalDecision),
		['implicitDeny', 'allowed'],
	);
	await world.aws.deny([]);
	await assert.rejects(launchInstance({DryRun: true}), {name: 'DryRunOperation'});
});

test('quotas, prices and a newer image can be looked up', async () => {
	await world.aws.quota('L-34B43A08', 32);
	const {Quota} = await new ServiceQuotasClient(client()).send(new GetServiceQuotaCommand({ServiceCode: 'ec2', QuotaCode: 'L-34B43A08'}));
	assert.equal(Quota?.Value, 32);
	const {PriceList = []} = await new PricingClient(client()).send(
		new GetProductsCommand({ServiceCode: 'AmazonEC2', Filters: [{Type: 'TERM_MATCH', Field: 'instanceType', Value: 'c5.large'}]}),
	);
	assert.match(String(PriceList[0]), /"USD": "0.0850000000"/);
	const before_ = await ubuntu();
	await world.aws.newerImage();
	assert.notEqual(await ubuntu(), before_);
});

test('checksums are published for each version, and can be wrong', async () => {
	const check = `cd /tmp && curl -fsSO ${world.downloads.dockerMachine}/v0.16.2-gitlab.48/docker-machine-Linux-x86_64 && curl -fsS ${world.downloads.dockerMachine}/v0.16.2-gitlab.48/release.sha256 | grep x86_64 | sha256sum -c`;
	assert.match(await inMachine(check), /docker-machine-Linux-x86_64: OK/);
	world.downloads.wrongChecksums(true);
	const {code, stdout} = await world.manager.exec(check);
	world.downloads.wrongChecksums(false);
	assert.equal(code, 1);
	assert.match(stdout, /FAILED/);
	const publisher = 'https://s3.dualstack.us-east-1.amazonaws.com/gitlab-runner-downloads/v18.11.4/binaries/gitlab-runner-linux-arm64';
	assert.match(await inMachine(`curl -fsS -o r ${publisher} && python3 r --version`), /^Version: {6}18\.11\.4\n/);
});

test('docker-machine makes a tagged spot instance, shows each stage and takes it away again', async () => {
	await installed();
	const options = `--driver amazonec2 --amazonec2-ami=${await ubuntu()} --amazonec2-instance-type=c5.large --amazonec2-request-spot-instance=true --amazonec2-spot-price= --amazonec2-tags=fleet,demo`;
	const said = await inMachine(
		`docker-machine create ${options} runner-abc-demo-1 && docker-machine ls -q && docker-machine ssh runner-abc-demo-1 docker run --rm alpine echo works`,
	);
	const stages = [
		'Creating CA: ',
		'Running pre-create checks...',
		'(runner-abc-demo-1) Launching instance...',
		'Waiting for SSH to be available...',
		'Installing Docker...',
		'Docker is up and running!',
		'works',
	];
	assert.deepEqual(
		stages.map((stage) => said.indexOf(stage)).toSorted((one, other) => one - other),
		stages.map((stage) => said.indexOf(stage)),
	);
	assert.ok(!stages.some((stage) => !said.includes(stage)), said);
	const find = async () =>
		ec2().send(
			new DescribeInstancesCommand({
				Filters: [
					{Name: 'tag:fleet', Values: ['demo']},
					{Name: 'instance-state-name', Values: ['running']},
				],
			}),
		);
	const worker = (await find()).Reservations?.[0]?.Instances?.[0];
	assert.equal(worker?.InstanceLifecycle, 'spot');
	assert.equal(worker?.KeyName, 'runner-abc-demo-1');
	assert.match(await inMachine('docker-machine rm -y runner-abc-demo-1'), /Successfully removed runner-abc-demo-1/);
	assert.equal((await find()).Reservations?.length, 0);
	await inMachine('echo launch > /etc/docker-machine-fail');
	const failed = await world.manager.exec(`docker-machine create ${options} runner-abc-demo-2`);
	await inMachine('rm /etc/docker-machine-fail; docker-machine rm -f runner-abc-demo-2');
	assert.equal(failed.code, 1);
	assert.match(failed.stderr, /Error launching instance: MaxSpotInstanceCountExceeded/);
});

test('docker-machine knows its own regions only, sets up no Amazon Linux, and a tag key stands once in a list', async () => {
	await installed();
	const endings = await inMachine(
		`for region in ${[...regions, 'il-central-1', 'ap-southeast-4', 'eusc-de-east-1'].join(' ')}; do
			echo $region $(docker-machine create --driver amazonec2 --amazonec2-region=$region --amazonec2-subnet-id=subnet-0 runner-abc-x 2>&1 | tail -n 1)
		done`,
	);
	assert.deepEqual(
		endings.split('\n').flatMap((line) => (line.endsWith('Invalid region specified') ? [line.split(' ')[0]] : [])),
		['il-central-1', 'ap-southeast-4', 'eusc-de-east-1'],
	);
	const create = async (options: string): Promise<string> =>
		(await world.manager.exec(`docker-machine create --driver amazonec2 ${options} runner-abc-x`)).stderr;
	const endpoint = '--amazonec2-endpoint=https://ec2.il-central-1.amazonaws.com';
	assert.match(await create(`--amazonec2-region=il-central-1 ${endpoint}`), /MissingRegion: could not find region configuration/);
	const amazon = await parameter('/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64');
	assert.match(
		await create(`--amazonec2-ami=${amazon} --amazonec2-ssh-user=ec2-user --amazonec2-instance-type=c5.large`),
		/package curl-minimal conflicts with curl provided by curl/,
	);
	await inMachine('docker-machine rm -y runner-abc-x');
	assert.match(
		await create(`--amazonec2-ami=${await ubuntu()} --amazonec2-instance-type=c5.large --amazonec2-tags=Name,mine`),
		/Error launching instance: InvalidParameterValue: Duplicate tag key 'Name' specified\./,
	);
	await inMachine('docker-machine rm -y runner-abc-x');
});

test('gitlab-runner verifies, runs a job on a machine, tells it in metrics and journal, and drains', async () => {
	await installed();
	const token = world.gitlab.token();
	const config = (given: string, url: string): string => `concurrent = 2
listen_address = "127.0.0.1:9252"
[[runners]]
  name = "demo"
  url = "${url}"
  token = "${given}"
  executor = "docker+machine"
  [runners.docker]
    image = "alpine:latest"
  [runners.machine]
    IdleCount = 0
    IdleTime = 300
    MachineDriver = "amazonec2"
    MachineName = "demo-%s"
    MachineOptions = ["amazonec2-ami=${image}", "amazonec2-instance-type=c5.large"]
`;
	const image = await ubuntu();
	const write = async (given: string, url = world.gitlab.url) => inMachine(`cat > /etc/gitlab-runner/config.toml <<'END'\n${config(given, url)}END`);
	await write('glrt-nonsense');
	const refused = await world.manager.exec('gitlab-runner verify');
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /Verifying runner\.\.\. is not valid/);
	await inMachine(`cat > /etc/gitlab-runner/ca.pem <<'END'\n${await readFile(world.gitlab.authority, 'utf8')}END`);
	await write(token, world.gitlab.secureUrl);
	assert.match(
		(await world.manager.exec('gitlab-runner verify')).stderr,
		/Verifying runner\.\.\. client error .*x509: certificate signed by unknown authority/,
	);
	await inMachine(`sed -i '/  url/a tls-ca-file = "/etc/gitlab-runner/ca.pem"' /etc/gitlab-runner/config.toml`);
	assert.match((await world.manager.exec('gitlab-runner verify')).stderr, /Verifying runner\.\.\. is valid/);
	await write(token);
	const accepted = await world.manager.exec('gitlab-runner --log-format json verify');
	assert.equal(accepted.code, 0);
	assert.match(accepted.stderr, /"msg":"Verifying runner\.\.\. is valid"/);
	world.gitlab.fault({answer: 502});
	const unknown = await world.manager.exec('gitlab-runner verify');
	world.gitlab.fault();
	assert.equal(unknown.code, 0);
	assert.match(unknown.stderr, /Verifying runner\.\.\. failed/);
	assert.match(await inMachine('gitlab-runner lint'), /Configuration file is valid\./);

	await inMachine(`mkdir -p /etc/systemd/system/gitlab-runner.service.d && printf '[Service]\\nKillSignal=SIGQUIT\\nTimeoutStopSec=7200\\n' > /etc/systemd/system/gitlab-runner.service.d/kill.conf
		gitlab-runner install --user=gitlab-runner --working-directory=/home/gitlab-runner && gitlab-runner start && systemctl is-active gitlab-runner`);
	await until('GitLab to hear from the runner', () =>
		world.gitlab.requests().some(({path, status}) => path.endsWith('/jobs/request') && status === 204) ? true : undefined,
	);
	const job = world.gitlab.queue({seconds: Number.POSITIVE_INFINITY});
	await until('the job to run', async () =>
		(await inMachine('curl -fsS http://127.0.0.1:9252/debug/jobs/list')).includes('stage=step_script') ? true : undefined,
	);
	const metrics = await inMachine('curl -fsS http://127.0.0.1:9252/metrics');
	assert.match(metrics, /gitlab_runner_autoscaling_machine_states\{executor="docker\+machine",state="used",.*\} 1\n/);
	assert.match(metrics, /gitlab_runner_api_request_statuses_total\{endpoint="request_job",.*status="204",/);
	const stopping = inMachine('systemctl stop gitlab-runner');
	await until('the runner to wait for its job', async () =>
		(await inMachine('curl -fsS http://127.0.0.1:9252/metrics')).includes('state="graceful-shutdown"') ? true : undefined,
	);
	assert.equal(job.status, 'running');
	job.seconds = 0;
	await stopping;
	assert.equal(job.status, 'success');
	assert.equal((await world.manager.exec('systemctl is-active gitlab-runner')).code, 3);
	const journal = await inMachine('journalctl -u gitlab-runner -o json --all --no-pager');
	const entries = journal
		.trim()
		.split('\n')
		.map((line): unknown => JSON.parse(line));
	assert.ok(
		entries.some((entry) => JSON.stringify(entry).includes('"MESSAGE":[')),
		'coloured messages are arrays of bytes',
	);
	assert.match(await inMachine('journalctl -u gitlab-runner --no-pager'), /Created docker-machine .*job=\d+ .*name=runner-.*-demo-/);
	await inMachine('gitlab-runner unregister --all-runners && docker-machine ls -q | xargs docker-machine rm -y');
	assert.equal(world.gitlab.store.byToken(token)?.managers.length, 0);
});

test('an instance that is launched beside another is a machine of its own: its address, its disk, its host keys, its key pair', async () => {
	const first = await launchInstance();
	const address = await running(first);
	await inMachine('echo first > /etc/which');
	const fingerprints = await world.manager.hostKeyFingerprints();
	const second = await launchInstance({KeyName: undefined});
	const beside = await running(second);
	assert.notEqual(beside, address);
	assert.deepEqual([world.manager.address, (await world.manager.exec('cat /etc/which')).code], [beside, 1]);
	assert.notDeepEqual(await world.manager.hostKeyFingerprints(), fingerprints);
	await assert.rejects(logIn(beside), /authentication methods failed/);
	const ssh = await logIn(address);
	assert.equal((await ssh.execCommand('cat /etc/which')).stdout, 'first');
	ssh.dispose();
	await ec2().send(new TerminateInstancesCommand({InstanceIds: [first, second]}));
});

test('a re-created machine is empty and has other host keys; sshd can be gone for a while', async () => {
	await inMachine('touch /root/left-behind');
	const earlier = await world.manager.hostKeyFingerprints();
	await world.manager.reset();
	assert.equal((await world.manager.exec('ls /root/left-behind')).code, 2);
	assert.notDeepEqual(await world.manager.hostKeyFingerprints(), earlier);
	const id = await launchInstance();
	const address = await running(id);
	await world.manager.stopSshd();
	await assert.rejects(logIn(address), /ECONNREFUSED/);
	await world.manager.startSshd();
	(await logIn(address)).dispose();
});

test('a world without a manager starts beside this one', async () => {
	const other = await startWorld({manager: false});
	try {
		const answer = await fetch(`${other.gitlab.url}/api/v4/user/runners`, {
			method: 'POST',
			headers: {'private-token': other.gitlab.personalToken('create_runner'), 'content-type': 'application/json'},
			body: JSON.stringify({runner_type: 'project_type', project_id: 42, run_untagged: false, tag_list: 'aws'}),
		});
		assert.equal(answer.status, 201);
		assert.equal(other.gitlab.store.runners.size, 1);
		other.ownAddress('127.9.9.9');
		assert.equal(await (await fetch(other.env.GITLAB_RUNNER_AWS_ADDRESS_URL ?? '')).text(), '127.9.9.9\n');
	} finally {
		await other.stop();
		await other.stop();
	}
});

test('another world with a manager stands beside this one, and the metrics of each runner are its own', async () => {
	const other = await startWorld();
	try {
		assert.notEqual(other.manager.address, world.manager.address);
		assert.deepEqual(await Promise.all([tellsLimit(3, world), tellsLimit(5, other)]), ['gitlab_runner_concurrent 3', 'gitlab_runner_concurrent 5']);
		assert.equal((await world.manager.exec(`curl -sS ${other.gitlab.url}`)).code, 7, 'a machine does not reach the servers of another world');
	} finally {
		await other.stop();
	}
	assert.equal(await saidLimit(world), 'gitlab_runner_concurrent 3', 'it outlives the other world');
});

import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {after, before, test} from 'node:test';
import type {StepName} from '../../../source/engine/step.ts';
import {dockerMachine} from '../../../source/executors/docker-machine/executor.ts';
import {watchFirstJob} from '../../../source/steps/first-job.ts';
import {removeRunner} from '../../../source/steps/runner-removal.ts';
import {paths} from '../../../source/world/host/scripts/paths.ts';
import type {StoredJob} from '../../peers/gitlab-store.ts';
import {listen} from '../../peers/listen.ts';
import {until} from '../../peers/poll.ts';
import {type PeerWorld, startWorld} from '../../peers/world.ts';
import {makeSshKey} from '../../world/ssh-key.ts';
import {type CommandWish, changesOf as changesIn, problems, unlike} from './laptop.ts';
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

const wish = (over: Parameters<typeof someAnswers>[0] = {}, secrets: CommandWish['secrets'] = {}): CommandWish => ({
	answers: someAnswers({
		gitlabUrl: world.gitlab.url,
		downloads: {gitlabRunner: world.downloads.gitlabRunner, dockerMachine: world.downloads.dockerMachine},
		limit: 2,
		concurrent: 2,
		...over,
	}),
	secrets,
});
const jobsList = 'curl -fsS http://127.0.0.1:9252/debug/jobs/list';
const exec = async (command: string): Promise<string> => (await world.manager.exec(command)).stdout.trim();

test('before there is anything, a wrong token shows in the plan, and everything on the manager waits', async () => {
	const plan = await laptop.plan(wish({}, {runnerToken: 'glrt-t3_wrong'}));
	const runner = plan.get('runner');
	assert.ok(runner?.is === 'blocked' && runner.problem.code === 'runner-token-refused');
	assert.deepEqual(
		['connection', 'software', 'test-machine', 'service'].map((name) => unlike(plan)[name as 'service']),
		['waiting', 'waiting', 'waiting', 'waiting'],
	);
	const none = (await laptop.plan(wish())).get('runner');
	assert.ok(none?.is === 'blocked' && none.problem.code === 'runner-token-missing');
});

test('setup brings up a manager whose runner takes jobs', async () => {
	const result = await laptop.setup(wish({}, {runnerToken: token}));
	assert.deepEqual(problems(result), []);
	assert.deepEqual(unlike(await laptop.plan(wish())), {});
	assert.equal(await exec(`stat -c %a ${paths.config}`), '600');
	assert.ok(!JSON.stringify(laptop.happened).includes(token));
	const job = world.gitlab.queue();
	await until('the job to end', () => (job.finishedAt === null ? undefined : true));
	assert.equal(job.status, 'success');
	await until('the runner to be done with it', async () => ((await exec(jobsList)) === '' ? true : undefined));
});

const changing = () => world.aws.calls().filter((call) => call.changing);
const changesOf = async (given: CommandWish, step: StepName): Promise<string[]> => changesIn(await laptop.plan(given), step);
const runnerPid = () => exec('systemctl show gitlab-runner --property MainPID');

test('the first job is watched until it has passed, by what GitLab tells, or else by what the manager does', async () => {
	for (const secrets of [{gitlabToken: world.gitlab.personalToken('api')}, {}]) {
		const seen: string[] = [];
		// It comes once it is waited for, and goes on until it was seen.
		let job: StoredJob | undefined;
		const end = await laptop.within(wish({}, secrets), (context) =>
			watchFirstJob({...context, clock: {...context.clock, sleep: (ms) => context.clock.sleep(ms / 10)}}, dockerMachine.workers, ({status}) => {
				seen.push(status);
				job ??= world.gitlab.queue({seconds: Number.POSITIVE_INFINITY});
				if (status === 'running') job.seconds = 0;
			}),
		);
		assert.equal(end?.passed, true);
		assert.deepEqual([seen[0], seen.at(-1)], ['waiting', 'running'], seen.join(', '));
	}
});

test('the same again changes nothing and needs no token', async () => {
	world.aws.forget();
	const before = await exec(`stat -c %Y%i ${paths.config}`);
	assert.deepEqual(problems(await laptop.setup(wish())), []);
	assert.deepEqual(changing(), []);
	assert.equal(await exec(`stat -c %Y%i ${paths.config}`), before);
});

test('a changed limit goes into config.toml, live: the service is not started anew and nothing is proven again', async () => {
	const pid = await runnerPid();
	const more = wish({limit: 3});
	assert.deepEqual(await changesOf(more, 'runner'), ['limit live']);
	assert.deepEqual(Object.keys(unlike(await laptop.plan(more))).sort(), ['record', 'runner', 'service']);
	assert.deepEqual(problems(await laptop.setup(more)), []);
	assert.match(await exec(`cat ${paths.config}`), /^limit = 3$/m);
	assert.equal(await runnerPid(), pid);
	assert.deepEqual(unlike(await laptop.plan(more)), {});
	assert.deepEqual(problems(await laptop.setup(wish())), []);
});

test('a changed type of worker is proven by a new test machine before it goes into config.toml', async () => {
	const other = wish({workerType: 'c5.xlarge'});
	assert.deepEqual(await changesOf(other, 'test-machine'), ['test machine live']);
	assert.deepEqual(await changesOf(other, 'runner'), ['workerType live']);
	await exec('echo launch >/etc/docker-machine-fail');
	const failed = await laptop.setup(other);
	assert.deepEqual(
		failed.problems.map(({code}) => code),
		['MaxSpotInstanceCountExceeded'],
	);
	assert.match(failed.problems[0]?.message ?? '', /quota of vCPUs on spot.*taken away again/);
	assert.match(await exec(`cat ${paths.config}`), /instance-type=c5\.large/);
	await exec('rm /etc/docker-machine-fail');
	assert.deepEqual(problems(await laptop.setup(other)), []);
	assert.match(await exec(`cat ${paths.config}`), /instance-type=c5\.xlarge/);
	assert.deepEqual(problems(await laptop.setup(wish())), []);
});

test('a value changed by hand in config.toml is named and mended; tables, keys and options of others stay', async () => {
	await exec(`sed -i -e 's/^IdleTime = 300/IdleTime = 5/' -e 's/"engine-install-url=/"engine-opt=mtu=1400", "engine-install-url=/' ${paths.config}`);
	await exec(`printf '\\n[[runners]]\\nname = "other"\\nurl = "https://gitlab.example.com"\\ntoken = "glrt-other"\\nexecutor = "shell"\\n' >>${paths.config}`);
	assert.deepEqual(await changesOf(wish(), 'runner'), ['idleTime live']);
	assert.deepEqual(problems(await laptop.setup(wish())), []);
	const mended = await exec(`cat ${paths.config}`);
	assert.match(mended, /^IdleTime = 300$/m);
	for (const kept of ['glrt-other', 'engine-opt=mtu=1400']) assert.ok(mended.includes(kept), kept);
	const runner = (await laptop.plan(wish())).get('runner');
	assert.ok(runner?.is === 'ready' && runner.notes?.some(({says}) => /\[\[runners\]\] other.*engine-opt=mtu=1400/.test(says)));
});

test('a service that was stopped by hand is started, and a drop-in that was lost is written again', async () => {
	await exec(`systemctl stop gitlab-runner; rm ${paths.dropIn}`);
	assert.deepEqual(await changesOf(wish(), 'software'), ['graceful stop live']);
	assert.deepEqual(problems(await laptop.setup(wish())), []);
	assert.deepEqual(unlike(await laptop.plan(wish())), {});
});

test('a laptop without any file gets in through EC2 Instance Connect, changes nothing, and is let in for good with its first change', async () => {
	const home = await world.newHome();
	world.aws.forget();
	const plan = await laptop.plan({...wish(), home});
	assert.deepEqual(unlike(plan), {});
	const connection = plan.get('connection');
	assert.ok(connection?.is === 'ready' && connection.notes?.some(({says}) => /EC2 Instance Connect/.test(says)));
	assert.deepEqual(changing(), []);
	assert.deepEqual(problems(await laptop.setup({...wish({checkInterval: 4}), home})), []);
	world.aws.forget();
	assert.deepEqual(unlike(await laptop.plan({...wish({checkInterval: 4}), home})), {});
	assert.ok(!world.aws.calls().some(({action}) => action === 'SendSSHPublicKey'));
	assert.deepEqual(problems(await laptop.setup(wish())), []);
});

test('EC2 Instance Connect that is not allowed is named, with the action', async () => {
	await world.aws.deny(['ec2-instance-connect:SendSSHPublicKey']);
	const connection = (await laptop.plan({...wish(), home: await world.newHome()})).get('connection');
	assert.ok(connection?.is === 'blocked' && connection.problem.code === 'instance-connect-not-allowed' && /SendSSHPublicKey/.test(connection.problem.message));
	await world.aws.deny([]);
});

test('SSH that does not answer is told, and everything on the manager waits', async () => {
	await world.manager.stopSshd();
	const plan = await laptop.plan(wish());
	assert.notEqual(plan.get('connection')?.is, 'ready');
	assert.deepEqual([unlike(plan).software, unlike(plan).runner, unlike(plan).service], ['waiting', 'waiting', 'waiting']);
	await world.manager.startSshd();
	assert.deepEqual(unlike(await laptop.plan(wish())), {});
});

test('a token that GitLab no longer knows is told, and another one takes its place', async () => {
	const old = [...world.gitlab.store.runners.values()].find((runner) => runner.token === token);
	if (old) world.gitlab.store.runners.delete(old.id);
	const runner = (await laptop.plan(wish())).get('runner');
	assert.ok(runner?.is === 'blocked' && runner.problem.code === 'runner-token-refused');
	token = world.gitlab.token();
	assert.deepEqual(problems(await laptop.setup(wish({}, {runnerToken: token}))), []);
	assert.ok((await exec(`cat ${paths.config}`)).includes(token));
});

/** What of workers stands in AWS: instances that aren't terminated, and key pairs. */
async function workersLeft(): Promise<string[]> {
	const here = laptop.cloudAt('us-east-2');
	const {Reservations = []} = await here.call('DescribeInstances', {
		Filters: [{Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped']}],
	});
	const {KeyPairs = []} = await here.call('DescribeKeyPairs', {});
	return [...Reservations.flatMap(({Instances = []}) => Instances.map(({InstanceId}) => InstanceId ?? '')), ...KeyPairs.map(({KeyName}) => KeyName ?? '')];
}

test('a removal waits for running jobs, then takes workers and their key pairs away, and those that docker-machine forgot too', async () => {
	const here = laptop.cloudAt('us-east-2');
	await exec(
		`docker-machine create --driver amazonec2 $(grep -o '"amazonec2-[^"]*"' ${paths.config} | tr -d '"' | sed 's/^/--/') runner-t3abcdefg-gitlab-runners-1700000000-0123abcd`,
	);
	await exec('rm -r /root/.docker/machine/machines/runner-t3abcdefg-*');
	await here.call('ImportKeyPair', {
		KeyName: 'runner-t3abcdefg-gitlab-runners-1700000001-0123abcd',
		PublicKeyMaterial: Buffer.from(makeSshKey('worker').publicKey),
	});
	await here.call('ImportKeyPair', {KeyName: 'runner-t3abcdefg-other-gitlab-runners-x', PublicKeyMaterial: Buffer.from(makeSshKey('decoy').publicKey)});
	const job = world.gitlab.queue({seconds: Number.POSITIVE_INFINITY});
	await until('the runner to work on the job', async () => ((await exec(jobsList)).includes(`/jobs/${job.id} `) ? true : undefined));
	const removing = laptop.destroy(wish(), 600);
	await until('it to say that the job still runs', () => (laptop.sayings().some((says) => says.startsWith('1 job still runs: http')) ? true : undefined));
	assert.equal(job.status, 'running');
	job.seconds = 0;
	assert.deepEqual(problems(await removing), []);
	assert.equal(job.status, 'success');
	assert.deepEqual(await workersLeft(), ['runner-t3abcdefg-other-gitlab-runners-x']);
	assert.deepEqual(world.gitlab.store.byToken(token)?.managers, []);
	assert.ok(laptop.sayings().some((says) => /^it stays in GitLab, delete it in http.* under Settings .*, it is #\d+/.test(says)));
});

test('a runner that is created in GitLab bears the mark, and one of a run that was ended before it could be used is deleted first', async () => {
	const mark = /fleet=gitlab-runners region=us-east-2 account=\d{12}/;
	const given = wish({runner: 'create', project: 'peers/demo', tokenStore: 'ssm'}, {gitlabToken: world.gitlab.personalToken('api')});
	const blocked = (await laptop.plan({...given, secrets: {}})).get('runner');
	assert.ok(blocked?.is === 'blocked' && blocked.problem.code === 'gitlab-token-missing');
	assert.deepEqual(problems(await laptop.setup(given)), []);
	const ours = () => [...world.gitlab.store.runners.values()].filter(({maintenanceNote}) => mark.test(maintenanceNote));
	assert.equal(ours().length, 1);
	assert.equal(ours()[0]?.description, 'gitlab-runners');
	const [first] = ours();
	await exec(`rm ${paths.config}`);
	await laptop.cloudAt('us-east-2').call('DeleteParameter', {Name: '/gitlab-runner-aws/gitlab-runners/token'});
	assert.deepEqual(problems(await laptop.setup(given)), []);
	assert.equal(ours().length, 1);
	assert.notEqual(ours()[0]?.id, first?.id);
});

test('a removal sends the person’s token neither to the GitLab nor by the authority that the manager’s config.toml names', async () => {
	const asked: string[] = [];
	const evil = await listen(
		createServer((incoming, outgoing) => {
			asked.push(JSON.stringify(incoming.headers));
			outgoing.end('{}');
		}),
		'127.0.0.1',
	);
	const standing = await exec(`cat ${paths.config}`);
	await exec(`sed -i 's#^url = .*#url = "http://127.0.0.1:${evil.port}"\\ntls-ca-file = "/etc/shadow"#' ${paths.config}`);
	const gitlabToken = world.gitlab.personalToken('api');
	const said: string[] = [];
	await laptop.within(wish({runner: 'create', project: 'peers/demo'}, {gitlabToken}), (context) =>
		removeRunner(dockerMachine.workers.config, {...context, options: {withCache: false, drainSeconds: 0}}, (one) => 'says' in one && said.push(one.says)),
	);
	await evil.stop();
	assert.match(said.join('\n'), new RegExp(`config\\.toml on the manager names http://127\\.0\\.0\\.1:${evil.port} as its GitLab, .* sent to neither`));
	assert.ok(!asked.join().includes(gitlabToken));
	await exec(`cat >${paths.config} <<'END'\n${standing}\nEND`);
});

test('a manager that lost its config.toml gets the token from SSM, and asks nobody', async () => {
	await exec(`rm ${paths.config}`);
	const given = wish({runner: 'create', project: 'peers/demo', tokenStore: 'ssm'});
	assert.deepEqual(problems(await laptop.setup(given)), []);
	assert.deepEqual(unlike(await laptop.plan(given)), {});
});

test('a host that shows another key is refused, with both fingerprints', async () => {
	const known = await world.manager.hostKeyFingerprints();
	await exec('rm /etc/ssh/ssh_host_*; ssh-keygen -A; pkill -KILL sshd; mkdir -p /run/sshd; true');
	await world.manager.startSshd();
	const connection = (await laptop.plan(wish())).get('connection');
	assert.ok(connection?.is === 'blocked' && connection.problem.code === 'host-key-changed', JSON.stringify(connection));
	assert.ok(known.some((fingerprint) => connection.problem.message.includes(fingerprint)) && /shows the host key SHA256:/.test(connection.problem.message));
});

test('a removal goes on without a manager that can not be reached, says so, and deletes the runner that we created', async () => {
	const result = await laptop.destroy({...wish(), secrets: {gitlabToken: world.gitlab.personalToken('api')}});
	assert.deepEqual(problems(result), []);
	assert.ok(laptop.sayings().some((says) => /^not stopped, since the manager i-\w+ isn't reached/.test(says)));
	assert.deepEqual(await workersLeft(), ['runner-t3abcdefg-other-gitlab-runners-x']);
	assert.ok(![...world.gitlab.store.runners.values()].some(({maintenanceNote}) => maintenanceNote.includes('gitlab-runner-aws')));
});

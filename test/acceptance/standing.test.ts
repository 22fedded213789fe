import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {type IpPermission, StopInstancesCommand} from '@aws-sdk/client-ec2';
import {PutBucketLifecycleConfigurationCommand, PutObjectCommand} from '@aws-sdk/client-s3';
import {GetParameterCommand} from '@aws-sdk/client-ssm';
import {parse} from 'smol-toml';
import {until} from '../peers/poll.ts';
import {initHere} from '../peers/systemd.ts';
import {type PeerWorld, startWorld} from '../peers/world.ts';
import {type AccountOnMoto, accountAt, between, firstBaked, named, type Thing, wholeFleet} from './account.ts';
import {bakes, prunes} from './bakes.ts';
import {likeNames, sameNameElsewhere} from './decoys.ts';
import {longestDelay, roundTripsDeep} from './depth.ts';
import {killedAtEachChange} from './killing.ts';
import {answersFor, changingCalls, commandLines, ended, type LaptopOnPeers, laptopIn, onManager, textBelow, unlike} from './laptop.ts';
import {startRelay} from './relay.ts';
import {smokes} from './smokes.ts';

const fleet = ['--fleet', 'gitlab-runners', '--region', 'us-east-1'];
const bucket = 'gitlab-runners-cache-123456789012-us-east-1';
const config = '/etc/gitlab-runner/config.toml';

/** A mirror needs a real systemd, and room for it is memory here. */
const mirrored = (await initHere()) === 'systemd';

let world: PeerWorld;
let account: AccountOnMoto;
let elsewhere: AccountOnMoto;
let laptop: LaptopOnPeers;
let second: LaptopOnPeers;
let others: Thing[];
let theirs: Thing[];
/** Command lines that ran on the manager while it was set up. */
let argv: string;
/** Every call to AWS that any command made. */
const calls: ReturnType<PeerWorld['aws']['calls']> = [];

function forgetCalls(): void {
	calls.push(...world.aws.calls());
	world.aws.forget();
	world.gitlab.forget();
}

before(async () => {
	world = await startWorld();
	account = accountAt(world);
	elsewhere = accountAt(world, 'us-west-2');
	laptop = await laptopIn(world, answersFor(world, {cacheDays: 30, idleTime: 600, tags: {team: 'ci'}}));
	second = await laptopIn(world);
	await likeNames(account);
	await sameNameElsewhere(elsewhere);
	others = await account.things();
	theirs = await elsewhere.things();
});

after(() => world.stop());

/** Runs the program, which has to change just this. */
async function changes(args: readonly string[], expected: readonly string[], on = laptop): Promise<string> {
	forgetCalls();
	const ran = await on.run(args);
	ended(ran, 0);
	assert.deepEqual(changingCalls(world), expected);
	return ran.stdout;
}

/** What `plan` finds, which has to be just this. */
async function planFinds(expected: Record<string, string>): Promise<void> {
	forgetCalls();
	const ran = await laptop.json(['plan', ...fleet]);
	ended(ran, Object.keys(expected).length === 0 ? 0 : 3);
	assert.deepEqual(unlike(ran.lines), expected);
	assert.deepEqual(changingCalls(world), []);
}

const inbound = async (name: string): Promise<IpPermission[]> => (await account.groups()).find(({GroupName}) => GroupName === name)?.IpPermissions ?? [];
const doors = (permissions: readonly IpPermission[]): string[] =>
	permissions
		.flatMap(({FromPort, IpRanges = [], Ipv6Ranges = [], PrefixListIds = [], ToPort, UserIdGroupPairs = []}) =>
			[...IpRanges.map(({CidrIp}) => CidrIp), ...UserIdGroupPairs.map(({GroupId}) => GroupId), ...Ipv6Ranges, ...PrefixListIds].map(
				(source) => `${FromPort}-${ToPort} from ${String(source)}`,
			),
		)
		.sort();
const metric = async (name: string): Promise<number> =>
	Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(await onManager(world, 'curl -fsS http://127.0.0.1:9252/metrics'))?.[1]);
const mainPid = (): Promise<string> => onManager(world, 'systemctl show gitlab-runner --property MainPID');

/** What somebody added to config.toml by hand is still there. */
async function survived(): Promise<void> {
	const text = await onManager(world, `cat ${config}`);
	for (const kept of ['engine-opt=mtu=1400', 'name = "by hand"', 'executor = "shell"', 'output_limit = 8192', 'custom_build_dir'])
		assert.ok(text.includes(kept), `${kept} has gone`);
}

test('setup from a preset and a token file ends well, and makes exactly one of each, all marked', async () => {
	const seen = await commandLines(world);
	const ran = await laptop.built(['setup', '--yes', ...laptop.preset, ...laptop.tokenFile]);
	argv = await seen();
	ended(ran, 0);
	const made = between(others, await account.things());
	assert.deepEqual(made.went, []);
	assert.deepEqual(named(made.came), wholeFleet);
	for (const {name, sort, tags} of made.came) {
		assert.equal(tags['gitlab-runner-aws:fleet'], 'gitlab-runners', `${sort} ${name}`);
		assert.equal(tags.team, 'ci', `${sort} ${name}`);
		if (['bucket', 'role', 'instance profile'].includes(sort)) assert.equal(tags['gitlab-runner-aws:region'], 'us-east-1', `${sort} ${name}`);
	}
	assert.deepEqual(between(theirs, await elsewhere.things()).went, []);
});

test('the ports, the lifecycle and the record are as the answers say', async () => {
	const [things, rules] = await Promise.all([account.things(), account.lifecycle(bucket)]);
	const managers = things.find(({name, sort}) => sort === 'security group' && name === 'gitlab-runners-manager')?.id;
	assert.deepEqual(doors(await inbound('gitlab-runners-manager')), ['22-22 from 127.0.0.1/32']);
	assert.deepEqual(doors(await inbound('gitlab-runners-workers')), [`22-22 from ${managers}`, `2376-2376 from ${managers}`]);
	assert.equal(rules.length, 1);
	assert.deepEqual(
		[rules[0]?.ID, rules[0]?.Status, rules[0]?.Filter?.Prefix, rules[0]?.Expiration?.Days],
		['gitlab-runner-aws-gitlab-runners', 'Enabled', 'gitlab-runners/', 30],
	);
	const {Parameter} = await account.ssm.send(new GetParameterCommand({Name: '/gitlab-runner-aws/gitlab-runners'}));
	const record: unknown = JSON.parse(Parameter?.Value ?? '');
	assert.ok(typeof record === 'object' && record !== null && 'answers' in record);
	assert.equal(Object.entries(record.answers ?? {}).find(([key]) => key === 'cacheDays')?.[1], 30);
});

test("no test machine is left: neither an instance, nor docker-machine's entry, nor its key pair", async () => {
	const made = between(others, await account.things()).came;
	assert.equal(made.filter(({name}) => name.startsWith('runner-')).length, 0);
	assert.equal((await onManager(world, 'docker-machine ls -q; ls /root/.docker/machine/machines 2>/dev/null || true')).trim(), '');
	const launched = calls.concat(world.aws.calls());
	assert.equal(
		launched.filter(({action, changing, code}) => action === 'RunInstances' && changing && code === undefined).length,
		1,
		'this laptop launched the manager only',
	);
});

test("the manager has a closed config.toml with the answers' values, the drop-in, the versions, and a runner that GitLab knows and hears", async () => {
	assert.equal((await onManager(world, `stat -c '%a %U' ${config}`)).trim(), '600 root');
	const {concurrent, listen_address, log_format, runners} = parse(await onManager(world, `cat ${config}`));
	assert.deepEqual({concurrent, listen_address, log_format}, {concurrent: 4, listen_address: '127.0.0.1:9252', log_format: 'json'});
	assert.ok(Array.isArray(runners) && runners.length === 1);
	const text = await onManager(world, `cat ${config}`);
	for (const line of [
		'limit = 4',
		'IdleTime = 600',
		`BucketName = "${bucket}"`,
		'executor = "docker+machine"',
		'amazonec2-instance-type=c5.large',
		'amazonec2-request-spot-instance=true',
	]) {
		assert.ok(text.includes(line), `${line} isn't in\n${text.replace(laptop.token, '…')}`);
	}
	assert.match(await onManager(world, 'cat /etc/systemd/system/gitlab-runner.service.d/*.conf'), /KillSignal=SIGQUIT/);
	assert.match(await onManager(world, 'gitlab-runner --version'), /19\.3\.0/);
	assert.match(await onManager(world, 'docker-machine --version'), /0\.16\.2-gitlab\.48/);
	assert.match(await onManager(world, 'gitlab-runner verify 2>&1'), /is valid/);
	assert.equal((await onManager(world, 'systemctl is-active gitlab-runner; systemctl is-enabled gitlab-runner')).trim(), 'active\nenabled');
	const runner = world.gitlab.store.byToken(laptop.token);
	assert.equal(runner?.managers.length, 1);
	assert.ok(world.gitlab.requests().some(({path, status}) => path.endsWith('/jobs/request') && status === 204));
});

test('the same again asks for no token, changes nothing, and is at most four round trips deep', async () => {
	const again = ['setup', '--yes', ...laptop.preset];
	const begun = performance.now();
	await changes(again, []);
	// Each call takes as long as the whole command does by itself, so that what is asked side by side overlaps however slow this computer is.
	const delayMs = Math.min(performance.now() - begun, longestDelay);
	forgetCalls();
	const relay = await startRelay(world.manager.address, 22);
	world.aws.faults([{delayMs}]);
	const ran = await laptop.json([...again, '--ssh-address', `127.0.0.1:${relay.port}`]);
	world.aws.faults([]);
	await relay.stop();
	ended(ran, 0);
	assert.deepEqual(changingCalls(world), []);
	assert.deepEqual(unlike(ran.lines), {});
	const facts = ran.lines.find((line) => line.event === 'step.found' && line.step === 'software');
	const ssh = {from: relay.opened()[0] ?? 0, to: Date.parse(facts?.at ?? '')};
	assert.equal(relay.opened().length, 1, 'one connection over SSH');
	const spans = world.aws.calls().map(({at, ms}) => ({from: at, to: at + ms}));
	const deep = roundTripsDeep([...spans, ssh]);
	assert.ok(deep <= 4, `${deep} round trips deep`);
});

test('a second laptop without any file of it opens the fleet by its name alone, and changes nothing in the account', async () => {
	const said = await changes(['setup', '--yes', '--fleet', 'gitlab-runners'], [], second);
	assert.match(said, /nothing was changed/);
});

test('a month later, with a newer image out and at another address, the rule for that address takes the place of one’s own for the address before', async () => {
	await world.aws.newerImage('20261220');
	world.ownAddress('198.51.100.7');
	const said = await changes(['setup', '--yes', ...fleet], ['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress']);
	assert.match(said, /A newer ubuntu-24\.04 is published/);
	assert.deepEqual(doors(await inbound('gitlab-runners-manager')), ['22-22 from 198.51.100.7/32']);
	world.ownAddress('127.0.0.1');
	await changes(['setup', '--yes', ...fleet], ['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress']);
});

test('a port that was closed by hand is told, and opened again', async () => {
	await account.closePort('gitlab-runners-manager', 22);
	await planFinds({'security-group-rules': 'different'});
	await changes(['setup', '--yes', ...fleet], ['AuthorizeSecurityGroupIngress']);
	await account.closePort('gitlab-runners-workers', 2376);
	await changes(['setup', '--yes', ...fleet], ['AuthorizeSecurityGroupIngress']);
});

test("our lifecycle rule, deleted by hand, comes back beside somebody else's, which stays as it is", async () => {
	const other = {ID: 'reports', Status: 'Enabled', Filter: {Prefix: 'reports/'}, Expiration: {Days: 7}} as const;
	await account.s3.send(new PutBucketLifecycleConfigurationCommand({Bucket: bucket, LifecycleConfiguration: {Rules: [other]}}));
	await planFinds({bucket: 'different'});
	await changes(['setup', '--yes', ...fleet], ['PutBucketLifecycleConfiguration']);
	const rules = await account.lifecycle(bucket);
	assert.deepEqual(
		rules.map(({ID}) => ID),
		['reports', 'gitlab-runner-aws-gitlab-runners'],
	);
	assert.deepEqual([rules[0]?.Status, rules[0]?.Filter?.Prefix, rules[0]?.Expiration?.Days], ['Enabled', 'reports/', 7]);
});

test("somebody's own tables, keys and MachineOptions in config.toml stay, and a test machine proves what the runner then uses", async () => {
	const edit = [`-e '0,/MachineOptions = \\[/s//MachineOptions = ["engine-opt=mtu=1400", /'`, `-e '0,/executor = /s//output_limit = 8192\\nexecutor = /'`].join(
		' ',
	);
	// It takes no untagged job: else it, not our runner, might be handed the one that destroy has to end.
	const byHand = world.gitlab.token({runUntagged: false, tagList: ['shell']});
	const entry = `\\n[[runners]]\\nname = "by hand"\\nurl = "${world.gitlab.url}"\\ntoken = "${byHand}"\\nexecutor = "shell"\\n[runners.custom_build_dir]\\nenabled = true\\n`;
	await onManager(world, `sed -i ${edit} ${config} && printf '${entry}' >> ${config}`);
	await planFinds({'test-machine': 'different'});
	await changes(['setup', '--yes', ...fleet], ['CreateTags']);
	await survived();
});

test('a value changed in config.toml by hand is put back, without a restart', async () => {
	const pid = await mainPid();
	await onManager(world, `sed -i 's/^ *limit = 4$/limit = 9/' ${config}`);
	await planFinds({runner: 'different'});
	await changes(['setup', '--yes', ...fleet], []);
	assert.match(await onManager(world, `cat ${config}`), /^limit = 4$/m);
	await survived();
	assert.equal(await mainPid(), pid);
});

test('a manager that was stopped is started, not doubled', async () => {
	const before = await account.instances();
	const manager = before.find(({Tags}) => Tags?.some(({Key, Value}) => Key === 'gitlab-runner-aws:part' && Value === 'manager'));
	const id = manager?.InstanceId ?? '';
	await account.ec2.send(new StopInstancesCommand({InstanceIds: [id]}));
	await until('the manager to stop', async () =>
		(await account.instances()).some(({InstanceId, State}) => InstanceId === id && State?.Name === 'stopped') ? true : undefined,
	);
	await planFinds({manager: 'different'});
	await changes(['setup', '--yes', ...fleet], ['StartInstances']);
	assert.equal((await account.instances()).length, before.length);
	await planFinds({});
});

test('a limit changed on another laptop is live: the runner takes it up and is not restarted', async () => {
	const pid = await mainPid();
	await changes(['setup', '--yes', '--fleet', 'gitlab-runners', '--limit', '6', '--concurrent', '6'], ['PutParameter'], second);
	assert.equal(await mainPid(), pid);
	await until('the runner to take up its new limit', async () =>
		(await metric('gitlab_runner_limit')) === 6 && (await metric('gitlab_runner_concurrent')) === 6 ? true : undefined,
	);
	await changes(['setup', '--yes', ...fleet], []);
	assert.equal(await metric('gitlab_runner_limit'), 6, "a re-run from elsewhere doesn't reset it");
});

test('that laptop has a key of its own from then on', async () => {
	assert.ok(
		calls.some(({action}) => action === 'SendSSHPublicKey'),
		'Instance Connect let it in before',
	);
	await changes(['setup', '--yes', '--fleet', 'gitlab-runners'], [], second);
	assert.ok(!world.aws.calls().some(({action}) => action === 'SendSSHPublicKey'));
});

test('a changed worker type proves a new test machine before the runner may use it', async () => {
	const ran = await laptop.json(['setup', '--yes', ...fleet, '--worker-type', 'm5.large']);
	ended(ran, 0);
	assert.ok(ran.lines.some((line) => line.event === 'step.done' && line.step === 'test-machine'));
	assert.match(await onManager(world, `cat ${config}`), /amazonec2-instance-type=m5\.large/);
	await survived();
});

test('another manager type is refused unless the replacement is agreed to by name, and nothing changes', async () => {
	forgetCalls();
	const ran = await laptop.run(['setup', '--yes', ...fleet, '--manager-type', 't3.medium']);
	ended(ran, 1);
	assert.match(ran.stderr, /--replace-manager/);
	assert.deepEqual(changingCalls(world), []);
	await planFinds({});
});

test('no secret is in what the program says, in its files, on a command line or in a call to AWS', async () => {
	forgetCalls();
	const files = (await Promise.all([laptop, second].map(({home}) => textBelow(home)))).flat();
	const [key = ''] = files.filter(({path}) => path.includes('/keys/')).map(({text}) => text);
	const secret = key.split('\n').find((line) => line.length > 40 && !line.startsWith('-----')) ?? '';
	assert.ok(secret.length > 40, 'this laptop has a private key');
	const said = [laptop.said(), second.said()].join('\n');
	assert.match(argv, /docker-machine.* create /, 'the command lines were seen');
	const forms = JSON.stringify(calls);
	for (const [what, value] of [
		['token', laptop.token],
		["the private key's text", secret],
	] as const) {
		assert.ok(!said.includes(value), `${what} was said`);
		assert.ok(!argv.includes(value), `${what} is on a command line`);
		assert.ok(!forms.includes(value), `${what} is in a call to AWS`);
	}
	for (const {path, text} of files) assert.ok(!text.includes(laptop.token), `the token is in ${path}`);
	assert.deepEqual(
		files.filter(({path, text}) => text.includes(secret) && !path.includes('/keys/')).map(({path}) => path),
		[],
		'the key is in its own file only',
	);
});

test('a mirror of Docker Hub comes by its answer, for workers alone, and the same again changes nothing', {skip: !mirrored}, async () => {
	const create = ['setup', '--yes', ...fleet, '--registry-mirror', 'create', '--registry-mirror-disk', '1'];
	await killedAtEachChange(world, laptop, create, ['PutParameter', 'AuthorizeSecurityGroupIngress', 'CreateTags']);
	await changes(create, []);
	const workers = (await account.groups()).find(({GroupName}) => GroupName === 'gitlab-runners-workers')?.GroupId;
	assert.ok(doors(await inbound('gitlab-runners-manager')).includes(`5000-5000 from ${workers}`));
	assert.match(await onManager(world, `cat ${config}`), /engine-registry-mirror=http:[^"]+:5000"/);
	await changes(['setup', '--yes', ...fleet], []);
});

test('bake makes an image, which a test machine proves and docker-machine launches workers from: one image on one snapshot, no builder', async () => {
	const before = await account.things();
	await prunes(world, laptop);
	assert.deepEqual(between(before, await account.things()), {came: [], went: []});
	const image = await bakes(world, laptop, ['PutParameter', 'PutRolePolicy', 'CreateTags', 'PutRolePolicy']);
	assert.ok((await onManager(world, `cat ${config}`)).includes(`amazonec2-ami=${image}`));
	assert.deepEqual([named(between(before, await account.things()).came), between(before, await account.things()).went], [firstBaked, []]);
	await survived();
});

test('smoke proves the chain on a worker of the fleet, from an image of its own and with a mirror, by a cache that the second job finds, and leaves nothing in GitLab', async () => {
	await smokes(world, laptop);
});

test('a mirror that is wanted no more goes, with its port', {skip: !mirrored}, async () => {
	const none = ['setup', '--yes', ...fleet, '--registry-mirror', 'none'];
	await killedAtEachChange(world, laptop, none, ['PutParameter', 'RevokeSecurityGroupIngress', 'CreateTags']);
	await changes(none, []);
	assert.deepEqual(doors(await inbound('gitlab-runners-manager')), ['22-22 from 127.0.0.1/32']);
	assert.doesNotMatch(await onManager(world, `cat ${config}; ls /etc /etc/systemd/system`), /registry-mirror/);
	await survived();
});

test('destroy takes away what bears the mark, workers with their jobs too, and nothing else; the cache bucket stays', async () => {
	await account.s3.send(new PutObjectCommand({Bucket: bucket, Key: 'gitlab-runners/project/1/cache.zip', Body: 'cache'}));
	const job = world.gitlab.queue({seconds: 600});
	await until('a worker to run the job', async () =>
		(await account.instances()).length > others.filter(({sort}) => sort === 'instance').length + 1 && job.status === 'running' ? true : undefined,
	);
	const ran = await laptop.built(['destroy', '--yes', '--now', ...fleet]);
	ended(ran, 0);
	const {came, went} = between(others, await account.things());
	assert.deepEqual(named(went), []);
	assert.deepEqual(named(came), [`bucket ${bucket}`]);
	assert.deepEqual(named(between(theirs, await elsewhere.things()).went), []);
	assert.equal(world.gitlab.store.byToken(laptop.token)?.managers.length, 0, 'GitLab was told');
	assert.deepEqual(
		(await textBelow(laptop.home)).filter(({path}) => path.includes('/keys/')),
		[],
	);
});

test('destroy again says that there is no fleet, and is no failure', async () => {
	const said = await changes(['destroy', '--yes', ...fleet], []);
	assert.match(said, /There is no fleet gitlab-runners in us-east-1/);
});

test('with --with-cache the bucket goes too, with all in it', async () => {
	const ran = await laptop.run(['destroy', '--yes', '--with-cache', ...fleet]);
	ended(ran, 0);
	assert.deepEqual(between(others, await account.things()), {came: [], went: []});
	assert.deepEqual(named(between(theirs, await elsewhere.things()).went), []);
});

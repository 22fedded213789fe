import assert from 'node:assert/strict';
import {after, type TestContext, test} from 'node:test';
import {PutBucketLifecycleConfigurationCommand} from '@aws-sdk/client-s3';
import {leftAsFound, openTerminal} from '../pty/terminal.ts';
import {homes, inHome, noHomes} from '../world/homes.ts';
import {wholeFleet} from './account.ts';
import {begin, fleet} from './begin.ts';
import {changingCalls, ended, laptopIn, onManager, textBelow} from './laptop.ts';

const bucket = 'gitlab-runners-cache-123456789012-us-east-1';
const config = '/etc/gitlab-runner/config.toml';
const key = {enter: '\r'} as const;

const {world, account, laptop, setup, standing} = await begin();
after(() => world.stop());

/** Somebody else's rule; ours has gone. */
const theirRule = {ID: 'reports', Status: 'Enabled', Filter: {Prefix: 'reports/'}, Expiration: {Days: 7}} as const;
const loseOurRule = () => account.s3.send(new PutBucketLifecycleConfigurationCommand({Bucket: bucket, LifecycleConfiguration: {Rules: [theirRule]}}));
const rules = async () => (await account.lifecycle(bucket)).map(({ID}) => ID);
const mendedRules = ['reports', 'gitlab-runner-aws-gitlab-runners'];

const instanceConnect = () => world.aws.calls().filter(({action}) => action === 'SendSSHPublicKey').length;
const mainPid = () => onManager(world, 'systemctl show gitlab-runner --property MainPID');

/** A HOME in which nothing ever was: no key, no record, no setting. */
async function emptyHome(): Promise<string> {
	const home = await world.newHome();
	assert.deepEqual(await textBelow(home), []);
	return home;
}

/** The program in a terminal of somebody at that HOME, who has a keyboard and no flag but the fleet's. */
function sitAt(t: TestContext, home: string, command: string) {
	const terminal = openTerminal('../../dist/cli.js', [command, ...fleet], {columns: 120, rows: 40, env: {...world.env, HOME: home}});
	t.after(() => terminal.close());
	return terminal;
}

test('a fleet is set up from one laptop', async () => {
	ended(await laptop.run(setup), 0);
	assert.deepEqual(await standing(), wholeFleet);
});

test('what was broken outside is mended from a laptop that has never seen the fleet: the panel, r, Enter; just that, and let in by EC2 Instance Connect', async (t) => {
	const [wanted, pid] = [await onManager(world, `cat ${config}`), await mainPid()];
	await loseOurRule();
	await onManager(world, `sed -i 's/^ *limit = 4$/limit = 9/' ${config}`);
	const home = await emptyHome();
	world.aws.forget();
	const {until, press, ended: left, text} = sitAt(t, home, 'status');
	await until(/runner 19\.3\.0 ✔ running[\s\S]*machines +\S* *0 of 9/);
	assert.equal(instanceConnect(), 1, 'the panel was let in by EC2 Instance Connect');
	press('r');
	await until(/Review: this is what Enter changes[\s\S]*~ runner +limit 9 → 4[\s\S]*At most about \$|At most about \$[\s\S]*~ runner +limit 9 → 4/);
	assert.match(text(), /Change +cache bucket · runner/);
	assert.deepEqual(changingCalls(world), [], 'nothing is changed before Enter');
	press(key.enter);
	await until(/✔ gitlab-runners is set up in us-east-1, and its runner takes jobs\.[\s\S]*What comes next[\s\S]*to the panel/);
	press(key.enter);
	await until(/runner 19\.3\.0 ✔ running[\s\S]*machines +\S* *0 of 4/);
	press('q');
	assert.equal(await left(), 0);

	assert.deepEqual(changingCalls(world), ['PutBucketLifecycleConfiguration']);
	assert.deepEqual(await rules(), mendedRules);
	assert.equal(await onManager(world, `cat ${config}`), wanted);
	assert.equal(await mainPid(), pid, 'the runner was not restarted');
	assert.deepEqual(await standing(), wholeFleet);

	world.aws.forget();
	const again = sitAt(t, home, 'status');
	await again.until(/runner 19\.3\.0 ✔ running[\s\S]*machines +\S* *0 of 4/);
	again.press('q');
	assert.equal(await again.ended(), 0);
	assert.equal(instanceConnect(), 0, 'having changed something there, this laptop has a key of its own');
});

test('setup --fleet alone mends it from another laptop that has never seen it', async () => {
	const other = await laptopIn(world);
	await loseOurRule();
	world.aws.forget();
	assert.deepEqual(await textBelow(other.home), []);
	ended(await other.run(['setup', '--yes', ...fleet]), 0);
	assert.deepEqual(changingCalls(world), ['PutBucketLifecycleConfiguration']);
	assert.ok(instanceConnect() > 0, 'the plan looked at the manager through EC2 Instance Connect');
	assert.deepEqual(await rules(), mendedRules);
	assert.deepEqual(await standing(), wholeFleet);
});

test('from a laptop that can keep no key a command still comes through, by EC2 Instance Connect for that moment, and no key stays anywhere', {
	skip: noHomes,
}, async () => {
	const other = await laptopIn(world);
	const temporary = await world.newHome();
	const authorized = await onManager(world, 'sort /home/ubuntu/.ssh/authorized_keys');
	const [readOnly] = homes;
	assert.ok(readOnly);
	const ran = await other.built(['ssh', ...fleet, '--', 'id', '-un'], {
		env: {TMPDIR: temporary},
		inside: (command) => inHome(readOnly, other.home, command),
	});
	ended(ran, 0);
	assert.equal(ran.stdout, 'ubuntu\n');
	assert.equal(await onManager(world, 'sort /home/ubuntu/.ssh/authorized_keys'), authorized);
	for (const {path, text} of await textBelow(temporary)) assert.ok(!text.includes('PRIVATE KEY-----\n'), path);
});

test('in a real terminal ssh hands it over whole: a shell on the manager takes what is typed, and its exit code is the command’s', async (t) => {
	const terminal = openTerminal('../../dist/cli.js', ['ssh', ...fleet], {columns: 100, rows: 40, env: laptop.env, shell: true});
	t.after(() => terminal.close());
	await terminal.until(/ubuntu@\S+:~\$ /);
	assert.equal(terminal.kind(), 'normal', 'what the shell says stays on the screen');
	terminal.press('echo typed-$((6*7)); exit 3\r');
	await terminal.until(/typed-42[\s\S]*code=3\n/);
	await terminal.ended();
	leftAsFound(terminal, 3);
});

test('a laptop that has never seen the fleet takes it away: its name is typed, the runner is stopped through EC2 Instance Connect, and only the cache stays', async (t) => {
	const home = await emptyHome();
	world.aws.forget();
	const {until, press, ended: left, text} = sitAt(t, home, 'destroy');
	await until(/The fleet gitlab-runners in us-east-1 is taken away\.[\s\S]*Type gitlab-runners to agree/);
	press(key.enter);
	await until(/Only "gitlab-runners", typed whole, agrees/);
	assert.deepEqual(changingCalls(world), []);
	press('gitlab-runners');
	await until(/› gitlab-runners/);
	press(key.enter);
	assert.equal(await left(), 0);
	assert.match(text(), /✔ service: stopped[\s\S]*Nothing in us-east-1 bears the mark of gitlab-runners\. Kept: the cache bucket\./);
	assert.ok(instanceConnect() > 0);
	assert.deepEqual(await standing(), [`bucket ${bucket}`]);
	assert.equal(world.gitlab.store.byToken(laptop.token)?.managers.length, 0, 'GitLab was told');
	assert.deepEqual(
		(await textBelow(home)).filter(({path}) => path.includes('/keys/')),
		[],
	);
});

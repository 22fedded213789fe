import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Answers} from '../../../source/fleet.ts';
import {isProblem} from '../../../source/problem.ts';
import {savedByRunner} from '../../../source/simulated/host/runner-save.ts';
import {mergeConfig} from '../../../source/steps/config/merge.ts';
import {standingToken} from '../../../source/steps/config/standing.ts';
import {someConfig} from '../../executors/docker-machine/some-answers.ts';

const token = {token: 'glrt-t3_abcdefghijklmnop', id: 42, obtainedAt: Date.UTC(2026, 10, 24)};

const wanted = (over: Partial<Answers> = {}, withToken = false) => ({...someConfig(over), ...(withToken ? {token} : {})});

const made = (over: Partial<Answers> = {}) => mergeConfig(undefined, wanted(over, true)).text;

test('a new config.toml holds what the answers want, in the case that each table has', () => {
	const text = made({schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 2, idleTime: 1800}]});
	for (const line of [
		'concurrent = 10',
		'check_interval = 3',
		'listen_address = "127.0.0.1:9252"',
		'log_format = "json"',
		'[machine.shutdown_drain]',
		'[[runners]]',
		'token = "glrt-t3_abcdefghijklmnop"',
		'id = 42',
		'token_obtained_at = 2026-11-24T00:00:00.000Z',
		'[runners.cache.s3]',
		'BucketName = "gitlab-runners-cache-123456789012-us-east-2"',
		'Path = "gitlab-runners"',
		'MachineName = "gitlab-runners-%s"',
		'[[runners.machine.autoscaling]]',
		'Periods = [ "* * 9-17 * * mon-fri *" ]',
		'volumes = [ "/certs/client", "/cache" ]',
	])
		assert.ok(text.split('\n').includes(line), line);
});

test('a config.toml that is as wanted comes back as the very same text', () => {
	const text = `# mine\n${made()}`;
	const {changes, text: again, yours} = mergeConfig(text, wanted());
	assert.deepEqual(changes, []);
	assert.equal(again, text);
	assert.deepEqual(yours, []);
});

test('a changed answer is one change, named by its key, and nothing else changes', () => {
	const {changes, text} = mergeConfig(made(), wanted({limit: 20}));
	assert.deepEqual(changes, [{what: 'limit', from: '10', to: '20', how: 'live'}]);
	assert.deepEqual(
		text.split('\n').filter((line) => !made().split('\n').includes(line)),
		['limit = 20'],
	);
});

test('a changed worker type is told as such, not as a list of options', () => {
	assert.deepEqual(mergeConfig(made(), wanted({workerType: 'c5.xlarge'})).changes, [{what: 'workerType', from: 'c5.large', to: 'c5.xlarge', how: 'live'}]);
});

test('spot given up drops the options that only spot needs', () => {
	const {changes, text} = mergeConfig(made(), wanted({spot: false}));
	assert.deepEqual(
		changes.map(({what}) => what),
		['spot'],
	);
	assert.ok(!text.includes('spot'));
});

const foreign = `log_level = "debug"

[session_server]
listen_address = "0.0.0.0:8093"

[[runners]]
name = "someone else's"
url = "https://gitlab.example.com"
token = "glrt-other"
executor = "shell"

[runners.machine]
IdleScaleFactor = 1.0
`;

test("others' runners, keys and options survive a change, to the fraction, and are listed as the person's", () => {
	const standing = made()
		.replace('request_concurrency = 4', 'request_concurrency = 4\noutput_limit = 8192')
		.replace('"engine-install-url', '"engine-registry-mirror=http://10.0.0.9:6000", "engine-install-url');
	const {changes, text, yours} = mergeConfig(`${foreign}\n${standing.slice(standing.indexOf('[[runners]]'))}`, wanted({idleTime: 600}));
	assert.ok(changes.some(({what, to}) => what === 'idleTime' && to === '600'));
	for (const line of ['log_level = "debug"', 'name = "someone else\'s"', 'token = "glrt-other"', 'IdleScaleFactor = 1.0', 'output_limit = 8192'])
		assert.ok(text.split('\n').includes(line), line);
	assert.ok(text.includes('engine-registry-mirror=http://10.0.0.9:6000'));
	assert.deepEqual(yours, [
		'log_level',
		'session_server.listen_address',
		"[[runners]] someone else's",
		'runners.output_limit',
		'MachineOptions engine-registry-mirror=http://10.0.0.9:6000',
	]);
	assert.deepEqual(mergeConfig(text, wanted({idleTime: 600})).changes, []);
});

test('the token that stands is kept, since the runner rotates it by itself', () => {
	const rotated = made().replace('glrt-t3_abcdefghijklmnop', 'glrt-t3_rotated');
	assert.ok(mergeConfig(rotated, wanted({limit: 3})).text.includes('glrt-t3_rotated'));
	assert.deepEqual(standingToken(rotated, wanted()), {...token, token: 'glrt-t3_rotated'});
});

test('another token is a change that shows neither of the two', () => {
	const {changes} = mergeConfig(made(), {...wanted(), token: {token: 'glrt-t3_zyxwvutsrqponml', id: 42, obtainedAt: token.obtainedAt}});
	assert.deepEqual(changes, [{what: 'runners.token', from: 'glrt-t3_…', to: 'glrt-t3_…', how: 'live'}]);
});

test('without a token that stands or is given there is no config.toml to write', () => {
	assert.throws(
		() => mergeConfig(foreign, wanted()),
		(error) => isProblem(error, 'token-missing'),
	);
});

test("the person's own TOML goes into our entry, as keys or under [runners], and can't change its token", () => {
	for (const runnerConfig of [
		'output_limit = 8192\ntoken = "x"\n[docker]\npull_policy = "if-not-present"',
		'[[runners]]\noutput_limit = 8192\n[runners.docker]\npull_policy = "if-not-present"',
		'[runners]\noutput_limit = 8192\n[runners.docker]\npull_policy = "if-not-present"',
	]) {
		const text = made({runnerConfig});
		assert.ok(text.includes('output_limit = 8192') && text.includes('pull_policy = "if-not-present"') && text.includes('image = "alpine:latest"'));
		assert.ok(text.includes(`token = "${token.token}"`));
		assert.deepEqual(mergeConfig(text, wanted({runnerConfig})).changes, []);
	}
});

test('TOML that is broken is a problem that says where', () => {
	assert.throws(
		() => made({runnerConfig: 'output_limit = '}),
		(error) => isProblem(error, 'config-broken') && /line 1/.test(error.message),
	);
	assert.throws(
		() => mergeConfig('concurrent = [1', wanted()),
		(error) => isProblem(error, 'config-broken'),
	);
});

test('a cache given up goes, and so does a schedule', () => {
	const standing = made({schedule: [{periods: ['* * * * * * *'], timezone: 'UTC', idleCount: 1, idleTime: 60}]});
	const {text} = mergeConfig(standing, wanted({cache: 'none'}));
	assert.ok(!/BucketName|Type = "s3"|autoscaling/.test(text));
});

test('keys of the seed that have had no effect since 14.0 go', () => {
	const standing = made().replace('IdleCount = 0', 'IdleCount = 0\nOffPeakIdleCount = 2\nOffPeakTimezone = "UTC"');
	const {changes} = mergeConfig(standing, wanted());
	assert.deepEqual(
		changes.map(({what}) => what),
		['runners.machine.OffPeakIdleCount', 'runners.machine.OffPeakTimezone'],
	);
});

test('a listen_address of another kind needs the runner to be restarted after its jobs', () => {
	const {changes} = mergeConfig(made().replace('127.0.0.1:9252', ':9252'), wanted());
	assert.deepEqual(changes, [{what: 'listen_address', from: ':9252', to: '127.0.0.1:9252', how: 'drain'}]);
});

const saved = (text: string): string => savedByRunner(text);

test('what the runner writes and leaves out when it saves the file by itself is no change, and nobody calls it their own', () => {
	const week = {schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 2, idleTime: 1800}]};
	const text = saved(made(week));
	for (const line of [
		'connection_max_age = "15m0s"',
		'retry_backoff = "0s"',
		'token_expires_at = 0001-01-01T00:00:00.000Z',
		'IdleScaleFactor = 0.0',
		'shm_size = 0',
	])
		assert.ok(text.split('\n').includes(line), line);
	assert.ok(!text.includes('MaxBuilds'));
	const {changes, yours} = mergeConfig(text, wanted(week));
	assert.deepEqual({changes, yours}, {changes: [], yours: []});
});

test('a number that the runner left out is told as the default that it stands for when it changes', () => {
	assert.deepEqual(mergeConfig(saved(made()), wanted({maxBuilds: 5})).changes, [{what: 'maxBuilds', from: '0', to: '5', how: 'live'}]);
});

test("keys that are the person's own are told though they are the runner's kind of key, and those at their default aren't", () => {
	const standing = made()
		.replace('shutdown_timeout = 300', 'shutdown_timeout = 300\nconnection_max_age = "5m0s"')
		.replace(
			'[runners.docker]',
			'[runners.feature_flags]\nFF_NETWORK_PER_BUILD = false\n\n[runners.docker]\nshm_size = 268435456\nservices_privileged = false\nnetwork_mtu = 0',
		);
	assert.deepEqual(mergeConfig(standing, wanted()).yours, [
		'connection_max_age',
		'runners.feature_flags.FF_NETWORK_PER_BUILD',
		'runners.docker.shm_size',
		'runners.docker.services_privileged',
	]);
});

test('no secret is shown of what is kept, and none of what changes', () => {
	const secrets = ['wJalrXUtnFEMI', 'AKIAIOSFODNN7', 'hunter2', 'TOPSECRET', 'gcskey', 'registrypassword'];
	const [secretKey, accessKey, password, variable, key, registry] = secrets;
	const own = `environment = ["TOKEN=${variable}"]\n[ssh]\npassword = "${password}"\n[cache.gcs]\nPrivateKey = "${key}"`;
	const standing = made().replace(
		'MachineOptions = [ ',
		`MachineOptions = [ "amazonec2-secret-key=${secretKey}", "amazonec2-access-key=${accessKey}", "engine-registry-mirror=https://ci:${registry}@mirror.example.com", `,
	);
	const {changes, text, yours} = mergeConfig(standing, wanted({runnerConfig: own}));
	assert.ok(yours.includes('MachineOptions amazonec2-secret-key=…'), yours.join());
	assert.ok(yours.includes('MachineOptions engine-registry-mirror=https://…@mirror.example.com'), yours.join());
	for (const what of ['runners.environment', 'runners.ssh.password', 'runners.cache.gcs.PrivateKey']) assert.ok(changes.some((one) => one.what === what));
	for (const secret of secrets) {
		assert.ok(text.includes(secret), `${secret} is kept`);
		assert.ok(!JSON.stringify({changes, yours}).includes(secret), `${secret} is shown`);
	}
});

const commented = (): string =>
	made()
		.replace('concurrent = 10', '# how many at once, agreed with ops\nconcurrent = 10 # see the wiki')
		.replace('MachineOptions = [ ', 'MachineOptions = [\n  # a mirror for Docker Hub\n  "engine-registry-mirror=http://10.0.0.9:6000", # port 6000\n  ');

test('comments stay where they are through a change of values, of a list, of tables that come', () => {
	const {commentsGo, text} = mergeConfig(
		commented(),
		wanted({concurrent: 20, workerType: 'm5.large', schedule: [{periods: ['* * * * * * *'], timezone: 'UTC', idleCount: 1, idleTime: 60}]}),
	);
	assert.equal(commentsGo, false);
	for (const line of [
		'# how many at once, agreed with ops',
		'concurrent = 20 # see the wiki',
		'  # a mirror for Docker Hub',
		'  "engine-registry-mirror=http://10.0.0.9:6000", # port 6000',
	])
		assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
	assert.ok(text.includes('[[runners.machine.autoscaling]]\nPeriods'));
});

test('a file that can only be written anew says that its comments go', () => {
	// A text that looks like the beginning of a runner leads a new section astray.
	const other = '[[runners]]\nname = "other"\ntoken = "glrt-other"\nexecutor = "shell"\npre_build_script = """\n[[runners]]\n"""\n';
	const week = {periods: ['* * * * * * *'], timezone: 'UTC', idleCount: 1, idleTime: 60};
	const standing = made({schedule: [week]}).replace('[[runners]]', `# mine\n${other}\n[[runners]]`);
	const more = wanted({schedule: [week, {...week, periods: ['* * 9-17 * * mon-fri *']}]});
	const {changes, commentsGo, text} = mergeConfig(standing, more);
	assert.deepEqual([commentsGo, text.includes('# mine'), text.includes('name = "other"')], [true, false, true]);
	assert.deepEqual([changes.map(({what}) => what), mergeConfig(text, more).changes], [['schedule'], []]);
	assert.equal(mergeConfig(standing.replace('# mine\n', ''), more).commentsGo, false);
});

test("an owner's own values in a window of the week stay as long as the window is there", () => {
	const week = {schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 2, idleTime: 1800}]};
	const standing = made(week).replace('IdleTime = 1800', 'IdleTime = 1800\nIdleScaleFactor = 0.5');
	const {changes, text, yours} = mergeConfig(standing, wanted({schedule: [{...week.schedule[0], idleCount: 3} as (typeof week.schedule)[0]]}));
	assert.deepEqual(
		changes.map(({what}) => what),
		['schedule'],
	);
	assert.match(text, /IdleCount = 3\nIdleTime = 1800\nIdleScaleFactor = 0\.5/);
	assert.deepEqual(yours, ['runners.machine.autoscaling.IdleScaleFactor']);
});

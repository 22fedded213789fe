import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {after, before, test} from 'node:test';
import {machineConfig} from '../../../source/executors/docker-machine/config.ts';
import {workerUserData} from '../../../source/executors/docker-machine/docker-machine.ts';
import {installScript, serviceScript, softwareFactsScript} from '../../../source/executors/scripts.ts';
import {mergeConfig} from '../../../source/steps/config/merge.ts';
import {shortToken, verdictOf} from '../../../source/steps/online.ts';
import {credentialsFile, dropIn, knownHash} from '../../../source/steps/programs.ts';
import {authorizeKeyScript} from '../../../source/world/host/scripts/authorize-key.ts';
import {endJobsScript} from '../../../source/world/host/scripts/draining.ts';
import {paths} from '../../../source/world/host/scripts/paths.ts';
import {unregisterScript} from '../../../source/world/host/scripts/unregister.ts';
import {writeConfigScript} from '../../../source/world/host/scripts/write-config.ts';
import {writeCredentialsScript} from '../../../source/world/host/scripts/write-credentials.ts';
import {someAnswers, someFleet} from '../../executors/docker-machine/some-answers.ts';
import type {StoredJob} from '../../peers/gitlab-store.ts';
import {until} from '../../peers/poll.ts';
import type {PeerWorld} from '../../peers/world.ts';
import {downloadsFor, type FreshManager, freshManager} from './fresh-manager.ts';
import {onManager} from './on-manager.ts';

let manager: FreshManager;
let world: PeerWorld;
let token: string;
const install: FreshManager['install'] = (over) => manager.install(over);
const facts: FreshManager['facts'] = () => manager.facts();
const exec: FreshManager['exec'] = (command) => manager.exec(command);
const workers: FreshManager['workers'] = () => manager.workers();

before(async () => {
	manager = await freshManager();
	world = manager.world;
	token = world.gitlab.token();
});
after(() => manager?.stop());

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const config = (standing?: string, over: Parameters<typeof someAnswers>[0] = {}): string =>
	mergeConfig(standing, {
		answers: someAnswers({gitlabUrl: world.gitlab.url, limit: 2, concurrent: 2, ...over}),
		fleet: someFleet,
		bucket: 'gitlab-runners-cache',
		config: machineConfig(manager.options),
		...(standing?.includes(token) ? {} : {token: {token}}),
	}).text;

test('on a fresh machine the facts say that nothing is there yet', async () => {
	const seen = await facts();
	assert.equal(seen.cloudInit.status, 'done');
	assert.equal(seen.os, 'ubuntu 24.04');
	assert.deepEqual(
		[seen.gitlabRunner, seen.dockerMachine, seen.unit, seen.dropIn, seen.config, seen.verify, seen.metrics, seen.userData],
		[undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined],
	);
	assert.deepEqual([seen.certificates, seen.machines], [false, []]);
	assert.notEqual(seen.service.active, 'active');
	assert.ok(seen.diskFreeGib > 0);
});

test('a first boot that failed stops everything, and nothing is downloaded', async () => {
	await exec('echo "1 error" >/etc/cloud-init-status');
	const {result} = await onManager(world, installScript, install());
	assert.ok(result.is === 'failed' && result.code === 'boot-failed' && /error/.test(result.detail));
	assert.deepEqual(world.downloads.requests(), []);
	assert.equal((await facts()).cloudInit.status, 'error');
	await exec('rm /etc/cloud-init-status');
});

test('a program whose checksum is wrong is not installed', async () => {
	world.downloads.wrongChecksums(true);
	const {result} = await onManager(world, installScript, install());
	assert.ok(result.is === 'failed' && result.code === 'checksum-wrong' && /release\.sha256 says/.test(result.detail), JSON.stringify(result));
	assert.equal(await exec('ls -A /usr/local/bin'), '');
	world.downloads.wrongChecksums(false);
});

test('a full file system is told by what could not be written and what is free there, and nothing half-written stays', async () => {
	for (const [folder, at] of [
		['/usr/local/bin', /'\/usr\/local\/bin\/(gitlab-runner|docker-machine)'; 0 MiB are free in \/usr\/local\/bin$/],
		[
			'/etc/systemd/system/gitlab-runner.service.d',
			/'\/etc\/systemd\/system\/gitlab-runner\.service\.d\/[^']+'; 0 MiB are free in \/etc\/systemd\/system\/gitlab-runner\.service\.d$/,
		],
	] as const) {
		await exec(`mkdir -p ${folder} && mount -t tmpfs -o size=4k tmpfs ${folder} && head -c 4096 /dev/zero >${folder}/filler`);
		const {result} = await onManager(world, installScript, install());
		const left = await exec(`ls -A ${folder}`);
		await exec(`umount ${folder}`);
		assert.ok(result.is === 'failed');
		assert.equal(result.code, 'disk-full');
		assert.match(result.detail, at);
		assert.equal(left, 'filler');
	}
});

test('a program that has another hash than this release knows is not installed, though the checksum beside it was changed along', async () => {
	const sums = () => world.downloads.requests().filter((path) => path.endsWith('release.sha256')).length;
	const asked = sums();
	const tampered = install().downloads.map((one) => ({...one, sha256: createHash('sha256').update('the one that was proven').digest('hex')}));
	const {result} = await onManager(world, installScript, install({downloads: tampered}));
	assert.ok(result.is === 'failed' && result.code === 'checksum-wrong' && /and this release knows [0-9a-f]{64}$/.test(result.detail), JSON.stringify(result));
	assert.equal(await exec('ls -A /usr/local/bin'), '');
	assert.equal(sums(), asked, 'what is beside it is not asked');
	const unsaid = install().downloads.map((one) => ({...one, checksums: `${one.checksums}-none`, otherwise: 'ab'}));
	const alone = await onManager(world, installScript, install({downloads: unsaid}));
	assert.ok(alone.result.is === 'failed' && /and this release knows ab$/.test(alone.result.detail), JSON.stringify(alone.result));
});

test('a known hash is that of one version’s file', () => {
	const known = {'docker-machine 1.2.3': {'docker-machine-Linux-x86_64': 'ab'}};
	assert.equal(knownHash('docker-machine', '1.2.3', 'docker-machine-Linux-x86_64', known), 'ab');
	assert.equal(knownHash('docker-machine', '1.2.4', 'docker-machine-Linux-x86_64', known), undefined);
	assert.equal(knownHash('docker-machine', '1.2.3', 'docker-machine-Linux-aarch64', known), undefined);
});

test('a version that the site does not have is a download that fails, and names the URL', async () => {
	const broken = install().downloads.map((one) => ({...one, url: `${one.url}-none`, checksums: `${one.checksums}-none`}));
	const {result} = await onManager(world, installScript, install({downloads: broken}));
	assert.ok(result.is === 'failed' && result.code === 'download-failed' && result.detail.includes('-none'), JSON.stringify(result));
});

test('after a boot with errors that it got over, everything is installed, and a second time nothing is downloaded', async () => {
	await exec('echo "2 done" >/etc/cloud-init-status');
	const {result, said} = await onManager(world, installScript, install());
	assert.deepEqual(result, {is: 'done'});
	await exec('rm /etc/cloud-init-status');
	assert.ok(said.some((one) => 'download' in one && one.download === 'gitlab-runner 19.3.0' && one.bytes > 0 && one.bytes === one.of));
	const seen = await facts();
	assert.deepEqual(
		[seen.gitlabRunner, seen.dockerMachine, seen.certificates, seen.dropIn, seen.userData],
		['19.3.0', '0.16.2-gitlab.48', true, dropIn, workerUserData],
	);
	assert.match(seen.unit ?? '', /ExecStart=\/usr\/local\/bin\/gitlab-runner/);
	assert.equal(await exec('stat -c %a /etc/gitlab-runner'), '700');

	const before = world.downloads.requests().length;
	const ofTheService = () => exec('journalctl --unit gitlab-runner --output cat --no-pager');
	const journal = await ofTheService();
	assert.deepEqual((await onManager(world, installScript, install())).result, {is: 'done'});
	assert.equal(world.downloads.requests().length, before);
	assert.equal(await ofTheService(), journal);
});

test("root's credentials file is for root alone, and another profile in it stays when ours changes", async () => {
	const written = await onManager(world, writeCredentialsScript, {section: credentialsFile({id: 'AKIAEXAMPLE', secret: 'hush'})});
	assert.deepEqual(written.result, {is: 'written'});
	assert.equal((await facts()).credentialsHash, sha256(credentialsFile({id: 'AKIAEXAMPLE', secret: 'hush'})));
	assert.equal(await exec('stat -c %a /root/.aws/credentials'), '600');
	assert.ok(!JSON.stringify(written.said).includes('hush'));
	await exec('printf "\\n[other]\\naws_access_key_id = KEEP\\n" >>/root/.aws/credentials');
	await onManager(world, writeCredentialsScript, {section: credentialsFile({id: 'AKIASECOND', secret: 'hush'})});
	assert.match(await exec('cat /root/.aws/credentials'), /AKIASECOND[\s\S]*KEEP|KEEP[\s\S]*AKIASECOND/);
});

test('a key is let in once', async () => {
	const key = {user: 'ubuntu', publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVzZWRpbnRlc3Rz alice@laptop'};
	assert.deepEqual((await onManager(world, authorizeKeyScript, key)).result, {added: true});
	assert.deepEqual((await onManager(world, authorizeKeyScript, {...key, publicKey: `${key.publicKey}-again`})).result, {added: false});
	assert.equal(await exec('stat -c "%U %a" /home/ubuntu/.ssh/authorized_keys; grep -c alice /home/ubuntu/.ssh/authorized_keys'), 'ubuntu 600\n1');
});

test('what `gitlab-runner install` wrote has no runner, and looking at it makes no system id', async () => {
	const {config: standing, systemId, verify} = await facts();
	assert.deepEqual([standing?.mode, systemId, verify], ['600', undefined, undefined]);
	assert.match(standing?.text ?? '', /^concurrent = 1\ncheck_interval = 0\nshutdown_timeout = 0\n\n\[session_server\]\n {2}session_timeout = 1800\n$/);
});

test('config.toml is written for root alone, and GitLab agrees to its token; a manager that takes over keeps the id of the one before', async () => {
	const before = (await facts()).config;
	const text = config(before?.text);
	await exec('echo r_madeByVerify >/etc/gitlab-runner/.runner_system_id');
	const {result} = await onManager(world, writeConfigScript, {text, from: before?.hash, systemId: 's_0123456789ab'});
	assert.deepEqual(result, {is: 'written', hash: sha256(text)});
	const seen = await facts();
	assert.deepEqual(seen.config, {text, mode: '600', hash: sha256(text)});
	assert.equal(seen.systemId, 's_0123456789ab');
	assert.deepEqual(verdictOf(seen.verify, token), {is: 'valid'});
	assert.deepEqual(
		world.gitlab.store.byToken(token)?.managers.map((manager) => manager.systemId),
		['s_0123456789ab'],
	);
});

test('a config.toml that somebody else wrote meanwhile is left as it is', async () => {
	const standing = await exec(`cat ${paths.config}`);
	assert.deepEqual((await onManager(world, writeConfigScript, {text: 'concurrent = 1', from: sha256('another')})).result, {is: 'changed-meanwhile'});
	assert.deepEqual((await onManager(world, writeConfigScript, {text: 'concurrent = 1'})).result, {is: 'changed-meanwhile'});
	assert.equal(await exec(`cat ${paths.config}`), standing);
});

test('a config.toml that the runner itself refuses is not written', async () => {
	const standing = (await facts()).config;
	const {result} = await onManager(world, writeConfigScript, {
		text: `${standing?.text}\nno_such_key = 1\n`.replace('concurrent = 2', 'concurrent = 0'),
		from: standing?.hash,
	});
	assert.ok(result.is === 'refused' && /concurrent/.test(result.detail), JSON.stringify(result));
	assert.deepEqual((await facts()).config, standing);
	assert.equal(await exec('ls -A /etc/gitlab-runner | grep -c tmp; true'), '0');
});

test('the config.toml before is kept', async () => {
	const standing = (await facts()).config;
	const text = config(standing?.text, {checkInterval: 7});
	assert.equal((await onManager(world, writeConfigScript, {text, from: standing?.hash, ca: {path: paths.gitlabCa, text: 'pem'}})).result.is, 'written');
	assert.equal(
		await exec(`cat ${paths.config}.previous; stat -c %a ${paths.config}.previous; cat ${paths.gitlabCa}`),
		`${standing?.text.trim()}\n\n600\npem`.replace('\n\n600', '\n600'),
	);
});

test('what is looked at before the host key is verified tells the same of the software, and nothing of the token', async () => {
	const whole = await facts();
	const {result, said} = await onManager(world, softwareFactsScript, {without: 'secrets'});
	assert.ok(whole.config?.text.includes(token));
	assert.deepEqual([result.gitlabRunner, result.dockerMachine, result.unit], [whole.gitlabRunner, whole.dockerMachine, whole.unit]);
	const raw = await exec(`echo '{"without": "secrets"}' | python3 /run/software-facts.py`);
	for (const secret of [token, 'concurrent', '"config"', '"systemId"', '"metrics"', '"verify"']) assert.ok(!raw.includes(secret), secret);
	assert.deepEqual(said, []);
});

test('the lock is a file that only root can write, and what somebody put into /run/lock is left as it is', async () => {
	await exec('echo kept >/etc/important; mkdir -p /run/lock; ln -sf /etc/important /run/lock/gitlab-runner-aws; rm -f /run/gitlab-runner-aws.lock');
	await onManager(world, serviceScript, {do: 'reload', drainSeconds: 0});
	assert.equal(await exec('cat /etc/important'), 'kept');
	assert.equal(await exec('stat -c "%a %U %F" /run/gitlab-runner-aws.lock'), '600 root regular empty file');
	await exec('ln -sf /etc/important /run/gitlab-runner-aws.lock');
	await assert.rejects(onManager(world, serviceScript, {do: 'reload', drainSeconds: 0}), /Too many levels of symbolic links/);
	await exec('rm /run/gitlab-runner-aws.lock');
});

test('the service starts with the machine, serves its metrics, and GitLab answers it', async () => {
	assert.deepEqual((await onManager(world, serviceScript, {do: 'start', drainSeconds: 0})).result, {is: 'done', machines: 0, jobs: 0});
	await until('GitLab to answer the runner', async () => ((await exec('curl -fsS http://127.0.0.1:9252/metrics')).includes('request_job') ? true : undefined));
	const seen = await facts();
	assert.deepEqual([seen.service.active, seen.service.enabled], ['active', 'enabled']);
	assert.match(seen.service.since ?? '', /^\d{4}-\d\d-\d\dT/);
	assert.match(seen.metrics ?? '', new RegExp(`request_job".*runner="(t3_)?${shortToken(token).slice(0, 6)}`));
});

/** Queues a job that goes on until its `seconds` are set to another number, and waits until the runner works on it. */
async function longJob(): Promise<StoredJob> {
	const job = world.gitlab.queue({seconds: Number.POSITIVE_INFINITY});
	await until('the runner to work on the job', async () =>
		(await exec('curl -fsS http://127.0.0.1:9252/debug/jobs/list')).includes(`/jobs/${job.id} `) ? true : undefined,
	);
	return job;
}

test('a runner of another version waits for running jobs, and the service runs again afterwards', async () => {
	const job = await longJob();
	const downloads = downloadsFor(someAnswers({downloads: world.downloads, gitlabRunnerVersion: '19.3.1'}), {machine: 'x86_64'});
	const running = onManager(world, installScript, install({downloads, drainSeconds: 600}), '| tee /run/said');
	await until('it to say that the job still runs', async () => ((await exec('cat /run/said')).includes('1 job still runs') ? true : undefined));
	assert.equal(job.status, 'running');
	job.seconds = 0;
	assert.deepEqual((await running).result, {is: 'done'});
	assert.equal(job.status, 'success');
	const seen = await facts();
	assert.deepEqual([seen.gitlabRunner, seen.service.active], ['19.3.1', 'active']);
});

test('a drain that is not given enough time says how many jobs still run, and takes none of them away', async () => {
	const job = await longJob();
	assert.deepEqual((await onManager(world, serviceScript, {do: 'drain', drainSeconds: 1, fleet: someFleet.name})).result, {is: 'still-busy', jobs: 1});
	assert.equal(job.status, 'running');
	job.seconds = 0;
	const again = await onManager(world, serviceScript, {do: 'drain', drainSeconds: 600, fleet: someFleet.name});
	assert.equal(again.result.is, 'done');
	assert.equal(job.status, 'success');
	assert.deepEqual(await workers(), []);
	assert.deepEqual((await facts()).machines, []);
	assert.notEqual((await facts()).service.active, 'active');
});

test('a drain that waits is ended by jobs that are ended from another side, past its lock; another that waits for it says for how long it is at work', async () => {
	await onManager(world, serviceScript, {do: 'start', drainSeconds: 0});
	const job = await longJob();
	const draining = onManager(world, serviceScript, {do: 'drain', drainSeconds: 600, fleet: someFleet.name}, '| tee /run/drained');
	await until('it to say that the job still runs', async () => (/1 job still runs: \S+, 10 m left/.test(await exec('cat /run/drained')) ? true : undefined));
	await exec('touch -d "3 minutes ago" /run/gitlab-runner-aws.lock');
	const other = onManager(world, serviceScript, {do: 'drain', drainSeconds: 600, fleet: someFleet.name}, '| tee /run/waiting');
	await until('the other to say what it waits for', async () => ((await exec('cat /run/waiting')).includes('says') ? true : undefined));
	assert.deepEqual((await onManager(world, endJobsScript, {})).result, {jobs: 1});
	assert.deepEqual((await draining).result.is, 'done');
	const {result, said} = await other;
	assert.deepEqual([result.is, said[0]], ['done', {says: 'manager busy with another change for 3 m: waiting; ctrl-c stops only this run'}]);
	assert.equal(await exec('test -n "$(find /run/gitlab-runner-aws.lock -mmin -1)" && echo anew'), 'anew');
	assert.equal(job.status, 'failed');
	assert.deepEqual(await workers(), []);
});

test('with no time at all running jobs end now', async () => {
	await onManager(world, serviceScript, {do: 'start', drainSeconds: 0});
	const job = await longJob();
	assert.equal((await onManager(world, serviceScript, {do: 'drain', drainSeconds: 0, fleet: someFleet.name})).result.is, 'done');
	assert.equal(job.status, 'failed');
	assert.deepEqual(await workers(), []);
});

test('unregistering takes this manager out of GitLab and the runner out of config.toml', async () => {
	const {result} = await onManager(world, unregisterScript, {runnerName: 'gitlab-runners'});
	assert.equal(result.code, 0, result.lines.join('\n'));
	assert.ok(!(await exec(`cat ${paths.config}`)).includes(token));
	assert.equal((await onManager(world, unregisterScript, {runnerName: 'gitlab-runners'})).result.code, 1);
});

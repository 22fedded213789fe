import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {TerminateInstancesCommand} from '@aws-sdk/client-ec2';
import type {StatusDocument} from '../../source/panel/live/status.ts';
import {begin, fleet} from '../acceptance/begin.ts';
import {ended, onManager} from '../acceptance/laptop.ts';
import {until} from '../peers/poll.ts';
import {programHere} from '../peers/program-here.ts';
import {openTerminal} from '../pty/terminal.ts';
import {documentIn} from './watching.ts';

const config = '/etc/gitlab-runner/config.toml';

const {world, account, laptop, setup} = await begin({limit: 2, idleTime: 3600});
/** The fleet, and its GitLab, which a laptop has to name before a token goes there. */
const here = [...fleet, '--gitlab-url', world.gitlab.url];
/** A laptop that has never seen the fleet, of somebody with a token for GitLab. */
const second = {...world.env, HOME: await world.newHome(), GITLAB_TOKEN: world.gitlab.personalToken('api')};

before(async () => ended(await laptop.run(setup), 0));
after(() => world.stop());

/** What `status --json` says there, and its exit code. */
async function status(): Promise<StatusDocument & {exit: number | null}> {
	const {code, stdout, stderr} = await programHere(['status', '--json', ...here], second);
	const document = stdout
		.split('\n')
		.filter(Boolean)
		.map(documentIn)
		.find((one) => one !== undefined);
	return {...(document ?? assert.fail(`exit ${code}\n${stdout}\n${stderr}`)), exit: code};
}

const unit = async (property: string): Promise<string> => (await onManager(world, `systemctl show gitlab-runner --property ${property} --value`)).trim();
/** The runner is killed as the kernel kills: it says nothing more. */
const kill = (): Promise<string> => onManager(world, 'kill -KILL $(systemctl show gitlab-runner --property MainPID --value)');

/** A job that runs until it is told to end, once it runs on a machine. */
async function runningJob() {
	const job = world.gitlab.queue({seconds: Number.POSITIVE_INFINITY});
	await until('the job to have its machine', async () =>
		(await onManager(world, 'curl -fsS http://127.0.0.1:9252/debug/jobs/list')).includes(`/jobs/${job.id} state=running`) ? true : undefined,
	);
	return job;
}

test('a runner that was killed is told as crashed, with no job of before, and a setup starts it at once', async () => {
	const job = await runningJob();
	await kill();
	await until('systemd to notice', async () => ((await unit('SubState')) === 'auto-restart' ? true : undefined));
	const {exit, verdict, jobs, sources, causes} = await status();
	assert.deepEqual([exit, verdict.is], [4, 'trouble']);
	assert.match(verdict.says, /^GitLab Runner crashed \d+ s ago \(killed by signal 9\)\. systemd tries again by itself\.$/);
	assert.deepEqual([jobs.running, jobs.source], [0, 'host']);
	assert.equal(sources.runner?.off, "GitLab Runner doesn't run on the manager, so it tells nothing.");
	assert.equal(sources.runner?.problem, undefined, 'nobody is missing who should answer');
	assert.deepEqual(causes, [], 'no job waits');
	const plain = await programHere(['status', '--plain', ...here], second);
	assert.match(plain.stdout, /runner crashed · /);
	ended(await laptop.run(setup), 0);
	assert.equal(await unit('ActiveState'), 'active');
	assert.doesNotMatch(await onManager(world, 'journalctl -u gitlab-runner -o cat'), /Scheduled restart job/, 'it was not systemd that started it again');
	job.seconds = 0;
	job.status = 'failed';
});

test('a runner whose port is taken is told with what has it, by a setup as soon as it has ended, and it comes up once the port is free', async () => {
	const squatter = `python3 -c 'import socket, time; door = socket.create_server(("127.0.0.1", 9252)); time.sleep(600)'`;
	await onManager(world, `systemctl stop gitlab-runner; (setsid ${squatter} </dev/null >/dev/null 2>&1 & echo $! >/run/squatter); sleep 0.5`);
	const refused = await laptop.run(setup);
	ended(refused, 1);
	const said = (refused.stdout + refused.stderr).replace(/\s+/g, ' ');
	assert.match(said, /another program on the manager has the port of its metrics \(.*listen tcp 127\.0\.0\.1:9252: bind: address already in use\)/);
	assert.match(said, /gitlab-runner-aws ssh -- sudo ss -ltnp/);
	const {verdict} = await status();
	assert.match(verdict.says, /^GitLab Runner can't start, so nothing runs.*another program on the manager has the port of its metrics/);
	await onManager(world, 'pkill -F /run/squatter');
	ended(await laptop.run(setup), 0);
	assert.equal((await status()).verdict.is, 'healthy');
});

test('a broken config.toml and a restart: nothing runs, and it is said so', async () => {
	await onManager(world, `cp ${config} /root/kept.toml; sed -i 's/^concurrent = .*/concurrent = /' ${config}; systemctl restart gitlab-runner`);
	await until('it to have ended', async () => ((await unit('SubState')) === 'auto-restart' ? true : undefined));
	const {exit, verdict} = await status();
	assert.equal(exit, 4);
	assert.match(
		verdict.says,
		/^GitLab Runner can't read config\.toml, so nothing runs.*: Service run failed: decoding configuration file: toml: .*\. Mend it on the manager \(s\), then R starts it\.$/,
	);
	await onManager(world, `cp /root/kept.toml ${config}; systemctl restart gitlab-runner`);
	await until('it to run', async () => ((await unit('SubState')) === 'running' ? true : undefined));
	assert.equal((await status()).verdict.is, 'healthy');
});

test('a drain from the panel says which job it waits for; any laptop then knows who drained it and when, and D resumes it', async (t) => {
	const job = await runningJob();
	const terminal = openTerminal('../../dist/cli.js', ['status', ...here], {columns: 160, rows: 40, env: {...second, TERM: 'xterm-256color'}});
	t.after(() => terminal.close());
	await terminal.until(/› runner-\S+ +busy/);
	terminal.press('D');
	await terminal.until(/The fleet is drained: the runner takes no more jobs/);
	terminal.press('\r');
	await terminal.until(new RegExp(`Drain the fleet: 1 job still runs: \\S+/-/jobs/${job.id}`));
	await terminal.until(/runner .*draining/);
	await terminal.until(new RegExp(`It waits for job #${job.id} hello of peers/demo, running for`));
	job.seconds = 0;
	await terminal.until(/The fleet is drained: the service has stopped/);
	const third = {...world.env, HOME: await world.newHome()};
	const looked = await programHere(['status', '--plain', ...here], third);
	ended(looked, 0);
	assert.match(looked.stdout, /runner drained · /);
	assert.match(looked.stdout.replace(/\s+/g, ' '), /healthy: The fleet was drained by \S+@\S+ at \d\d:\d\d UTC, so it takes no jobs\./);
	assert.match(looked.stdout, /jobs: 0 running/);
	await terminal.until(/runner .*drained/);
	terminal.press('D');
	await terminal.until(/The service is started again/);
	terminal.press('\r');
	await terminal.until(/The service runs, and takes jobs again\./);
	terminal.press('q');
	assert.equal(await terminal.ended(), 0);
});

test('a job whose machine somebody ends says so, and the last jobs are listed with result, machine and reason', async () => {
	const job = await runningJob();
	const {workers} = await status();
	const machine = workers.find(({state}) => state === 'busy');
	await account.ec2.send(new TerminateInstancesCommand({InstanceIds: [machine?.instance ?? '']}));
	await until('the job to have failed', () => (job.status === 'failed' ? true : undefined));
	const {exit, verdict, jobs} = await status();
	assert.equal(exit, 4);
	assert.match(
		verdict.says,
		new RegExp(`^Job #${job.id}( of peers/demo)? lost its machine \\d+ s ago: somebody ended ${machine?.instance}, and who isn't known here`),
	);
	const [last] = jobs.last ?? [];
	assert.deepEqual([last?.id, last?.result, last?.machine, last?.reason], [job.id, 'failed', machine?.name, 'runner_system_failure']);
	assert.match(last?.says ?? '', /Cannot connect to the Docker daemon at tcp:/);
});

test('jobs that fail through the runner are a cause, until one passes', async () => {
	const fails = {error: 'Cannot start the container: OCI runtime create failed', why: 'runner_system_failure'};
	const failed = [1, 2].map(() => world.gitlab.queue({fails}));
	await until('both to have failed', () => (failed.every(({status: is}) => is === 'failed') ? true : undefined));
	const told = async (): Promise<string | undefined> => (await status()).troubles.find(({id}) => id === 'jobs-fail')?.says;
	assert.match(
		(await told()) ?? '',
		/^The last 2 jobs failed through the runner, the newest \d+ s ago: Cannot start the container: OCI runtime create failed \(runner_system_failure\)\.$/,
	);
	const passed = world.gitlab.queue({});
	await until('one to have passed', () => (passed.status === 'success' ? true : undefined));
	assert.equal(await told(), undefined);
});

test('an idle machine that no runner counts as its own any more is told, and goes by orphans, out of docker-machine’s store too', async () => {
	const stored = async (): Promise<string[]> => (await onManager(world, 'ls /root/.docker/machine/machines')).split('\n').filter(Boolean);
	const before = await until('its machines to idle', async () => {
		const {machines} = await status();
		return machines.idle > 0 && machines.idle === machines.all ? stored() : undefined;
	});
	assert.equal((await status()).machines.orphan, 0);
	await onManager(world, `sed -i 's/MachineName = ".*"/MachineName = "another-%s"/' ${config}`);
	const {troubles, machines} = await status();
	assert.match(
		troubles.find(({id}) => id === 'unmanaged')?.says ?? '',
		/machines? (is|are) managed by no runner any more, about \$0\.\d+ an hour: the runner's token or MachineName has changed since\.$/,
	);
	assert.equal(machines.orphan, before.length);
	const ran = await laptop.run(['orphans', '--yes', '--region', 'us-east-1']);
	ended(ran, 0);
	assert.match(ran.stdout.replace(/\s+/g, ' '), /but no runner there manages it: the token or MachineName changed/);
	assert.deepEqual(await stored(), []);
});

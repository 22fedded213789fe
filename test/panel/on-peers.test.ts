import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {CreateTagsCommand, DeleteTagsCommand, TerminateInstancesCommand} from '@aws-sdk/client-ec2';
import type {StatusDocument} from '../../source/panel/live/status.ts';
import {begin, fleet as here} from '../acceptance/begin.ts';
import {changingCalls, ended, onManager} from '../acceptance/laptop.ts';
import {commandLogs} from '../peers/furnish.ts';
import {until} from '../peers/poll.ts';
import {program, type Ran} from '../peers/program.ts';
import {programHere} from '../peers/program-here.ts';
import {openTerminal} from '../pty/terminal.ts';
import {documentIn, type StatusWatching, watching} from './watching.ts';

const config = '/etc/gitlab-runner/config.toml';
const count = 40;

const {world, account, laptop, setup} = await begin({limit: count});
/** A laptop that has never seen the fleet: everything here is looked at from there. */
const second = {...world.env, HOME: await world.newHome(), GITLAB_TOKEN: world.gitlab.personalToken('api')};
let watch: StatusWatching;

before(async () => {
	ended(await laptop.run(setup), 0);
	// The workers are made by docker-machine, at the runner's wish: nothing of this program has made them.
	for (let at = 0; at < count + 2; at++) world.gitlab.queue({seconds: 3000});
	// A job runs for GitLab as soon as the runner has it: only the runner knows when its machine is up.
	const used = new RegExp(`^gitlab_runner_autoscaling_machine_states\\{.*state="used".*\\} ${count}$`, 'm');
	await until('forty machines to run jobs', async () => (used.test(await onManager(world, 'curl -fsS http://127.0.0.1:9252/metrics')) ? true : undefined));
});

after(async () => {
	await watch?.stop();
	await world.stop();
});

const status = (args: readonly string[] = here): Promise<Ran> => programHere(['status', '--json', ...args], second);

function documentOf({code, stdout, stderr}: Ran) {
	const document = stdout
		.split('\n')
		.filter(Boolean)
		.map(documentIn)
		.find((one) => one !== undefined);
	return document ?? assert.fail(`exit ${code}\n${stdout}\n${stderr}`);
}

const managerId = async (): Promise<string> =>
	(await account.things()).find(({sort, tags}) => sort === 'instance' && tags['gitlab-runner-aws:part'] === 'manager')?.id ?? '';

test('a token goes to the GitLab that only the fleet’s record names once somebody on this laptop has named it too', async () => {
	const asked = () => world.gitlab.requests().filter(({method, path}) => method === 'GET' && /^\/api\/v4\/runners\/\d+/.test(path)).length;
	world.gitlab.forget();
	assert.match(documentOf(await status()).sources.gitlab?.problem?.message ?? '', /nobody has named that one on this laptop, so no token was sent there/);
	assert.equal(asked(), 0);
	assert.equal(documentOf(await status([...here, '--gitlab-url', world.gitlab.url])).sources.gitlab?.problem, undefined);
	assert.ok(asked() > 0);
});

test('from a laptop that has never seen the fleet, each of forty workers is listed with job, state, type, zone, age and price', async () => {
	world.aws.forget();
	const ran = await status();
	const document = documentOf(ran);
	assert.equal(ran.code, 0, JSON.stringify(document.verdict));
	assert.equal(document.workers.length, count);
	for (const worker of document.workers) {
		assert.equal(worker.state, 'busy');
		assert.ok(worker.job && worker.job.id > 0 && worker.type === 'c5.large' && worker.zone === 'us-east-1a', JSON.stringify(worker));
		assert.ok(
			worker.ageSeconds !== undefined && (worker.usdPerHour ?? 0) > 0 && worker.usdSoFar !== undefined && worker.market === 'spot',
			JSON.stringify(worker),
		);
	}
	assert.equal(new Set(document.workers.map(({job}) => job?.id)).size, count);
	assert.deepEqual([document.waiting.known, document.waiting.jobs], [true, 2]);
	assert.match(document.causes[0]?.says ?? '', /^The limit is 40 and all 40 machines are busy or being made/);
	assert.deepEqual(changingCalls(world), []);
});

test('a command runs on a worker through the manager, whose sudo looks for no program in /usr/local/bin', async () => {
	const [worker] = documentOf(await status()).workers;
	const ran = await program(['ssh', worker?.name ?? '', ...here, '--', 'uname'], second);
	ended(ran, 0);
	assert.match(ran.stdout, /^Linux$/m);
});

test('one that is terminated outside vanishes within two rounds', async () => {
	watch = watching(here, second);
	const {workers: all} = await watch.until('all forty', ({workers}) => workers.length === count);
	const [worker] = all;
	await account.ec2.send(new TerminateInstancesCommand({InstanceIds: [worker?.instance ?? '']}));
	const terminated = new Date().toISOString();
	const looks = new Set<string>();
	await watch.until('the one that was terminated to vanish', ({workers, sources}) => {
		const {at = ''} = sources.ec2 ?? {};
		if (at > terminated) looks.add(at);
		return !workers.some(({name}) => name === worker?.name);
	});
	assert.ok(looks.size <= 2, `${looks.size} looks at EC2 ended since, the one that was under way counted`);
	await watch.until(
		'a job that waited to run in the stead of the one that failed with it',
		({workers, waiting}) => waiting.jobs === 1 && workers.filter(({state}) => state === 'busy').length === count,
	);
});

for (const {name, stop, heal, fails, lives} of [
	{
		name: 'AWS',
		stop: async () => world.aws.faults([{drop: 'before'}]),
		heal: async () => world.aws.faults([]),
		fails: ['ec2'],
		lives: ['host', 'runner', 'journal', 'gitlab'],
	},
	{
		name: 'sshd',
		stop: () => world.manager.stopSshd(),
		heal: () => world.manager.startSshd(),
		fails: ['host', 'runner', 'journal'],
		lives: ['ec2', 'gitlab'],
	},
	{
		name: 'GitLab',
		stop: async () => world.gitlab.fault({answer: 502, on: /^GET /}),
		heal: async () => world.gitlab.fault(),
		fails: ['gitlab'],
		lives: ['ec2', 'host', 'runner', 'journal'],
	},
	{
		name: "the runner's metrics",
		stop: async () => void (await onManager(world, 'kill -STOP $(systemctl show gitlab-runner --property MainPID | cut -d= -f2)')),
		heal: async () => void (await onManager(world, 'kill -CONT $(systemctl show gitlab-runner --property MainPID | cut -d= -f2)')),
		fails: ['runner'],
		lives: ['ec2', 'host', 'journal', 'gitlab'],
	},
]) {
	test(`while ${name} is stopped its last value stays with its age, the rest stays live, and it comes back by itself`, async () => {
		const isWell = ({sources}: StatusDocument, one: string): boolean => sources[one]?.problem === undefined && sources[one]?.at !== undefined;
		const atOf = ({sources}: StatusDocument, one: string): string => sources[one]?.at ?? '';
		const ageOf = ({sources}: StatusDocument, one: string): number => sources[one]?.ageSeconds ?? 0;
		await watch.until('all to be well', (document) => [...fails, ...lives].every((one) => isWell(document, one)));
		await stop();
		try {
			const failing = await watch.until(`${name} to fail`, ({sources}) => fails.every((one) => sources[one]?.problem !== undefined));
			assert.equal(failing.workers.length, count, 'what was seen last is still shown');
			const older = await watch.until(
				'its age to count while the rest is looked at anew',
				(document) =>
					fails.every((one) => ageOf(document, one) > ageOf(failing, one)) &&
					lives.every((one) => isWell(document, one) && atOf(document, one) > atOf(failing, one)),
			);
			for (const one of fails) assert.equal(atOf(older, one), atOf(failing, one), `${one} still shows what it saw last`);
			assert.equal(older.workers.length, count);
		} finally {
			await heal();
		}
		const healed = new Date().toISOString();
		await watch.until(`${name} to come back`, (document) => fails.every((one) => isWell(document, one) && atOf(document, one) > healed));
	});
}

test('the same through --manager on a manager without a mark, and nothing is changed: no call, no key, no tag', async () => {
	await watch.stop();
	const id = await managerId();
	const tags = (await account.things()).find((thing) => thing.id === id)?.tags ?? {};
	const ours = Object.keys(tags).filter((key) => key.startsWith('gitlab-runner-aws:'));
	await account.ec2.send(new DeleteTagsCommand({Resources: [id], Tags: ours.map((Key) => ({Key}))}));
	try {
		const keys = await onManager(world, 'cat /home/ubuntu/.ssh/authorized_keys 2>/dev/null; true');
		world.aws.forget();
		const ran = await status(['--manager', id, '--region', 'us-east-1']);
		const document = documentOf(ran);
		assert.equal(document.fleet, undefined);
		assert.equal(document.workers.filter(({state, job}) => state === 'busy' && job !== undefined).length, count, JSON.stringify(document.sources));
		assert.match(ran.stdout, /is only looked at: nothing is changed there/);
		assert.deepEqual(changingCalls(world), []);
		assert.equal(await onManager(world, 'cat /home/ubuntu/.ssh/authorized_keys 2>/dev/null; true'), keys);
		assert.deepEqual(
			Object.keys((await account.things()).find((thing) => thing.id === id)?.tags ?? {}).filter((key) => key.startsWith('gitlab-runner-aws:')),
			[],
		);
	} finally {
		await account.ec2.send(new CreateTagsCommand({Resources: [id], Tags: ours.map((Key) => ({Key, Value: tags[Key] ?? ''}))}));
	}
});

test('a limit changed in the panel is in config.toml and in the metrics; undo from another laptop restores the bytes', async (t) => {
	const before = await onManager(world, `cat ${config}`);
	const terminal = openTerminal('../../dist/cli.js', ['status', ...here], {columns: 120, rows: 30, env: {...second, TERM: 'xterm-256color'}});
	t.after(() => terminal.close());
	await terminal.until(/› runner-\S+ +busy/);
	terminal.press('+');
	await terminal.until(/The limit goes from 40 to 50 machines, and concurrent from 40 to 50 jobs\.[\s\S]*Quota[\s\S]*Addresses[\s\S]*Cost/);
	assert.equal(await onManager(world, `cat ${config}`), before);
	terminal.press('\r');
	await terminal.until(/limit 40 → 50, concurrent 40 → 50: in config\.toml, and the runner's metrics say so/);
	assert.match(await onManager(world, `cat ${config}`), /^limit = 50$/m);
	assert.match(await onManager(world, 'curl -fsS http://127.0.0.1:9252/metrics'), /^gitlab_runner_concurrent 50$/m);
	terminal.press('q');
	assert.equal(await terminal.ended(), 0);
	const third = {...world.env, HOME: await world.newHome()};
	ended(await programHere(['status', 'undo', '--yes', '--plain', ...here], third), 0);
	assert.equal(await onManager(world, `cat ${config}`), before);
});

test('s hands the terminal to a shell on the manager, with its host key checked, and takes it back', async (t) => {
	const terminal = openTerminal('../../dist/cli.js', ['status', ...here], {columns: 120, rows: 30, env: {...second, TERM: 'xterm-256color'}});
	t.after(() => terminal.close());
	await terminal.until(/› runner-/);
	terminal.press('5');
	await terminal.until(/This month/);
	terminal.press('s');
	await terminal.until(() => terminal.kind() === 'normal' && /[$#] $|[$#]\s*$/.test(terminal.text().trimEnd()));
	terminal.press('id -un; exit\r');
	await terminal.until(/The shell on the manager has ended\./);
	assert.match(terminal.raw(), /ubuntu\r\n/);
	terminal.press('1');
	await terminal.until(/› runner-/);
	terminal.press('q');
	assert.equal(await terminal.ended(), 0);
});

test('of all that setup and status have had run there, no command line was longer than 1 kB', async () => {
	const kept = (await onManager(world, `cat ${commandLogs.sudo} ${commandLogs.shell}`)).split('\n').filter(Boolean);
	assert.ok(kept.filter((line) => line.includes('python3 -c')).length > 20, `${kept.length} command lines are kept`);
	assert.deepEqual(
		kept.filter((line) => line.length > 1024).map((line) => line.slice(0, 120)),
		[],
	);
});

test('the service stopped on the manager: not healthy, and the exit code says so', async () => {
	await onManager(world, 'systemctl kill --signal=SIGKILL gitlab-runner; systemctl stop gitlab-runner');
	const ran = await status();
	assert.equal(ran.code, 4);
	assert.equal(documentOf(ran).verdict.is, 'trouble');
});

test('AWS out of reach: it could not be looked at, and the exit code says so', async () => {
	world.aws.faults([{drop: 'before'}]);
	const ran = await status();
	world.aws.faults([]);
	assert.equal(ran.code, 1);
	assert.equal(documentOf(ran).verdict.is, 'unknown');
});

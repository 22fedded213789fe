import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {begin, fleet as here} from '../acceptance/begin.ts';
import {ended, onManager} from '../acceptance/laptop.ts';
import {commandLogs} from '../peers/furnish.ts';
import {until} from '../peers/poll.ts';
import {program, type Ran} from '../peers/program.ts';
import {programHere} from '../peers/program-here.ts';
import {openTerminal} from '../pty/terminal.ts';
import {documentOf, showsAll} from './forty-on-peers.ts';

const config = '/etc/gitlab-runner/config.toml';
const count = 40;

const {world, account, laptop, setup} = await begin({limit: count});
/** A laptop that has never seen the fleet: everything here is looked at from there. */
const second = {...world.env, HOME: await world.newHome(), GITLAB_TOKEN: world.gitlab.personalToken('api')};

before(async () => {
	ended(await laptop.run(setup), 0);
	// The workers are made by docker-machine, at the runner's wish: nothing of this program has made them.
	for (let at = 0; at < count + 2; at++) world.gitlab.queue({seconds: 3000});
	// A job runs for GitLab as soon as the runner has it: only the runner knows when its machine is up.
	const used = new RegExp(`^gitlab_runner_autoscaling_machine_states\\{.*state="used".*\\} ${count}$`, 'm');
	await until('forty machines to run jobs', async () => (used.test(await onManager(world, 'curl -fsS http://127.0.0.1:9252/metrics')) ? true : undefined));
});

after(() => world.stop());

const status = (args: readonly string[] = here): Promise<Ran> => programHere(['status', '--json', ...args], second);

test('a token goes to the GitLab that only the fleet’s record names once somebody on this laptop has named it too', async () => {
	const asked = () => world.gitlab.requests().filter(({method, path}) => method === 'GET' && /^\/api\/v4\/runners\/\d+/.test(path)).length;
	world.gitlab.forget();
	assert.match(documentOf(await status()).sources.gitlab?.problem?.message ?? '', /nobody has named that one on this laptop, so no token was sent there/);
	assert.equal(asked(), 0);
	assert.equal(documentOf(await status([...here, '--gitlab-url', world.gitlab.url])).sources.gitlab?.problem, undefined);
	assert.ok(asked() > 0);
});

test('a command runs on a worker through the manager, whose sudo looks for no program in /usr/local/bin', async () => {
	const [worker] = documentOf(await status()).workers;
	const ran = await program(['ssh', worker?.name ?? '', ...here, '--', 'uname'], second);
	ended(ran, 0);
	assert.match(ran.stdout, /^Linux$/m);
});

showsAll({world, account, here, env: second, count, hasGroup: false});

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

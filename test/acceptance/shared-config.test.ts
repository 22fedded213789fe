import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {until} from '../peers/poll.ts';
import type {PeerWorld} from '../peers/world.ts';
import {begin, fleet} from './begin.ts';
import {ended, type LaptopOnPeers, onManager, unlike} from './laptop.ts';

const config = '/etc/gitlab-runner/config.toml';

let world: PeerWorld;
let laptop: LaptopOnPeers;
let setup: string[];

before(async () => {
	({laptop, setup, world} = await begin());
	ended(await laptop.run(setup), 0);
});

after(() => world.stop());

const text = (): Promise<string> => onManager(world, `cat ${config}`);
const systemId = async (): Promise<string> => (await onManager(world, 'cat /etc/gitlab-runner/.runner_system_id')).trim();
const store = async (): Promise<string[]> => (await onManager(world, 'ls /root/.docker/machine/machines')).split('\n').filter((name) => name !== '');

/** What `plan` finds and says, with the exit code that goes with it. */
async function plan(expected: Record<string, string>, args: readonly string[] = []): Promise<string> {
	const ran = await laptop.json(['plan', ...fleet, ...args]);
	ended(ran, Object.keys(expected).length === 0 ? 0 : 3);
	assert.deepEqual(unlike(ran.lines), expected);
	return ran.stdout;
}

test('another runner that is registered on the manager by hand, and unregistered, changes nothing of ours: plan has nothing to do', async () => {
	const token = world.gitlab.token();
	await onManager(world, `gitlab-runner register --non-interactive --url ${world.gitlab.url} --token ${token} --executor shell --name second`);
	assert.match(await text(), /connection_max_age = "15m0s"[\s\S]*retry_backoff = "0s"[\s\S]*IdleScaleFactor = 0\.0[\s\S]*name = "second"/);
	assert.match(await plan({}), /Yours in config\.toml, and kept: \[\[runners\]\] second\./);
	await onManager(world, 'gitlab-runner unregister --name second');
	assert.doesNotMatch(await text(), /second/);
	assert.doesNotMatch(await plan({}), /Yours/);
});

test('a replaced manager is another machine that takes over all that others wrote into config.toml, and GitLab knows it as the one that it knew', async () => {
	await onManager(
		world,
		`cd /etc/gitlab-runner && sed -i -e 's/^concurrent = /# agreed with ops\\n&/' -e 's/MachineOptions = \\[/&"engine-registry-mirror=http:\\/\\/10.0.0.9:6000", /' -e 's/shm_size = 0/shm_size = 268435456/' config.toml
		printf '%s\n' '' "# somebody's own" '[[runners]]' '  name = "by hand"' '  url = "${world.gitlab.url}"' '  token = "${world.gitlab.token()}"' '  executor = "shell"' '  [runners.custom_build_dir]' '    enabled = true' >> config.toml`,
	);
	// The person's own option is proven by a machine, too.
	ended(await laptop.run(['setup', '--yes', ...fleet]), 0);
	const [before_, id, address] = [await text(), await systemId(), world.manager.address];
	for (const kept of ['# agreed with ops', 'engine-registry-mirror', 'shm_size = 268435456', "# somebody's own", 'custom_build_dir'])
		assert.ok(before_.includes(kept), kept);
	ended(await laptop.run(['setup', '--yes', '--manager-type', 't3.medium', '--replace-manager', ...fleet]), 0);
	assert.notEqual(world.manager.address, address);
	assert.equal(await text(), before_);
	assert.equal(await systemId(), id);
	await plan({});
	assert.deepEqual(
		world.gitlab.store.byToken(laptop.token)?.managers.map((manager) => manager.systemId),
		[id],
	);
});

test("machines of a token that the runner replaced by itself are no runner's any more: plan tells them, setup removes them, and the runner goes on", async () => {
	const runner = world.gitlab.store.byToken(laptop.token);
	assert.ok(runner);
	runner.tokenSeconds = 86_400;
	const old = `runner-${laptop.token
		.slice(5, 14)
		.toLowerCase()
		.replaceAll(/[^a-z0-9-]/g, '')}-gitlab-runners-1700000000-0123abcd`;
	await onManager(world, `docker-machine create --driver amazonec2 $(grep -o '"amazonec2-[^"]*"' ${config} | tr -d '"' | sed 's/^/--/') ${old}`);
	await onManager(
		world,
		`cd /etc/gitlab-runner && sed -i -e '/"${laptop.token}"/,/executor/ s/token_obtained_at = .*/token_obtained_at = 2026-01-01T00:00:00Z/' -e '/"${laptop.token}"/,/executor/ s/token_expires_at = .*/token_expires_at = 2026-01-02T00:00:00Z/' config.toml`,
	);
	await until('the runner to replace its token', () => (runner.token === laptop.token ? undefined : true));
	await until('config.toml to have it', async () => ((await text()).includes(runner.token) ? true : undefined));
	assert.match(await plan({runner: 'different'}), new RegExp(`${old}: no runner of config\\.toml manages it, and it costs about`));
	ended(await laptop.run(['setup', '--yes', ...fleet]), 0);
	assert.deepEqual(await store(), []);
	assert.match(await text(), new RegExp(runner.token));
	await plan({});
});

test('the token of another runner is a change that is planned, told and made', async () => {
	const token = world.gitlab.token();
	const file = ['--token-file', await laptop.file('another', `${token}\n`)];
	const said = await plan({runner: 'different'}, file);
	assert.match(said, /runner #\d+ → #\d+/);
	assert.ok(!said.includes(token));
	ended(await laptop.run(['setup', '--yes', ...fleet, ...file]), 0);
	assert.match(await text(), new RegExp(token));
	await plan({}, file);
	assert.equal(world.gitlab.store.byToken(token)?.managers.length, 1);
});

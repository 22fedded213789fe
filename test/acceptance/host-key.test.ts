import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {run} from '../peers/launch.ts';
import {until} from '../peers/poll.ts';
import {begin} from './begin.ts';
import {ended, onManager, problemsIn} from './laptop.ts';

const secret = 'peersPeersPeersPeersPeersPeersPeersPeers';

/** A world whose consoles tell nothing yet, and a laptop that gives the manager a token and an access key. */
async function silent(t: TestContext) {
	const here = await begin({access: 'access-keys'});
	t.after(() => here.world.stop());
	const {laptop, setup, world} = here;
	await world.aws.holdConsoles(true);
	const keys = ['--access-key-file', await laptop.file('access-key', `AKIAPEERSMANAGER0000\n${secret}\n`)];
	return {
		...here,
		command: [...setup, ...keys],
		/** Certificates are the last of the software. */
		installed: () =>
			until('the software to be installed', async () =>
				(await world.manager.exec('test -e /root/.docker/machine/certs/cert.pem && /usr/local/bin/gitlab-runner --version')).code === 0 ? true : undefined,
			),
		/** Files on the manager that hold the runner's token or the access key. */
		withSecrets: async () =>
			(await onManager(world, `grep -rlsE '${laptop.token}|${secret}' /etc /root /home /tmp /run; true`)).split('\n').filter(Boolean).sort(),
	};
}

test('while the console tells nothing, the software is installed and no secret is on the manager; then all of it is', async (t) => {
	const {command, installed, laptop, withSecrets, world} = await silent(t);
	const running = laptop.run(command);
	await installed();
	const looks = () => world.aws.calls().filter(({action}) => action === 'GetConsoleOutput').length;
	const seen = looks();
	await until('setup to look at the console again', () => (looks() > seen + 2 ? true : undefined));
	assert.deepEqual(await withSecrets(), []);
	await world.aws.holdConsoles(false);
	const ran = await running;
	ended(ran, 0);
	assert.match(ran.stdout + ran.stderr, /waiting for the console of i-\w+ to tell its host key/);
	assert.deepEqual(await withSecrets(), ['/etc/gitlab-runner/config.toml', '/root/.aws/credentials']);
});

test('a console that tells another key than the one that answered: it is told, nothing secret went there, and the same command stays at that', async (t) => {
	const {account, command, installed, laptop, withSecrets, world} = await silent(t);
	const other = await world.newHome();
	await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${other}/ssh_host_ed25519_key`]);
	const running = laptop.json(command);
	await installed();
	await world.aws.printHostKeys(other);
	await world.aws.holdConsoles(false);
	for (const ran of [await running, await laptop.json(command)]) {
		ended(ran, 1);
		assert.deepEqual([...new Set(problemsIn(ran.lines))], ['host-key-changed']);
		assert.deepEqual(await withSecrets(), []);
	}
	assert.ok(!(await account.things()).some(({sort, tags}) => sort === 'instance' && tags['gitlab-runner-aws:part'] === 'worker'));
});

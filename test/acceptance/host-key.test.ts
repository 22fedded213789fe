import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {run} from '../peers/launch.ts';
import {until} from '../peers/poll.ts';
import {initHere} from '../peers/systemd.ts';
import {begin} from './begin.ts';
import {changingCalls, ended, onManager, problemsIn, unlike} from './laptop.ts';
import {mirrorOnManager} from './mirror-left.ts';

const secret = 'peersPeersPeersPeersPeersPeersPeersPeers';
const hubToken = 'dckr_pat_peersPeersPeers';
/** A mirror needs a real systemd. */
const mirrored = (await initHere()) === 'systemd';

/** A world whose consoles tell nothing yet, and a laptop that gives the manager a token, an access key, and a login at Docker Hub for its mirror. */
async function silent(t: TestContext) {
	const here = await begin({
		access: 'access-keys',
		...(mirrored ? {registryMirror: 'create', registryMirrorDisk: 1, registryMirrorUser: 'acme-ci'} : {}),
	});
	t.after(() => here.world.stop());
	const {laptop, setup, world} = here;
	await world.aws.holdConsoles(true);
	const keys = ['--access-key-file', await laptop.file('access-key', `AKIAPEERSMANAGER0000\n${secret}\n`)];
	return {
		...here,
		command: [...setup, ...keys, '--docker-hub-token-file', await laptop.file('hub-token', `${hubToken}\n`)],
		/** Certificates are the last of the software. */
		installed: () =>
			until('the software to be installed', async () =>
				(await world.manager.exec('test -e /root/.docker/machine/certs/cert.pem && /usr/local/bin/gitlab-runner --version')).code === 0 ? true : undefined,
			),
		/** Files on the manager that hold the runner's token, the access key or Docker Hub's token. */
		withSecrets: async () =>
			(await onManager(world, `grep -rlsE '${laptop.token}|${secret}|${hubToken}' /etc /root /home /tmp /run; true`)).split('\n').filter(Boolean).sort(),
	};
}

test('while the console tells nothing, the software is installed and no secret is on the manager; then all of it is, the same again changes nothing, and a mirror can go', async (t) => {
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
	const login = mirrored ? ['/etc/registry-mirror/docker-hub'] : [];
	assert.deepEqual(await withSecrets(), ['/etc/gitlab-runner/config.toml', ...login, '/root/.aws/credentials']);
	if (!mirrored) return;
	const [url = ''] = /http:[^"]+:5000/.exec(await onManager(world, 'grep engine-registry-mirror /etc/gitlab-runner/config.toml')) ?? [];
	assert.match(await onManager(world, `curl -fsS ${url}/v2/library/alpine/manifests/latest`), /"layers"/);
	assert.ok(world.dockerHub.logins().includes(`acme-ci:${hubToken}`));
	assert.ok(!laptop.said().includes(hubToken));
	const calls = changingCalls(world).length;
	const again = await laptop.json(command);
	ended(again, 0);
	assert.deepEqual([unlike(again.lines), changingCalls(world).length], [{}, calls]);
	ended(await laptop.run([...command, '--registry-mirror', 'none']), 0);
	assert.deepEqual([await mirrorOnManager(world), await onManager(world, 'grep -c registry-mirror /etc/gitlab-runner/config.toml || true')], [[], '0\n']);
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

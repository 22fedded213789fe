import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {onWorker} from '../../../source/executors/docker-autoscaler/executor.ts';
import {paths} from '../../../source/world/host/scripts/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'on-worker-'));
after(() => rmSync(folder, {recursive: true}));

const config = join(folder, 'config.toml');
const program = (name: string, text: string): void => {
	writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
	chmodSync(join(folder, name), 0o755);
};
program('sudo', 'exec "$@"');
program('ssh', 'printf "%s\\n" "$@"');

/** What ssh on the manager is run with. */
const asked = async (toml: string, words: string | undefined, address = '10.0.0.7'): Promise<string[]> => {
	writeFileSync(config, toml);
	const command = (await onWorker('ubuntu', {name: 'i-1', address: async () => address}, words)).replaceAll(paths.config, config);
	return execFileSync('sh', ['-c', command], {env: {PATH: `${folder}:${process.env.PATH}`}, encoding: 'utf8'})
		.trimEnd()
		.split('\n');
};

const toml = '[[runners]]\n  [runners.autoscaler.connector_config]\n    username = "admin"\n    key_path = "/etc/gitlab-runner/worker-key"\n';

test('a shell on a worker goes through the manager, by the runner’s own key and as the runner’s own user', async () => {
	const words = await asked(toml, undefined);
	assert.deepEqual([words[0], words.at(-1)], ['-t', 'admin@10.0.0.7']);
	assert.equal(words[words.indexOf('-i') + 1], '/etc/gitlab-runner/worker-key');
});

test('words are one argument for the worker’s shell, whatever stands in them', async () => {
	const words = await asked(toml, `echo "$HOME" 'a b'; touch x | id`);
	assert.deepEqual(words.slice(-2), ['admin@10.0.0.7', `echo "$HOME" 'a b'; touch x | id`]);
	assert.equal(words.includes('-t'), false);
});

test('a user that isn’t one, and a config.toml that names none, lead to the images’ own', async () => {
	assert.equal((await asked('username = "-oProxyCommand=x"\n', 'id')).at(-2), 'ec2-user@10.0.0.7');
	assert.equal((await asked('', undefined)).at(-1), 'ec2-user@10.0.0.7');
});

test('there is no way to a worker of which EC2 knows no address', async () => {
	await assert.rejects(onWorker('ubuntu', {name: 'i-1', address: async () => undefined}, undefined), {code: 'worker-gone'});
});

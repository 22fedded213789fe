import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {type PanelOutcome, panelScript} from '../../source/executors/scripts.ts';
import {hostSeen, runnerSees} from '../../source/panel/sources/host.ts';
import type {Panel} from '../../source/world/host/scripts/panel.ts';
import {python} from '../peers/python.ts';

const folder = await mkdtemp(join(tmpdir(), 'panel-'));
after(() => rm(folder, {recursive: true}));

const name = 'runner-ab12cd-x-1764201600-0123abcd';

/** Runs the script as the manager does, with other places for its files. */
async function run(input: Panel): Promise<PanelOutcome> {
	const child = spawn(python, ['-c', panelScript.text], {stdio: ['pipe', 'pipe', 'pipe']});
	let [out, said] = ['', ''];
	child.stdout.on('data', (chunk) => {
		out += String(chunk);
	});
	child.stderr.on('data', (chunk) => {
		said += String(chunk);
	});
	child.stdin.end(JSON.stringify({storePath: folder, configPath: join(folder, 'config.toml'), ...input}));
	await once(child, 'close');
	assert.equal(said, '');
	const {result}: {result: unknown} = JSON.parse(out.trim().split('\n').at(-1) ?? '');
	return panelScript.result.parse(result);
}

async function store(): Promise<void> {
	await mkdir(join(folder, 'machines', name), {recursive: true});
	await mkdir(join(folder, 'machines', 'broken'), {recursive: true});
	await writeFile(
		join(folder, 'machines', name, 'config.json'),
		JSON.stringify({
			Name: name,
			Driver: {
				InstanceId: 'i-1',
				AccessKey: 'AKIASECRET',
				SecretKey: 'verysecret',
				SessionToken: 'secrettoo',
				InstanceType: 'c5.large',
				Region: 'us-east-2',
				Zone: 'a',
				RootSize: 20,
				RequestSpotInstance: true,
			},
		}),
	);
	await writeFile(join(folder, 'machines', 'broken', 'config.json'), '{');
}

test('one round brings machines without their keys, config.toml without secrets, and how the machine is', async () => {
	await store();
	await writeFile(
		join(folder, 'config.toml'),
		[
			'concurrent = 4',
			'[[runners]]',
			'  name = "x"',
			'  token = "glrt-t1_ab12cdefghijklmnop"',
			'  token_obtained_at = 2026-01-01T00:00:00Z',
			'  environment = ["A=secret1", \'B=se"secret2\', "NOVALUE"]',
			'  [runners.cache.s3]',
			'    AccessKey = "AKIASECRET"',
			"    SecretKey = 'verysecret'",
			'  [runners.machine]',
			'    MachineOptions = ["amazonec2-secret-key=very\\"verysecret", "amazonec2-metadata-token=required", "engine-registry-mirror=https://ci:verysecret@mirror"]',
			'  [runners.cache.gcs]',
			'    PrivateKey = """verysecret"""',
			'  [runners.ssh]',
			'    password = "verysecret"',
		].join('\n'),
	);
	const {host} = await run({host: true});
	assert.deepEqual(host?.machines, [{name, instanceId: 'i-1', type: 'c5.large', region: 'us-east-2', zone: 'a', spot: true, diskGib: 20}]);
	assert.deepEqual(host?.unreadMachines, ['broken']);
	assert.ok(!/secret[12]|verysecret|AKIA|hijk|secrettoo/.test(JSON.stringify(host)));
	assert.match(host?.config?.text ?? '', /token = "t1_ab12cdefg…"/);
	assert.match(host?.config?.text ?? '', /amazonec2-metadata-token=required/);
	assert.match(host?.config?.text ?? '', /"NOVALUE"/);
	assert.ok((host?.resources?.memoryTotal ?? 0) > 0 && (host?.ticks?.total ?? 0) > 0);
	assert.equal(host?.certificates, false);
	assert.equal(host?.silent, 'config.toml has no listen_address');
});

test('metrics and jobs are read from where config.toml says, and a runner that is silent says so', async () => {
	const server = createServer((request, response) =>
		response.end(
			request.url === '/metrics'
				? 'gitlab_runner_concurrent 4\n'
				: 'url=https://gitlab.com/a/b/-/jobs/5 state=running stage=step_script executor_stage=docker_run duration=3s\n',
		),
	);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	const port = typeof address === 'object' ? address?.port : undefined;
	await writeFile(join(folder, 'config.toml'), `listen_address = ":${port}"\n[session_server]\nlisten_address = "0.0.0.0:1"\n`);
	const live = await run({host: true});
	const read = live.host && runnerSees(live.host);
	assert.ok(read && 'sees' in read);
	assert.equal(read.sees.metrics.concurrent, 4);
	assert.deepEqual(
		read.sees.jobs.map(({id}) => id),
		[5],
	);
	server.close();
	server.closeAllConnections();
	const {host} = await run({host: true});
	const silent = host && runnerSees(host);
	assert.ok(silent && 'trouble' in silent);
	assert.match(silent.trouble.message, /^The runner's metrics can't be read: .*Connection refused\.$/);
	assert.equal(hostSeen(host, {ticks: undefined, seen: undefined}).machines.length, 1);
});

test('a manager without a store, a config or a journal is told of, not failed for', async () => {
	const {host, journal} = await run({
		host: true,
		storePath: join(folder, 'none'),
		configPath: join(folder, 'none.toml'),
		journal: {after: 's=nothing', most: 10, tail: 5, seconds: 5},
	});
	assert.deepEqual([host?.hasStore, host?.machines, host?.config], [false, [], undefined]);
	assert.deepEqual(journal?.entries, []);
});

test('the journal is read up to a count, with the cursor to go on from, and only what was asked for', async () => {
	const lines = Array.from({length: 6}, (_, index) =>
		JSON.stringify({
			MESSAGE: index % 2 ? `Machine created ${index}` : [...Buffer.from(`\u001b[0;mother ${index}`)],
			__REALTIME_TIMESTAMP: `${1000 + index}000`,
			__CURSOR: `c${index}`,
		}),
	);
	const fake = join(folder, 'journalctl');
	await writeFile(join(folder, 'lines'), `${lines.join('\n')}\nnot json\n`);
	await writeFile(
		fake,
		`#!/bin/sh\ncase "$*" in *lost*) echo "Failed to seek to cursor: Invalid argument" >&2; exit 1;; esac\ncat '${join(folder, 'lines')}'\n`,
	);
	await chmod(fake, 0o755);
	const text = panelScript.text.replace("Popen(['journalctl'", `Popen(['${fake}'`);
	const read = async (journal: NonNullable<Panel['journal']>) => {
		const child = spawn(python, ['-c', text], {stdio: ['pipe', 'pipe', 'inherit']});
		let out = '';
		child.stdout.on('data', (chunk) => {
			out += String(chunk);
		});
		child.stdin.end(JSON.stringify({host: false, journal}));
		await once(child, 'close');
		const {result}: {result: unknown} = JSON.parse(out);
		return panelScript.result.parse(result).journal;
	};
	const all = await read({since: 0, most: 10, tail: 2, seconds: 5});
	assert.deepEqual(
		all?.entries.map(([, message]) => message),
		['other 0', 'Machine created 1', 'other 2', 'Machine created 3', 'other 4', 'Machine created 5'],
	);
	assert.deepEqual([all?.tail.length, all?.first, all?.cursor, all?.more, all?.unread], [2, 1000, 'c5', false, 1]);
	const some = await read({since: 0, only: ['Machine created'], most: 2, tail: 1, seconds: 5});
	assert.deepEqual([some?.entries.map(([at]) => at), some?.cursor, some?.more], [[1001, 1003], 'c3', true]);
	const lost = await read({after: 'lost', most: 10, tail: 1, seconds: 5});
	assert.deepEqual([lost?.lost, lost?.failed], [true, 'Failed to seek to cursor: Invalid argument']);
});

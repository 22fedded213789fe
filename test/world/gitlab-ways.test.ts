import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type RequestListener} from 'node:http';
import {createServer as createSecure} from 'node:https';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import {realGitlab} from '../../source/world/gitlab/real.ts';
import {makeCertificates} from '../peers/certificates.ts';
import {listen} from '../peers/listen.ts';
import {rejects} from './cloud-parts.ts';

const token = 'glrt-secret-of-this-test';

async function answering(listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
	const {port, stop} = await listen(createServer(listener), '127.0.0.1');
	try {
		await use(`http://127.0.0.1:${port}`);
	} finally {
		await stop();
	}
}

const at = realGitlab({env: {}});

test('a name that nobody knows and a closed port are told apart, each with what to check', async () => {
	await assert.rejects(
		at('http://127.0.0.1:1').verify(token),
		(error) => isProblem(error, 'gitlab-unreachable') && error.message.includes('ECONNREFUSED') && error.again,
	);
	await assert.rejects(
		at('http://gitlab.invalid').verify(token),
		(error) => isProblem(error, 'gitlab-unreachable') && /ENOTFOUND|EAI_AGAIN/.test(error.message),
	);
});

test("a certificate of GitLab's own authority is refused until that is named, and then GitLab's answer counts", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), 'gra-contract-'));
	t.after(() => rm(folder, {recursive: true}));
	const {key, certificate: cert, authority} = await makeCertificates(folder, ['localhost'], ['127.0.0.1']);
	const server = createSecure({key, cert}, (_, outgoing) => outgoing.writeHead(200).end('{"id": 7, "token": "x", "token_expires_at": null}'));
	const {port, stop} = await listen(server, '127.0.0.1');
	t.after(stop);
	const url = `https://127.0.0.1:${port}`;
	await assert.rejects(at(url).verify(token), (error) => isProblem(error, 'gitlab-certificate') && error.advice?.includes('--gitlab-ca') === true);
	assert.deepEqual(await at(url, authority).verify(token), {id: 7});
	await rejects(at(url, 'no PEM').verify(token), 'gitlab-certificate');
});

test('a page that is not GitLab is not taken for it', async () => {
	await answering(
		(_, outgoing) => outgoing.writeHead(200, {'content-type': 'text/html'}).end('<html>Sign in</html>'),
		(url) => rejects(at(url).verify(token), 'gitlab-unreachable'),
	);
});

test('an address that has moved says where to', async () => {
	await answering(
		(incoming, outgoing) => outgoing.writeHead(301, {location: `https://gitlab.example.com${incoming.url}`}).end(),
		(url) => assert.rejects(at(url).verify(token), (error) => isProblem(error) && error.advice === 'Use `--gitlab-url https://gitlab.example.com`.'),
	);
});

test('an old GitLab that answers with plain words has verified too', async () => {
	await answering(
		(_, outgoing) => outgoing.end('200'),
		async (url) => assert.deepEqual(await at(url).verify(token), {}),
	);
});

test('tokens travel in headers and bodies, never in the URL, and with no system id', async () => {
	const seen: {url: string; body: string}[] = [];
	const listener: RequestListener = (incoming, outgoing) => {
		let body = '';
		incoming.setEncoding('utf8').on('data', (chunk: string) => {
			body += chunk;
		});
		incoming.on('end', () => {
			seen.push({url: incoming.url ?? '', body});
			outgoing.end('{"id": 1}');
		});
	};
	await answering(listener, async (url) => void (await at(url).verify(token)));
	assert.deepEqual(seen, [{url: '/api/v4/runners/verify', body: JSON.stringify({token})}]);
});

test('a project given by its path is looked up', async () => {
	const paths: string[] = [];
	const listener: RequestListener = (incoming, outgoing) => {
		paths.push(`${incoming.method} ${incoming.url}`);
		incoming.resume();
		outgoing.end(incoming.method === 'GET' ? '{"id": 42}' : '{"id": 9, "token": "glrt-x", "token_expires_at": null}');
	};
	const runner = {description: 'd', tags: [], runUntagged: true, maintenanceNote: ''};
	await answering(listener, async (url) => assert.equal((await at(url).createRunner('glpat-x', {...runner, in: {project: 'peers/demo'}})).id, 9));
	assert.deepEqual(paths, ['GET /api/v4/projects/peers%2Fdemo', 'POST /api/v4/user/runners']);
});

test('the projects of a large group come page by page, and no further than they are wanted', async () => {
	const pages: string[] = [];
	const listener: RequestListener = (incoming, outgoing) => {
		const {searchParams} = new URL(incoming.url ?? '/', 'http://gitlab');
		assert.equal(searchParams.get('include_subgroups'), 'true');
		pages.push(`${searchParams.get('page')} of ${searchParams.get('per_page')}`);
		const from = (Number(searchParams.get('page')) - 1) * 100;
		outgoing.end(JSON.stringify(Array.from({length: 100}, (_, index) => ({path_with_namespace: `acme/p${from + index}`}))));
	};
	await answering(listener, async (url) => {
		const paths = await at(url).groupProjects('glpat-x', 7, 150);
		assert.deepEqual([paths.length, paths[0], paths[149]], [150, 'acme/p0', 'acme/p149']);
	});
	assert.deepEqual(pages, ['1 of 100', '2 of 100']);
});

test('a branch that this token may not look at is told neither as protected nor as not, and is asked for once however many jobs it has', async () => {
	const asked: string[] = [];
	const listener: RequestListener = (incoming, outgoing) => {
		const path = (incoming.url ?? '').replace('/api/v4/projects/acme%2Fapi/', '');
		if (path.startsWith('jobs')) {
			const refs = ['main', 'main', 'secret', 'refs/merge-requests/1/head'];
			outgoing.end(JSON.stringify(refs.map((ref, id) => ({id, name: 'test', ref, tag: false, tag_list: null, created_at: null, queued_duration: null}))));
			return;
		}
		asked.push(path);
		outgoing.writeHead(path.endsWith('main') ? 200 : 403).end(path.endsWith('main') ? '{"name": "main", "protected": true}' : '{"message": "403 Forbidden"}');
	};
	await answering(listener, async (url) => {
		const jobs = await at(url).pendingJobs('glpat-x', 'acme/api', undefined, {protection: true});
		assert.deepEqual(
			jobs.map((job) => job.protected),
			[true, true, undefined, undefined],
		);
	});
	assert.deepEqual(asked.sort(), ['repository/branches/main', 'repository/branches/secret']);
});

test('a proxy from the environment carries the call, unless NO_PROXY names the host', async () => {
	const proxied: string[] = [];
	const listener: RequestListener = (incoming, outgoing) => {
		proxied.push(incoming.url ?? '');
		incoming.resume();
		outgoing.end('{"id": 3}');
	};
	await answering(listener, async (proxy) => {
		assert.deepEqual(await realGitlab({env: {HTTP_PROXY: proxy}})('http://gitlab.invalid').verify(token), {id: 3});
		await assert.rejects(realGitlab({env: {HTTP_PROXY: proxy, NO_PROXY: 'gitlab.invalid'}})('http://gitlab.invalid').verify(token));
	});
	assert.deepEqual(proxied, ['http://gitlab.invalid/api/v4/runners/verify']);
});

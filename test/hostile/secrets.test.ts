import assert from 'node:assert/strict';
import {test} from 'node:test';
import {destroy} from '../../source/commands/destroy.ts';
import {plan} from '../../source/commands/plan.ts';
import type {Command} from '../../source/commands/session.ts';
import {setup} from '../../source/commands/setup.ts';
import {status} from '../../source/commands/status.ts';
import {type Given, names} from '../../source/fleet.ts';
import {isProblem} from '../../source/problem.ts';
import {type Ports, simulatedWorld, type World} from '../../source/simulated/world.ts';
import {namedGitlabs} from '../../source/world/gitlab/named.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';

const fleet = ['--fleet', someFleet.name, '--region', someFleet.region];
const theirs = 'https://gitlab.evil.example';

/** Runs a command at a laptop with the person's GitLab token, and gives how it ended and all that was said. */
async function run(command: Command, ports: Ports, args: readonly string[]): Promise<{code: number; said: string}> {
	const face = hearing();
	const written: string[] = [];
	const session = sessionAt(ports, [...args, ...fleet, '--yes'], face, {gitlabToken: 'glpat-simulated'});
	const stdout = {write: (text: string) => written.push(text) > 0};
	const around = {...session.around, stdout: Object.assign(Object.create(process.stdout), stdout)};
	const code = await command({...session, around}).catch((error: unknown) => {
		if (!isProblem(error)) throw error;
		face.fail(error);
		return error.exit;
	});
	const problems = face.problems.map(({message, advice}) => `${message} ${advice ?? ''}`);
	// Lines that a document was broken into are one text again.
	return {code, said: [JSON.stringify(face.events).replaceAll('","', ' '), ...problems, ...written].join('\n')};
}

/** A fleet whose runner was made in GitLab, with the person's token. */
async function made(): Promise<World> {
	const world = simulatedWorld();
	const ran = await run(setup, world, ['setup', '--runner', 'create', '--project', 'acme/app']);
	assert.equal(ran.code, 0, ran.said);
	world.outside.gitlab.sent.length = 0;
	return world;
}

async function managerOf(world: World): Promise<string> {
	const Filters = [{Name: 'tag:gitlab-runner-aws:part', Values: ['manager']}];
	const {Reservations = []} = await world.another().cloudAt(someFleet.region).call('DescribeInstances', {Filters});
	return Reservations[0]?.Instances?.[0]?.InstanceId ?? assert.fail('There is no manager.');
}

const fileOf = async (world: World, path: string): Promise<string | undefined> => world.outside.file(await managerOf(world), path)?.text;

/** Somebody on the manager writes its config.toml over. */
async function rewriteConfig(world: World, change: (text: string) => string): Promise<void> {
	const before = (await fileOf(world, paths.config)) ?? assert.fail('There is no config.toml.');
	const after = change(before);
	assert.notEqual(after, before);
	world.outside.setFile(await managerOf(world), paths.config, after);
}

/** Somebody who may write the account's parameters changes the record. */
async function rewriteRecord(world: World, more: Given): Promise<void> {
	const cloud = world.another().cloudAt(someFleet.region);
	const {Parameter} = await cloud.call('GetParameter', {Name: names.record(someFleet)});
	const {version, answers} = JSON.parse(Parameter?.Value ?? '');
	await cloud.call('PutParameter', {Name: names.record(someFleet), Value: JSON.stringify({version, answers: {...answers, ...more}}), Overwrite: true});
}

const sentTo = (world: World): string[] => [...new Set(world.outside.gitlab.sent.map(({url}) => url))];

test('a manager that names another GitLab in its config.toml is not sent the person’s token when its fleet goes, and it is said', async () => {
	const world = await made();
	const [runner] = [...world.outside.gitlab.runners.keys()].slice(-1);
	await rewriteConfig(world, (text) => text.replaceAll('https://gitlab.com', theirs));
	const {said} = await run(destroy, world, ['destroy']);
	assert.deepEqual(sentTo(world), []);
	assert.match(
		said,
		/config\.toml on the manager names https:\/\/gitlab\.evil\.example as its GitLab, and the answers https:\/\/gitlab\.com, so the token was sent to neither/,
	);
	assert.ok(world.outside.gitlab.runners.has(runner ?? 0));
});

test('where the record can’t be read, a manager’s word says where its runner stays, and no token is sent on it', async () => {
	const world = await made();
	await rewriteConfig(world, (text) => text.replaceAll('https://gitlab.com', theirs));
	const cloud = world.another().cloudAt(someFleet.region);
	await cloud.call('PutParameter', {Name: names.record(someFleet), Value: 'mistyped', Overwrite: true});
	const {code, said} = await run(destroy, world, ['destroy']);
	assert.equal(code, 0, said);
	assert.match(said, /it stays in GitLab, delete it in https:\/\/gitlab\.evil\.example under Settings/);
	assert.deepEqual(sentTo(world), []);
});

test('a file that the manager’s config.toml names as an authority is neither read nor trusted', async () => {
	const world = await made();
	world.outside.setFile(await managerOf(world), '/etc/evil.pem', '-----BEGIN CERTIFICATE-----\nevil\n-----END CERTIFICATE-----\n');
	await rewriteConfig(world, (text) => text.replace(/^url = .*$/m, '$&\ntls-ca-file = "/etc/evil.pem"'));
	const {code} = await run(destroy, world, ['destroy']);
	assert.equal(code, 0);
	assert.ok(world.outside.gitlab.sent.length > 0);
	assert.deepEqual([...new Set(world.outside.gitlab.sent.map(({ca}) => ca))], [undefined]);
});

for (const [title, command, args] of [
	['status', status, ['status', '--plain']],
	['destroy', destroy, ['destroy']],
	['plan', plan, ['plan']],
] as const) {
	test(`${title} sends no token to a GitLab that only the record names, and says how to name it`, async () => {
		const world = await made();
		await rewriteRecord(world, {gitlabUrl: theirs});
		if (command !== plan) await rewriteConfig(world, (text) => text.replaceAll('https://gitlab.com', theirs));
		const {said} = await run(command, world, args);
		assert.deepEqual(sentTo(world), []);
		assert.match(said, /names https:\/\/gitlab\.evil\.example as its GitLab, and nobody has named that one on this laptop, so no token was sent there/);
		assert.match(said, /--gitlab-url https:\/\/gitlab\.evil\.example/);
	});
}

test('a runner’s own token is not written to config.toml for another GitLab that only the record names', async () => {
	const world = await made();
	await rewriteRecord(world, {gitlabUrl: theirs});
	const {code, said} = await run(setup, world, ['setup']);
	assert.equal(code, 1, said);
	assert.deepEqual(sentTo(world), []);
	assert.match((await fileOf(world, paths.config)) ?? '', /url = "https:\/\/gitlab\.com"/);
});

test('a GitLab that is named by a flag gets the token, and this laptop knows it from then on; another laptop doesn’t', async () => {
	const world = simulatedWorld({gitlabUrl: 'https://git.acme.example'});
	const args = ['setup', '--gitlab-url', 'https://git.acme.example', '--runner', 'create', '--project', 'acme/app'];
	const first = await run(setup, world, args);
	assert.equal(first.code, 0, first.said);
	world.outside.gitlab.sent.length = 0;
	await run(status, world, ['status', '--plain']);
	assert.deepEqual(sentTo(world), ['https://git.acme.example']);

	world.outside.gitlab.sent.length = 0;
	const other = world.another({address: world.laptop.address});
	const refused = await run(status, other, ['status', '--plain']);
	assert.deepEqual(sentTo(world), []);
	assert.match(refused.said, /`--gitlab-url https:\/\/git\.acme\.example` names it/);
	await run(status, other, ['status', '--plain', '--gitlab-url', 'https://git.acme.example']);
	assert.deepEqual(sentTo(world), ['https://git.acme.example']);
	world.outside.gitlab.sent.length = 0;
	await run(status, other, ['status', '--plain']);
	assert.deepEqual(sentTo(world), ['https://git.acme.example']);
});

test('from a laptop that can keep nothing the token goes to the GitLab that a flag names, each time it is named', async () => {
	const url = 'https://git.acme.example';
	const world = simulatedWorld({gitlabUrl: url});
	assert.equal((await run(setup, world, ['setup', '--gitlab-url', url, '--runner', 'create', '--project', 'acme/app'])).code, 0);
	const other = world.another({address: world.laptop.address});
	other.disk.refuse({writing: 'EROFS', reading: 'EACCES'});
	for (const [args, goes] of [
		[['--gitlab-url', url], [url]],
		[[], []],
	] as const) {
		world.outside.gitlab.sent.length = 0;
		const {code, said} = await run(status, other, ['status', '--plain', ...args]);
		assert.equal(code, 0, said);
		assert.deepEqual(sentTo(world), goes);
	}
});

test('of a file that the record names as an authority only certificates go to the manager', async () => {
	const world = await made();
	const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----\n';
	world.disk.files.set('/home/alice/.ssh/id_ed25519', {text: key, mode: 0o600});
	await rewriteRecord(world, {gitlabCa: '/home/alice/.ssh/id_ed25519'});
	const {code, said} = await run(setup, world, ['setup']);
	assert.equal(code, 1, said);
	assert.match(said, /id_ed25519, which `gitlabCa` names, holds no certificate/);
	assert.equal(await fileOf(world, paths.gitlabCa), undefined);
});

test('what only says how a laptop works is never taken from the record', async () => {
	const world = await made();
	await rewriteRecord(world, {sshAddress: '203.0.113.66:22', privateKey: '/home/alice/.ssh/id_ed25519', profile: 'admin'});
	const {code, said} = await run(plan, world, ['plan']);
	assert.equal(code, 0, said);
});

test('a GitLab over plain http is noted, with what that means', async () => {
	const url = 'http://git.acme.example';
	const {said} = await run(plan, simulatedWorld({gitlabUrl: url}), ['plan', '--gitlab-url', url, '--runner', 'create', '--project', 'acme/app']);
	assert.match(said, /GitLab is reached over http, so tokens, code and jobs' secrets can be read and changed on the way to http:\/\/git\.acme\.example/);
	const local = 'http://127.0.0.1:8080';
	const here = await run(plan, simulatedWorld({gitlabUrl: local}), ['plan', '--gitlab-url', local, '--runner', 'create', '--project', 'acme/app']);
	assert.doesNotMatch(here.said, /reached over http/);
});

test('a token that is typed where a GitLab is shown goes there, and a laptop that can keep nothing is asked again the next time', async () => {
	const world = simulatedWorld({gitlabUrl: 'https://git.acme.example'});
	const url = 'https://git.acme.example';
	const full = {gitlabs: async () => [], saveGitlab: async () => undefined};
	const first = namedGitlabs(world.gitlabAt, full);
	const gitlab = first.at(url, undefined, 'record');
	await assert.rejects(gitlab.runners(world.tokens.gitlab), (error) => isProblem(error, 'gitlab-not-named'));
	await assert.rejects(gitlab.verify(world.tokens.runner), (error) => isProblem(error, 'gitlab-not-named'));
	first.name(url);
	assert.ok((await gitlab.runners(world.tokens.gitlab)).length > 0);
	await assert.rejects(namedGitlabs(world.gitlabAt, full).at(url).runners(world.tokens.gitlab), (error) => isProblem(error, 'gitlab-not-named'));
	const near = ['http://git.acme.example', 'https://git.acme.example:8443', 'https://git.acme.example.evil.example', 'https://gitlab.com.evil.example'];
	for (const other of near) await assert.rejects(first.at(other, undefined, 'record').runners('x'), (error) => isProblem(error, 'gitlab-not-named'), other);
});

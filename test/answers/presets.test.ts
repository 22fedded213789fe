import assert from 'node:assert/strict';
import {mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {interview} from '../../source/answers/interview.ts';
import {migrate, type Preset, presetIn, presetInText, presetOf} from '../../source/answers/preset-form.ts';
import {presetsIn} from '../../source/answers/presets.ts';
import {begin, pathOf} from '../../source/answers/walk.ts';
import type {Given} from '../../source/fleet.ts';
import {configFolder, rememberPreset, settingsIn} from '../../source/world/laptop/settings.ts';
import {asking, emptyCloud, problemOf, scripted} from './stub.ts';

const shipped = fileURLToPath(new URL('../../presets/', import.meta.url));
const preset = (answers: Given, description = 'for a test'): Preset => ({version: 1, description, answers});

async function folder(t: TestContext): Promise<string> {
	const path = await mkdtemp(join(tmpdir(), 'presets-'));
	t.after(() => rm(path, {recursive: true}));
	return join(path, 'presets');
}

for (const name of ['small', 'linux-spot', 'office-hours']) {
	test(`the shipped preset ${name} leaves nothing to decide but the region and the fleet`, async () => {
		const {description, answers} = await presetsIn({own: '/nowhere', shipped}).load(name);
		assert.match(description, /\.$/);
		const walk = await begin({layers: {preset: answers}, everything: false, left: [], asking: asking()});
		assert.deepEqual(walk.settled.wrong, []);
		const open = (await pathOf(walk)).filter((key) => key !== 'region');
		assert.deepEqual(open, []);
		const {answers: full} = await interview({layers: {preset: answers, environment: {region: 'eu-west-1'}}, asking: asking()});
		assert.equal(full.region, answers.region ?? 'eu-west-1');
	});
}

test('linux-spot has the numbers of its model, and says that the image of 2019 is replaced', async () => {
	const {description, answers} = await presetsIn({own: '/nowhere', shipped}).load('linux-spot');
	assert.match(description, /2019 is replaced|of that year is replaced/);
	const {region, workerType, spot, spotPrice, limit, concurrent, idleCount, idleTime, privileged, disableCache, checkInterval} = answers;
	assert.deepEqual([region, workerType, spot, spotPrice, limit, concurrent], ['us-east-2', 'c5.2xlarge', true, 0.2, 40, 48]);
	assert.deepEqual([idleCount, idleTime, privileged, disableCache, checkInterval], [0, 300, true, true, 2]);
});

test('a saved preset is read again as it was, by name and by path', async (t) => {
	const own = await folder(t);
	const presets = presetsIn({own, shipped});
	const mine = preset({limit: 4, tags: {'a.b': 'c'}, schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'UTC', idleCount: 1, idleTime: 60}]});
	const path = await presets.save('mine', mine);
	assert.deepEqual(await presets.load('mine'), mine);
	assert.deepEqual(await presets.load(path), mine);
});

test('presets are for this person alone: 0600 in 0700, also where the folder was open before', async (t) => {
	const own = await folder(t);
	await mkdir(own, {recursive: true, mode: 0o755});
	const path = await presetsIn({own, shipped}).save('mine', preset({limit: 4}));
	assert.equal((await stat(own)).mode & 0o777, 0o700);
	assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('saving again replaces the whole preset', async (t) => {
	const own = await folder(t);
	const presets = presetsIn({own, shipped});
	await presets.save('mine', preset({limit: 4, spot: false}));
	await presets.save('mine', preset({limit: 5}));
	assert.deepEqual((await presets.load('mine')).answers, {limit: 5});
});

test('the list has own presets first; an own one of a shipped name is used instead of it', async (t) => {
	const own = await folder(t);
	const presets = presetsIn({own, shipped});
	await presets.save('small', preset({limit: 1}));
	const list = await presets.list();
	assert.deepEqual(
		list.map(({name, from}) => `${name} ${from}`),
		['small yours', 'linux-spot shipped', 'office-hours shipped'],
	);
	assert.equal((await presets.load('small')).answers.limit, 1);
	await presets.remove('small');
	assert.equal((await presets.load('small')).answers.limit, 3);
});

test('a corrupt preset is told, harms no other, and is set aside when one is saved over it', async (t) => {
	const own = await folder(t);
	const presets = presetsIn({own, shipped});
	await presets.save('good', preset({limit: 4}));
	await writeFile(join(own, 'broken.json'), '{"version": 1, "answers": {"runnerName": "glrt-abcdefghijklmnop');
	const broken = (await presets.list()).find(({name}) => name === 'broken');
	assert.ok(broken && 'problem' in broken);
	assert.equal(broken.problem.code, 'preset-corrupt');
	assert.doesNotMatch(broken.problem.message, /abcdefgh/);
	assert.deepEqual((await presets.load('good')).answers, {limit: 4});
	assert.equal((await readFile(join(own, 'broken.json'), 'utf8')).length, 63);
	await presets.save('broken', preset({limit: 6}));
	assert.deepEqual((await presets.load('broken')).answers, {limit: 6});
	assert.equal((await readdir(own)).filter((file) => file.endsWith('.set-aside')).length, 1);
});

test('a preset that isn’t there is told with the nearest name', async (t) => {
	const presets = presetsIn({own: await folder(t), shipped});
	const problem = await problemOf(() => presets.load('smal'));
	assert.equal(problem.exit, 2);
	assert.match(problem.message, /There is no preset smal\. Did you mean small\?/);
	assert.match((await problemOf(() => presets.load('./nowhere.json'))).message, /nowhere\.json isn't there\./);
});

test('a shipped preset can’t be removed, one that isn’t there neither, and no name leads out of the folder', async (t) => {
	const presets = presetsIn({own: await folder(t), shipped});
	assert.equal((await problemOf(() => presets.remove('small'))).code, 'preset-shipped');
	assert.equal((await problemOf(() => presets.remove('mine'))).code, 'preset-not-found');
	for (const name of ['../mine', '.hidden', '', 'a/b', 'x.json'])
		assert.equal((await problemOf(() => presets.save(name, preset({})))).code, 'preset-name', name);
});

const refusals: [title: string, content: unknown, says: RegExp][] = [
	['an unknown key, with the nearest', {version: 1, answers: {workertype: 'c5.large'}}, /workertype is no key of a preset\. workerType is\./],
	['a wrong type, with what would be right', {version: 1, answers: {limit: '10'}}, /limit is "10"\. It takes a whole number from 1 to 5,000 machines\./],
	[
		'a wrong field deep inside',
		{version: 1, answers: {schedule: [{periods: ['x'], timezone: 'UTC', idleCount: 1, idleTime: 1}]}},
		/schedule is .*Item 1 of "periods" of item 1 takes seven fields/,
	],
	['an unknown key beside the answers', {version: 1, answers: {}, extra: 1}, /extra is no key of a preset\./],
	['no version', {answers: {}}, /version is missing\. It takes 1\./],
	['a list', [], /It holds no object/],
	['answers that are none', {version: 1, answers: 7}, /answers is no object/],
	['a key for a secret', {version: 1, answers: {runnerToken: 'glrt-abcdefghijklmnop'}}, /runnerToken would hold a secret, and a preset never does/],
	[
		'a runner’s token in an answer',
		{version: 1, answers: {runnerName: 'glrt-abcdefghijklmnop'}},
		/runnerName is a secret\. It takes no secret, and this looks like a runner's token/,
	],
	['a personal token in a tag', {version: 1, answers: {tags: {a: 'glpat-abcdefghijklmnop'}}}, /tags is a secret\. .*a GitLab token/],
	['an AWS access key', {version: 1, answers: {machineOptions: ['amazonec2-access-key=AKIAabcdefgh']}}, /machineOptions is a secret\./],
	[
		'an AWS secret key by its form',
		{version: 1, answers: {dockerImage: 'wJalrXUtnFEMIK7MDENGbPxRfiCYabcdefghIJ12'}},
		/dockerImage is a secret\. .*an AWS secret key/,
	],
	['a private key', {version: 1, answers: {privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nabcdefgh'}}, /privateKey is a secret\. .*a private key/],
];
for (const [title, content, says] of refusals) {
	test(`refused, naming key and reason and no secret: ${title}`, async () => {
		const problem = await problemOf(() => presetIn(content, 'Preset mine'));
		assert.equal(problem.exit, 2);
		assert.match(problem.message, /^Preset mine can't be used\.\n/);
		assert.match(problem.message, says);
		assert.doesNotMatch(`${problem.message} ${problem.advice}`, /abcdefgh/);
	});
}

test('all that is wrong with a preset is told together', async () => {
	const problem = await problemOf(() => presetIn({version: 1, answers: {limit: 0, cachedays: 3, spot: 'yes'}}, 'mine.json'));
	assert.equal(problem.message.split('\n').length, 4);
});

test('no secret gets into a preset’s file, by whatever answer it comes', async (t) => {
	const own = await folder(t);
	const presets = presetsIn({own, shipped});
	for (const answers of [
		{runnerName: 'glrt-abcdefghijklmnop'},
		{runnerConfig: 'token = "abcdefgh"'},
		{tags: {Password: 'abcdefgh'}},
		{gitlabUrl: 'https://me:abcdefgh@gitlab.example.com'},
	]) {
		await problemOf(() => presets.save('mine', preset(answers)));
	}
	await presets.save('mine', preset({limit: 1}, 'fine'));
	assert.doesNotMatch((await Promise.all((await readdir(own)).map((file) => readFile(join(own, file), 'utf8')))).join(''), /abcdefgh/);
});

test('an interview’s preset holds what was decided, in the order of asking, and leaves defaults to later releases', async () => {
	const ask = scripted({limit: [12]});
	const layers = {flag: {checkInterval: 5}, environment: {profile: 'acme-dev', region: 'eu-west-1'}};
	const {answers, sources} = await interview({layers, asking: asking({cloud: emptyCloud()}), ask});
	const {answers: saved} = presetOf(answers, sources, 'mine');
	assert.deepEqual(Object.keys(saved), [
		'region',
		'executor',
		'image',
		'securityGroup',
		'keyPair',
		'cache',
		'workerType',
		'spot',
		'limit',
		'checkInterval',
		'runner',
	]);
	assert.deepEqual([saved.limit, saved.checkInterval, saved.region], [12, 5, 'eu-west-1']);
});

test('older forms are brought to today’s one after the other, and a newer one is told', async () => {
	const steps = {
		1: ({answers, ...rest}: Record<string, unknown>) => ({...rest, given: answers}),
		2: ({given, ...rest}: Record<string, unknown>) => ({...rest, answers: given, added: true}),
	};
	assert.deepEqual(migrate({version: 1, answers: {limit: 1}}, 'mine', steps, 3), {version: 3, answers: {limit: 1}, added: true});
	assert.deepEqual(migrate({version: 1, answers: {}}, 'mine'), {version: 1, answers: {}});
	const newer = await problemOf(() => migrate({version: 2, answers: {}}, 'Preset mine'));
	assert.deepEqual([newer.code, newer.exit], ['preset-newer', 2]);
	assert.match(newer.message, /Preset mine is of version 2, and this release reads presets up to version 1\./);
});

test('a file that holds no JSON is told with the place and without its text', async () => {
	const problem = await problemOf(() => presetInText('{"version": 1,\n "answers": {"x": glrt-abcdefgh}}', 'mine.json'));
	assert.equal(problem.code, 'preset-corrupt');
	assert.match(problem.message, /^mine\.json holds no JSON/);
	assert.doesNotMatch(problem.message, /abcdefgh/);
});

test('preferences are remembered one by one; a file that can’t be read counts as nothing remembered', async (t) => {
	const own = await folder(t);
	const settings = settingsIn(own);
	assert.deepEqual(await settings.read(), {});
	await rememberPreset(settings, 'small', Date.parse('2026-11-23T23:50:00Z'));
	await rememberPreset(settings, 'mine', Date.parse('2026-11-24T00:10:00Z'));
	assert.deepEqual(await settings.read(), {presetsUsed: {small: '2026-11-23T23:50:00.000Z', mine: '2026-11-24T00:10:00.000Z'}});
	assert.equal((await stat(join(own, 'settings.json'))).mode & 0o777, 0o600);
	await writeFile(join(own, 'settings.json'), '{"presetsU');
	assert.deepEqual(await settings.read(), {});
	await rememberPreset(settings, 'other', 0);
	assert.deepEqual(await settings.read(), {presetsUsed: {other: '1970-01-01T00:00:00.000Z'}});
});

test('a folder that can’t be made or written is told for a preset, and thrown as a problem for preferences; shipped presets are there all the same', async (t) => {
	const above = join(await folder(t), '..');
	await writeFile(join(above, 'file'), '');
	const own = join(above, 'file', 'presets');
	const presets = presetsIn({own, shipped});
	const unsaved = await problemOf(() => presets.save('mine', preset({limit: 4})));
	assert.deepEqual([unsaved.code, unsaved.exit], ['file-unwritable', 1]);
	assert.match(unsaved.message, /mine\.json can't be written: a part of its path is no folder \(ENOTDIR\)\./);
	assert.match(unsaved.advice ?? '', /`XDG_CONFIG_HOME`/);
	assert.equal((await presets.load('small')).version, 1);
	assert.ok((await presets.list()).every((one) => one.from === 'shipped' && 'preset' in one));
	const settings = settingsIn(own);
	assert.deepEqual(await settings.read(), {});
	assert.equal((await problemOf(() => settings.remember({presetsUsed: {}}))).code, 'file-unwritable');
});

test('a folder of own presets that can’t be read is told in the list, and harms no shipped one', async (t) => {
	const own = await folder(t);
	await symlink(own, own);
	const presets = presetsIn({own, shipped});
	const [first, ...others] = await presets.list();
	assert.ok(first && 'problem' in first);
	assert.match(first.problem.message, /presets can't be read: its links lead nowhere \(ELOOP\)\./);
	assert.deepEqual(
		others.map((one) => `${one.name} ${one.from} ${'preset' in one}`),
		['linux-spot shipped true', 'office-hours shipped true', 'small shipped true'],
	);
	assert.deepEqual(await settingsIn(own).read(), {});
});

test('the folder is XDG’s, or the platform’s own', () => {
	assert.equal(configFolder({environment: {XDG_CONFIG_HOME: '/x'}, platform: 'linux', home: '/home/a'}), '/x/gitlab-runner-aws');
	assert.equal(configFolder({environment: {XDG_CONFIG_HOME: 'relative'}, platform: 'linux', home: '/home/a'}), '/home/a/.config/gitlab-runner-aws');
	assert.equal(configFolder({environment: {}, platform: 'linux', home: '/home/a'}), '/home/a/.config/gitlab-runner-aws');
	assert.equal(configFolder({environment: {}, platform: 'darwin', home: '/Users/a'}), '/Users/a/Library/Preferences/gitlab-runner-aws');
});

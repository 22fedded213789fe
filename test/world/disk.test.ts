import assert from 'node:assert/strict';
import {mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {suite, type TestContext, test} from 'node:test';
import {simulatedWorld} from '../../source/simulated/world.ts';
import type {Disk} from '../../source/world/laptop/disk/port.ts';
import {foldersOf, realDisk} from '../../source/world/laptop/disk/real.ts';
import {rejects} from './cloud-parts.ts';

type DiskWorld = {disk: Disk /** Puts a file of the person's there and gives its path. */; file(text: string, mode: number): Promise<string>};
type DiskSide = {name: string; open(t: TestContext): Promise<DiskWorld>};

async function folder(t: TestContext): Promise<string> {
	const made = await mkdtemp(join(tmpdir(), 'gra-contract-'));
	t.after(() => rm(made, {recursive: true}));
	return made;
}

const real: DiskSide = {
	name: 'real',
	async open(t) {
		const home = await folder(t);
		const path = join(home, 'mine');
		return {
			disk: realDisk(foldersOf({}, home)),
			async file(text, mode) {
				await writeFile(path, text, {mode});
				return path;
			},
		};
	},
};

const simulated: DiskSide = {
	name: 'simulated',
	async open() {
		const {disk} = simulatedWorld();
		return {
			disk,
			async file(text, mode) {
				disk.files.set('/home/alice/mine', {text, mode});
				return '/home/alice/mine';
			},
		};
	},
};

for (const side of [real, simulated]) {
	suite(side.name, () => {
		test('a GitLab that was named is remembered once, beside the others', async (t) => {
			const {disk} = await side.open(t);
			assert.deepEqual(await disk.gitlabs(), []);
			for (const url of ['https://a.example', 'https://b.example/gitlab', 'https://a.example']) await disk.saveGitlab(url);
			assert.deepEqual(await disk.gitlabs(), ['https://a.example', 'https://b.example/gitlab']);
		});

		test('a key is kept by fleet and region until it is taken away', async (t) => {
			const {disk} = await side.open(t);
			assert.deepEqual(await disk.keys(), []);
			assert.equal(await disk.key('a.us-east-2.f'), undefined);
			await disk.saveKey('a.us-east-2.f', 'secret\n');
			await disk.saveKey('a.eu-west-1.f', 'other\n');
			assert.equal(await disk.key('a.us-east-2.f'), 'secret\n');
			assert.deepEqual((await disk.keys()).sort(), ['a.eu-west-1.f', 'a.us-east-2.f']);
			await disk.removeKey('a.us-east-2.f');
			await disk.removeKey('a.us-east-2.f');
			assert.equal(await disk.key('a.us-east-2.f'), undefined);
			assert.equal(await disk.key('a.eu-west-1.f'), 'other\n');
			assert.notEqual(disk.keyPath('a.us-east-2.f'), disk.keyPath('a.eu-west-1.f'));
		});

		test('a host key is pinned by instance', async (t) => {
			const {disk} = await side.open(t);
			assert.equal(await disk.pin('i-1'), undefined);
			await disk.savePin('i-1', 'SHA256:abc');
			await disk.savePin('i-1', 'SHA256:def');
			assert.equal(await disk.pin('i-1'), 'SHA256:def');
			assert.equal(await disk.pin('i-2'), undefined);
		});

		test('timings are remembered by step, the newest last, whoever saves them at the same time', async (t) => {
			const {disk} = await side.open(t);
			assert.deepEqual(await disk.timings(), {});
			await Promise.all([disk.saveTiming('bucket', 1), disk.saveTiming('manager', 30), disk.saveTiming('bucket', 2)]);
			assert.deepEqual(await disk.timings(), {bucket: [1, 2], manager: [30]});
		});

		test("a file of the person's is read with its permissions, and one that is not there is told by its path", async (t) => {
			const {disk, file} = await side.open(t);
			const path = await file('text', 0o640);
			assert.equal(await disk.read(path), 'text');
			assert.equal(await disk.mode(path), 0o640);
			await rejects(disk.read(`${path}-none`), 'file-unreadable');
			await rejects(disk.mode(`${path}-none`), 'file-unreadable');
		});
	});
}

test('what is kept is for its owner alone, and nothing half-written stays', async (t) => {
	const home = await folder(t);
	const disk = realDisk(foldersOf({}, home));
	await disk.saveKey('a.us-east-2.f', 'one');
	await disk.saveKey('a.us-east-2.f', 'two');
	const path = disk.keyPath('a.us-east-2.f');
	assert.equal((await stat(path)).mode & 0o777, 0o600);
	assert.equal((await stat(join(path, '..'))).mode & 0o777, 0o700);
	assert.deepEqual(await readdir(join(path, '..')), ['a.us-east-2.f.pem']);
	assert.equal(await readFile(path, 'utf8'), 'two');
});

test('XDG names other folders', () => {
	assert.deepEqual(foldersOf({XDG_DATA_HOME: '/d', XDG_STATE_HOME: 'relative'}, '/home/a'), {
		data: '/d/gitlab-runner-aws',
		state: '/home/a/.local/state/gitlab-runner-aws',
		home: '/home/a',
	});
});

test('timings that cannot be understood are none, and are written anew', async (t) => {
	const home = await folder(t);
	const folders = foldersOf({}, home);
	const disk = realDisk(folders);
	await disk.saveTiming('bucket', 1);
	await writeFile(join(folders.data, 'timings.json'), '{"bucket": "soon"}');
	assert.deepEqual(await disk.timings(), {});
	await disk.saveTiming('bucket', 2);
	assert.deepEqual(await disk.timings(), {bucket: [2]});
});

test('the log takes lines at once, is private, and begins anew beyond a megabyte with the old one kept', async (t) => {
	const disk = realDisk(foldersOf({}, await folder(t)));
	disk.log('first');
	assert.match(await readFile(disk.logPath, 'utf8'), /^\d{4}-\d\d-\d\dT[\d:.]+Z first\n$/);
	assert.equal((await stat(disk.logPath)).mode & 0o777, 0o600);
	disk.log('x'.repeat(1_000_001));
	disk.log('after');
	assert.match(await readFile(disk.logPath, 'utf8'), /^\S+ after\n$/);
	assert.match(await readFile(`${disk.logPath}.1`, 'utf8'), / first\n/);
});

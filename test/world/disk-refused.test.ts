import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtemp, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {suite, type TestContext, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import type {Refusals, SimulatedDisk} from '../../source/simulated/disk.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {forgiving} from '../../source/world/laptop/disk/forgiving.ts';
import {foldersOf, realDisk} from '../../source/world/laptop/disk/real.ts';
import {type Tries, triesOf} from './disk-tries.ts';
import {homes, inHome, noHomes} from './homes.ts';

const run = promisify(execFile);
const child = fileURLToPath(new URL('disk-child.ts', import.meta.url));

async function folder(t: TestContext): Promise<string> {
	const made = await mkdtemp(join(tmpdir(), 'gra-refused-'));
	t.after(() => rm(made, {recursive: true}));
	return made;
}

/** What each verb does where all writing is refused with this code, and reading too where nothing can be looked at. */
const refusedWith = (code: string, {reading = 'done'} = {}): Tries => ({
	trySaveKey: `file-unwritable ${code}`,
	saveKey: `file-unwritable ${code}`,
	savePin: `file-unwritable ${code}`,
	// Those that are there are kept along.
	saveGitlab: reading === 'done' ? `file-unwritable ${code}` : reading,
	saveTiming: `file-unwritable ${code}`,
	log: `file-unwritable ${code}`,
	removeKey: reading,
	timings: 'done',
	key: reading,
	pin: reading,
	gitlabs: reading,
});

/** By Node's code: what is refused, and whether what may be there can be read. */
const sorts: readonly {code: string; simulated: Refusals; is: Tries}[] = [
	{code: 'EROFS', simulated: {writing: 'EROFS'}, is: refusedWith('EROFS')},
	{code: 'ENOSPC', simulated: {writing: 'ENOSPC'}, is: refusedWith('ENOSPC')},
	{code: 'EDQUOT', simulated: {writing: 'EDQUOT'}, is: refusedWith('EDQUOT')},
	{code: 'EACCES', simulated: {writing: 'EACCES', reading: 'EACCES'}, is: refusedWith('EACCES', {reading: 'file-unreadable EACCES'})},
	{code: 'ENOENT', simulated: {writing: 'ENOENT', reading: 'ENOENT'}, is: refusedWith('ENOENT')},
	{code: 'ENOTDIR', simulated: {writing: 'ENOTDIR', reading: 'ENOTDIR'}, is: refusedWith('ENOTDIR')},
	{code: 'EMFILE', simulated: {writing: 'EMFILE', reading: 'EMFILE'}, is: refusedWith('EMFILE', {reading: 'file-unreadable EMFILE'})},
];

suite('simulated', () => {
	for (const {code, simulated, is} of sorts) {
		test(`a disk that refuses with ${code}: each verb says so as a problem, and nothing of it is kept`, async () => {
			const {disk} = simulatedWorld();
			disk.refuse(simulated);
			assert.deepEqual(await triesOf(disk), is);
			disk.refuse({});
			assert.deepEqual(disk.kept(), simulatedWorld().disk.kept());
			assert.deepEqual([...new Set(Object.values(await triesOf(disk)))], ['done']);
		});
	}
});

suite('real', () => {
	for (const home of homes) {
		test(`HOME is ${home.name}: each verb says so as a problem, and nothing of it is kept`, {skip: noHomes}, async (t) => {
			const at = await folder(t);
			const {stdout} = await run(...inHome(home, at, [process.execPath, child, '/']));
			assert.deepEqual(JSON.parse(stdout), sorts.find(({code}) => code === home.code)?.is);
			assert.deepEqual(await readdir(at), []);
		});
	}

	test('too many files are open: each verb says so as a problem', async (t) => {
		const at = await folder(t);
		const {stdout} = await run('sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, child, at, 'no-more-files'], {env: {HOME: at}});
		assert.deepEqual(JSON.parse(stdout), sorts.find(({code}) => code === 'EMFILE')?.is);
		const left = await readdir(at, {recursive: true, withFileTypes: true});
		assert.deepEqual(
			left.filter((one) => !one.isDirectory()),
			[],
		);
	});

	test('a key that is tried to be kept leaves nothing behind, and takes the place of none', async (t) => {
		const at = await folder(t);
		const disk = realDisk(foldersOf({}, at));
		await disk.trySaveKey('f');
		assert.equal(await disk.key('f'), undefined);
		await disk.saveKey('f', 'secret');
		await disk.trySaveKey('f');
		assert.equal(await disk.key('f'), 'secret');
		assert.deepEqual(await readdir(join(disk.keyPath('f'), '..')), ['f.pem']);
	});
});

/** A disk that goes on without what it can't keep, and what was told of that. */
function without(disk: SimulatedDisk) {
	const told: string[] = [];
	const {disk: forgiven} = forgiving(disk, ({says, advice}) => void told.push([says, advice].filter(Boolean).join(' ')));
	return {disk: forgiven, told};
}

test('what is convenience is told once and gone without: pins, GitLabs, timings, the log, a key that is looked for', async () => {
	const {disk: own} = simulatedWorld();
	const {disk, told} = without(own);
	own.refuse({writing: 'EROFS', reading: 'EACCES'});
	disk.log('a line');
	disk.log('another');
	await disk.savePin('i-1', 'SHA256:abc');
	await disk.saveGitlab('https://gitlab.example');
	await disk.saveTiming('bucket', 1);
	assert.deepEqual([await disk.pin('i-1'), await disk.key('f'), await disk.gitlabs(), await disk.timings()], [undefined, undefined, [], {}]);
	assert.deepEqual(told, [
		"/home/alice/.local/state/gitlab-runner-aws/log can't be written: the disk is read-only (EROFS). It goes on without: no fleet depends on what this laptop keeps.",
		"The file /home/alice/.local/share/gitlab-runner-aws/gitlabs can't be read: its permissions keep you out (EACCES). It goes on without: no fleet depends on what this laptop keeps.",
	]);
	assert.equal(disk.logPath, undefined);
	own.refuse({});
	disk.log('a third');
	assert.deepEqual(own.logged, [], 'a log with gaps would mislead');
});

test('a key that is to be kept and cannot be is no convenience; one that is to be deleted and cannot be is told with what to do', async () => {
	const {disk: own} = simulatedWorld();
	const {disk, told} = without(own);
	await disk.saveKey('f', 'secret');
	own.refuse({writing: 'ENOSPC'});
	await assert.rejects(disk.saveKey('f', 'other'), {code: 'file-unwritable'});
	await disk.removeKey('f');
	assert.deepEqual(told, [
		'The private key /home/alice/.local/share/gitlab-runner-aws/keys/f.pem stays on this laptop: the disk is full (ENOSPC). It opens nothing any more; delete it yourself.',
	]);
	assert.equal(await disk.key('f'), 'secret');
});

test('an error that is not the disk’s is never taken for one', async () => {
	const {disk: own} = simulatedWorld();
	const {disk} = without({...own, savePin: () => Promise.reject(new TypeError('a bug'))});
	await assert.rejects(disk.savePin('i-1', 'x'), TypeError);
});

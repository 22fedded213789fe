import assert from 'node:assert/strict';
import {cp, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type TestContext, test} from 'node:test';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {good} from '../../source/panel/seen.ts';
import {healthy, host, journal, now, refused} from './seeing.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const row = `	{
		id: 'tried',
		rank: 'unmade',
		source: 'host',
		key: 'ssh',
		tells: ({manager}) => (manager ? \`The manager \${manager.id} is tried.\` : undefined),
	},
`;

/** The program's status in a copy of the house in which one file of causes ends with one more row. */
async function withRow(file: string, context: TestContext): Promise<typeof import('../../source/panel/live/status.ts')> {
	const copy = await mkdtemp(join(tmpdir(), 'a-cause-'));
	context.after(() => rm(copy, {recursive: true}));
	await cp(join(root, 'source'), join(copy, 'source'), {recursive: true});
	await cp(join(root, 'package.json'), join(copy, 'package.json'));
	await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
	const path = join(copy, 'source', file);
	const text = await readFile(path, 'utf8');
	assert.ok(text.endsWith('];\n'), `${file} ends with its rows`);
	await writeFile(path, text.replace(/\];\n$/, `${row}];\n`));
	return import(pathToFileURL(join(copy, 'source/panel/live/status.ts')).href);
}

/** A full disk of the manager, and no capacity in AWS. */
const troubled = healthy({
	host: good(host([], {resources: {diskFree: 40e6, diskTotal: 8e9, memoryFree: 1e9, memoryTotal: 2e9, load1: 0, cpus: 2}}), now),
	journal: good(journal(refused('InsufficientInstanceCapacity: no capacity', 3)), now),
});

for (const [file, told] of Object.entries({
	'panel/causes/manager.ts': ['manager-disk', 'tried', 'no-capacity'],
	'panel/causes/aws.ts': ['manager-disk', 'no-capacity', 'tried'],
	'executors/docker-machine/panel/causes.ts': ['manager-disk', 'tried', 'no-capacity'],
}))
	test(`a new cause is one row in ${file} and is told in its place, by the status and as the verdict’s`, async (context) => {
		const {statusOf} = await withRow(file, context);
		const {causes, troubles} = statusOf(troubled, now);
		assert.deepEqual(
			causes.map(({id}) => id),
			told,
		);
		assert.deepEqual(
			troubles.map(({id}) => id),
			told,
		);
		assert.equal(causes.find(({id}) => id === 'tried')?.says, 'The manager i-manager is tried.');
	});

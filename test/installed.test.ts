import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {cp, mkdir, mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {delimiter, dirname, join} from 'node:path';
import {after, before, suite, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {shipped} from './peers/shipped.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders of programs as a person has them: the Node that runs this test first, and none of this project's own. */
const path = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))].join(delimiter);

let folder: string;
/** Prefixes that npm has put the program into, each with its own `bin`. */
let prefixes: {installed: string; linked: string};

/** npm, with nothing of this machine's own settings, and without network: the tarball needs nothing that isn't in it. */
async function npm(cwd: string, prefix: string, ...args: string[]): Promise<string> {
	const env = {PATH: path, HOME: folder, npm_config_cache: join(folder, 'cache'), npm_config_prefix: prefix, npm_config_update_notifier: 'false'};
	const {stdout} = await run('npm', [...args, '--offline', '--no-audit', '--no-fund'], {cwd, env});
	return stdout.trim();
}

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'gra-installed-'));
	prefixes = {installed: join(folder, 'installed'), linked: join(folder, 'linked')};
	const unpacked = join(folder, 'unpacked');
	await mkdir(unpacked);
	// Built already: packing would build once more, beside tests that run what is built.
	const tarball = await npm(root, prefixes.installed, 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder);
	await run('tar', ['-xzf', join(folder, tarball), '-C', unpacked, '--strip-components=1']);
	await npm(folder, prefixes.installed, 'install', '--global', join(folder, tarball));
	await npm(unpacked, prefixes.linked, 'link');
});
after(() => rm(folder, {recursive: true, force: true}));

type ShellResult = {code: number; stdout: string; stderr: string};

/** Types a command into a shell that finds the program in that prefix. */
async function typed(shell: string, command: string, prefix: string, env: Record<string, string> = {}): Promise<ShellResult> {
	const around = {PATH: `${join(prefix, 'bin')}${delimiter}${path}`, HOME: folder, LANG: 'C.UTF-8', ...env};
	try {
		return {code: 0, ...(await run(shell, ['-c', command], {cwd: folder, env: around}))};
	} catch (error) {
		if (!(error instanceof Error) || !('code' in error) || !('stdout' in error) || !('stderr' in error)) throw error;
		return {code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr)};
	}
}

test('the tarball holds its own licence, and those of all that is bundled in it', async () => {
	const unpacked = join(folder, 'unpacked');
	assert.match(await readFile(join(unpacked, 'LICENSE'), 'utf8'), /^MIT License/);
	const notices = await readFile(join(unpacked, 'dist/notices.txt'), 'utf8');
	for (const name of ['@aws-sdk/client-ec2', 'ink', 'react', 'ssh2', 'zod'])
		assert.match(notices, new RegExp(`^${name} \\d[\\w.-]*: (MIT|Apache-2\\.0)$`, 'm'));
});

for (const how of ['installed', 'linked'] as const) {
	for (const shell of ['bash', 'sh']) {
		suite(`${how}, from ${shell}`, () => {
			const here = (command: string): Promise<ShellResult> => typed(shell, command, prefixes[how]);

			test('it says its version', async () => {
				const {version}: {version: string} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
				assert.deepEqual(await here('gitlab-runner-aws --version'), {code: 0, stdout: `${version}\n`, stderr: ''});
			});

			test('its help lists the commands', async () => {
				const {code, stdout, stderr} = await here('gitlab-runner-aws help');
				assert.deepEqual({code, stderr}, {code: 0, stderr: ''});
				for (const command of ['setup', 'plan', 'status', 'destroy']) assert.match(stdout, new RegExp(`^ +${command} `, 'm'));
			});

			test('the presets that come with it are there', async () => {
				const {code, stdout, stderr} = await here('gitlab-runner-aws presets --plain');
				assert.deepEqual({code, stderr}, {code: 0, stderr: ''});
				assert.match(stdout, /^small +shipped: /m);
			});

			test('the demo runs to its end', async () => {
				const {code, stdout, stderr} = await here('gitlab-runner-aws demo --plain');
				assert.deepEqual({code, stderr}, {code: 0, stderr: ''});
				assert.match(stdout, /is set up in us-east-2[\s\S]*Nothing in us-east-2 bears the mark/);
			});
		});
	}
}

/** Makes any Node say that it is another. */
const asIf = (version: string): string =>
	`--import=data:text/javascript,${encodeURIComponent(`Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`)}`;

const tooOld = (version: string): ShellResult => ({
	code: 2,
	stdout: '',
	stderr: `gitlab-runner-aws needs Node.js 22.22.2, 24.15 or 26 and later, and this is ${version}. Install a newer one from https://nodejs.org.\n`,
});

for (const version of ['20.20.2', '22.22.1', '23.11.0', '24.14.1', '25.9.0']) {
	test(`whoever has Node.js ${version} is told which one it needs, whatever the command`, async () => {
		for (const command of ['--version', 'help', 'setup'])
			assert.deepEqual(await typed('sh', `gitlab-runner-aws ${command}`, prefixes.installed, {NODE_OPTIONS: asIf(version)}), tooOld(version));
	});
}

/** A Node of this machine's that is too old, where it has one. */
async function oldNode(): Promise<{folder: string; version: string} | undefined> {
	for (const one of path.split(delimiter)) {
		const said = await run(join(one, 'node'), ['--version']).catch(() => undefined);
		const version = said?.stdout.trim().replace(/^v/, '');
		if (version !== undefined && Number(version.split('.')[0]) < 22) return {folder: one, version};
	}
	return undefined;
}

test("the sentence about Node.js needs nothing that an old one can't read, and where this machine has an old one, that says it", async () => {
	const text = await readFile(shipped, 'utf8');
	const imported = [...text.matchAll(/^import\b[^"']*["']([^"']+)["']/gm)].map(([, name]) => name ?? '');
	assert.ok(imported.length > 0);
	assert.deepEqual(
		imported.filter((name) => !/^(node:)?(fs|os|url|module)$/.test(name)),
		[],
		'the rest of the program is imported later',
	);
	const old = await oldNode();
	if (!old) return;
	const env = {PATH: `${join(prefixes.installed, 'bin')}${delimiter}${old.folder}${delimiter}/usr/bin${delimiter}/bin`};
	assert.deepEqual(await typed('sh', 'gitlab-runner-aws demo --plain', prefixes.installed, env), tooOld(old.version));
});

test('the tarball holds the program, its presets, its readme and its licences, and nothing else', async () => {
	const files = await readdir(join(folder, 'unpacked'), {recursive: true});
	const strange = files.filter(
		(file) => !/^(package\.json|readme\.md|LICENSE|dist(\/cli\.js|\/notices\.txt|\/chunks(\/.*\.js)?)?|presets(\/[\w-]+\.json)?)$/.test(file),
	);
	assert.deepEqual(strange, []);
});

test('upgraded or removed while it runs, it says so and ends', async () => {
	const copy = join(folder, 'replaced');
	await cp(join(folder, 'unpacked'), copy, {recursive: true});
	const chunks = join(copy, 'dist/chunks');
	const started = (await readdir(chunks)).filter((name) => name.startsWith('program-'));
	const texts = await Promise.all(started.map((name) => readFile(join(chunks, name), 'utf8')));
	const needed = new Set([...started, ...texts.flatMap((text) => [...text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)].map(([, name = '']) => name))]);
	for (const name of await readdir(chunks)) if (!needed.has(name)) await rm(join(chunks, name));
	const {code, stdout, stderr} = await typed('sh', `node ${join(copy, 'dist/cli.js')} plan`, prefixes.installed);
	assert.deepEqual({code, stdout}, {code: 70, stdout: ''});
	assert.equal(stderr, 'A part of gitlab-runner-aws is gone: it was upgraded or removed while it ran. Start it again; it looks first and goes on.\n');
});

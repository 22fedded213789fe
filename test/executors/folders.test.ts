import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../../source', import.meta.url));
const files = readdirSync(root, {recursive: true, encoding: 'utf8'}).filter((file) => /\.tsx?$/.test(file));
const executor = /docker-?machine/i;

/** The folder itself, and the lists that lie directly in source/executors. */
const isItsOwn = (file: string): boolean => file.startsWith('executors/docker-machine/') || /^executors\/[^/]+$/.test(file);

/** The shape of the answers is a public contract, so what is downloaded keeps its key. */
const shape = {file: 'answers/runner.ts', key: 'dockerMachine: folderUrl'};

const commentOrLiteral = /\/\*[\s\S]*?\*\/|(?<![:'"`\w])\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g;

const isComment = (found: string): boolean => /^\/[/*]/.test(found);
/** A literal of several lines is a script. */
const isSentence = (found: string): boolean => found.includes(' ') && !found.includes('\n');

/** The lines of a file without its comments, and without its words for people: literals of one line that have a space. */
const codeOf = (text: string): string[] =>
	text.replace(commentOrLiteral, (found) => (isComment(found) || isSentence(found) ? found.replace(/[^\n]/g, '') : found)).split('\n');

const naming = files
	.filter((file) => !isItsOwn(file))
	.flatMap((file) => {
		const text = readFileSync(join(root, file), 'utf8').replace(file === shape.file ? shape.key : '', '');
		const lines = codeOf(text).flatMap((line, index) => (executor.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : []));
		return executor.test(file) ? [file, ...lines] : lines;
	});

test('docker-machine is named by its folder and by the lists of executors, and elsewhere in comments and in words for people alone', () => {
	assert.deepEqual(naming, []);
	assert.ok(files.some(isItsOwn), 'its folder was found');
});

test('comments and words for people are told from code, and a script is code', () => {
	const code = (text: string): boolean => codeOf(text).some((line) => executor.test(line));
	for (const text of ['// docker-machine', '/** A docker-machine\n of old. */', "says: 'docker-machine is gone'", '`docker-machine on it`'])
		assert.ok(!code(text), text);
	for (const text of [
		"'docker-machine'",
		'const dockerMachine = 1',
		'/docker-machine/',
		"from './docker-machine.ts'",
		'`import os\nsh("docker-machine rm")\n`',
	])
		assert.ok(code(text), text);
});

import assert from 'node:assert/strict';
import {readFile, stat} from 'node:fs/promises';
import {test} from 'node:test';
import {parse} from 'yaml';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import {firstJobFile} from '../../source/steps/first-job.ts';
import {hostKeysIn} from '../../source/steps/host-trust.ts';
import {onlineIn, shortToken, verdictOf} from '../../source/steps/online.ts';

test('verify is judged by its text, since it exits 0 when GitLab can not be reached', () => {
	const token = 'glrt-t3_abcdefghijk';
	const line = (text: string, runner = 't3_abcdef') => ({
		code: 0,
		lines: ['Runtime platform', `Verifying runner... ${text}  correlation_id=1 runner=${runner}`],
	});
	assert.equal(shortToken(token), 'abcdefghi');
	assert.equal(verdictOf(line('is valid'), token).is, 'valid');
	assert.equal(verdictOf(line('is alive', 'abcdefghi'), token).is, 'valid');
	assert.equal(verdictOf(line('is not valid'), token).is, 'refused');
	assert.equal(verdictOf(line('client error'), token).is, 'unreachable');
	assert.equal(verdictOf({code: 0, lines: [...line('is not valid', 'someother').lines, ...line('is valid').lines]}, token).is, 'valid');
	assert.equal(verdictOf(undefined, token).is, 'silent');
});

test('a runner is online once GitLab has answered it, and not before', () => {
	const answered = (status: string, runner = 't3_abcdef') =>
		`gitlab_runner_api_request_statuses_total{endpoint="request_job",method="POST",runner="${runner}",status="${status}",system_id="s"} 2`;
	const token = 'glrt-t3_abcdefghijk';
	assert.equal(onlineIn(answered('204'), token, dockerMachine.workers).is, 'online');
	assert.equal(onlineIn(answered('201', 'abcdefghi'), token, dockerMachine.workers).is, 'online');
	assert.equal(onlineIn(answered('403'), token, dockerMachine.workers).is, 'refused');
	assert.equal(onlineIn(answered('204', 'other'), token, dockerMachine.workers).is, 'not yet');
	assert.equal(
		onlineIn('gitlab_runner_autoscaling_machine_states{executor="docker+machine",state="creating"} 1', token, dockerMachine.workers).is,
		'making machines',
	);
});

const block = (...keys: string[]) =>
	`ci-info: x\r\n-----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n${keys.map((key) => `ec2: 256 SHA256:${key} root@ip-10-0-0-1 (ED25519)\r\n`).join('')}-----END SSH HOST KEY FINGERPRINTS-----\r\n`;
const [one, other] = ['a'.repeat(43), 'b'.repeat(43)];

test('the first complete block of a console tells the host keys; a later one, or half a one, does not', () => {
	assert.deepEqual(hostKeysIn(block(one, other)), [`SHA256:${one}`, `SHA256:${other}`]);
	assert.deepEqual(hostKeysIn(block(one) + block(other)), [`SHA256:${one}`]);
	assert.equal(hostKeysIn(block(one).slice(0, 120)), undefined);
	assert.equal(hostKeysIn('login: '), undefined);
});

test("the first job's file has five lines, with the runner's tags", () => {
	assert.equal(
		firstJobFile(['aws', 'linux'], 'alpine:latest', false),
		'hello:\n  image: alpine:latest\n  tags: [aws, linux]\n  script:\n    - echo "Hello from AWS"\n',
	);
});

/** As GitLab reads it, whose YAML is 1.1: `on` and `no` are no texts there. */
const readByGitlab = (text: string): unknown => parse(text, {version: '1.1'});

test("GitLab reads the first job's file as one job with exactly the runner's tags, whatever they are", () => {
	const tags = ['linux', 'yes', 'on', 'null', '~', '12', '1.5', '1e3', '2026-11-26', 'a b', 'a: b', '#1', '[x', 'büro', '"', '-'];
	const job = {image: 'alpine:latest', script: ['echo "Hello from AWS"']};
	assert.deepEqual(readByGitlab(firstJobFile(tags, 'alpine:latest', false)), {hello: {...job, tags}});
	assert.deepEqual(readByGitlab(firstJobFile([], 'alpine:latest', false)), {hello: job});
	assert.deepEqual(readByGitlab(firstJobFile([], 'alpine:latest', true)), {hello: {...job, retry: {max: 2, when: 'runner_system_failure'}}});
});

test('the gate on GitLab is one job that runs the same script as anywhere, kept in the cache by the lock file', async () => {
	const gate = readByGitlab(await readFile('.gitlab-ci.yml', 'utf8'));
	assert.deepEqual(Object.keys(Object(gate)), ['gate']);
	const {script, image, cache} = Object(Object(gate).gate);
	assert.deepEqual([script, image, cache.key.files], [['.ci/run'], 'node:24-bookworm', ['package-lock.json']]);
	assert.ok(((await stat('.ci/run')).mode & 0o111) !== 0);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import {firstJobFile} from '../../source/steps/first-job.ts';
import {hostKeysIn} from '../../source/steps/host-trust.ts';
import {onlineIn} from '../../source/steps/online.ts';
import {shortToken, verdictOf} from '../../source/steps/verify-lines.ts';

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
		firstJobFile(['aws', 'linux'], 'alpine:latest'),
		'hello:\n  image: alpine:latest\n  tags: [aws, linux]\n  script:\n    - echo "Hello from AWS"\n',
	);
});

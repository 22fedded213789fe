import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dockerMachine} from '../../../source/executors/docker-machine/executor.ts';
import {machineProblem} from '../../../source/executors/docker-machine/failures.ts';
import {firstJobFile} from '../../../source/steps/first-job.ts';
import {hostKeysIn} from '../../../source/steps/host-trust.ts';
import {onlineIn} from '../../../source/steps/online.ts';
import {shortToken, verdictOf} from '../../../source/steps/verify-lines.ts';

const failed = (stage: string, detail: string, removed = true) => machineProblem({is: 'failed', stage, detail, removed});
const launching = 'Error creating machine: Error in driver during machine creation: Error launching instance: ';

test("docker-machine's and AWS's words become a code and an advice", () => {
	const table: [string, string, RegExp][] = [
		[`${launching}MaxSpotInstanceCountExceeded: Max spot instance count exceeded`, 'MaxSpotInstanceCountExceeded', /L-34B43A08/],
		[
			`${launching}VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 5 allows for the instance bucket`,
			'VcpuLimitExceeded',
			/L-1216C47A/,
		],
		[
			`${launching}SpotMaxPriceTooLow: Your Spot request price of 0.01 is lower than the minimum required Spot request fulfillment price of 0.034.`,
			'SpotMaxPriceTooLow',
			/--spot-price/,
		],
		[`${launching}InsufficientInstanceCapacity: We currently do not have sufficient c5.large capacity`, 'InsufficientInstanceCapacity', /--worker-type/],
		['Error creating machine: Error detecting OS: Too many retries waiting for SSH to be available.', 'worker-ssh', /--worker-ssh-user/],
		['Error creating machine: Error running provisioning: error installing docker: ', 'worker-docker', /NAT/],
		[
			'Error setting machine configuration from flags provided: MissingRegion: could not find region configuration',
			'region-not-supported',
			/set it up in another region/,
		],
		["Error running provisioning: error installing docker: ERROR: Unsupported distribution 'amzn'", 'image-not-supported', /--worker-image/],
		['Error checking the host: Error checking and/or regenerating the certs: remote error: tls: bad certificate', 'worker-docker-unreachable', /2376/],
	];
	for (const [detail, code, advice] of table) {
		const problem = failed('launch', detail);
		assert.equal(problem.code, code);
		assert.match(problem.advice ?? '', advice);
	}
	assert.match(failed('launch', table[1]?.[0] ?? '').message, /, 5, is used up/);
	assert.match(failed('launch', table[2]?.[0] ?? '').message, /capped at 0\.01 USD an hour, and AWS wants at least 0\.034 now/);
});

test('words that nobody knows are shown as they are, and whether the machine is gone', () => {
	assert.match(failed('running', 'first line\nsomething odd\n').message, /\(running\): something odd It was taken away again\./);
	assert.match(failed('running', 'something odd', false).message, /may still run/);
	assert.equal(failed('removal', 'rm: no').code, 'worker-not-removed');
});

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

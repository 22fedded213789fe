import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readRefusal} from '../../../../source/panel/live/executors.ts';
import {coloured, machine, made, told} from '../../../panel/log-lines.ts';

test('a job is tied to its machine in the coloured format', () => {
	const events = told(
		coloured('Using existing docker-machine', {job: '8812', name: machine, project: '7', project_full_path: 'acme/api', runner: 'ab12cd', usedCount: '2'}),
	);
	assert.deepEqual(events, [{is: 'job-on-machine', job: 8812, project: 'acme/api', machine, runner: 'ab12cd', uses: 2, at: made}]);
});

test('the same in JSON, where durations are nanoseconds', () => {
	assert.deepEqual(told(JSON.stringify({level: 'info', msg: 'Machine created', name: machine, duration: 62_300_000_000, time: '2026-11-24T13:00:00Z'})), [
		{is: 'machine-created', machine, seconds: 62.3, at: made},
	]);
	assert.deepEqual(told(JSON.stringify({level: 'info', msg: 'Created docker-machine', job: 5, name: machine, repo_url: 'https://gitlab.com/acme/web.git'})), [
		{is: 'job-on-machine', job: 5, project: 'acme/web', machine, runner: undefined, uses: undefined, at: made},
	]);
});

test('docker-machine’s own lines give the stage, and its errors the reason', () => {
	assert.deepEqual(told(coloured('Waiting for SSH to be available...', {driver: 'amazonec2', name: machine, operation: 'create'})), [
		{is: 'machine-stage', machine, stage: 'waiting for SSH', part: 'SSH', at: made},
	]);
	assert.deepEqual(told(coloured(`(${machine}) Launching instance...`, {driver: 'amazonec2', name: machine, operation: 'create'})), [
		{is: 'machine-stage', machine, stage: 'launching', part: 'EC2', at: made},
	]);
	const [refused] = told(
		`ERROR: ${coloured('Error creating machine: Error in driver during machine creation: Error launching instance: InsufficientInstanceCapacity: We currently do not have sufficient c5.large capacity in the Availability Zone you requested (us-east-2a). Our system will be working on it. status code: 500, request id: 0f9f6bd5-2a2a-4c0e-9d1c-0d9e5d1f7a11', {driver: 'amazonec2', name: machine, operation: 'create'})}`,
	);
	assert.ok(refused?.is === 'machine-refused');
	assert.deepEqual(
		{...refused.refusal, text: ''},
		{
			code: 'InsufficientInstanceCapacity',
			text: '',
			type: 'c5.large',
			zone: 'us-east-2a',
			allowed: undefined,
			neededPrice: undefined,
			requestId: '0f9f6bd5-2a2a-4c0e-9d1c-0d9e5d1f7a11',
			encoded: undefined,
		},
	);
});

test('reasons are found whatever stands before them', () => {
	const code = (text: string) => readRefusal(text)?.code;
	assert.equal(
		code('Error in driver during machine creation: unable to create key pair: KeyPairLimitExceeded: Maximum of 5000 keypairs reached'),
		'KeyPairLimitExceeded',
	);
	assert.equal(
		code('Error launching instance: AuthFailure.ServiceLinkedRoleCreationNotPermitted: The provided credentials'),
		'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
	);
	assert.equal(code('Error running provisioning: error installing docker: exit status 1'), 'docker-install');
	assert.equal(code('Error checking the host: Error checking and/or regenerating the certs: remote error: tls: bad certificate'), 'certificates');
	assert.equal(code('Too many retries waiting for SSH to be available.  Last error: Maximum number of retries (60) exceeded'), 'ssh-never');
	assert.equal(code('toomanyrequests: You have reached your unauthenticated pull rate limit.'), 'docker-hub');
	assert.equal(code('exit status 1'), undefined);
	assert.equal(
		readRefusal('VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket')?.allowed,
		32,
	);
	assert.equal(
		readRefusal('SpotMaxPriceTooLow: Your Spot request price of 0.02 is lower than the minimum required Spot request fulfillment price of 0.0341.')
			?.neededPrice,
		0.0341,
	);
	assert.equal(
		readRefusal('UnauthorizedOperation: You are not authorized. Encoded authorization failure message: AbC-d_9xyzAbC-d_9xyzAbC')?.encoded,
		'AbC-d_9xyzAbC-d_9xyzAbC',
	);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {noHistory, remember} from '../../../../source/panel/journal/history.ts';
import {eventsOf, eventTexts, readRefusal} from '../../../../source/panel/live/executors.ts';
import {minutes, now} from '../../../panel/seeing.ts';
import {dialed, idOf, logged} from './seeing.ts';

const one = (msg: string, fields: Record<string, unknown> = {}) => logged([1, msg, fields]).map(({at: _at, ...event}) => event);

test('the link between job and instance is told by the runner’s dialing, as by docker-machine’s own line', () => {
	assert.deepEqual(one('Dialing instance', {job: 7, 'instance-id': idOf(1), project_full_path: 'acme/api', runner: 'ab12cd', 'internal-address': '10.0.0.1'}), [
		{is: 'job-on-machine', job: 7, project: 'acme/api', machine: idOf(1), runner: 'ab12cd', uses: undefined},
	]);
	// The job's own trace says it again, without fields of the instance.
	assert.deepEqual(one(`Dialing instance ${idOf(1)}...`, {job: 7}), []);
});

test('an instance is followed from its discovery to its end', () => {
	assert.deepEqual(one('instance discovery', {id: idOf(1), state: 'creating', cause: 'requested', group: 'aws/us-east-2/x'}), [
		{is: 'machine-stage', machine: idOf(1), stage: 'launching', part: 'EC2 until seen'},
	]);
	assert.deepEqual(one('instance update', {id: idOf(1), state: 'running'}), [
		{is: 'machine-stage', machine: idOf(1), stage: 'waiting for SSH and the ready command', part: 'SSH and Docker'},
	]);
	assert.deepEqual(one('instance marked for removal', {instance: idOf(1), reason: 'instance exceeded max idle time'}), [
		{is: 'machine-removing', machine: idOf(1), reason: 'instance exceeded max idle time', uses: undefined},
	]);
	assert.deepEqual(one('instance update', {id: idOf(1), state: 'deleting'}), [{is: 'machine-removing', machine: idOf(1), reason: '', uses: undefined}]);
	assert.deepEqual(one('instance pruned', {id: idOf(1), lifetime: '1m35s'}), [{is: 'machine-removed', machine: idOf(1), seconds: 95}]);
	assert.deepEqual(one('instance unexpectedly removed', {instance: idOf(1), used: 2, 'max-use-count': 0, slots: 'map[0:true]'}), [
		{is: 'machine-lost', machine: idOf(1), uses: 2},
	]);
});

test('a message may stand behind the name of the part that says it', () => {
	assert.deepEqual(one('fleeting-plugin-aws: instance pruned', {id: idOf(1)}), [{is: 'machine-removed', machine: idOf(1), seconds: undefined}]);
});

const refusals: Readonly<Record<string, string>> = {
	'failed to update executor: initializing taskscaler: loading fleeting plugin: plugin not found': 'plugin-missing',
	'failed to update executor: initializing taskscaler: running autoscaler plugin: exit status 1': 'plugin-broken',
	'initializing taskscaler: creating taskscaler: operation error Auto Scaling: DescribeAutoScalingGroups, Invalid Configuration: Missing Region':
		'region-missing',
	'initializing taskscaler: creating taskscaler: unexpected number of autoscaling groups returned: 0': 'scaling-group-missing',
	'initializing taskscaler: reading instance group connector key: open /etc/gitlab-runner/worker-key: no such file or directory': 'key-unreadable',
	'initializing taskscaler: creating state storage: permission denied': 'state-storage',
	'rpc error: code = Unavailable desc = dial unix /tmp/plugin12: connect: connection refused': 'plugin-dead',
	'increase instances: operation error Auto Scaling: SetDesiredCapacity, https response error StatusCode: 400, RequestID: 1, api error ValidationError: New SetDesiredCapacity value 11 is above max value 10 for the AutoScalingGroup.':
		'above-max',
	'operation error Auto Scaling: SetDesiredCapacity, https response error StatusCode: 403, RequestID: 1, api error AccessDenied: User: x': 'AccessDenied',
	'operation error Auto Scaling: DescribeAutoScalingGroups, https response error StatusCode: 400, RequestID: 1, api error Throttling: Rate exceeded':
		'Throttling',
	'dial ssh: after retrying 30 times during 10m0s timeout: dial tcp 10.1.2.3:22: i/o timeout': 'instance-ssh',
	'Cannot connect to the Docker daemon at http://internal.tunnel.invalid. Is the docker daemon running?': 'instance-docker',
	'unable to acquire instance within the configured timeout of 5m0s: context deadline exceeded': 'no-instance',
	'ready command: Process exited with status 1': 'ready-command',
};

for (const [text, code] of Object.entries(refusals))
	test(`a reason is known by its words: ${code}`, () => {
		assert.equal(readRefusal(text)?.code, code);
	});

test('the manager is asked for every line that tells something', () => {
	for (const text of [
		'Dialing instance',
		'instance pruned',
		'instance unexpectedly removed',
		'ready up preparation failed',
		'reconcile',
		'out-of-sync capacity',
	])
		assert.ok(eventTexts.includes(text), text);
	assert.deepEqual(eventsOf({at: now, message: 'reconcile'}), []);
});

test('a job that lost its instance is remembered with it, though its last line names none', () => {
	const history = remember(
		noHistory(now - minutes(60)),
		logged(dialed(5, 7, 1), [
			1,
			'Job failed (system failure): error during connect: Get "http://internal.tunnel.invalid/v1.44/containers/x": ssh tunnel: EOF',
			{job: 7, duration_s: 240, failure_reason: 'runner_system_failure'},
		]),
		now,
	);
	assert.deepEqual(
		history.jobs.lost.map(({job, machine}) => [job, machine]),
		[[7, idOf(1)]],
	);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {stringify} from 'smol-toml';
import {machineConfig} from '../../source/executors/docker-machine/config.ts';
import {isMachineName} from '../../source/executors/docker-machine/machine-names.ts';
import {readMetrics} from '../../source/panel/live/executors.ts';
import {readDenial} from '../../source/panel/snapshot.ts';
import {lookAtEc2} from '../../source/panel/sources/ec2.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {readConfig} from '../../source/steps/config/facts.ts';
import {goSeconds} from '../../source/world/host/go-duration.ts';
import {readJobList} from '../../source/world/host/job-list.ts';
import {isNamedBy, madeAt} from '../../source/world/host/machine-name.ts';
import {readPrometheus} from '../../source/world/host/prometheus.ts';

const metrics = `# HELP gitlab_runner_jobs The current number of running builds
# TYPE gitlab_runner_jobs gauge
gitlab_runner_jobs{executor_stage="docker_run",runner="ab12cd",runner_name="x",stage="step_script",state="running",system_id="s_1"} 2
gitlab_runner_jobs{executor_stage="prepare",runner="ab12cd",runner_name="x",stage="prepare_executor",state="pending",system_id="s_1"} 1
gitlab_runner_concurrent 10
gitlab_runner_limit{runner="ab12cd",runner_name="x",system_id="s_1"} 16
gitlab_runner_autoscaling_machine_states{executor="docker+machine",state="idle",target_machine_type="",target_project="",target_region="",target_zone=""} 1
gitlab_runner_autoscaling_machine_states{executor="docker+machine",state="idle",target_zone="b"} 2
gitlab_runner_autoscaling_machine_states{executor="docker+machine",state="stuck-on-removing"} 1
gitlab_runner_autoscaling_machine_states{executor="docker-autoscaler",state="idle"} 7
gitlab_runner_autoscaling_actions_total{action="creation-failed",executor="docker+machine"} 4
gitlab_runner_autoscaling_machine_creation_duration_seconds_sum{executor="docker+machine"} 200
gitlab_runner_autoscaling_machine_creation_duration_seconds_count{executor="docker+machine"} 2
gitlab_runner_api_request_statuses_total{endpoint="request_job",runner="ab12cd",status="204",system_id="s_1",method="post"} 90
gitlab_runner_api_request_statuses_total{endpoint="request_job",runner="ab12cd",status="201",system_id="s_1",method="post"} 3
gitlab_runner_api_request_statuses_total{endpoint="update_job",runner="ab12cd",status="403",system_id="s_1",method="put"} 5
gitlab_runner_version_info{architecture="amd64",name="gitlab-runner",version="19.3.1"} 1
gitlab_runner_process_state_info{state="graceful-shutdown"} 0
gitlab_runner_process_state_info{state="running"} 1
process_start_time_seconds 1.7640000005e+09
go_goroutines 12
gitlab_runner_broken{ 3
`;

test('machine states are summed over target labels, and those of other executors are left out', () => {
	assert.deepEqual(readMetrics(metrics).machines, {acquired: 0, creating: 0, idle: 3, used: 0, removing: 0, stuck: 1});
});

test('metrics tell jobs, limits, creates, answers of GitLab, version and state', () => {
	const read = readMetrics(metrics);
	assert.equal(read.jobs, 3);
	assert.equal(read.concurrent, 10);
	assert.deepEqual(read.limits, {ab12cd: 16});
	assert.deepEqual(read.creation, {count: 2, meanSeconds: 100});
	assert.deepEqual(read.jobRequests, {'204': 90, '201': 3});
	assert.equal(read.version, '19.3.1');
	assert.equal(read.processState, 'running');
	assert.equal(read.startedAt, 1_764_000_000_500);
	assert.deepEqual(read.unread, ['gitlab_runner_broken{ 3']);
});

test('a figure that the metrics do not have is not known, never 0', () => {
	const read = readMetrics('nothing here\n');
	assert.equal(read.jobs, undefined);
	assert.equal(read.queueSize, undefined);
	assert.equal(read.machines, undefined);
	assert.equal(read.concurrent, undefined);
});

test('a runner that answers and names no job runs none', () => {
	assert.equal(readMetrics('gitlab_runner_concurrent 4\n').jobs, 0);
});

test('labels with quotes, commas and braces are read whole', () => {
	const {by, sum, unread} = readPrometheus('m{a="x,\\"y\\"}=",b="\\\\n\\n"} 1 1700000000000\nm NaN\nm +Inf', ['m']);
	assert.deepEqual(by('m', 'a'), {'x,"y"}=': 1, '': Number.POSITIVE_INFINITY});
	assert.deepEqual(by('m', 'b'), {'\\n\n': 1, '': Number.POSITIVE_INFINITY});
	assert.equal(sum('m', {a: 'x,"y"}=', b: '\\n\n'}), 1);
	assert.deepEqual(unread, []);
});

test('the list of jobs gives id, project and time, and what is no job is given back', () => {
	const {jobs, unread} = readJobList(
		'url=https://gitlab.com/acme/team/api/-/jobs/8812 state=running stage=step_script executor_stage=docker_run duration=1m2.5s\nhello\n\n',
	);
	assert.deepEqual(jobs, [
		{
			id: 8812,
			url: 'https://gitlab.com/acme/team/api/-/jobs/8812',
			project: 'acme/team/api',
			state: 'running',
			stage: 'step_script',
			executorStage: 'docker_run',
			seconds: 62.5,
		},
	]);
	assert.deepEqual(unread, ['hello']);
});

test('durations are read as Go writes them and as whole nanoseconds, and nothing else is', () => {
	assert.equal(goSeconds('1h2m3.5s'), 3723.5);
	assert.equal(goSeconds('850ms'), 0.85);
	assert.equal(goSeconds(62_300_000_000), 62.3);
	assert.equal(goSeconds('soon'), undefined);
	assert.equal(goSeconds(undefined), undefined);
});

test('a machine says in its name when it was made, and which runner made it', () => {
	const name = 'runner-ab12cd-gitlab-runners-1764201600-0123abcd';
	assert.equal(madeAt(name), 1_764_201_600_000);
	assert.equal(madeAt('runner-ab12cd-1764201600-0123abcd-linux'), 1_764_201_600_000);
	assert.equal(madeAt('web-1764201600-0123abcd'), undefined);
	assert.ok(isMachineName(name));
	assert.ok(!isMachineName('runner-key'));
	assert.ok(isNamedBy('AB12cd', name));
	assert.ok(!isNamedBy('ab12', name));
	assert.ok(!isNamedBy('', name));
	// gitlab-runner's own examples of what becomes of a token: helpers/dns/utils_test.go.
	assert.ok(isNamedBy('tOk3_?ofTHE-Runner', 'runner-tok3ofthe-runner-gitlab-runners-1764201600-0123abcd'));
	assert.ok(isNamedBy('----tOk3_', 'runner-tok3-gitlab-runners-1764201600-0123abcd'));
	assert.ok(!isNamedBy('___', 'runner--1764201600-0123abcd'));
	for (const other of [
		`${name};id`,
		`runner-ab12cd-$(id)-1764201600-0123abcd`,
		`runner-ab12cd-a b-1764201600-0123abcd`,
		'runner-ab12cd-a\n-1764201600-0123abcd',
		'-runner-1764201600-0123abcd',
	])
		assert.deepEqual([isMachineName(other), madeAt(other)], [false, undefined], other);
});

test('config.toml gives limits and options, never a secret, and survives what it does not expect', () => {
	const facts = readConfig(
		stringify({
			concurrent: 10,
			runners: [
				{
					name: 'x',
					id: 5,
					url: 'https://gitlab.com',
					token: 'glrt-t1_ab12cdefghijk',
					executor: 'docker+machine',
					limit: 0,
					machine: {IdleCount: 'two', MachineOptions: ['amazonec2-zone=a', 'amazonec2-secret-key=shh'], MaxGrowthRate: 2},
				},
				{name: 'shell', executor: 'shell'},
			],
		}),
		[machineConfig()],
	);
	assert.equal(facts?.runners[0]?.shortToken, 'ab12cdefg');
	assert.equal(facts?.runners[0]?.limit, undefined);
	assert.deepEqual(facts?.runners[0]?.options, {zone: 'a'});
	assert.equal(facts?.runners[0]?.idleCount, 0);
	assert.equal(facts?.runners[1]?.idleCount, undefined);
	assert.equal(readConfig('text', [machineConfig()]), undefined);
});

test('a decoded refusal names the call, who made it, and whether something denies it', () => {
	const text = JSON.stringify({
		allowed: false,
		explicitDeny: true,
		context: {principal: {arn: 'arn:aws:sts::1:assumed-role/m/i-1'}, action: 'ec2:RunInstances', resource: '*'},
	});
	assert.deepEqual(readDenial(text), {
		explicit: true,
		action: 'ec2:RunInstances',
		principal: 'arn:aws:sts::1:assumed-role/m/i-1',
	});
	assert.equal(readDenial('{'), undefined);
});

test('EC2 is asked for a runner’s machines by the names that it gives them', async () => {
	const world = simulatedWorld();
	const cloud = world.cloudAt('us-east-2');
	await lookAtEc2(cloud, {managerId: 'i-1'}, {shortTokens: ['Ab_C-_9xY', '*'], instanceIds: [], lost: [], spotEnds: {}, disks: {}, groups: []});
	await lookAtEc2(cloud, {managerId: 'i-1'}, {shortTokens: ['___'], instanceIds: [], lost: [], spotEnds: {}, disks: {}, groups: []});
	const named = world.calls.map(({input}) => JSON.stringify(input)).filter((input) => input.includes('key-name'));
	assert.deepEqual(
		named,
		['runner-abc-9xy-*', 'runner-*'].map((value) => `{"Filters":[{"Name":"key-name","Values":["${value}"]}]}`),
	);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {statusShape} from '../../../../source/faces/json/status.ts';
import {machineWords} from '../../../../source/faces/words/status-words.ts';
import {join} from '../../../../source/panel/live/join.ts';
import {statusOf} from '../../../../source/panel/live/status.ts';
import {countRows} from '../../../../source/panel/rows.ts';
import {failing, good, unseen} from '../../../../source/panel/seen.ts';
import type {Snapshot} from '../../../../source/panel/snapshot.ts';
import {journal, manager, now} from '../../../panel/seeing.ts';
import {dialed, fleeting, group, groupName, idOf, logged, member, scaling, scalingHost, worker} from './seeing.ts';

const states = (snapshot: Snapshot): unknown[] =>
	join(snapshot, now).map(({name, state, detail, job}) => [name, state, ...(detail === undefined ? [] : [detail]), ...(job ? [job.id] : [])]);

const listed = (id: number) => ({
	id,
	url: `https://gitlab.com/acme/api/-/jobs/${id}`,
	project: 'acme/api',
	state: 'running',
	stage: 'step_script',
	executorStage: 'docker_run',
	seconds: 60,
});

test('a job is on the instance that the runner dialed for it, with its price by its own market', () => {
	const instances = [worker(1), worker(2, 20, {spotRequestId: undefined})];
	const snapshot = scaling(instances, {
		runner: good(fleeting({instances: {running: 2}, tasks: {acquired: 1, idle: 1}, jobs: 1}, [listed(7)]), now - 1000),
		journal: good(journal(...logged(dialed(5, 7, 1))), now - 1000),
	});
	const [busy, idle] = join(snapshot, now).toSorted((one, other) => (one.name < other.name ? -1 : 1));
	assert.deepEqual(
		[busy?.name, busy?.state, busy?.job?.id, busy?.job?.project, busy?.spot, busy?.usdPerHour?.toFixed(4)],
		[idOf(1), 'busy', 7, 'acme/api', true, '0.0373'],
	);
	assert.deepEqual([idle?.state, idle?.spot, idle?.usdPerHour?.toFixed(4), idle?.executor], ['idle', false, '0.0883', 'docker-autoscaler']);
});

test('an instance whose job has ended is idle, though a line without its name told the end', () => {
	const snapshot = scaling([worker(1)], {journal: good(journal(...logged(dialed(5, 7, 1), [2, 'Job succeeded', {job: 7, duration_s: 60}])), now - 1000)});
	assert.deepEqual(states(snapshot), [[idOf(1), 'idle']]);
});

test('what is launched, not yet ready, going and stopped is told so', () => {
	const instances = [worker(1, 0, {state: 'pending'}), worker(2, 1), worker(3, 1), worker(4, 30, {state: 'shutting-down'}), worker(5, 30, {state: 'stopped'})];
	const [one, two, three, four, five] = instances;
	assert.ok(one && two && three && four && five);
	const snapshot = scaling(instances, {
		group: good(
			{
				groups: [group([member(one, {state: 'Pending'}), member(two, {state: 'Pending'}), member(three), member(four, {state: 'Terminating'}), member(five)])],
				absent: [],
			},
			now,
		),
		runner: good(fleeting({instances: {creating: 2, running: 1}}), now),
		journal: good(journal(...logged([2, 'instance marked for removal', {instance: idOf(4), reason: 'instance exceeded max idle time'}])), now),
	});
	assert.deepEqual(states(snapshot), [
		[idOf(1), 'creating', 'pending'],
		[idOf(2), 'creating', 'entering service'],
		[idOf(3), 'creating', 'not ready yet'],
		[idOf(4), 'removing', 'instance exceeded max idle time'],
		[idOf(5), 'stopped'],
	]);
});

test('an instance that never got ready has failed, until it goes', () => {
	const snapshot = scaling([worker(1, 5)], {
		runner: good(fleeting({instances: {running: 1}}), now),
		journal: good(journal(...logged([1, 'ready up preparation failed', {instance: idOf(1), err: 'ready command: Process exited with status 1'}])), now),
	});
	assert.deepEqual(states(snapshot), [[idOf(1), 'failed', 'ready-command']]);
});

test('an instance of no group that a runner here has is an orphan, and so is one that its group doesn’t hold', () => {
	const stray = worker(1, 60, {tags: {'aws:autoscaling:groupName': 'gitlab-runners-former'}});
	const left = worker(2, 60);
	const young = worker(3, 1);
	assert.deepEqual(states(scaling([stray, left, young], {group: good({groups: [group([])], absent: []}, now)})), [
		[idOf(3), 'creating', 'just launched'],
		[idOf(1), 'orphan', 'of no runner here'],
		[idOf(2), 'orphan', 'not in its group'],
	]);
});

test('a worker that a setup tries is on its way for an hour, and then it was left by it', () => {
	const tried = {tags: {'aws:autoscaling:groupName': `${groupName}-test`}};
	assert.deepEqual(states(scaling([worker(1, 5, tried), worker(2, 70, tried)], {group: good({groups: [group([])], absent: []}, now)})), [
		[idOf(1), 'creating', 'tried by setup'],
		[idOf(2), 'orphan', 'left by a setup'],
	]);
	const anothers = {tags: {'aws:autoscaling:groupName': 'gitlab-runners-load-test'}};
	assert.deepEqual(states(scaling([worker(1, 5, anothers)], {group: good({groups: [group([])], absent: []}, now)})), [
		[idOf(1), 'orphan', 'of no runner here'],
	]);
});

test('somebody else’s instances aren’t shown, nor is one that has ended', () => {
	const others = worker(1, 60, {keyName: 'k', tags: {'gitlab-runner-aws:fleet': 'builders', 'aws:autoscaling:groupName': 'builders-workers'}});
	assert.deepEqual(states(scaling([others, worker(2, 60, {state: 'terminated'})], {group: good({groups: [group([])], absent: []}, now)})), []);
});

test('each source may be silent: rows go on with what the others tell', () => {
	const instances = [worker(1), worker(2)];
	const down = {code: 'no-answer', message: 'no answer'};
	const told = journal(...logged(dialed(5, 7, 1)));
	const whole = scaling(instances, {
		runner: good(fleeting({instances: {running: 2}, tasks: {acquired: 1, idle: 1}, jobs: 1}, [listed(7)]), now),
		journal: good(told, now),
	});
	const counts = (more: Partial<Snapshot>) => {
		const {all, busy, idle, unknown, orphan} = countRows(join({...whole, ...more}, now));
		return {all, busy, idle, unknown, orphan};
	};
	assert.deepEqual(counts({}), {all: 2, busy: 1, idle: 1, unknown: 0, orphan: 0});
	assert.deepEqual(counts({ec2: unseen}), {all: 2, busy: 1, idle: 1, unknown: 0, orphan: 0});
	assert.deepEqual(counts({group: failing(unseen, down, now)}), {all: 2, busy: 1, idle: 1, unknown: 0, orphan: 0});
	assert.deepEqual(counts({group: failing(whole.group, down, now)}), {all: 2, busy: 1, idle: 1, unknown: 0, orphan: 0});
	assert.deepEqual(counts({journal: unseen}), {all: 2, busy: 0, idle: 0, unknown: 2, orphan: 0});
	assert.deepEqual(counts({runner: unseen}), {all: 2, busy: 1, idle: 0, unknown: 1, orphan: 0});
	assert.deepEqual(counts({host: failing(unseen, down, now), runner: unseen, journal: unseen}), {all: 2, busy: 0, idle: 0, unknown: 2, orphan: 0});
	assert.deepEqual(counts({gitlab: unseen, prices: unseen}), {all: 2, busy: 1, idle: 1, unknown: 0, orphan: 0});
});

test('a worker of an older template says so as long as it is there', () => {
	const [old, fresh] = [worker(1), worker(2, 10)];
	const snapshot = scaling([old, fresh], {group: good({groups: [group([member(old, {isOutdated: true}), member(fresh)])], absent: []}, now)});
	assert.deepEqual(states(snapshot), [
		[idOf(2), 'idle'],
		[idOf(1), 'idle', 'of an older template'],
	]);
	assert.equal(machineWords(snapshot, countRows(join(snapshot, now))), '2 of 10, 1 of an older template');
});

test('a manager of others is watched by the group that its config.toml names', () => {
	const instances = [
		worker(1, 20, {keyName: 'theirs', tags: {'gitlab-runner-aws:fleet': '', 'gitlab-runner-aws:part': '', 'aws:autoscaling:groupName': 'ci-workers'}}),
	];
	const [one] = instances;
	assert.ok(one);
	const snapshot = scaling(instances, {
		fleet: undefined,
		host: good(scalingHost({}, {group: 'ci-workers'}), now),
		ec2: good({manager: manager({tags: {'aws:autoscaling:groupName': 'ci-manager'}}), instances, otherManagers: []}, now),
		group: good({groups: [group([member(one, {group: 'ci-workers'})], {name: 'ci-workers'})], absent: []}, now),
	});
	assert.deepEqual(states(snapshot), [[idOf(1), 'idle']]);
});

test('several jobs may run on one worker: it is idle only as long as none does', () => {
	const sees = (tasks: Record<string, number>) => fleeting({instances: {running: 2}, tasks, jobsEach: 4}).metrics.machines;
	assert.deepEqual(sees({idle: 5, acquired: 3}), {acquired: 0, creating: 0, idle: 1, used: 1, removing: 0, stuck: 0});
});

test('what the runner wants and AWS hasn’t launched yet is told beside the workers', () => {
	const snapshot = scaling([worker(1)], {group: good({groups: [group([member(worker(1))], {desired: 4})], absent: []}, now)});
	assert.equal(machineWords(snapshot, countRows(join(snapshot, now))), '1 of 10, 3 more asked of AWS');
});

test('the status document tells each group: what is wanted, what is in service, how many there may be and how many are of an older template', () => {
	const [old, fresh] = [worker(1), worker(2)];
	const snapshot = scaling([old, fresh], {
		group: good({groups: [group([member(old, {isOutdated: true}), member(fresh, {state: 'Pending'})], {desired: 3})], absent: []}, now),
	});
	const document = statusShape.parse(statusOf(snapshot, now));
	assert.deepEqual(document.groups, [{name: 'gitlab-runners-workers', desired: 3, inService: 1, max: 10, outdated: 1}]);
	assert.equal(statusOf({...snapshot, group: unseen}, now).groups, undefined);
});

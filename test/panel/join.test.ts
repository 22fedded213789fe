import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {LogEvent} from '../../source/panel/journal/events.ts';
import {costs} from '../../source/panel/live/costs.ts';
import {join, joiner} from '../../source/panel/live/join.ts';
import {ageOfRow, countRows, spentOfRow} from '../../source/panel/rows.ts';
import {failing, good, unseen} from '../../source/panel/seen.ts';
import {nothingSeen, type Snapshot} from '../../source/panel/snapshot.ts';
import type {Instance} from '../../source/steps/looks/account.ts';
import {gitlabSees, healthy, host, instance, journal, machine, manager, minutes, nameAt, now, prices, runnerSees} from './seeing.ts';

const busy = nameAt(30, '0000000a');
const idle = nameAt(20, '0000000b');
const creating = nameAt(1, '0000000c');
const removing = nameAt(60, '0000000d');
const orphan = nameAt(200, '0000000e');
const stranger = nameAt(50, '0000000f', 'zz99').replace('gitlab-runners', 'builders');

const created = (name: string, at: number): LogEvent => ({is: 'machine-created', machine: name, seconds: 90, at});
const onMachine = (name: string, job: number, at: number): LogEvent => ({
	is: 'job-on-machine',
	job,
	project: 'acme/api',
	machine: name,
	runner: 'ab12cd',
	uses: 1,
	at,
});

const job = {
	id: 8812,
	url: 'https://gitlab.com/acme/api/-/jobs/8812',
	project: 'acme/api',
	state: 'running',
	stage: 'step_script',
	executorStage: 'docker_run',
	seconds: 720,
};

const afternoon = (more: Partial<Snapshot> = {}): Snapshot =>
	healthy({
		ec2: good(
			{
				manager: manager(),
				otherManagers: [],
				instances: [
					instance('i-busy', busy),
					instance('i-idle', idle, {spotRequestId: undefined}),
					instance('i-removing', removing, {state: 'shutting-down'}),
					instance('i-orphan', orphan),
					instance('i-stranger', stranger),
				],
			},
			now - 2000,
		),
		host: good(
			host([
				machine(busy, {instanceId: 'i-busy'}),
				machine(idle, {instanceId: 'i-idle', spot: false}),
				machine(creating),
				machine(removing, {instanceId: 'i-removing'}),
			]),
			now - 1000,
		),
		runner: good(runnerSees({used: 1, idle: 1, creating: 1, jobs: 1}, [job]), now - 1000),
		journal: good(
			journal(
				{is: 'machine-removing', machine: removing, reason: 'too many idle machines', uses: 3, at: now - 30_000},
				created(busy, now - minutes(28)),
				onMachine(busy, 8812, now - minutes(12)),
				created(idle, now - minutes(18)),
				onMachine(idle, 8000, now - minutes(17)),
				{is: 'job-ended', job: 8000, machine: idle, ok: true, error: undefined, at: now - minutes(3)},
				{is: 'machine-stage', machine: creating, stage: 'waiting for SSH', part: 'SSH', at: now - 20_000},
			),
			now - 1000,
		),
		gitlab: good(gitlabSees([], {running: [{id: 8812, name: 'test-unit', project: 'acme/api', webUrl: ''}]}), now - 1000),
		...more,
	});

const states = (snapshot: Snapshot) =>
	Object.fromEntries(join(snapshot, now).map(({name, state, detail}) => [name, detail === undefined ? state : `${state}: ${detail}`]));

test('each worker has its state, and a stranger’s machine is not in the list', () => {
	assert.deepEqual(states(afternoon()), {
		[busy]: 'busy',
		[idle]: 'idle',
		[creating]: 'creating: waiting for SSH',
		[removing]: 'removing: too many idle machines',
		[orphan]: 'orphan: not managed',
	});
	assert.deepEqual({...countRows(join(afternoon(), now))}, {all: 5, creating: 1, idle: 1, busy: 1, removing: 1, failed: 0, stopped: 0, orphan: 1, unknown: 0});
});

test('a busy row joins log, runner, GitLab, EC2 and price', () => {
	const row = join(afternoon(), now).find(({name}) => name === busy);
	assert.deepEqual(row?.job, {id: 8812, name: 'test-unit', project: 'acme/api', stage: 'step_script', url: job.url, since: now - minutes(12)});
	assert.equal(row?.zone, 'us-east-2a');
	assert.equal(row?.spot, true);
	assert.equal(row?.usdPerHour?.toFixed(4), (0.034 + (20 * 0.08) / 730 + 0.005).toFixed(4));
	assert.equal(row && spentOfRow(row, now)?.toFixed(4), (((row?.usdPerHour ?? 0) * (minutes(30) - 5000)) / 3_600_000).toFixed(4));
	assert.equal(row && ageOfRow(row, now), 1800);
});

test('a machine that the fleet made with an earlier token is an orphan too', () => {
	const earlier = nameAt(300, '00000010', 'yy88');
	assert.equal(
		states(healthy({ec2: good({manager: manager(), otherManagers: [], instances: [instance('i-1', earlier)]}, now)}))[earlier],
		'orphan: not managed',
	);
});

test('newest come first, and the order stays when states change', () => {
	const order = join(afternoon(), now).map(({name}) => name);
	assert.deepEqual(order, [creating, idle, busy, removing, orphan]);
	assert.deepEqual(
		join(afternoon({journal: unseen, runner: unseen}), now + 1000).map(({name}) => name),
		order,
	);
});

test('a machine that was terminated outside is gone as soon as EC2 says so', () => {
	const seen = afternoon();
	const terminatedAs = (state: 'terminated' | undefined) =>
		afternoon({
			ec2: good(
				{
					manager: manager(),
					otherManagers: [],
					instances: (seen.ec2.value?.instances ?? []).flatMap((one) => (one.id !== 'i-idle' ? [one] : state ? [{...one, state}] : [])),
				},
				now,
			),
		});
	assert.ok(!(idle in states(terminatedAs('terminated'))));
	assert.ok(!(idle in states(terminatedAs(undefined))));
});

test('a machine that EC2 doesn’t tell of yet, since it was just launched, stays', () => {
	const name = nameAt(1, '00000001');
	assert.equal(states(healthy({host: good(host([machine(name, {instanceId: 'i-new'})]), now)}))[name], 'idle');
	assert.equal(
		states(healthy({host: good(host([machine(name, {instanceId: 'i-new'})]), now), runner: good(runnerSees({creating: 1}), now)}))[name],
		'creating',
	);
});

test('without the manager an instance is not known, never an orphan', () => {
	const blind = afternoon({host: unseen, journal: unseen, runner: unseen});
	assert.deepEqual([...new Set(Object.values(states(blind)))].sort(), ['removing', 'unknown: asking the manager']);
	const silent = afternoon({host: failing(unseen, {code: 'ssh-no-answer', message: 'No answer.'}, now), journal: unseen, runner: unseen});
	assert.deepEqual([...new Set(Object.values(states(silent)))].sort(), ['removing', "unknown: the manager can't be asked"]);
	const old = failing(afternoon().host, {code: 'ssh-closed', message: 'gone'}, now);
	assert.equal(states(afternoon({host: old}))[orphan], 'orphan: not managed');
	assert.equal(states(afternoon({host: {...old, at: now - minutes(201)}}))[orphan], 'creating: just launched');
});

test('with another manager of the fleet alive, nobody here can call a worker an orphan', () => {
	const two = afternoon({ec2: good({manager: manager(), instances: [instance('i-orphan', orphan)], otherManagers: [manager({id: 'i-other'})]}, now)});
	assert.equal(states(two)[orphan], 'unknown: maybe of another manager of this fleet');
});

test('without EC2 the machines stay, with what the manager knows', () => {
	const rows = join(afternoon({ec2: unseen}), now);
	assert.equal(rows.length, 4);
	const row = rows.find(({name}) => name === busy);
	assert.deepEqual([row?.state, row?.type, row?.zone, row?.instanceId], ['busy', 'c5.large', 'us-east-2a', 'i-busy']);
});

test('without the log a running machine is busy or idle, unless the runner’s own figures settle it', () => {
	assert.equal(states(afternoon({journal: unseen}))[busy], 'unknown: busy or idle');
	assert.equal(states(afternoon({journal: unseen, runner: good(runnerSees(), now)}))[busy], 'idle');
	assert.equal(states(afternoon({journal: unseen, runner: good(runnerSees({used: 2}, [job]), now)}))[busy], 'busy');
});

test('a job that the runner’s list, read later, no longer holds has ended', () => {
	assert.equal(states(afternoon({runner: good(runnerSees(), now)}))[busy], 'idle');
	assert.equal(states(afternoon({runner: good(runnerSees(), now - minutes(12) + 2000)}))[busy], 'busy');
});

test('a price that is not known is not 0, and a machine without an instance costs nothing yet', () => {
	const rows = join(afternoon({prices: unseen}), now);
	// One that ends costs nothing any more, whatever its price.
	assert.deepEqual(new Set(rows.map(({name, usdPerHour}) => (name === removing ? 'removing' : usdPerHour))), new Set([undefined, 'removing']));
	assert.ok(rows.every((row) => spentOfRow(row, now) === undefined));
	assert.equal(join(afternoon(), now).find(({name}) => name === creating)?.usdPerHour, undefined);
});

test('nothing seen gives no rows and no costs', () => {
	const nothing = nothingSeen('us-east-2');
	assert.deepEqual(join(nothing, now), []);
	const none = {
		perHour: undefined,
		unpriced: 0,
		today: undefined,
		month: undefined,
		unended: 0,
		manager: undefined,
		builders: undefined,
		most: undefined,
		savedBySpot: undefined,
	};
	assert.deepEqual(costs(nothing, [], now), none);
});

test('a builder of an image is no worker, and costs as what it is, with its disk and from its launch on', () => {
	const builder = instance('i-0abc0abc0abc0abc0', 'ci-image-builder', {
		spotRequestId: undefined,
		launchedAt: now - minutes(60),
		tags: {'gitlab-runner-aws:fleet': 'gitlab-runners', 'gitlab-runner-aws:part': 'image-builder'},
	});
	const snapshot = (instances: Instance[]) => healthy({ec2: good({manager: manager(), instances, otherManagers: [], disks: {[builder.id]: 20}}, now)});
	const [during, without] = [snapshot([builder]), snapshot([])];
	assert.deepEqual(join(during, now), []);
	const [told, before] = [costs(during, [], now), costs(without, [], now)];
	const usd = 0.085 + (20 * 0.08) / 730 + 0.005;
	assert.deepEqual(told.builders, {count: 1, perHour: usd});
	assert.equal(before.builders, undefined);
	assert.equal(((told.perHour ?? 0) - (before.perHour ?? 0)).toFixed(6), usd.toFixed(6));
	assert.equal(((told.today?.usd ?? 0) - (before.today?.usd ?? 0)).toFixed(6), usd.toFixed(6));
	const stopped = costs(snapshot([{...builder, state: 'stopped', endedAt: now - minutes(30)}]), [], now);
	assert.equal(stopped.builders, undefined);
	assert.equal(((stopped.today?.usd ?? 0) - (before.today?.usd ?? 0)).toFixed(6), (usd / 2).toFixed(6));
});

test('any subset of the sources joins without a word', () => {
	const whole = afternoon();
	const parts = ['ec2', 'host', 'runner', 'journal', 'gitlab', 'prices'] as const;
	for (let mask = 0; mask < 2 ** parts.length; mask += 1) {
		const missing = Object.fromEntries(parts.filter((_, index) => mask & (1 << index)).map((part) => [part, unseen]));
		const rows = join({...whole, ...missing}, now);
		assert.ok(rows.every(({name, state}) => name !== '' && state));
		costs({...whole, ...missing}, rows, now);
	}
});

test('costs add workers and manager, say since when, and what spot saves', () => {
	const snapshot = afternoon();
	const rows = join(snapshot, now);
	const told = costs(snapshot, rows, now);
	const worker = 0.034 + (20 * 0.08) / 730 + 0.005;
	assert.equal(told.manager, 0.0208 + 0.005);
	assert.equal(told.unpriced, 0);
	// The orphan's disk isn't in the manager's store, so its size isn't known.
	assert.equal(told.perHour?.toFixed(5), (worker + 0.085 + (20 * 0.08) / 730 + 0.005 + 0.034 + 0.005 + 0.0258).toFixed(5));
	assert.equal(told.today?.since, now - minutes(360));
	assert.equal(told.savedBySpot?.toFixed(3), (2 * (0.085 - 0.034)).toFixed(3));
	// At the cap, which is the price on demand: sixteen and the manager.
	assert.equal(told.most?.perHour.toFixed(5), (16 * (worker - 0.034 + 0.085) + 0.0258).toFixed(5));
	const atMost = (cap: string): string | undefined => {
		const options = {'instance-type': 'c5.large', region: 'us-east-2', zone: 'a', 'request-spot-instance': 'true', 'root-size': '20', 'spot-price': cap};
		const capped = afternoon({host: good(host([], {}, {options}), now)});
		return costs(capped, [], now).most?.perHour.toFixed(5);
	};
	assert.equal(atMost(''), told.most?.perHour.toFixed(5));
	assert.equal(atMost('0.05'), (16 * (worker - 0.034 + 0.05) + 0.0258).toFixed(5));
	assert.ok((told.today?.usd ?? 0) > 0.0258 * 6);
});

test('workers whose price is not known are counted beside the sum', () => {
	const snapshot = afternoon({prices: good({...prices, spot: {}}, now)});
	const told = costs(snapshot, join(snapshot, now), now);
	assert.equal(told.unpriced, 2);
	assert.ok((told.perHour ?? 0) > 0.085);
	// A worker that goes costs nothing any more, which is no sum of what runs.
	const going = join(snapshot, now).map((row) => ({...row, usdPerHour: 0}));
	assert.equal(costs({...snapshot, prices: unseen}, going, now).perHour, undefined);
});

test('a row whose sources tell the same stays the same, and all of them are what a fresh join gives', () => {
	const joined = joiner();
	const first = joined(afternoon(), now);
	const steps: Snapshot[] = [
		afternoon(),
		{...afternoon(), gitlab: unseen},
		afternoon({journal: unseen, runner: good(runnerSees(), now)}),
		afternoon(),
		afternoon({prices: unseen}),
		afternoon({host: unseen}),
		nothingSeen('us-east-2'),
		afternoon(),
	];
	for (const [index, snapshot] of steps.entries()) assert.deepEqual(joined(snapshot, now + index * 1000), join(snapshot, now + index * 1000));
	const one = afternoon();
	const before = joined(one, now);
	assert.notEqual(before, first);
	assert.equal(
		joined({...one, gitlab: {...one.gitlab, at: now}}, now + 1000).find(({name}) => name === busy),
		before.find(({name}) => name === busy),
	);
	const freed: Snapshot = {...one, runner: good(runnerSees(), now)};
	assert.deepEqual(joined(freed, now).find(({name}) => name === busy)?.state, 'idle');
});

test('a machine whose instance EC2 goes on not telling of vanishes from joined rows, too', () => {
	const joined = joiner();
	const snapshot = healthy({host: good(host([machine(nameAt(1), {instanceId: 'i-new'})]), now)});
	assert.equal(joined(snapshot, now).length, 1);
	assert.equal(joined({...snapshot, ec2: {...snapshot.ec2, at: now + 1000}}, now + 1000).length, 1);
	assert.equal(joined({...snapshot, ec2: {...snapshot.ec2, at: now + minutes(3)}}, now + minutes(3)).length, 0);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {stringify} from 'smol-toml';
import {type PanelOutcome, panelScript} from '../../source/executors/scripts.ts';
import {join, joiner} from '../../source/panel/live/join.ts';
import {whyWaiting} from '../../source/panel/live/why-waiting.ts';
import {ageOf} from '../../source/panel/seen.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import type {GitlabAsked} from '../../source/panel/sources/gitlab.ts';
import {type PanelPorts, watchSources} from '../../source/panel/sources.ts';
import {Problem} from '../../source/problem.ts';
import {simulatedClock} from '../../source/simulated/clock.ts';
import {type Cloud, changes, type OperationName} from '../../source/world/cloud/port.ts';
import type {Connection} from '../../source/world/host/port.ts';
import {gitlabSees, minutes, nameAt, now, pending, served} from './seeing.ts';

const busy = nameAt(30, '0000000a');

const sources = ['ec2', 'leftovers', 'host', 'runner', 'journal', 'gitlab', 'prices', 'record'] as const;

type SourceFaults = Partial<Record<'ec2' | 'ssh' | 'metrics' | 'gitlab' | 'prices' | 'journal', 'fails' | 'hangs'>>;

/** What AWS answers whatever it's asked. */
const answers: Partial<Record<OperationName, object>> = {
	DescribeKeyPairs: {KeyPairs: []},
	DescribeSpotInstanceRequests: {SpotInstanceRequests: []},
	DescribeVolumes: {Volumes: []},
	DescribeSpotPriceHistory: {
		SpotPriceHistory: [{InstanceType: 'c5.large', AvailabilityZone: 'us-east-2a', SpotPrice: '0.034', Timestamp: new Date(now - minutes(200))}],
	},
	GetProducts: {PriceList: [JSON.stringify({terms: {OnDemand: {a: {priceDimensions: {b: {pricePerUnit: {USD: '0.085'}}}}}}})]},
	GetParameterHistory: {
		Parameters: [
			{
				Version: 1,
				Value: JSON.stringify({version: 1, answers: {limit: 12}}),
				LastModifiedDate: new Date(now - minutes(900)),
				LastModifiedUser: 'arn:aws:iam::1:user/bob',
			},
			{
				Version: 2,
				Value: JSON.stringify({version: 1, answers: {limit: 16}}),
				LastModifiedDate: new Date(now - minutes(600)),
				LastModifiedUser: 'arn:aws:iam::1:user/alice',
			},
		],
	},
};

/** A small world behind the ports. What is in trouble can be changed while it is looked at. */
function world(options: {workers?: string[]} = {}) {
	const clock = simulatedClock(now, 'instant');
	const trouble: SourceFaults = {};
	const called: OperationName[] = [];
	const counted = {connects: 0, closes: 0, changing: 0, journalReads: [] as string[]};
	const workers = options.workers ?? [busy];
	const outcome = async (what: keyof SourceFaults, code: string): Promise<void> => {
		if (trouble[what] === 'hangs') await new Promise(() => undefined);
		if (trouble[what] === 'fails') throw new Problem({code, message: `${what} answers 502.`, fault: 'outside', again: true});
	};
	const instanceOf = (id: string, name: string, tags: Record<string, string>) => ({
		InstanceId: id,
		State: {Name: 'running'},
		InstanceType: id === 'i-manager' ? 't3.small' : 'c5.large',
		Placement: {AvailabilityZone: 'us-east-2a'},
		LaunchTime: new Date(now - minutes(30)),
		KeyName: name,
		Tags: Object.entries(tags).map(([Key, Value]) => ({Key, Value})),
	});
	const instancesFor = ({Filters: [filter] = []}: {Filters?: {Name?: string; Values?: string[]}[]}) => {
		const isManager = filter?.Name === 'tag:gitlab-runner-aws:fleet' || filter?.Values?.includes('i-manager');
		if (isManager) return [instanceOf('i-manager', 'k', {'gitlab-runner-aws:fleet': 'gitlab-runners', 'gitlab-runner-aws:part': 'manager'})];
		return filter?.Name === 'key-name' ? workers.map((name, index) => instanceOf(`i-${index}`, name, {Name: name})) : [];
	};
	const cloud: Cloud = {
		region: 'us-east-2',
		ahead: () => 0,
		call: async (name, input) => {
			called.push(name);
			if (changes(name, {})) counted.changing += 1;
			if (name === 'DescribeInstances') await outcome('ec2', 'no-answer');
			if (name === 'DescribeSpotPriceHistory' || name === 'GetProducts') await outcome('prices', 'AccessDenied');
			const answer = name === 'DescribeInstances' ? {Reservations: [{Instances: instancesFor(Object(input))}]} : answers[name];
			if (!answer) throw new Error(`The test's world doesn't know ${name}.`);
			// The stub's answers hold what the sources read, and no more of the SDK's shape.
			return answer as never;
		},
	};
	const journal = (asked: {after?: string | undefined; since?: number | undefined; until?: number | undefined}): PanelOutcome['journal'] => {
		counted.journalReads.push(asked.after ?? (asked.until ? 'days before' : 'six hours'));
		if (trouble.journal === 'fails') return {entries: [], tail: [], more: false, lost: false, unread: 0, failed: 'journalctl: not found'};
		const line: [number, string] = [
			now - minutes(12),
			JSON.stringify({msg: 'Using existing docker-machine', job: 8812, name: busy, project_full_path: 'acme/api'}),
		];
		return asked.after || asked.until
			? {entries: [], tail: [], more: false, lost: false, unread: 0}
			: {entries: [line], tail: [line], first: now - minutes(300), cursor: 'c1', more: false, lost: false, unread: 0};
	};
	const standing = stringify({
		concurrent: 20,
		runners: [
			{name: 'x', id: 5, token: 'ab12cd…', limit: 1, machine: {IdleCount: 0, MachineOptions: ['amazonec2-instance-type=c5.large', 'amazonec2-zone=a']}},
		],
	});
	const host = (): PanelOutcome['host'] => ({
		hasStore: true,
		certificates: true,
		workerKey: false,
		pluginRuns: false,
		machines: workers.map((name, index) => ({name, instanceId: `i-${index}`, type: 'c5.large', spot: false, diskGib: 20})),
		unreadMachines: [],
		config: {text: standing, hash: 'h'},
		service: {active: 'active'},
		...(trouble.metrics === 'fails'
			? {silent: '/metrics on 127.0.0.1:9252: Connection refused'}
			: {
					metrics:
						'gitlab_runner_concurrent 20\ngitlab_runner_limit{runner="ab12cd"} 1\ngitlab_runner_autoscaling_machine_states{executor="docker+machine",state="used"} 1\n',
					jobs: 'url=https://gitlab.com/acme/api/-/jobs/8812 state=running stage=step_script executor_stage=docker_run duration=12m0s\n',
				}),
	});
	const connection = (): Connection => {
		const refuse = () => Promise.reject(new Error('Only scripts are run here.'));
		return {
			script: async (script, input) => {
				await outcome('ssh', 'ssh-closed');
				assert.equal(script.name, panelScript.name);
				const asked: {host?: boolean; journal?: {after?: string; since?: number; until?: number}} = Object(input);
				return script.result.parse({now, ...(asked.host ? {host: host()} : {}), ...(asked.journal ? {journal: journal(asked.journal)} : {})});
			},
			run: refuse,
			read: refuse,
			close: async () => {
				counted.closes += 1;
			},
		};
	};
	const told = gitlabSees([pending(1)]);
	const panel: GitlabAsked['panel'] = {
		served: async () => {
			await outcome('gitlab', 'gitlab-failing');
			return served({projects: ['acme/api', 'acme/secret']});
		},
		managers: async () => [],
		running: async () => [{id: 8812, name: 'test-unit', project: 'acme/api', webUrl: ''}],
		groupProjects: async () => [],
		pendingJobs: async (_token, project) => {
			if (project === 'acme/secret') throw new Problem({code: 'gitlab-not-found', message: 'No such project.'});
			return [...(told.pending[0]?.jobs ?? [])];
		},
		pause: async () => assert.fail('Nobody asked for a pause.'),
		project: async () => undefined,
		trace: async () => [],
	};
	const ports: PanelPorts = {
		cloud,
		cloudAt: () => cloud,
		clock,
		connect: async () => {
			await outcome('ssh', 'ssh-no-answer');
			counted.connects += 1;
			return connection();
		},
		gitlab: {panel, token: 'not-a-real-token'},
	};
	return {ports, clock, trouble, called, counted, workers};
}

/** Watches until a snapshot fits, and gives it; a watch that never comes to it ends after so many snapshots. */
function watching(made: ReturnType<typeof world>, watched: Parameters<typeof watchSources>[1] = {fleet: {name: 'gitlab-runners', region: 'us-east-2'}}) {
	const stop = new AbortController();
	let waiter: {fits(snapshot: Snapshot): boolean; resolve(snapshot: Snapshot): void; reject(error: Error): void} | undefined;
	let last: Snapshot | undefined;
	let left = 0;
	const ended = watchSources(made.ports, watched, {
		signal: stop.signal,
		emit: (snapshot) => {
			last = snapshot;
			if (!waiter) return;
			if (waiter.fits(snapshot)) waiter.resolve(snapshot);
			else if (--left < 0)
				waiter.reject(
					new Error(`It never came to that; last: ${sources.map((name) => `${name} ${snapshot[name].problem?.message ?? snapshot[name].at}`).join(', ')}`),
				);
		},
	});
	return {
		until: (fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> =>
			last && fits(last)
				? Promise.resolve(last)
				: new Promise((resolve, reject) => {
						left = 400;
						waiter = {fits, resolve, reject};
					}),
		end: async () => {
			waiter = undefined;
			stop.abort();
			await ended;
		},
	};
}

const whole = (snapshot: Snapshot): boolean => sources.every((name) => snapshot[name].value !== undefined && !snapshot[name].problem);

test('all sources come together, and each worker is listed with job, state, type, zone, age and price', async () => {
	const made = world();
	const seen = watching(made);
	const snapshot = await seen.until(whole);
	await seen.end();
	const [row] = join(snapshot, made.clock.now());
	assert.deepEqual(
		[row?.name, row?.state, row?.job?.name, row?.type, row?.zone, row?.createdAt],
		[busy, 'busy', 'test-unit', 'c5.large', 'us-east-2a', now - minutes(30)],
	);
	assert.ok((row?.usdPerHour ?? 0) > 0.085);
	assert.deepEqual(snapshot.record.value?.[0], {version: 2, at: now - minutes(600), by: 'alice', changes: [{what: 'limit', from: '12', to: '16'}]});
	assert.deepEqual(snapshot.gitlab.value?.unreadable, ['acme/secret']);
	assert.deepEqual(
		whyWaiting(snapshot, made.clock.now()).causes.map(({id}) => id),
		['limit'],
	);
	assert.equal(snapshot.log.length, 1);
});

test('nothing is changed by looking, one connection is held, and it is closed at the end', async () => {
	const made = world();
	const seen = watching(made);
	await seen.until(whole);
	const at = made.clock.now();
	await seen.until(({ec2}) => (ec2.at ?? 0) > at + minutes(5));
	await seen.end();
	assert.equal(made.counted.changing, 0);
	assert.equal(made.counted.connects, 1);
	assert.equal(made.counted.closes, 1);
});

test('the journal’s past is read once, for costs, for starts and for history, and then followed from its cursor', async () => {
	const made = world();
	const seen = watching(made);
	await seen.until(whole);
	const at = made.clock.now();
	await seen.until(({journal}) => (journal.at ?? 0) > at + minutes(1));
	await seen.end();
	assert.deepEqual(made.counted.journalReads.slice(0, 4), ['days before', 'days before', 'six hours', 'c1']);
	assert.ok(made.counted.journalReads.slice(3).every((read) => read === 'c1'));
});

for (const [source, failing] of [
	['ec2', ['ec2']],
	['ssh', ['host', 'runner', 'journal']],
	['metrics', ['runner']],
	['gitlab', ['gitlab']],
] as const) {
	for (const how of source === 'metrics' ? (['fails'] as const) : (['fails', 'hangs'] as const)) {
		test(`when ${source} ${how}, the rest stays live, its last value ages, and it recovers by itself`, async () => {
			const made = world();
			const seen = watching(made);
			await seen.until(whole);
			made.trouble[source] = how;
			const down = await seen.until((snapshot) => failing.every((name) => snapshot[name].problem !== undefined));
			const since = made.clock.now();
			const later = await seen.until((snapshot) =>
				(['ec2', 'host', 'gitlab'] as const).every((name) => failing.some((one) => one === name) || (snapshot[name].at ?? 0) > since + minutes(1)),
			);
			for (const name of failing) {
				assert.ok(later[name].value !== undefined, name);
				assert.equal(later[name].at, down[name].at);
				assert.ok((ageOf(later[name], made.clock.now()) ?? 0) >= 60);
				assert.ok(later[name].failingSince !== undefined);
			}
			assert.equal(join(later, made.clock.now()).length, 1);
			delete made.trouble[source];
			await seen.until(whole);
			await seen.end();
		});
	}
}

test('prices that can’t be read leave all else as it is, and no price is 0', async () => {
	const made = world();
	made.trouble.prices = 'fails';
	const seen = watching(made);
	const snapshot = await seen.until(({prices, host, journal}) => prices.problem !== undefined && host.value !== undefined && journal.value !== undefined);
	await seen.end();
	assert.equal(join(snapshot, made.clock.now())[0]?.usdPerHour, undefined);
	assert.equal(snapshot.prices.problem?.code, 'AccessDenied');
});

test('a journal that can’t be read fails alone and is tried again', async () => {
	const made = world();
	made.trouble.journal = 'fails';
	const seen = watching(made);
	const snapshot = await seen.until(({journal, host}) => journal.problem !== undefined && host.value !== undefined);
	assert.equal(snapshot.journal.problem?.message, "The manager's journal can't be read: journalctl: not found.");
	delete made.trouble.journal;
	await seen.until(whole);
	await seen.end();
});

test('a worker that is terminated outside is gone within two rounds', async () => {
	const made = world({workers: [busy, nameAt(20, '0000000b')]});
	const seen = watching(made);
	await seen.until((snapshot) => whole(snapshot) && join(snapshot, made.clock.now()).length === 2);
	const at = made.clock.now();
	made.workers.pop();
	await seen.until((snapshot) => join(snapshot, made.clock.now()).length === 1);
	assert.ok(made.clock.now() - at <= 10_000);
	await seen.end();
});

test('any manager can be watched by its id, without a mark and without a record', async () => {
	const made = world();
	const seen = watching(made, {managerId: 'i-manager'});
	const snapshot = await seen.until(({ec2, host, journal}) => ec2.value !== undefined && host.value !== undefined && journal.value !== undefined);
	await seen.end();
	assert.equal(snapshot.ec2.value?.manager?.id, 'i-manager');
	assert.equal(join(snapshot, made.clock.now()).length, 1);
	assert.match(snapshot.record.off ?? '', /no record/);
	assert.ok(!made.called.includes('GetParameterHistory'));
	assert.equal(made.counted.changing, 0);
});

test('without a GitLab token it is not asked, and says so', async () => {
	const made = world();
	const {gitlab: _gitlab, ...ports} = made.ports;
	const seen = watching({...made, ports});
	const snapshot = await seen.until(({runner}) => runner.value !== undefined);
	await seen.end();
	assert.equal(snapshot.gitlab.off, 'Give GITLAB_TOKEN to see jobs that wait.');
});

test('what is told again the same stays the same, so that rows do', async () => {
	const made = world();
	const seen = watching(made);
	const first = await seen.until(whole);
	const at = made.clock.now();
	const later = await seen.until(({ec2, host}) => (ec2.at ?? 0) > at + minutes(1) && (host.at ?? 0) > at + minutes(1));
	await seen.end();
	assert.equal(later.host.value?.machines, first.host.value?.machines);
	assert.equal(later.ec2.value?.instances, first.ec2.value?.instances);
	const joined = joiner();
	assert.equal(joined(later, made.clock.now()), joined(first, at));
});

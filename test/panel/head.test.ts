import assert from 'node:assert/strict';
import {test} from 'node:test';
import {newsNow} from '../../source/faces/ui/panel/seen.ts';
import {changeWords, jobWords, runnerWord, sourceTroubles} from '../../source/faces/words/status-words.ts';
import {failing, good, type Seen} from '../../source/panel/seen.ts';
import type {RunnerSees, Snapshot} from '../../source/panel/snapshot.ts';
import type {Instance} from '../../source/steps/looks/account.ts';
import {gitlabSees, healthy, host, instance, minutes, nameAt, now, pending, runnerSees} from './seeing.ts';
import {about, busyFleet, linesOf, panelView, screenOf, seenOf} from './shown.ts';

const textOf = (snapshot: Snapshot, more: Parameters<typeof seenOf>[1] = {}, columns = 120): string =>
	linesOf(screenOf(), panelView(seenOf(snapshot, more), {columns, rows: 30})).join('\n');

/** A fleet of so many busy workers that may have more of them. */
const below = (count: number, limit: number, concurrent = 20): Snapshot => {
	const fleet = busyFleet(count);
	const machines = fleet.host.value?.machines ?? [];
	const figures = {used: count, limit, concurrent, jobs: count};
	return {...fleet, host: good(host(machines, {}, {limit}), now), runner: good(runnerSees(figures, fleet.runner.value?.jobs), now)};
};
const steady = (running: number, machines = running) => ({trends: {at: now, running: [running, running], machines: [machines, machines]}});

test('bars are drawn against what there may be: two of four machines are half, four are full', () => {
	assert.match(textOf(below(2, 4), steady(2)), /jobs ▄▄ 2 running.*machines ▄▄ 2 of 4/);
	assert.match(textOf(below(4, 4), steady(4)), /jobs ██ 4 running.*machines ██ 4 of 4/);
});

test('jobs are drawn against concurrent where that allows fewer than the limit', () => {
	assert.match(textOf(below(2, 16, 4), steady(2)), /jobs ▄▄ 2 running/);
});

test('a runner without a limit has no machines of 0, and its bars are drawn against themselves', () => {
	assert.match(textOf(below(2, 0), steady(2)), /machines ██ 2: 2 busy/);
});

/** The same fleet with another instance. */
const beside = (fleet: Snapshot, other: Instance): Snapshot => {
	const {ec2} = fleet;
	return ec2.value ? {...fleet, ec2: good({...ec2.value, instances: [...ec2.value.instances, other]}, now)} : fleet;
};

/** An instance that the manager doesn't know any more. */
const orphan = (fleet: Snapshot): Snapshot => beside(fleet, instance('i-orphan', nameAt(180, '0badc0de'), {spotRequestId: undefined}));

test('an orphan is none of the machines against the limit, and stands by itself in costs', () => {
	assert.match(textOf(orphan(below(4, 4))), /machines 4 of 4: 4 busy, 1 orphan/);
	const costs = linesOf(screenOf({view: 'costs'}), panelView(seenOf(orphan(below(4, 4))))).join('\n');
	assert.match(costs, /Now +about \$0\.\d+ an hour: manager \$0\.\d+, 4 workers \$0\.\d+, 1 orphan \$0\.\d+/);
	assert.match(costs, /Workers +4 c5\.large us-east-2a spot, \$0\.\d+\/h each$/m);
	assert.match(costs, /Orphans +1 c5\.large us-east-2a on demand, /);
	assert.match(linesOf(screenOf({view: 'costs'}), panelView(seenOf(busyFleet(1)))).join('\n'), /, 1 worker \$0\.\d+$/m);
});

test('an instance that an image is made of is no worker, and stands by itself in costs, which say what baked images cost beside', () => {
	const tags = {'gitlab-runner-aws:fleet': 'gitlab-runners', 'gitlab-runner-aws:part': 'image-builder'};
	const building = beside(below(4, 4), instance('i-builder', 'gitlab-runners-image-builder', {keyName: undefined, spotRequestId: undefined, tags}));
	assert.match(textOf(building), /machines 4 of 4: 4 busy(?!, 1)/);
	const costs = linesOf(screenOf({view: 'costs'}), panelView(seenOf(building))).join('\n');
	assert.match(costs, /Now +about \$0\.\d+ an hour: manager \$0\.\d+, 1 image builder \$0\.\d+, 4 workers \$0\.\d+$/m);
	assert.match(costs.replaceAll(/\s+/g, ' '), /what the cache bucket and snapshots of baked images hold\./);
});

test('the bar of machines doesn’t count an orphan either', () => {
	assert.deepEqual(seenOf(orphan(below(4, 4))).trends.machines, [4]);
});

test('more machines than the limit are said to be over it, not 5 of 4', () => {
	assert.match(textOf(below(5, 4)), /machines 5, 1 over the limit of 4: 5 busy/);
	const {counts} = seenOf(below(6, 4));
	assert.match(textOf(below(6, 4), {counts: {...counts, busy: 4, removing: 2}}), /machines 4 of 4: 4 busy, 2 removing/);
});

test('thousands are apart in every count of the head', () => {
	assert.match(textOf(busyFleet(5000)), /5,000 running, 3 waiting +machines 5,000 of 5,000: 5,000 busy/);
});

test('jobs that wait for their machines are counted once, and alike above and in the question', () => {
	const job = (id: number) => ({id, url: '', project: 'acme/api', state: 'pending', stage: '', executorStage: '', seconds: 12});
	const seen = runnerSees({creating: 2, jobs: 2, preparing: 2}, [job(8100), job(8101)]);
	const text = textOf(healthy({gitlab: good(gitlabSees([]), now), runner: good(seen, now)}));
	assert.match(text, /jobs 0 running, 2 waiting for their machines/);
	assert.match(text, /Why are 2 jobs waiting for their machines/);
	assert.doesNotMatch(text, /2 running/);
});

test('where there is no room for times, each count of jobs is there all the same, and none is cut', () => {
	const job = {id: 8100, url: '', project: 'acme/api', state: 'pending', stage: '', executorStage: '', seconds: 12};
	const seen = runnerSees({creating: 1, used: 3, jobs: 4, preparing: 1}, [job]);
	const snapshot = healthy({gitlab: good(gitlabSees([1, 2, 3, 4, 5, 6, 7, 8].map((id) => pending(id))), now), runner: good(seen, now)});
	const narrow = textOf(snapshot, steady(3, 4), 60);
	assert.match(narrow, /3 running, 1 getting its machine, 8 waiting$/m);
	assert.match(narrow, /machines .. 0 of 16/);
	assert.match(narrow, /the idle count is 1, so the runner makes\s+one\./);
	assert.match(textOf(snapshot, steady(3, 4), 80), /3 running, 1 waiting for its machine 12 s, 8 waiting in GitLab/);
});

test('jobs and machines are both there at every width, whatever there is to say of them', () => {
	const seen = runnerSees({creating: 1, used: 3, jobs: 4, preparing: 1});
	const job = (id: number) => pending(id);
	const counts = {...seenOf(busyFleet(4)).counts, busy: 2, creating: 1, removing: 1, orphan: 1};
	const snapshot = busyFleet(4, {gitlab: good(gitlabSees([1, 2].map(job)), now), runner: good(seen, now)});
	const long = {trends: {at: now, running: Array.from({length: 16}, () => 3), machines: Array.from({length: 16}, () => 4)}, counts};
	for (const columns of [60, 80, 100, 120, 200]) assert.match(textOf(snapshot, long, columns), /jobs ▆* ?3 running[\s\S]*machines █* ?3 of 4/);
	assert.match(textOf(snapshot, long, 120), /machines █+ 3 of 4: 2 busy, 1 creating, 1 removing, 1 orphan {3}spot c5\.large \$0\.034$/m);
});

test('at 60 columns what the fleet costs is there, rather than its manager’s id', () => {
	assert.match(textOf(busyFleet(3), {}, 60), /manager t3\.small 7 d {3}about \$0\.\d+\/h · \$\d/);
	assert.match(textOf(busyFleet(3), {}, 80), /manager i-manager t3\.small 7 d\n about \$/);
});

test('good news goes after six seconds of the person’s time, which are two minutes of the demo’s', () => {
	const news = {says: 'It is done.', role: 'ready' as const, at: now};
	const shows = (seconds: number, demo: boolean): boolean =>
		newsNow({...seenOf(busyFleet(1), {news}), about: {...about, demo}}, now + seconds * 1000) !== undefined;
	assert.deepEqual([shows(5, false), shows(7, false), shows(100, true), shows(130, true)], [true, false, true, false]);
});

const drainedAt = Date.UTC(2026, 10, 24, 11);
const note = 'drained by root@vm at 2026-11-24T11:00Z';
const stopped = {active: 'inactive', sub: 'dead', result: 'success', status: 0, since: drainedAt + 60_000, restarts: 0};
const refused = {code: 'metrics', message: '[Errno 111] Connection refused'};
const silent: Seen<RunnerSees> = failing(good(runnerSees(), now - minutes(4)), refused, now);
const drained = healthy({
	gitlab: good(gitlabSees([]), now),
	host: good(host([], {service: stopped}), now),
	runner: silent,
	record: good([{version: 2, at: drainedAt, by: 'alice', changes: [], note}], now),
});

test('a fleet that was drained is calmly drained: no cross, no warning, and nothing of metrics that follow from it', () => {
	assert.deepEqual(runnerWord(drained), {word: 'drained', mark: 'waiting'});
	assert.deepEqual(sourceTroubles(drained, now), []);
	const [first = ''] = textOf(drained).split('\n');
	assert.match(first, /runner .*· drained/);
	assert.doesNotMatch(textOf(drained), /Connection refused|✖/);
});

test('metrics that don’t answer while the service runs are told', () => {
	assert.match(sourceTroubles(healthy({runner: silent}), now).join('\n'), /runner metrics: 4 m old, \[Errno 111\]/);
});

test('what was done is told with one who and one when: the laptop’s, and as whom AWS knows it where that is another', () => {
	assert.equal(changeWords(drained, now), 'drained by root@vm as alice, 11:00 UTC');
	const by = (who: string) => changeWords({...drained, record: good([{version: 2, at: drainedAt, by: who, changes: [], note}], now)}, now);
	assert.equal(by('root'), 'drained by root@vm, 11:00 UTC');
	assert.equal(by('somebody'), 'drained by root@vm, 11:00 UTC');
	const change = {version: 3, at: drainedAt, by: 'alice', changes: [{what: 'limit', from: '12', to: '16'}], note: 'as it was before Tuesday'};
	assert.equal(changeWords({...drained, record: good([change], now)}, now), 'as it was before Tuesday, limit 12 → 16 by alice, 11:00 UTC');
});

test('a long value of a change is cut where it stands in one line, and whole in the view of changes', () => {
	const to = JSON.stringify([{periods: ['* * 9-18 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 4, idleTime: 600}]);
	const record = good([{version: 3, at: drainedAt, by: 'alice', changes: [{what: 'schedule', from: '[]', to}]}], now);
	assert.match(changeWords({...drained, record}, now) ?? '', /^schedule none → .{39}… by alice, 11:00 UTC$/);
	assert.ok(
		linesOf(screenOf({view: 'config'}), panelView(seenOf({...drained, record}), {columns: 200}))
			.join('\n')
			.includes(to),
	);
});

test('the words of jobs say who tells where that is asked for', () => {
	assert.equal(jobWords(seenOf(healthy({gitlab: good(gitlabSees([pending(1)]), now)})).why, true), '0 running (runner metrics), 1 waiting (GitLab)');
});

test('what is being done is told to its end at 60 columns, the time that is left with it', () => {
	const doing = {says: 'Drain the fleet: 4 jobs still run: app #9001, app #9002, app #9003, app #9004, 29 m left', from: now};
	assert.match(textOf(busyFleet(4), {doing}, 60).replace(/\s+/g, ' '), /app #9004, 29 m left, 0 s/);
});

test('two rows of jobs and machines are two, also where there is no price and one would do; what was never known draws no bar', () => {
	const {prices: _prices, ...unpriced} = busyFleet(1);
	const trends = {at: now, running: [undefined, undefined], machines: [1, 1]};
	const lines = textOf({...unpriced, prices: {}}, {trends}, 80).split('\n');
	const at = lines.findIndex((line) => line.startsWith(' jobs'));
	assert.match(lines[at] ?? '', /^ jobs 1 running/);
	assert.match(lines[at + 1] ?? '', /^ machines \S+ 1 of/);
});

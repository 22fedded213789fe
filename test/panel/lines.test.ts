import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {status} from '../../source/commands/status.ts';
import {statusSchemaText, statusShape} from '../../source/faces/json/status.ts';
import {reportText} from '../../source/faces/words/status-report.ts';
import {changedLines, statusLines} from '../../source/faces/words/status-table.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import {join} from '../../source/panel/live/join.ts';
import {statusOf} from '../../source/panel/live/status.ts';
import {hasSettled, verdictOf} from '../../source/panel/live/verdict.ts';
import {failing, good} from '../../source/panel/seen.ts';
import {nothingSeen, type Snapshot} from '../../source/panel/snapshot.ts';
import {Problem} from '../../source/problem.ts';
import {hearing, sessionAt, standing} from './at-laptop.ts';
import {gitlabSees, healthy, host, journal, manager, minutes, now, pending, refused} from './seeing.ts';
import {busyFleet} from './shown.ts';

const look = {colour: false, ascii: false};
const lines = (snapshot: Snapshot, columns = 120): string[] => statusLines(snapshot, join(snapshot, now), now, columns, look);
const down = new Problem({code: 'no-answer', message: "EC2 hasn't answered for 30 s.", fault: 'outside', again: true});

test('the committed schema of the status document is the one that the program prints by', () => {
	assert.equal(readFileSync(new URL('../../source/faces/json/status.schema.json', import.meta.url), 'utf8'), statusSchemaText());
});

test('every snapshot makes a document of the schema: a busy fleet, an empty one, a failing one, one of which nothing is known', () => {
	for (const snapshot of [busyFleet(40), healthy(), nothingSeen('us-east-2'), {...busyFleet(3), ec2: failing(busyFleet(3).ec2, down, now)}]) {
		const judged = statusShape.safeParse(JSON.parse(JSON.stringify(statusOf(snapshot, now))));
		assert.ok(judged.success, judged.success ? '' : judged.error.message);
	}
});

test('what isn’t known is left out of the document, and never 0', () => {
	const document = statusOf(nothingSeen('us-east-2', 'gitlab-runners'), now);
	assert.equal(document.waiting.known, false);
	assert.ok(!('jobs' in document.waiting) && !('usdPerHour' in document.costs) && !('manager' in document));
});

test('a fleet is healthy, not healthy, or can’t be told', () => {
	assert.equal(verdictOf(busyFleet(4), now).is, 'healthy');
	assert.equal(verdictOf(healthy({host: good(host([], {service: {active: 'failed', since: now, restarts: 0}}), now)}), now).is, 'trouble');
	assert.equal(verdictOf(healthy({ec2: good({manager: manager({state: 'stopped'}), instances: [], otherManagers: []}, now)}), now).is, 'trouble');
	assert.equal(verdictOf({...healthy(), ec2: {problem: {code: 'x', message: 'No.'}}}, now).is, 'unknown');
	assert.equal(verdictOf({...healthy(), host: {problem: {code: 'ssh-no-answer', message: 'No answer.'}}}, now).is, 'unknown');
});

test('a look is complete once each source has told, failed or isn’t asked', () => {
	assert.equal(hasSettled(healthy()), false, 'the record has not told');
	assert.equal(hasSettled(healthy({record: good([], now)})), true);
	assert.equal(hasSettled({...healthy({record: good([], now)}), gitlab: {problem: down}}), true);
});

test('the table has a line for each worker, within the width, with its state as a word', () => {
	for (const columns of [60, 80, 120, 200]) {
		const shown = lines(busyFleet(40), columns);
		assert.equal(shown.filter((line) => /runner-.* busy/.test(line)).length, 40);
		// A command is never broken, so that it can be pasted.
		for (const line of shown) assert.ok(displayWidth(line) <= columns || /`gitlab-runner-aws [^`]*`$/.test(line), line);
	}
});

test('a name, which is typed, is whole where what is of less worth can fall away for it: numbers first, then the end of a job', () => {
	const name = /^ {2}(runner-ab12cd-gitlab-runners-\d{10}-\S{8}) +busy/m;
	for (const columns of [80, 100, 120]) {
		const shown = lines(busyFleet(3), columns);
		assert.match(shown.join('\n'), name);
		assert.ok(shown.every((line) => !/^ {2}(NAME|runner-)/.test(line) || displayWidth(line) <= columns));
	}
	const head = (columns: number): string[] => lines(busyFleet(3), columns).at(-4)?.trim().split(/ {2,}/) ?? [];
	assert.deepEqual([80, 100, 120].map(head), [
		['NAME', 'STATE', 'JOB'],
		['NAME', 'STATE', 'JOB', 'AGE'],
		['NAME', 'STATE', 'JOB', 'TYPE', 'AGE', '$/H'],
	]);
	// There is no room for it at all.
	assert.match(lines(busyFleet(3), 60).join('\n'), /^ {2}runner-\S*…\S+ +busy/m);
});

test('above the table: fleet, verdict, jobs, machines, costs, why jobs wait', () => {
	const text = lines(busyFleet(16)).join('\n');
	assert.match(text, /gitlab-runners in us-east-2 · runner online · manager i-manager t3\.small/);
	assert.match(text, /✔ healthy/);
	assert.match(text, /16 running \(runner metrics\), 3 waiting \(GitLab\) · machines: 16 of 16: 16 busy · about \$/);
	assert.match(text, /Why are 3 jobs waiting\? The limit is 16/);
});

test('lines say a cause once, and what helps as a command, which can be pasted at any width', () => {
	const raise = 'raise limit: `gitlab-runner-aws status limit 20 --fleet gitlab-runners --region us-east-2`';
	for (const columns of [60, 80, 120]) assert.ok(lines(busyFleet(16), columns).join(' ').includes(raise));
	const service = {active: 'inactive', sub: 'dead', since: now - 60_000, restarts: 0};
	const text = lines(healthy({host: good(host([], {service}), now), gitlab: good(gitlabSees([pending(1)]), now)})).join('\n');
	assert.match(text, /✖ not healthy: GitLab Runner doesn't run on the manager/);
	assert.equal(text.match(/GitLab Runner doesn't run on the manager/g)?.length, 1);
	assert.match(text, /^1 job waits for that\.\nresume: `gitlab-runner-aws status resume --fleet gitlab-runners --region us-east-2`$/m);
	assert.match(text, /No workers: the runner is stopped, and takes no jobs\./);
});

test('between two rounds only what changed is told, and growing older is no change', () => {
	const before = busyFleet(3);
	assert.deepEqual(changedLines(before, join(before, now), before, join(before, now + 5000), now + 5000, 120, look), []);
	const after = busyFleet(2);
	const told = changedLines(before, join(before, now), after, join(after, now), now, 120, look).join('\n');
	assert.match(told, /- runner-\S+ {2}gone/);
	assert.match(told, /2 of 2: 2 busy/);
});

test('the report is one page: verdict, evidence, refused creates with request ids, changes, config.toml without secrets', () => {
	const text = 'concurrent = 16\n[[runners]]\nlimit = 16\ntoken = "ab12cd…"\n';
	const config = {hash: 'h', text, facts: host().config?.facts};
	const told = journal(
		refused('MaxSpotInstanceCountExceeded: Max spot instance count exceeded\n\tstatus code: 400, request id: 6f7a1b2c-0000-4000-8000-123456789abc'),
	);
	const record = good([{version: 4, at: now - minutes(60), by: 'alice', changes: [{what: 'limit', from: '12', to: '16'}]}], now);
	const snapshot = busyFleet(2, {host: good(host([], {config}), now), journal: good(told, now), record});
	const page = reportText(snapshot, join(snapshot, now), now);
	for (const needed of [
		/^Verdict: not healthy\./m,
		/^Evidence$/m,
		/request 6f7a1b2c-0000-4000-8000-123456789abc/,
		/alice {2}limit 12 → 16/,
		/token = "ab12cd…"/,
		/^Sources$/m,
	])
		assert.match(page, needed);
});

test('status --json over a fleet that stands: one document, exit 0, and nothing was changed', async () => {
	const world = await standing(2);
	const from = world.acts.length;
	const face = hearing();
	assert.equal(await status(sessionAt(world, ['status', '--json'], face)), 0);
	const [event, ...others] = face.events;
	assert.ok(event?.event === 'document' && others.length === 0);
	const document = statusShape.parse(event.value);
	assert.equal(document.verdict.is, 'healthy');
	assert.equal(document.fleet, 'gitlab-runners');
	assert.deepEqual(world.acts.slice(from), []);
});

test('status on a fleet whose manager was stopped exits 4 and says so', async () => {
	const world = await standing(1);
	const manager = [...world.outside.region('us-east-2').instances.values()].find(({tags}) => tags['gitlab-runner-aws:part'] === 'manager');
	world.outside.stopInstance(manager?.id ?? '');
	await world.clock.sleep(120_000);
	const face = hearing();
	assert.equal(await status(sessionAt(world, ['status', '--plain'], face)), 4);
	assert.match(JSON.stringify(face.events), /The manager i-\w+ is stopped, so nobody asks GitLab for jobs/);
});

test('--manager on a manager that is named: it says that it only looks, and changes nothing, not even a pin on the manager', async () => {
	const world = await standing(2);
	const manager = [...world.outside.region('us-east-2').instances.values()].find(({tags}) => tags['gitlab-runner-aws:part'] === 'manager');
	for (const key of Object.keys(manager?.tags ?? {})) if (key.startsWith('gitlab-runner-aws:')) delete manager?.tags[key];
	const from = world.acts.length;
	const face = hearing();
	const code = await status(sessionAt(world, ['status', '--json', '--manager', manager?.id ?? '', '--region', 'us-east-2'], face));
	assert.equal(code, 0, JSON.stringify(face.events));
	const [note, document] = face.events;
	assert.match(JSON.stringify(note), /is only looked at: nothing is changed there/);
	assert.ok(document?.event === 'document');
	assert.equal(statusShape.parse(document.value).fleet, undefined);
	assert.deepEqual(world.acts.slice(from), []);
});

test('--manager of an instance that isn’t there says so, and is no fleet in trouble', async () => {
	const world = await standing(1);
	const asked = (id: string) => status(sessionAt(world, ['status', '--json', '--manager', id, '--region', 'us-east-2'], hearing()));
	await assert.rejects(asked('i-0123456789abcdef0'), {code: 'manager-not-found', message: 'There is no instance i-0123456789abcdef0 in us-east-2.', exit: 1});
	const manager = [...world.outside.region('us-east-2').instances.values()].find(({tags}) => tags['gitlab-runner-aws:part'] === 'manager')?.id ?? '';
	world.outside.terminateInstance(manager);
	await world.clock.sleep(120_000);
	await assert.rejects(asked(manager), {code: 'manager-not-found', message: `The instance ${manager} in us-east-2 is terminated.`});
});

test('--manager choose where nobody can choose names those that are there', async () => {
	const world = await standing(1);
	await assert.rejects(status(sessionAt(world, ['status', '--json', '--manager', 'choose', '--region', 'us-east-2'], hearing())), {
		code: 'which-manager',
		exit: 2,
	});
	await assert.rejects(status(sessionAt(world, ['status', '--json', '--manager', 'bastion', '--region', 'us-east-2'], hearing())), {code: 'usage', exit: 2});
});

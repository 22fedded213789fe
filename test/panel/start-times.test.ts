import assert from 'node:assert/strict';
import {test} from 'node:test';
import {statusShape} from '../../source/faces/json/status.ts';
import {startLines} from '../../source/faces/words/start-times.ts';
import type {Answers} from '../../source/fleet.ts';
import type {LogEvent} from '../../source/panel/journal/events.ts';
import {noStarts, startsAfter, usualWait} from '../../source/panel/journal/starts.ts';
import {join} from '../../source/panel/live/join.ts';
import {statusOf} from '../../source/panel/live/status.ts';
import {startsByDay, whatIf} from '../../source/panel/start-times.ts';
import type {Job} from '../../source/simulated/gitlab/gitlab.ts';
import type {World} from '../../source/simulated/world.ts';
import {scaled} from '../executors/docker-autoscaler/panel/scaled.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {standing, watched, watchedFor} from './watched.ts';

const [minute, day] = [60_000, 86_400_000];
const dayOf = (at: number): number => Math.floor(at / day) * day;
/** The value that so many of a hundred don't exceed. */
const nearest = (values: readonly number[], share: number): number =>
	values.toSorted((one, other) => one - other)[Math.ceil(share * values.length) - 1] ?? assert.fail('no values');

/** How an instance came up: by EC2, and, where a group launched it, from when its launch began until it was in service. */
type Boot = {runsFrom: number; bootedAt: number; launch?: {from: number; to: number}};
type Boots = Map<string, Boot>;

/** A day's jobs, of which some find a worker there; and how each instance of it came up, since EC2 forgets them after an hour. */
async function aDay({clock, outside, time}: World): Promise<{jobs: Job[]; boots: Boots}> {
	const [jobs, boots]: [Job[], Boots] = [[], new Map()];
	const until = clock.now() + day;
	for (let turn = 0; clock.now() < until; turn += 1) {
		jobs.push(...outside.queueJobs(1 + (turn % 4), {seconds: 40 + 60 * (turn % 7)}));
		await time.sleep((3 + 11 * (turn % 5)) * minute);
		for (const one of outside.region(someFleet.region).instances.values()) boots.set(one.id, one).set(one.keyName ?? '', one);
	}
	await time.sleep(30 * minute);
	for (const {activities} of outside.region(someFleet.region).scalingGroups.values())
		for (const {description, endsAt, startedAt} of activities) {
			const [, id = ''] = /^Launching a new EC2 instance: (\S+)$/.exec(description) ?? [];
			const known = boots.get(id);
			if (known && endsAt !== undefined) boots.set(id, {...known, launch: {from: startedAt, to: endsAt}});
		}
	return {jobs, boots};
}

/** What the simulated world knows of a job's start without the log. In seconds. */
function ownStart({startedAt, workerAt, worker = ''}: Job, boots: Boots) {
	if (startedAt === undefined || workerAt === undefined) return assert.fail('a job had no worker');
	const {runsFrom, bootedAt, launch} = boots.get(worker) ?? assert.fail(`nobody saw ${worker}`);
	const between = (from: number, to: number): number => Math.max(0, to - Math.max(from, startedAt)) / 1000;
	return {
		day: dayOf(workerAt),
		waited: (workerAt - startedAt) / 1000,
		forNew: bootedAt > startedAt,
		parts: launch ? {EC2: between(launch.from, launch.to), 'SSH and Docker': between(launch.to, workerAt)} : {SSH: between(runsFrom, bootedAt)},
	};
}

const executors: Readonly<Record<string, Partial<Answers>>> = {'docker+machine': {}, 'docker-autoscaler': scaled};

for (const [executor, answers] of Object.entries(executors)) {
	test(`${executor}: after a day, waits for workers are the world’s own to the second, and so is where they went`, async () => {
		const world = await standing({limit: 5, concurrent: 5, idleTime: 600, ...answers});
		const {jobs, boots} = await aDay(world);
		const snapshot = await watched(world, ({journal, prices, ec2, host}) => [journal, prices, ec2, host].every(({value}) => value !== undefined));
		const {starts} = snapshot.journal.value ?? assert.fail('no log');
		// Auto Scaling tells a hundred activities at a call, and is asked once at a look: as often as it takes for all of these.
		const {launches} =
			(await watched(world, ({group: {off, value}}) => off !== undefined || value?.groups.every(({older}) => older === undefined) === true)).group.value
				?.groups[0] ?? {};
		const days = new Map(startsByDay(starts, {launches}).map((one) => [one.day, one]));
		const own = Map.groupBy(
			jobs.map((job) => ownStart(job, boots)),
			(one) => one.day,
		);
		assert.deepEqual([...days.keys()].toSorted(), [...own.keys()].toSorted());
		for (const [of, those] of own) {
			const told = days.get(of) ?? assert.fail('a day is missing');
			const [waits, fresh] = [those.map(({waited}) => waited), those.filter(({forNew}) => forNew)];
			assert.deepEqual([told.jobs, told.forNew], [waits.length, fresh.length]);
			assert.ok(fresh.length > 10 && fresh.length < waits.length, `${fresh.length} of ${waits.length}`);
			assert.equal(told.partsOf, fresh.length);
			for (const [name, share] of [['p50', 0.5] as const, ['p95', 0.95] as const]) {
				assert.ok(Math.abs(told.wait[name] - nearest(waits, share)) < 1, JSON.stringify(told));
				for (const part of ['EC2', 'SSH', 'SSH and Docker'] as const) {
					const own = fresh.flatMap(({parts}) => parts[part] ?? []);
					if (own.length === 0) continue;
					const toldPart = told.parts.find((one) => one.part === part) ?? assert.fail(`no ${part}`);
					assert.ok(Math.abs(nearest(own, share) - toldPart[name]) <= 1, JSON.stringify({told, part, own: nearest(own, share)}));
				}
			}
		}
		for (const {waited, parts, making} of [...starts.days.values()].flat())
			if (making !== undefined) assert.ok(Math.abs(Object.values(parts).reduce((sum, one) => sum + one, 0) - waited) < 0.01, 'the parts are all of it');
		// With a token GitLab is asked for logs of jobs, one at a look: images take the world's four seconds on each new worker.
		const later = await watchedFor(world, 120);
		const pulls = [...(later.gitlab.value?.pulls ?? [])];
		assert.ok(pulls.length > 5 && pulls.every(([, seconds]) => Math.abs(seconds - 4) < 0.01), JSON.stringify(pulls));
		assert.equal(Math.round(startsByDay(starts, {pulls: new Map(pulls)}).find(({pull}) => pull)?.pull?.p50 ?? 0), 4);
		const {baked, idle, images} = whatIf(starts, 0.04, new Map(pulls));
		assert.deepEqual([images?.jobs, Math.round(images?.p95 ?? 0)], [pulls.length, 4]);
		assert.match(
			startLines(starts, {pulls: new Map(pulls)}, world.clock.now()).join('\n'),
			/had images been in it, less +4\.?\d* s +4\.?\d* s\n +after the wait; a mirror saves so much at most$/m,
		);
		assert.ok(idle && idle.p50 < 1 && idle.usdPerDay === 0.96, JSON.stringify(idle));
		assert.equal(baked !== undefined, executor === 'docker+machine', 'the other’s image has Docker');
		const document = statusShape.parse(JSON.parse(JSON.stringify(statusOf(snapshot, world.clock.now(), join(snapshot, world.clock.now())))));
		assert.deepEqual(
			document.starts?.map(({jobs: count}) => count),
			[...days.values()].map(({jobs: count}) => count),
		);
	});
}

const at = 1_795_600_000_000;
const job = (id: number, seconds: number): LogEvent => ({is: 'job-received', job: id, project: undefined, runner: undefined, at: at + seconds * 1000});
const onWorker = (id: number, machine: string, seconds: number): LogEvent => ({
	is: 'job-on-machine',
	job: id,
	project: undefined,
	machine,
	runner: undefined,
	uses: undefined,
	at: at + seconds * 1000,
});
const stage = (machine: string, part: 'EC2' | 'SSH and Docker', seconds: number): LogEvent => ({
	is: 'machine-stage',
	machine,
	stage: '',
	part,
	at: at + seconds * 1000,
});

test('a worker that stood idle is none that a job waited for, also where nobody says when it was ready', () => {
	const idle = [stage('one', 'EC2', 0), stage('one', 'SSH and Docker', 16), job(1, 600), onWorker(1, 'one', 602)];
	const late = [stage('two', 'EC2', 605), job(2, 610), stage('two', 'SSH and Docker', 620), onWorker(2, 'two', 650)];
	const [today] = startsByDay(startsAfter(noStarts(at), [...idle, ...late], at + 700_000));
	assert.deepEqual([today?.jobs, today?.forNew], [2, 1]);
	assert.deepEqual(today?.parts, [
		{part: 'EC2', p50: 10, p95: 10},
		{part: 'SSH and Docker', p50: 30, p95: 30},
	]);
});

test('a job that ends without a worker, and those of a service that ended, are no starts', () => {
	const ended: LogEvent = {is: 'job-ended', job: 1, machine: undefined, ok: false, error: 'no capacity', at: at + 300_000};
	const begun: LogEvent = {is: 'service-started', at: at + 400_000};
	const told = [job(1, 0), ended, job(2, 350), begun, onWorker(1, 'one', 500), onWorker(2, 'one', 500)];
	const starts = startsAfter(noStarts(at), told, at + 600_000);
	assert.deepEqual([starts.days.size, starts.taken.size, usualWait(starts)], [0, 0, undefined]);
	assert.match(startLines(starts, {}, at + 600_000).join(' '), /no job has come to a worker since/);
});

test('days that are long ago are forgotten, and one goes on where the log was read before', () => {
	const first = startsAfter(noStarts(at), [job(1, 0), onWorker(1, 'one', 40)], at + 50_000);
	const next = startsAfter(first, [job(2, 8 * 86_400), onWorker(2, 'one', 8 * 86_400 + 2)], at + 8 * day + 10_000);
	assert.deepEqual([first.days.size, startsByDay(next).map(({wait}) => wait.p50)], [1, [2]]);
});

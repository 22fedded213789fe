import {render} from 'ink';
import {App} from '../../source/faces/ui/app.tsx';
import {makeController} from '../../source/faces/ui/controller.ts';
import {fitHeap} from '../../source/faces/ui/heap.ts';
import {following} from '../../source/faces/ui/panel/run.ts';
import {panelScreen} from '../../source/faces/ui/panel/screen.ts';
import type {LogEvent} from '../../source/panel/journal/events.ts';
import {noHistory, remember} from '../../source/panel/journal/history.ts';
import type {ScalingGroupsSeen} from '../../source/panel/scaling-groups.ts';
import {good} from '../../source/panel/seen.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import type {StoredMachine} from '../../source/panel/workers.ts';
import type {Instance} from '../../source/steps/looks/account.ts';
import type {RunningJob} from '../../source/world/host/job-list.ts';
import {fleeting, group, idOf, member, scalingHost, worker} from '../executors/docker-autoscaler/panel/seeing.ts';
import {gitlabSees, healthy, host, instance, machine, manager, now, pending, runnerSees} from '../panel/seeing.ts';
import {Keyboard, Screen} from './terminal.ts';

/** Rows in which something changes from one update to the next. */
const changing = 50;
const [executor = 'docker+machine', many = '10000', size = '5000'] = process.argv.slice(2);
const workers = Number(size);
const updates = Number(many);
/** Whether workers are instances of an Auto Scaling group, and not machines in docker-machine's store. */
const isScaled = executor === 'docker-autoscaler';

const numbers = Array.from({length: workers}, (_, at) => at);
const machineName = (at: number): string => `runner-ab12cd-gitlab-runners-${Math.floor(now / 1000) - 600 - at}-${(at + 0x1000_0000).toString(16).slice(-8)}`;
const nameOf = isScaled ? idOf : machineName;
const machines: StoredMachine[] = isScaled ? [] : numbers.map((at) => machine(nameOf(at), {instanceId: `i-${at.toString(16).padStart(8, '0')}`}));
const instances: Instance[] = isScaled ? numbers.map((at) => worker(at, 10 + at)) : machines.map(({name, instanceId}) => instance(instanceId, name));
const members = isScaled ? instances.map((one) => member(one)) : [];
const jobOn = (at: number, job: number, when: number): LogEvent => ({
	is: 'job-on-machine',
	job,
	project: 'acme/api',
	machine: nameOf(at),
	runner: 'ab12cd',
	uses: 1,
	at: when,
});

let history = remember(
	noHistory(now - 3_600_000),
	numbers.map((at) => jobOn(at, 100_000 + at, now - 500_000)),
	now,
);
const ec2 = {manager: manager(), instances, otherManagers: []};
const hosts = isScaled ? scalingHost({}, {limit: workers, maxWorkers: workers}) : host(machines, {}, {limit: workers});
const running = (id: number): RunningJob => ({
	id,
	url: `https://gitlab.com/acme/api/-/jobs/${id}`,
	project: 'acme/api',
	state: 'running',
	stage: 'step_script',
	executorStage: 'docker_run',
	seconds: 500,
});
const listed = numbers.map((at) => running(100_000 + at));
let time = now;
let job = 200_000;

let snapshot: Snapshot = healthy();

/** The manager told: some jobs ended and others began, everything else is told again as it was. */
function managerTells(round: number): Partial<Snapshot> {
	const events = Array.from({length: changing}, (_, index): LogEvent[] => {
		const at = (round * changing + index) % workers;
		job += 1;
		listed[at] = running(job);
		return [
			{is: 'job-ended', job: history.machines.get(nameOf(at))?.job ?? 0, machine: isScaled ? undefined : nameOf(at), ok: true, error: undefined, at: time},
			jobOn(at, job, time),
		];
	}).flat();
	history = remember(history, events, time);
	return {
		host: good(hosts, time),
		runner: good(
			isScaled
				? fleeting({instances: {running: workers}, tasks: {acquired: workers}, jobs: workers, concurrent: workers}, [...listed])
				: runnerSees({used: workers, limit: workers, concurrent: workers, jobs: workers}, [...listed]),
			time,
		),
		journal: good(history, time),
	};
}

/** The group told: an instance more was made of another version of its template, everything else is told again as it was. */
function groupTells(round: number): ScalingGroupsSeen {
	const at = round % workers;
	const before = members[at];
	if (before) members[at] = {...before, isOutdated: !before.isOutdated};
	return {groups: [group([...members], {max: workers})], absent: []};
}

/** What the next source tells: EC2, the manager and GitLab come one after the other, each at its own pace. */
function next(round: number): Snapshot {
	time += 1700;
	const waiting = gitlabSees([pending(1), pending(2), pending(3)]);
	const sources: (() => Partial<Snapshot>)[] = [
		() => ({ec2: good(ec2, time)}),
		...(isScaled ? [() => ({group: good(groupTells(round), time)})] : []),
		() => managerTells(round),
		() => ({gitlab: good(waiting, time)}),
	];
	const told = sources[round % sources.length]?.();
	snapshot = {...snapshot, ...told};
	return snapshot;
}

const stdout = new Screen();
const later = (callback: () => void): (() => void) => {
	callback();
	return () => undefined;
};
const controller = makeController({yes: false, clock: {now: () => time}, onStop: () => undefined, later, handOver: async () => false});
controller.store.set(({screens: [bottom]}) => ({screens: [bottom, panelScreen]}));
const follow = following({store: controller.store, later, now: () => time}, {title: 'gitlab-runners', region: 'us-east-2', every: 5});
fitHeap(controller.store);
const app = render(<App store={controller.store} look={{colour: true, ascii: false}} title="status" now={() => time} press={controller.press} />, {
	// Streams as far as Ink uses them.
	stdout: stdout as unknown as NodeJS.WriteStream,
	stdin: new Keyboard() as unknown as NodeJS.ReadStream,
	exitOnCtrlC: false,
	incrementalRendering: true,
	maxFps: 1000,
	patchConsole: false,
	interactive: true,
});

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

for (let round = 0; round < 3; round++) follow(next(round));
const spent: number[] = [];
const memory: number[] = [];
for (let round = 0; round < updates; round++) {
	const told = next(round);
	const before = process.cpuUsage();
	follow(told);
	await turn();
	const {user, system} = process.cpuUsage(before);
	spent.push((user + system) / 1000);
	if (round % Math.max(1, Math.floor(updates / 20)) === 0) memory.push(process.memoryUsage.rss() / 1_048_576);
}
app.unmount();
// The first fifth is warming up: code is compiled, and the heap finds its size.
const [settled = 0, last = 0] = [median(memory.slice(4, 8)), median(memory.slice(-4))];
console.log(
	`panel, ${workers.toLocaleString('en-US')} workers of ${executor}, ${changing} of them changed in each round, ${updates.toLocaleString('en-US')} updates: ${median(spent).toFixed(1)} ms CPU an update (median; ${(spent.toSorted((one, other) => one - other)[Math.floor(spent.length * 0.95)] ?? 0).toFixed(1)} at the 95th of 100), memory ${settled.toFixed(0)} → ${last.toFixed(0)} MB (${(((last - settled) / settled) * 100).toFixed(1)} %), ${(stdout.bytes / updates / 1000).toFixed(1)} kB drawn an update`,
);

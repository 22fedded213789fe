import assert from 'node:assert/strict';
import type {Happening} from '../../source/engine/events.ts';
import {realPace} from '../../source/simulated/pace.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {problemsIn, setUp} from './fleet.ts';

/** When a step began and was done, in seconds since the setup began, and the steps that it waited for. */
export type Span = {step: string; from: number; to: number; after: readonly string[]};

/** A setup from nothing, as long as it takes in real life. Times are in seconds. */
export type TimedSetup = {
	world: World;
	spans: Span[];
	/** Until the plan was made, and until all was done. */
	planned: number;
	whole: number;
	/** What the worker that is tried takes, from the script's first moment on the manager to its last. */
	trial: number;
};

export type Executor = 'docker+machine' | 'docker-autoscaler';

/** Sets a fleet up in a world that takes as long as the real one, and notes when what happened. It takes no time itself. */
export async function timedSetup(executor: Executor): Promise<TimedSetup> {
	const world = simulatedWorld({pace: realPace, lagMs: 0});
	const begun = world.time.now();
	const seconds = (): number => (world.time.now() - begun) / 1000;
	const spans: Span[] = [];
	const needs = new Map<string, readonly string[]>();
	let planned = 0;
	let trial = 0;
	const heard = (happening: Happening): void => {
		if (happening.event === 'plan.ended') planned = seconds();
		if (happening.event === 'run.started') for (const step of happening.steps) needs.set(step.name, step.needs);
		if (happening.event === 'step.started') spans.push({step: happening.step, from: seconds(), to: Number.NaN, after: needs.get(happening.step) ?? []});
		if (happening.event === 'step.done') for (const span of spans) if (span.step === happening.step) span.to = seconds();
		const [, tried] = (happening.event === 'step.says' && /^proven in (\d+) s/.exec(happening.says)) || [];
		if (tried !== undefined) trial = Number(tried);
	};
	const made = await setUp(world, {flags: {executor}, secrets: {runnerToken: world.outside.token()}, heard});
	assert.deepEqual(problemsIn(made), []);
	return {world, spans, planned, whole: seconds(), trial};
}

/** Something that takes its time and can't begin before what it needs is there. */
type Part = {seconds: number; needs: readonly string[]};

/** What scripts on the manager take besides what the pace says, as the simulated one plays them (source/simulated/host, and the executors' own plays). */
const onManager = {connect: 0.3, install: 1.5, certificates: 1.5, key: 0.4, config: 1.1, service: 1.1, firstRequest: 0.4, look: 1.3};
/** Megabytes to download. */
const sizes = {dockerMachine: 27.3, runner: 122.7};
/** AWS's own slowness: EC2 knows a new profile after ten seconds, and Auto Scaling's role works after a minute. */
const spreading = {profile: 10, scalingRole: 60};
/** Calls in a row, at least, that look at what is there before anything is made. */
const waves = 4;

/** What a setup from nothing consists of, each with what it truly needs. */
function partsOf(executor: Executor, trial: number): Record<string, Part> {
	const call = realPace.call / 1000;
	const launched = (ms: number): Part => ({seconds: ms / 1000, needs: ['launch']});
	const download = (megabytes: number): number => (megabytes * 1_000_000) / realPace.bytesPerSecond;
	const common: Record<string, Part> = {
		plan: {seconds: waves * call, needs: []},
		record: {seconds: call, needs: ['plan']},
		groups: {seconds: call, needs: ['record']},
		'key pair': {seconds: call, needs: ['record']},
		launch: {seconds: call, needs: ['groups', 'key pair']},
		rules: {seconds: call, needs: ['groups']},
		role: {seconds: 3 * call, needs: ['record']},
		'profile known': {seconds: spreading.profile, needs: ['role']},
		running: launched(realPace.runs),
		SSH: launched(realPace.boots),
		'first boot': launched(realPace.initialises),
		console: launched(realPace.console),
		profile: {seconds: call, needs: ['running', 'profile known']},
		connection: {seconds: onManager.connect, needs: ['SSH', 'rules']},
		'host key': {seconds: call, needs: ['console', 'connection']},
		runner: {seconds: onManager.config, needs: ['host key', 'gitlab-runner']},
		proof: {seconds: call, needs: ['trial', 'host key']},
		service: {seconds: onManager.service + onManager.firstRequest + onManager.look, needs: ['runner', 'proof']},
	};
	if (executor === 'docker+machine')
		return {
			...common,
			'docker-machine fetched': {seconds: download(sizes.dockerMachine), needs: ['connection']},
			'docker-machine': {seconds: onManager.install + onManager.certificates, needs: ['docker-machine fetched', 'first boot']},
			'gitlab-runner': {seconds: download(sizes.runner) + onManager.install, needs: ['docker-machine fetched', 'first boot']},
			trial: {seconds: trial, needs: ['docker-machine', 'profile', 'rules']},
		};
	return {
		...common,
		'scaling role': {seconds: call, needs: ['record']},
		'scaling role works': {seconds: spreading.scalingRole, needs: ['scaling role']},
		'launch template': {seconds: call, needs: ['groups']},
		'worker key': {seconds: onManager.key + call, needs: ['connection']},
		group: {seconds: 2 * call, needs: ['worker key', 'launch template', 'scaling role']},
		'gitlab-runner': {seconds: download(sizes.runner) + onManager.install, needs: ['connection', 'first boot']},
		trial: {seconds: trial, needs: ['group', 'scaling role works', 'profile', 'rules']},
	};
}

/** The longest chain of parts that need each other, and how long it takes in seconds: no setup can be done sooner. */
export function criticalPath(executor: Executor, {trial}: Pick<TimedSetup, 'trial'>): {path: string[]; seconds: number} {
	const parts = partsOf(executor, trial);
	const until = (name: string): {path: string[]; seconds: number} => {
		const part = parts[name];
		if (!part) throw new Error(`There is no part ${name}.`);
		const last = part.needs.map(until).toSorted((one, other) => other.seconds - one.seconds)[0] ?? {path: [], seconds: 0};
		return {path: [...last.path, name], seconds: last.seconds + part.seconds};
	};
	return until('service');
}

/** How many of these calls wait for each other: one that begins before another has ended doesn't wait for it. Times are in milliseconds. */
export function callsInARow(calls: readonly {at: number; until?: number | undefined}[]): number {
	let waves = 0;
	let ends = Number.NEGATIVE_INFINITY;
	for (const {at, until = at} of calls.toSorted((one, other) => (one.until ?? one.at) - (other.until ?? other.at))) {
		if (at < ends) continue;
		waves += 1;
		ends = until;
	}
	return waves;
}

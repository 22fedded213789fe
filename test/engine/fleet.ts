import assert from 'node:assert/strict';
import {isComplete} from '../../source/answers/all.ts';
import type {Secrets} from '../../source/answers/secrets.ts';
import {type Layers, settle} from '../../source/answers/walk.ts';
import {forRemoval, type OpenContext, openLooking, withAnswers} from '../../source/engine/context.ts';
import type {Happening} from '../../source/engine/events.ts';
import {pausing} from '../../source/engine/pausing.ts';
import {makePlan, type Plan, problemsOf} from '../../source/engine/plan.ts';
import {listStanding, removeAll, type Stands} from '../../source/engine/remove.ts';
import {type RunResult, runPlan} from '../../source/engine/run.ts';
import type {Adapters, Context, Looking, Removal, StepName} from '../../source/engine/step.ts';
import {allSteps, executorOf} from '../../source/executors/list.ts';
import type {AnswerKey, Answers, Fleet, Given, Source} from '../../source/fleet.ts';
import type {Problem} from '../../source/problem.ts';
import type {Ports} from '../../source/simulated/world.ts';
import {identityLook} from '../../source/steps/identity.ts';
import {accountLook} from '../../source/steps/looks/account.ts';
import {recordLook} from '../../source/steps/looks/record.ts';
import {forgiving} from '../../source/world/laptop/disk/forgiving.ts';
import {untoldOnScreens} from '../faces/blocked-screens.ts';

export const region = 'us-east-2';
export const zone = 'us-east-2a';
const account = '123456789012';
export const name = 'gitlab-runners';
/** What a new fleet of these tests makes its workers with, where a wish doesn't say it. */
const executor = 'docker+machine' as const;
export const bucketName = `${name}-cache-${account}-${region}`;

/** What a person at a laptop wants: flags, and secrets that are given with them. */
export type SetupWish = {
	flags?: Given;
	/** What a preset says, where no fleet stands yet. */
	preset?: Given;
	secrets?: Secrets;
	replaceManager?: boolean;
	/** `--drain-timeout`, in seconds. */
	drainSeconds?: number;
	signal?: AbortSignal;
	/** Somebody looks after the run: an expired session pauses it. */
	pauses?: boolean;
	/** Hears of every event as it happens. */
	heard?(happening: Happening): void;
};

/** How one run of `setup` went: nothing is run where the plan is blocked, as on the command line. */
export type SetUp = {plan: Plan; blocked: Problem[]; result: RunResult | undefined; events: Happening[]};

type TakenAway = {before: Stands[]; result: RunResult; left: Stands[]; events: Happening[]};

const fleetOf = ({flags = {}}: SetupWish): Fleet => ({name: flags.fleet ?? name, region: flags.region ?? region});

/** The ports as commands have them: what this laptop can't keep is told as a note. */
const adaptersOf = (ports: Ports, at: string, {drainSeconds, heard}: SetupWish): Adapters => ({
	...ports,
	drainSeconds,
	cloud: ports.cloudAt(at),
	disk: forgiving(ports.disk, (said) => heard?.({event: 'note', about: 'laptop', ...said})).disk,
});

const openAt = (ports: Ports, wish: SetupWish): OpenContext<Looking> => {
	const fleet = fleetOf(wish);
	return openLooking(adaptersOf(ports, fleet.region, wish), {fleet, secrets: {...wish.secrets}, signal: wish.signal ?? new AbortController().signal});
};

/** Answers as every command settles them: flags, then the record of a fleet that stands, then defaults. */
async function answersOf(ports: Ports, wish: SetupWish, looking: Looking): Promise<{answers: Answers; sources: Partial<Record<AnswerKey, Source>>}> {
	const fleet = fleetOf(wish);
	// Looked at ahead, side by side with the record; whoever needs them meets their problems.
	for (const look of [identityLook, accountLook]) void looking.look<unknown>(look).catch(() => undefined);
	const record = (await looking.look(recordLook))?.answers;
	const others: Layers = record ? {record} : {preset: {executor, ...wish.preset}};
	const {given, sources, wrong} = await settle({flag: {...wish.flags, fleet: fleet.name, region: fleet.region}, ...others}, (so) => ({
		cloud: looking.cloud,
		cloudAt: looking.cloudAt,
		given: so,
		now: ports.clock.now,
		profiles: async () => [],
		timeZone: () => 'Europe/Berlin',
		profileRegion: async () => fleet.region,
	}));
	if (!isComplete(given) || wrong.length > 0) throw new Error(`These answers can't be taken: ${wrong.map(({key, says}) => `${key}: ${says}`).join(' ')}`);
	return {answers: given, sources};
}

async function within<Result>(ports: Ports, wish: SetupWish, work: (context: OpenContext<Context>) => Promise<Result>): Promise<Result> {
	const looking = openAt(ports, wish);
	try {
		return await work(withAnswers(looking, await answersOf(ports, wish, looking)));
	} finally {
		await looking.close().catch(() => undefined);
	}
}

/** What `plan` shows: a manager to be replaced is a change like any other. */
export const planOf = (ports: Ports, wish: SetupWish = {}): Promise<Plan> =>
	within(ports, wish, (context) =>
		makePlan(executorOf(context.answers).steps, context, wish.heard ?? (() => {}), {replaceManager: wish.replaceManager ?? true}),
	);

/** A plan, and what a test does with it while its context is open. */
export const planned = <Result>(ports: Ports, wish: SetupWish, work: (context: Context, plan: Plan) => Promise<Result>): Promise<Result> =>
	within(ports, wish, async (context) =>
		work(context, await makePlan(executorOf(context.answers).steps, context, () => {}, {replaceManager: wish.replaceManager ?? false})),
	);

/** What `destroy` works with, while its context is open. */
export async function removing<Result>(ports: Ports, wish: SetupWish, work: (removal: Removal) => Promise<Result>): Promise<Result> {
	const removal = forRemoval(openAt(ports, wish), {withCache: false, drainSeconds: 1800}, wish.flags);
	try {
		return await work(removal);
	} finally {
		await removal.close().catch(() => undefined);
	}
}

/** One run of `setup`: plan, and where nothing blocks and something isn't so, the run. */
export function setUp(ports: Ports, wish: SetupWish = {}): Promise<SetUp> {
	return within(ports, wish, async (context) => {
		const events: Happening[] = [];
		const emit = (happening: Happening) => {
			events.push(happening);
			wish.heard?.(happening);
		};
		const allowed = {replaceManager: wish.replaceManager ?? false};
		const {steps} = executorOf(context.answers);
		const plan = await makePlan(steps, context, emit, allowed);
		const blocked = problemsOf(plan);
		// Whatever is in the way is told whole on every screen, at every size.
		if ([...plan.values()].some(({is}) => is === 'blocked')) assert.deepEqual(untoldOnScreens(events), []);
		const isReady = [...plan.values()].every(({is}) => is === 'ready');
		const running = wish.pauses ? pausing(context, {emit, signal: new AbortController().signal, onLook: () => {}}) : context;
		const result = blocked.length > 0 || isReady ? undefined : await runPlan(steps, running, plan, emit, allowed);
		return {plan, blocked, result, events};
	});
}

/** One run of `destroy`, and the look at what is left. */
export async function takeAway(ports: Ports, wish: SetupWish & {withCache?: boolean; drainSeconds?: number; hurry?: AbortSignal} = {}): Promise<TakenAway> {
	const {withCache = false, drainSeconds = 1800} = wish;
	const events: Happening[] = [];
	const emit = (happening: Happening) => {
		events.push(happening);
		wish.heard?.(happening);
	};
	const removal = Object.assign(forRemoval(openAt(ports, wish), {withCache, drainSeconds}, wish.flags), {hurry: wish.hurry});
	const after = forRemoval(openAt(ports, {...wish, signal: new AbortController().signal}), {withCache, drainSeconds});
	try {
		const before = await listStanding(allSteps, removal, emit, 'before');
		const result = await removeAll(allSteps, removal, emit);
		return {before, result, left: await listStanding(allSteps, after, emit, 'after'), events};
	} finally {
		await removal.close().catch(() => undefined);
		await after.close().catch(() => undefined);
	}
}

/** What isn't so, by step, in a word. */
export const unlike = (plan: Plan): Partial<Record<StepName, string>> =>
	Object.fromEntries([...plan].filter(([, {is}]) => is !== 'ready').map(([step, {is}]) => [step, is]));

/** The changes that a plan would make, as `step what how`. */
export const changesIn = (plan: Plan): string[] =>
	[...plan].flatMap(([step, finding]) => (finding.is === 'different' ? finding.changes.map(({what, how}) => `${step}: ${what}, ${how}`) : []));

/** The problems of a run as `code: message`, for reading where a test fails. */
export const problemsIn = ({blocked, result}: Pick<SetUp, 'blocked' | 'result'>): string[] =>
	[...blocked, ...(result?.problems ?? [])].map(({code, message}) => `${code}: ${message}`);

/** Codes of what went wrong. */
export const codesIn = ({blocked, result}: Pick<SetUp, 'blocked' | 'result'>): string[] => [...blocked, ...(result?.problems ?? [])].map(({code}) => code);

/** Steps that a run has changed something of. */
export const appliedIn = (events: readonly Happening[]): string[] => events.flatMap((event) => (event.event === 'step.started' ? [event.step] : []));

/** All that the steps have said. */
export const saidIn = (events: readonly Happening[]): string[] =>
	events.flatMap((event) => (event.event === 'step.says' || event.event === 'note' || event.event === 'step.done' ? [event.says] : []));

/** Sets a fleet up and gives the id of its manager; throws where that doesn't end well. */
export async function standingFleet(ports: Ports, wish: SetupWish): Promise<string> {
	const made = await setUp(ports, wish);
	const problems = problemsIn(made);
	const manager = (await planOf(ports, wish)).get('manager');
	if (problems.length > 0 || !manager || !('resource' in manager) || !('imageId' in manager.resource))
		throw new Error(problems.join('\n') || 'There is no manager.');
	return manager.resource.id;
}

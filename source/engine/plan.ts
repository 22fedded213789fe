import pLimit from 'p-limit';
import type {AnswerKey, Answers, Source} from '../fleet.ts';
import {isProblem, Problem, Stopped, toProblem} from '../problem.ts';
import type {Cloud, Input, OperationName, Output} from '../world/cloud/port.ts';
import {authorityFor} from '../world/gitlab/authority.ts';
import {type OpenContext, withAnswers} from './context.ts';
import type {Happening} from './events.ts';
import type {AnyFinding, AnyStep, Context, Found, Look, Looking, StepName} from './step.ts';

/** What each check found, by step; a step that the answers don't want is absent. */
export type Plan = ReadonlyMap<StepName, AnyFinding>;

export type Emit = (happening: Happening) => void;

/** What may be done without asking again. */
export type Allowed = {
	/** A standing manager is replaced only when agreed to by name. */
	replaceManager: boolean;
	/** The steps that may be changed: what they need is looked at, all else is left alone. Absent: all may. */
	only?: readonly StepName[];
	/** What a finding that is blocked by a problem of this code is instead: words for "not yet known", where nothing is done yet. */
	notYet?: Readonly<Record<string, string>>;
};

/** Whether a step may be changed. */
export const mayChange = ({only}: Allowed, {name}: AnyStep): boolean => only?.includes(name) ?? true;

/** Codes of problems that every call meets alike: whose credentials, and whether AWS is there at all. */
export const aboutCredentials: readonly string[] = ['no-credentials', 'wrong-credentials', 'session-expired', 'no-answer'];

/** The steps that these answers want, in the order of the list. */
export const wanted = (steps: readonly AnyStep[], context: Context): AnyStep[] => steps.filter((step) => step.when?.(context.answers) ?? true);

/** Those of the steps that may be changed, and what they need, at any distance. */
function lookedAt(steps: readonly AnyStep[], {only}: Allowed): AnyStep[] {
	const names = new Set(only ?? steps.map(({name}) => name));
	// What is added while it's gone over is gone over too.
	for (const name of names) for (const need of steps.find((step) => step.name === name)?.needs ?? []) names.add(need);
	return steps.filter(({name}) => names.has(name));
}

/** What the steps have found, as far as they have. */
export function foundIn(plan: Plan): Partial<Found> {
	const found: Partial<Record<StepName, Found[StepName]>> = {};
	for (const [name, finding] of plan) {
		if ('resource' in finding) found[name] = finding.resource;
	}
	// Each step's finding holds that step's own resource, which a map of all findings can't say.
	return found as Partial<Found>;
}

/** Runs one check; whatever it throws becomes a blocked finding, except that the person stopped. */
export async function look(step: AnyStep, context: Context, found: Partial<Found>): Promise<AnyFinding> {
	try {
		return await step.check(context, found);
	} catch (error) {
		if (error instanceof Stopped) throw error;
		return {is: 'blocked', problem: toProblem(error)};
	}
}

/**
 * A replacement that nobody agreed to is blocked: `--yes` alone never replaces a manager. The record only says what was decided; whether
 * something stands that would be replaced, and what, is found by the step that it belongs to.
 */
export function guarded({name}: AnyStep, finding: AnyFinding, allowed: Allowed): AnyFinding {
	if (finding.is !== 'different' || allowed.replaceManager || name === 'record') return finding;
	const replaced = finding.changes.filter((change) => change.how === 'replace');
	if (replaced.length === 0) return finding;
	const list = replaced.map(({what, from, to}) => `${what} from ${from} to ${to}`).join(', ');
	return {
		is: 'blocked',
		problem: new Problem({
			code: 'replace-not-agreed',
			message: `Changing ${list} needs another manager in place of the one that runs.`,
			advice: 'Add `--replace-manager`: a new manager comes up beside this one, and running jobs end first.',
		}),
	};
}

/** A sentence for each sort of finding. */
export function says(finding: AnyFinding): string {
	if (finding.is === 'waiting') return finding.says ?? `after ${finding.for.join(', ')}`;
	if (finding.is === 'blocked') return finding.problem.message;
	return finding.says;
}

/** A problem as an event carries it. */
export function dataOf(error: unknown) {
	const {advice, code, fault, message} = toProblem(error);
	return {code, message, ...(advice === undefined ? {} : {advice}), fault};
}

/** A finding as an event. */
export function foundEvent(step: StepName, finding: AnyFinding): Happening {
	return {
		event: 'step.found',
		step,
		is: finding.is,
		says: says(finding),
		...(finding.notes?.length ? {notes: finding.notes} : {}),
		...(finding.is === 'different' ? {changes: finding.changes} : {}),
		...(finding.is === 'waiting' ? {for: finding.for} : {}),
		...(finding.is === 'blocked' ? {problem: dataOf(finding.problem)} : {}),
		...(finding.is === 'blocked' && finding.fix ? {fix: finding.fix.says, mends: finding.fix.answers} : {}),
	};
}

/** A finding that is blocked only because nobody has got to it yet isn't known yet. */
function softened(finding: AnyFinding, {notYet = {}}: Allowed): AnyFinding {
	const words = finding.is === 'blocked' ? notYet[finding.problem.code] : undefined;
	return words === undefined ? finding : {is: 'waiting', for: [], says: words};
}

/** Runs the checks of all that may be changed and of what that needs, each as soon as what it needs is ready, side by side. A check below something that isn't so is waiting. */
export async function makePlan(steps: readonly AnyStep[], context: Context, emit: Emit, allowed: Allowed): Promise<Plan> {
	const asked = lookedAt(wanted(steps, context), allowed);
	emit({event: 'plan.started', steps: asked.map(({name, title, leftover}) => ({name, title, ...(leftover ? {leftover} : {})}))});
	const findings = new Map<StepName, AnyFinding>();
	const ending = new Map<StepName, Promise<AnyFinding>>();
	const start = (step: AnyStep): Promise<AnyFinding> => {
		const known = ending.get(step.name);
		if (known) return known;
		const work = (async () => {
			const above = asked.filter((other) => step.needs.includes(other.name));
			const unmet = (await Promise.all(above.map(async (other) => ({name: other.name, is: (await start(other)).is})))).filter(({is}) => is !== 'ready');
			if (unmet.length === 0) emit({event: 'step.looking', step: step.name});
			const waiting: AnyFinding = {is: 'waiting', for: unmet.map(({name}) => name)};
			const seen = unmet.length > 0 ? ((await barred(step)) ?? waiting) : guarded(step, await look(step, context, foundIn(findings)), allowed);
			const finding = softened(await belowIdentity(step, seen), allowed);
			findings.set(step.name, finding);
			emit(foundEvent(step.name, finding));
			return finding;
		})();
		ending.set(step.name, work);
		return work;
	};
	/** What goes wrong with this look, the check tells. */
	const barred = async (step: AnyStep): Promise<AnyFinding | undefined> => step.barred?.(context).catch(() => undefined);
	/** Credentials that don't work are one problem, told once: by the step that is about them. */
	const belowIdentity = async (step: AnyStep, finding: AnyFinding): Promise<AnyFinding> => {
		const identity = asked.find(({name}) => name === 'identity');
		if (!identity || step === identity || finding.is !== 'blocked' || !isProblem(finding.problem, ...aboutCredentials)) return finding;
		return (await start(identity)).is === 'blocked' ? {is: 'waiting', for: ['identity']} : finding;
	};
	for (const step of asked) step.ahead?.(context).catch(() => undefined);
	const ended = await Promise.allSettled(asked.map(start));
	const stopped = ended.find((one) => one.status === 'rejected');
	if (stopped?.status === 'rejected') throw stopped.reason;
	emit({event: 'plan.ended', ...countsOf(new Map(asked.flatMap((step) => telling(step, findings.get(step.name)))))});
	return findings;
}

/** A finding as a row for a person: none where nothing is left of what the step takes away. */
function telling({leftover, name}: AnyStep, finding: AnyFinding | undefined): [StepName, AnyFinding][] {
	return finding === undefined || (leftover && (finding.is === 'ready' || finding.is === 'waiting')) ? [] : [[name, finding]];
}

/** How many findings there are of each sort. */
function countsOf(plan: Plan): Record<AnyFinding['is'], number> {
	const counts = {ready: 0, missing: 0, different: 0, extra: 0, waiting: 0, blocked: 0};
	for (const finding of plan.values()) counts[finding.is]++;
	return counts;
}

/** Exit code of `plan`: 1 when anything is blocked, else 3 when anything is missing, different or extra, else 0. */
export function planExit(plan: Plan): 0 | 1 | 3 {
	const counts = countsOf(plan);
	if (counts.blocked > 0) return 1;
	return counts.missing + counts.different + counts.extra > 0 ? 3 : 0;
}

/** The problems of a plan, as its steps met them; what several steps met alike is there once. */
export function problemsOf(plan: Plan): Problem[] {
	const problems = [...plan.values()].flatMap((finding) => (finding.is === 'blocked' ? [finding.problem] : []));
	return [...new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem])).values()];
}

/** Calls under way at most, so that a person's account isn't throttled while they think. */
const together = 4;

/** Lets calls through a few at a time, in the order in which they come. */
export type Turns = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** The turns of one walk: its checks and its choices wait in one line. */
export const turns = (): Turns => pLimit(together);

/** Answers to look at, each with where it came from. */
export type SourcedAnswers = {answers: Answers; sources: Partial<Record<AnswerKey, Source>>};

/** What the checks found for the answers of now, and the context that found it: what a run goes on with. */
export type EndedPlan = SourcedAnswers & {plan: Plan; context: OpenContext<Context>};

/** What a live plan looks with. */
type LivePlanOptions = {
	/** The steps of a fleet of these answers. */
	stepsOf(answers: Answers): readonly AnyStep[];
	/** What can be looked at of the fleet that these answers name: the same one for the same fleet, so that nothing is looked at twice. */
	open(answers: Answers): OpenContext<Looking>;
	allowed: Allowed;
	/** Whose turn it is to call: shared with whatever else is looked up meanwhile. */
	turn?: Turns;
	/** Hears of the newest answers' findings, and of no older ones. */
	emit: Emit;
};

/** The checks beside the questions: the same ones as of every plan, again whenever an answer changes. */
export type LivePlan = {
	/** Looks with these answers. What was looked at before and doesn't depend on what changed isn't asked again; older rounds end. */
	change(looked: SourcedAnswers): void;
	/** Looks again with the same answers: because a secret was given, or, with `forgetting`, because the world may have changed. */
	again(forgetting: boolean): void;
	/** Waits for the newest answers' findings; rejects with `Stopped` when the person stopped. Undefined before any answers came. */
	ended(): Promise<EndedPlan | undefined>;
	/** Ends the round under way; what was opened is its opener's to close. */
	close(): void;
};

type PlanRound = {controller: AbortController; looked: SourcedAnswers; ends: Promise<EndedPlan>};

const same = (one: SourcedAnswers, other: SourcedAnswers): boolean =>
	JSON.stringify([one.answers, one.sources]) === JSON.stringify([other.answers, other.sources]);

/** Makes a live plan. It looks at nothing until answers come. */
export function livePlan(options: LivePlanOptions): LivePlan {
	const limit = options.turn ?? turns();
	let looking: OpenContext<Looking> | undefined;
	let round: PlanRound | undefined;

	function start(looked: SourcedAnswers): void {
		round?.controller.abort();
		const controller = new AbortController();
		looking = options.open(looked.answers);
		const ends = lookAll(options, looking, looked, controller.signal, limit);
		// Whoever waits for this round meets what it ends with; a round that was overtaken has nobody.
		ends.catch(() => undefined);
		round = {controller, looked, ends};
	}

	return {
		change(looked) {
			if (round && same(round.looked, looked)) return;
			start(looked);
		},
		again(forgetting) {
			if (!round) return;
			if (forgetting) looking?.forget();
			start(round.looked);
		},
		async ended() {
			for (;;) {
				const now = round;
				if (!now) return undefined;
				try {
					return await now.ends;
				} catch (error) {
					if (round === now) throw error;
				}
				if (round === now) return undefined;
			}
		},
		close() {
			round?.controller.abort();
		},
	};
}

/** One round: a plan whose calls wait for their turn, and aren't started once a newer round came. */
async function lookAll(
	{stepsOf, allowed, emit}: LivePlanOptions,
	looking: OpenContext<Looking>,
	looked: SourcedAnswers,
	signal: AbortSignal,
	limit: Turns,
): Promise<EndedPlan> {
	const {answers, sources} = looked;
	const tell = (happening: Happening): void => {
		if (!signal.aborted) emit(happening);
	};
	const gitlabCa = await authorityFor(looking.disk, answers.gitlabCa, sources.gitlabCa);
	const plan = await makePlan(stepsOf(answers), contextOf(looking, looked, gitlabCa, bounded(limit, signal), signal), tell, allowed);
	if (signal.aborted) throw new Stopped();
	return {plan, answers, sources, context: withAnswers(looking, {answers, sources, gitlabCa})};
}

/** A cloud whose calls wait for their turn. */
export const inTurns = (inner: Cloud, turn: Turns): Cloud => ({
	...inner,
	call: <Name extends OperationName>(name: Name, input: Input<Name>): Promise<Output<Name>> => turn(() => inner.call(name, input)),
});

/** A call that waits for its turn among the others; it isn't made for a round that is over. */
const bounded =
	(limit: Turns, signal: AbortSignal) =>
	<Result>(work: () => Promise<Result>): Promise<Result> =>
		limit(() => (signal.aborted ? Promise.reject(new Stopped()) : work()));

/** The context of one round: shares looks and connections with the others of its fleet. */
function contextOf(base: OpenContext<Looking>, {answers, sources}: SourcedAnswers, ca: string | undefined, turn: Turns, signal: AbortSignal): Context {
	const gitlabOf: Context['gitlabAt'] = (...at) => {
		const gitlab = base.gitlabAt(...at);
		return {...gitlab, verify: (...asked) => turn(() => gitlab.verify(...asked))};
	};
	const context: Context = {
		...base,
		answers,
		sources,
		cloud: inTurns(base.cloud, turn),
		cloudAt: (region) => inTurns(base.cloudAt(region), turn),
		address: {mine: (ending) => turn(() => base.address.mine(ending))},
		gitlabAt: gitlabOf,
		gitlab: gitlabOf(answers.gitlabUrl, ca, sources.gitlabUrl),
		signal: AbortSignal.any([base.signal, signal]),
		look: (look) => lookIn(base, context, look),
	};
	return context;
}

/** A look that rounds share. One that ended with the round that began it is begun again by the round that goes on. */
async function lookIn<Result>(base: Looking, context: Context, look: Look<Result>): Promise<Result> {
	const mine: Look<Result> = {name: look.name, load: () => look.load(context)};
	for (;;) {
		try {
			return await base.look(mine);
		} catch (error) {
			if (!(error instanceof Stopped) || context.signal.aborted) throw error;
		}
	}
}

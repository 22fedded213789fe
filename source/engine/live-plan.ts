import pLimit from 'p-limit';
import type {AnswerKey, Answers, Source} from '../fleet.ts';
import {Stopped} from '../problem.ts';
import type {Cloud, Input, OperationName, Output} from '../world/cloud/port.ts';
import {authorityFor} from '../world/gitlab/authority.ts';
import type {WholeGitlab} from '../world/gitlab/port.ts';
import {type OpenContext, withAnswers} from './context.ts';
import type {Happening} from './events.ts';
import {type Allowed, type Emit, makePlan, type Plan} from './plan.ts';
import type {AnyStep, Context, Look, Looking} from './step.ts';

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
	const isOver = (): boolean => signal.aborted;
	const tell = (happening: Happening): void => {
		if (!isOver()) emit(happening);
	};
	const gitlabCa = await authorityFor(looking.disk, answers.gitlabCa, sources.gitlabCa);
	const plan = await makePlan(stepsOf(answers), contextOf(looking, looked, gitlabCa, bounded(limit, signal), signal), tell, allowed);
	if (isOver()) throw new Stopped();
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
	const cloudOf = (inner: Cloud): Cloud => inTurns(inner, turn);
	const gitlabOf: Context['gitlabAt'] = (...at) => inTurn(base.gitlabAt(...at), turn);
	const context: Context = {
		...base,
		answers,
		sources,
		cloud: cloudOf(base.cloud),
		cloudAt: (region) => cloudOf(base.cloudAt(region)),
		address: {mine: (ending) => turn(() => base.address.mine(ending))},
		gitlabAt: gitlabOf,
		gitlab: gitlabOf(answers.gitlabUrl, ca, sources.gitlabUrl),
		signal: AbortSignal.any([base.signal, signal]),
		look: (look) => lookIn(base, context, look),
	};
	return context;
}

/** GitLab, asked in turn with everybody else. */
function inTurn(gitlab: WholeGitlab, turn: Turns): WholeGitlab {
	return {...gitlab, verify: (...asked) => turn(() => gitlab.verify(...asked))};
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

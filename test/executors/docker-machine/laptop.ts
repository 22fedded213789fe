import type {Secrets} from '../../../source/answers/secrets.ts';
import {forRemoval, openLooking, withAnswers} from '../../../source/engine/context.ts';
import type {Happening} from '../../../source/engine/events.ts';
import {makePlan, type Plan} from '../../../source/engine/plan.ts';
import {removeAll} from '../../../source/engine/remove.ts';
import {runPlan} from '../../../source/engine/run.ts';
import type {Adapters, Context, StepName} from '../../../source/engine/step.ts';
import {executorOf} from '../../../source/executors/list.ts';
import type {Answers} from '../../../source/fleet.ts';

/** What is wanted of one command: answers, secrets, and for a second laptop on the peers its HOME. */
export type CommandWish = {answers: Answers; secrets?: Secrets; home?: string; replaceManager?: boolean};

/** Commands as one laptop gives them, over the ports that it has. */
export function laptopOver(adapters: (wish: CommandWish) => Adapters) {
	const happened: Happening[] = [];
	const emit = (happening: Happening) => void happened.push(happening);
	const open = (wish: CommandWish) => {
		const {fleet: name, region} = wish.answers;
		return openLooking(adapters(wish), {fleet: {name, region}, secrets: wish.secrets ?? {}, signal: new AbortController().signal});
	};

	async function within<Result>(wish: CommandWish, work: (context: Context) => Promise<Result>): Promise<Result> {
		const context = withAnswers(open(wish), {answers: wish.answers});
		try {
			return await work(context);
		} finally {
			await context.close();
		}
	}

	return {
		happened,
		/** What steps said, in the order in which they did. */
		sayings: (): string[] => happened.flatMap((one) => (one.event === 'step.says' ? [one.says] : [])),
		within,
		plan: (wish: CommandWish): Promise<Plan> =>
			within(wish, (context) => makePlan(executorOf(wish.answers).steps, context, emit, {replaceManager: wish.replaceManager ?? false})),
		setup(wish: CommandWish) {
			const allowed = {replaceManager: wish.replaceManager ?? false};
			const {steps} = executorOf(wish.answers);
			return within(wish, async (context) => runPlan(steps, context, await makePlan(steps, context, emit, allowed), emit, allowed));
		},
		async destroy(wish: CommandWish, drainSeconds = 20) {
			const removal = forRemoval(open(wish), {withCache: true, drainSeconds});
			try {
				return await removeAll(executorOf(wish.answers).steps, removal, emit);
			} finally {
				await removal.close();
			}
		},
	};
}

/** The steps that aren't so, and how. */
export const unlike = (plan: Plan): Partial<Record<StepName, string>> =>
	Object.fromEntries([...plan].filter(([, {is}]) => is !== 'ready').map(([name, {is}]) => [name, is]));

/** The problems of a run, as a person reads them. */
export const problems = (result: {problems: {code: string; message: string}[]}): string[] => result.problems.map(({code, message}) => `${code}: ${message}`);

/** What a step would change, and how. */
export function changesOf(plan: Plan, step: StepName): string[] {
	const finding = plan.get(step);
	return finding?.is === 'different' ? finding.changes.map(({what, how}) => `${what} ${how}`) : [finding?.is ?? 'absent'];
}

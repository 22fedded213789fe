import {realAddress} from '../../source/address/real.ts';
import {realClock} from '../../source/clock.ts';
import {realCloud} from '../../source/cloud/real.ts';
import {foldersOf, realDisk} from '../../source/disk/real.ts';
import {forRemoval, openLooking, withAnswers} from '../../source/engine/context.ts';
import type {Happening} from '../../source/engine/events.ts';
import {makePlan, type Plan} from '../../source/engine/plan.ts';
import {removeAll} from '../../source/engine/remove.ts';
import {runPlan} from '../../source/engine/run.ts';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import type {Answers} from '../../source/fleet.ts';
import {realGitlab} from '../../source/gitlab/real.ts';
import {realHost} from '../../source/host/real.ts';
import type {Context, Secrets, StepName} from '../../source/step.ts';
import type {PeerWorld} from '../peers/world.ts';

const {steps} = dockerMachine;

/** What is wanted of one command: answers, secrets and the laptop's HOME. */
export type Wish = {answers: Answers; secrets?: Secrets; home?: string};

/** Commands over the real ports against a world of peers, as one laptop gives them. */
export function peersLaptop(world: PeerWorld) {
	const {env} = world;
	const cloud = realCloud({env, clock: realClock, random: Math.random});
	const open = ({answers, secrets = {}, home}: Wish) => {
		const {fleet: name, region} = answers;
		const adapters = {
			cloud: cloud.at(region),
			cloudAt: cloud.at,
			host: realHost(),
			gitlabAt: realGitlab({env}),
			address: realAddress({url: env['GITLAB_RUNNER_AWS_ADDRESS_URL'], env}),
			disk: realDisk(foldersOf({}, home ?? env['HOME'] ?? '')),
			clock: realClock,
			random: Math.random,
			who: 'alice@laptop',
		};
		return openLooking(adapters, {fleet: {name, region}, secrets, signal: new AbortController().signal});
	};
	const happened: Happening[] = [];
	const emit = (happening: Happening) => void happened.push(happening);

	async function withContext<Result>(wish: Wish, work: (context: Context) => Promise<Result>): Promise<Result> {
		const context = withAnswers(open(wish), {answers: wish.answers});
		try {
			return await work(context);
		} finally {
			await context.close();
		}
	}

	return {
		happened,
		cloudAt: cloud.at,
		plan: (wish: Wish) => withContext(wish, (context) => makePlan(steps, context, emit, {replaceManager: false})),
		setup: (wish: Wish) =>
			withContext(wish, async (context) => runPlan(steps, context, await makePlan(steps, context, emit, {replaceManager: false}), emit, {replaceManager: false})),
		async destroy(wish: Wish) {
			const removal = forRemoval(open(wish), {withCache: true, drainSeconds: 20});
			try {
				return await removeAll(steps, removal, emit);
			} finally {
				await removal.close();
			}
		},
		close: () => cloud.close(),
	};
}

/** The steps that aren't so, and how. */
export const unlike = (plan: Plan): Partial<Record<StepName, string>> => Object.fromEntries([...plan].filter(([, {is}]) => is !== 'so').map(([name, {is}]) => [name, is]));

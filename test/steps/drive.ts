import type {Secrets} from '../../source/answers/secrets.ts';
import {forRemoval, openLooking, withAnswers} from '../../source/engine/context.ts';
import type {Happening} from '../../source/engine/events.ts';
import {makePlan, type Plan, says} from '../../source/engine/plan.ts';
import {listStanding, removeAll} from '../../source/engine/remove.ts';
import {runPlan} from '../../source/engine/run.ts';
import type {Adapters, AnyStep, Context, StepName} from '../../source/engine/step.ts';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import type {Answers} from '../../source/fleet.ts';
import type {Ports} from '../../source/simulated/world.ts';
import {simulatedWorld, type World, type WorldOptions} from '../../source/simulated/world.ts';
import {someAnswers} from '../executors/docker-machine/some-answers.ts';

/** The steps that only need AWS: all those before the manager is reached. */
export const awsSteps: readonly AnyStep[] = dockerMachine.steps.slice(
	0,
	dockerMachine.steps.findIndex(({name}) => name === 'connection'),
);

export const region = 'us-east-2';
export const account = '123456789012';
export const bucketName = `gitlab-runners-cache-${account}-${region}`;

/** One person at one laptop, with the fleet that they mean. */
export type Driver = {
	/** What the steps are given. */
	context(): Context;
	plan(...only: StepName[]): Promise<Plan>;
	/** Plans, applies what isn't so, and gives the plan that a new look makes of it. */
	setUp(...only: StepName[]): Promise<{plan: Plan; events: Happening[]; failed: string[]}>;
	destroy(options?: {withCache?: boolean}): Promise<{events: Happening[]; failed: string[]; left: string[]}>;
};

const adaptersOf = (ports: Ports, at: string): Adapters => ({...ports, cloud: ports.cloudAt(at)});

/** Drives steps, by default those that only need AWS, through the real engine on the simulated world. */
export function drive(ports: Ports, over: Partial<Answers> = {}, secrets: Secrets = {}, steps: readonly AnyStep[] = awsSteps): Driver {
	const answers = someAnswers(over);
	const fleet = {name: answers.fleet, region: answers.region};
	const adapters = adaptersOf(ports, answers.region);
	const signal = new AbortController().signal;
	const chosen = (only: StepName[]) => (only.length === 0 ? steps : steps.filter(({name}) => only.includes(name)));
	const quiet = () => {};
	const context = () => withAnswers(openLooking(adapters, {fleet, secrets, signal}), {answers});
	const plan = (...only: StepName[]) => makePlan(chosen(only), context(), quiet, {replaceManager: true});
	return {
		context,
		plan,
		async setUp(...only) {
			const events: Happening[] = [];
			const asked = chosen(only);
			const open = context();
			const first = await makePlan(asked, open, quiet, {replaceManager: true});
			const {failed, problems} = await runPlan(asked, open, first, (event) => events.push(event), {replaceManager: true});
			return {events, failed: failed.map((name, index) => `${name}: ${problems[index]?.message}`), plan: await plan(...only)};
		},
		async destroy({withCache = false} = {}) {
			const events: Happening[] = [];
			const removal = () => forRemoval(openLooking(adapters, {fleet, secrets, signal}), {withCache, drainSeconds: 0});
			const {failed, problems} = await removeAll(steps, removal(), (event) => events.push(event));
			const left = await listStanding(steps, removal(), quiet, 'after');
			return {events, failed: failed.map((name, index) => `${name}: ${problems[index]?.message}`), left: left.map(({id, says: what}) => `${id}: ${what}`)};
		},
	};
}

/** A world whose account is used to spot instances, so that tests of other things needn't make the role. */
export const world = (options: WorldOptions = {}): World => simulatedWorld(options);

/** The changing calls that laptops made since a moment of the world, by name. */
export const changesSince = (at: World, index: number): string[] =>
	at.calls
		.slice(index)
		.filter(({changing}) => changing)
		.map(({name}) => name);

/** What each step found, in a word. */
export const found = (plan: Plan): Record<string, string> => Object.fromEntries([...plan].map(([name, finding]) => [name, finding.is]));

/** The sentence of one step's finding. */
export function sentence(plan: Plan, name: StepName): string {
	const finding = plan.get(name);
	return finding ? says(finding) : 'not asked';
}

/** The problem that blocks one step, and the answers that would mend it; a step that isn't blocked has an empty code. */
export function problem(plan: Plan, name: StepName) {
	const finding = plan.get(name);
	if (finding?.is !== 'blocked') return {code: '', message: `${name} is ${finding?.is}`, advice: '', fix: undefined};
	const {code, message, advice = ''} = finding.problem;
	return {code, message, advice, fix: finding.fix?.answers};
}

/** The changes that one step found. */
export function differences(plan: Plan, name: StepName) {
	const finding = plan.get(name);
	return finding?.is === 'different' ? finding.changes : [];
}

/** The notes of one step, as sentences. */
export const notes = (plan: Plan, name: StepName): string[] => (plan.get(name)?.notes ?? []).map((note) => note.says);

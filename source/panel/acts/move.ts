import type {OpenContext} from '../../engine/context.ts';
import type {Happening} from '../../engine/events.ts';
import {makePlan, type Plan, problemsOf} from '../../engine/plan.ts';
import {runPlan} from '../../engine/run.ts';
import type {AnyStep, Context} from '../../engine/step.ts';
import {flagOf, zoneIn} from '../../executors/docker-machine/machine-options.ts';
import {executorOf} from '../../executors/list.ts';
import type {Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {recordLook} from '../../steps/looks/record.ts';
import {connectTo} from '../../steps/reaching.ts';
import {takes} from '../formats.ts';
import {type ActContext, runningManager, within} from './act-context.ts';
import type {MoveTarget, Prepared} from './driver.ts';
import {loadsOn, seenInMetrics} from './writing.ts';

/** The answers that a move means: another zone is a subnet of the workers' own, in MachineOptions that override ours. */
function answersFor(to: MoveTarget, standing: Given): Given {
	const ours = ['amazonec2-subnet-id', 'amazonec2-zone'];
	const kept = (standing.machineOptions ?? []).filter((option) => !ours.includes(flagOf(option)));
	return {
		...(to.type === undefined ? {} : {workerType: to.type}),
		...(to.spot === undefined ? {} : {spot: to.spot}),
		...(to.subnet === undefined || to.zone === undefined
			? {}
			: {machineOptions: [...kept, `amazonec2-subnet-id=${to.subnet}`, `amazonec2-zone=${zoneIn(to.zone, kept)}`]}),
	};
}

/** What a plan changes, in lines; a step that only follows is left to its title. */
function changesIn(steps: readonly AnyStep[], plan: Plan): string[] {
	return steps.flatMap(({name, title}) => {
		const finding = plan.get(name);
		if (finding?.is === 'different') return finding.changes.map(({what, from, to}) => `${title}: ${what} ${from} → ${to}`);
		if (finding?.is === 'missing') return [`${title}: ${finding.says}`];
		return finding?.is === 'extra' ? [`${title}: ${finding.says}, goes`] : [];
	});
}

/** A move may change the record, the quota's look, what is proven and the runner's file; anything else is another command's. */
const mayChange: readonly string[] = ['record', 'spot-role', 'instance-profile', 'test-machine', 'runner', 'service', 'earlier-rights'];

function refuseOthers(steps: readonly AnyStep[], plan: Plan): void {
	const others = steps.filter(({name}) => !mayChange.includes(name) && ['missing', 'different', 'extra'].includes(plan.get(name)?.is ?? 'so'));
	if (others.length === 0) return;
	throw new Problem({
		code: 'more-to-change',
		message: `The fleet isn't as its answers say in other places, too: ${others.map(({title}) => title.toLowerCase()).join(', ')}.`,
		advice: 'Press `r` to repair it first.',
	});
}

const silent = (): void => undefined;

/** Readies another zone, type or market for new workers: planned by the same steps as a setup, and proven by a test machine. */
export async function prepareMove(actContext: ActContext, to: MoveTarget, label: string): Promise<Prepared> {
	const record = await within(actContext.open(), (context) => context.look(recordLook));
	const answers = answersFor(to, record?.answers ?? {});
	const details = await within(await actContext.answered(answers), async (context) => {
		const {steps} = executorOf(context.answers);
		const plan = await makePlan(steps, context, silent, {replaceManager: false});
		const [problem] = problemsOf(plan);
		if (problem) throw problem;
		refuseOthers(steps, plan);
		return changesIn(steps, plan);
	});
	if (details.length === 0) throw new Problem({code: 'nothing-to-change', message: 'New workers are made so already.'});
	return {
		proposal: {
			says: `New workers: ${label}. Those that run stay as they are until they go.`,
			details: [
				...details,
				'',
				'A test machine is made so first, runs a container and goes; only then config.toml is written, and the runner loads it by itself.',
				`The record gets a version with it, by ${actContext.who}. \`u\` brings the earlier config.toml back.`,
			],
		},
		carryOut: async (tell) => within(await actContext.answered(answers), (context) => moveNow(context, label, tell)),
	};
}

async function moveNow(context: OpenContext<Context>, label: string, tell: (says: string) => void): Promise<string> {
	const {steps} = executorOf(context.answers);
	const titles = new Map<string, string>(steps.map(({name, title}) => [name, title.toLowerCase()]));
	let proven: number | undefined;
	const hear = (happening: Happening): void => {
		if (happening.event === 'step.says') tell(`${titles.get(happening.step)}: ${happening.says}`);
		if (happening.event === 'step.stage') tell(`${titles.get(happening.step)}: ${happening.stage}`);
		if (happening.event === 'step.done' && happening.step === 'test-machine') proven = happening.seconds;
	};
	const allowed = {replaceManager: false};
	const plan = await makePlan(steps, context, silent, allowed);
	refuseOthers(steps, plan);
	const connection = await connectTo(context, await runningManager(context));
	const loads = await loadsOn(connection);
	const {problems} = await runPlan(steps, context, plan, hear, allowed);
	if (problems[0]) throw problems[0];
	tell('waiting for the runner to load config.toml');
	const isLoaded = await seenInMetrics(context, connection, ({configLoads}) => configLoads !== loads);
	const came = proven === undefined ? '' : ` A machine made so came up and ran a container, ${takes(proven)}.`;
	const loaded = isLoaded ? 'The runner has loaded it.' : "The runner's metrics haven't said within a minute that it's loaded: look at the log with 3.";
	return `New workers: ${label}.${came} ${loaded} u undoes it.`;
}

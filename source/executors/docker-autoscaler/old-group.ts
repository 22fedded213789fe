import type {Context, Finding, Found, Removal, Report, Step} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import {many} from '../../panel/formats.ts';
import {Problem} from '../../problem.ts';
import {entryOf} from '../../steps/config/standing.ts';
import {changedMeanwhile, checkLeft, clearTables, goneOverNotes, leftWords, quietSeconds, untilQuiet} from '../../steps/gone-over.ts';
import {spreading} from '../../steps/late.ts';
import {accountActions, accountLook, type Instance} from '../../steps/looks/account.ts';
import {currentManager, forgetHost, lookAtHost} from '../../steps/looks/host.ts';
import {metricsRead} from '../../steps/online.ts';
import {connectToChange, reachingActions} from '../../steps/reaching.ts';
import {bearsMark, tagsOf} from '../../steps/tags.ts';
import {readPrometheus} from '../../world/host/prometheus.ts';
import type {RunnerWatched} from '../../world/host/scripts/gone-over.ts';
import {isTable, parseConfig, type Table, tablesAt, textAt} from '../../world/host/toml.ts';
import type {HostFacts} from '../scripts.ts';
import {scalingConfig} from './config.ts';
import {groupStep} from './group.ts';
import {launchTemplateStep} from './launch-template.ts';
import {scalingActions, scalingLook} from './looks.ts';
import {removePluginScript, watchGroupScript} from './scripts/old-group.ts';
import {testWorkerStep} from './test-worker.ts';
import {workerKeyStep} from './worker-key.ts';

/** What of docker-autoscaler remains on the manager. */
type GroupOnManager = {
	/** Its tables and flags in our entry of config.toml. */
	tables: string[];
	workerKey: boolean;
	/** Another runner of the same config.toml has the plugin too, so it stays. */
	others: boolean;
	/** Our entry has its jobs on the group's workers still. */
	isUsed: boolean;
	/** Jobs on them, as far as the runner counts them. */
	busy: number;
};

const config = scalingConfig();
const flag = 'FF_USE_FLEETING_ACQUIRE_HEARTBEATS';
const usesGroup = (runner: Table): boolean => textAt(runner, 'executor') === config.executor;

function entriesIn({answers, fleet}: Context, text: string) {
	const document = parseConfig(text, 'config.toml on the manager');
	const runners = tablesAt(document, 'runners');
	return {document, runners, ours: entryOf(runners, {config, fleet, runnerName: answers.runnerName})};
}

function busyIn({metrics}: HostFacts): number {
	if (metrics === undefined) return 0;
	const tasks = readPrometheus(metrics, metricsRead).by('fleeting_taskscaler_tasks', 'state');
	return (tasks.acquired ?? 0) + (tasks.pending ?? 0) + (tasks.reserved ?? 0);
}

/** What remains on the manager. Throws `config-broken`. */
function leftOnManager(context: Context, facts: HostFacts): GroupOnManager {
	const {ours, runners} = entriesIn(context, facts.config?.text ?? '');
	return {
		tables: ours?.autoscaler === undefined ? [] : ['runners.autoscaler'],
		workerKey: facts.workerKey !== undefined,
		others: runners.some((runner) => runner !== ours && usesGroup(runner)),
		isUsed: ours !== undefined && usesGroup(ours),
		busy: busyIn(facts),
	};
}

/** config.toml without what no runner goes by any more; all else in it stays. */
async function withoutGroup(context: Context, text: string): Promise<string> {
	const {edited} = await import('../../steps/config/merge.ts');
	const {document, ours, runners} = entriesIn(context, text);
	delete ours?.autoscaler;
	const flags = ours?.feature_flags;
	if (ours && isTable(flags)) {
		delete flags[flag];
		if (Object.keys(flags).length === 0) delete ours.feature_flags;
	}
	return edited(text, {...document, runners}).text;
}

/** The workers' key pair in AWS, which is made before all that a group needs and goes after it. */
const hasKeyPair = async (context: Context): Promise<boolean> =>
	(await context.look(accountLook)).keyPairs.some(({name, tags}) => name === names.workerKey(context.fleet) && bearsMark(context.fleet, tags));

/** What remains in the account, in words. A fleet that never had a group isn't asked about one: its key pair, or what is on the manager, tells that it did. */
async function leftInAccount(context: Context, hadGroup: boolean): Promise<string[]> {
	const isPair = await hasKeyPair(context);
	if (!isPair && !hadGroup) return [];
	const {groups, template} = await context.look(scalingLook);
	const ours = groups.filter(({Tags}) => bearsMark(context.fleet, tagsOf(Tags)));
	const workers = ours.reduce((sum, {Instances = []}) => sum + Instances.length, 0);
	return [
		...ours.map(({AutoScalingGroupName}) => AutoScalingGroupName ?? ''),
		...(workers === 0 ? [] : [many(workers, 'worker')]),
		...(template && bearsMark(context.fleet, template.tags) ? ['launch template'] : []),
		...(isPair ? ['key pair of workers'] : []),
	];
}

declare module '../../engine/step.ts' {
	interface Found {
		/** What is left of docker-autoscaler, in words. */
		'old-group': {left: string[]};
	}
}

/** A reload ends no scaler (docs/facts.md, "gitlab-runner: a changed executor"), and a start would make jobs wait for it. */
const pluginStays =
	"The plugin's process ends when gitlab-runner next starts: until then it looks for the group in vain, which its log tells as errors `reconcile`; no job waits for that.";

type OldGroup = Finding<Found['old-group']>;

async function found(context: Context, facts: HostFacts | undefined): Promise<OldGroup> {
	const here = facts && leftOnManager(context, facts);
	const onManager = [...(here?.tables ?? []).map((table) => `[${table}]`), ...(here?.workerKey ? ['the key on the manager'] : [])];
	const left = [...(await leftInAccount(context, onManager.length > 0)), ...onManager];
	if (left.length === 0) return {is: 'ready', resource: {left}, says: 'none'};
	return {is: 'extra', resource: {left}, says: leftWords(left, here?.busy ?? 0), notes: [...goneOverNotes('worker'), {says: pluginStays}]};
}

/** The manager as it is now. Throws where its runner has its jobs on the group's workers after all: somebody goes back. */
async function lookAnew(context: Context, manager: Instance): Promise<{facts: HostFacts; from: string}> {
	forgetHost(context, manager);
	const facts = await lookAtHost(context, manager);
	if (leftOnManager(context, facts).isUsed) throw changedMeanwhile();
	return {facts, from: facts.config?.hash ?? ''};
}

/** Waits until no job runs on a worker of the group. */
async function untilFree(context: Context, manager: Instance, report: Report): Promise<void> {
	let {from} = await lookAnew(context, manager);
	const look = async (): Promise<RunnerWatched & {left: number}> => {
		const connection = await connectToChange(context, manager);
		const looked = await connection.script(watchGroupScript, {from, quietSeconds}, report);
		if (looked.is === 'looked') return {...looked, left: 0};
		({from} = await lookAnew(context, manager));
		return look();
	};
	await untilQuiet(context, 'worker', look, report);
	await lookAnew(context, manager);
}

/** Takes the groups with their idle workers away, then what these were launched with. */
async function clearAccount(context: Context, report: Report): Promise<void> {
	const removal: Removal = {...context, options: {withCache: false, drainSeconds: 0}};
	removal.forget(scalingLook, accountLook);
	for (const {remove} of [testWorkerStep, groupStep, launchTemplateStep, workerKeyStep]) await remove?.(removal, report);
}

async function clearManager(context: Context, manager: Instance, report: Report): Promise<void> {
	const connection = await connectToChange(context, manager);
	const {facts, from} = await lookAnew(context, manager);
	const {others, tables} = leftOnManager(context, facts);
	if (facts.config && tables.length > 0)
		await clearTables(connection, {tables, text: await withoutGroup(context, facts.config.text), from}, notCleared, report);
	const {from: now} = await lookAnew(context, manager);
	report({says: "the plugin and the workers' key going"});
	const removed = await connection.script(removePluginScript, {from: now, plugin: !others}, report).finally(() => forgetHost(context, manager));
	if (removed.is === 'changed-meanwhile') throw changedMeanwhile();
	if (removed.is === 'failed') throw notCleared(removed.detail);
}

const notCleared = (detail: string): Problem =>
	new Problem({
		code: 'docker-autoscaler-stays',
		message: `What docker-autoscaler had on the manager can't be taken off it: ${detail}`,
		advice: 'Look at it with `gitlab-runner-aws ssh`, then run the same command again.',
	});

async function apply(context: Context, _found: unknown, _finding: unknown, report: Report): Promise<void> {
	context.forget(accountLook);
	const manager = await currentManager(context);
	if (manager?.state !== 'running') return clearAccount(context, report);
	await untilFree(context, manager, report);
	await clearAccount(context, report);
	await clearManager(context, manager, report);
	report({says: pluginStays});
}

/** What a fleet has left of docker-autoscaler once its runner has another executor: jobs on the group's workers end on them, then the group goes. */
export const oldGroupStep: Step<'old-group', never, 'runner' | 'service' | 'old-manager'> = {
	name: 'old-group',
	title: 'Old group',
	leftover: true,
	needs: [],
	after: ['runner', 'service', 'old-manager'],
	actions: [
		...new Set([
			...accountActions,
			...reachingActions,
			...scalingActions,
			'autoscaling:DeleteAutoScalingGroup' as const,
			'ec2:DeleteLaunchTemplate' as const,
			'ec2:DeleteKeyPair' as const,
		]),
	],
	settles: spreading,
	check: (context) => checkLeft(context, (facts) => found(context, facts)),
	apply,
	commands: () => ['curl -s http://127.0.0.1:9252/metrics | grep fleeting_taskscaler_tasks'],
};

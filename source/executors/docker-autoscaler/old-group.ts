import type {Context, Finding, Found, Removal, Report, Step} from '../../engine/step.ts';
import {Problem} from '../../problem.ts';
import {changedMeanwhile, checkLeft, clearTables, goneOverNotes, leftWords, quietSeconds, untilQuiet} from '../../steps/gone-over.ts';
import {spreading} from '../../steps/late.ts';
import {accountActions, accountLook, type Instance} from '../../steps/looks/account.ts';
import {currentManager, forgetHost, lookAtHost} from '../../steps/looks/host.ts';
import {connectToChange, reachingActions} from '../../steps/reaching.ts';
import type {RunnerWatched} from '../../world/host/scripts/gone-over.ts';
import type {HostFacts} from '../scripts.ts';
import {groupStep} from './group.ts';
import {leftInAccount, leftOnManager, withoutGroup} from './group-left.ts';
import {launchTemplateStep} from './launch-template.ts';
import {scalingActions, scalingLook} from './looks.ts';
import {removePluginScript} from './scripts/remove-plugin.ts';
import {watchGroupScript} from './scripts/watch-group.ts';
import {testWorkerStep} from './test-worker.ts';
import {workerKeyStep} from './worker-key.ts';

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

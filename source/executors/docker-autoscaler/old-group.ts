import type {Context, Finding, Found, Note, Removal, Report, Step} from '../../engine/step.ts';
import {isProblem, Problem} from '../../problem.ts';
import {changedMeanwhile, quietSeconds, untilQuiet} from '../../steps/gone-over.ts';
import {spreading} from '../../steps/late.ts';
import {accountActions, accountLook, type Instance} from '../../steps/looks/account.ts';
import {currentManager, forgetHost, lookAtHost} from '../../steps/looks/host.ts';
import {connectToChange, onTheWay, reachingActions} from '../../steps/reaching.ts';
import type {RunnerWatched} from '../../world/host/scripts/gone-over.ts';
import {writeConfigScript} from '../../world/host/scripts/write-config.ts';
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

type OldGroup = Finding<Found['old-group']>;

const notes: Note[] = [
	{says: 'Jobs that run end on the workers that they have, and the next ones run on new ones: the runner goes over by one reload of config.toml.'},
	{says: 'Until the last of the old is gone, `gitlab-runner-aws status undo` goes back by one reload.'},
];

async function found(context: Context, facts: HostFacts | undefined): Promise<OldGroup> {
	const here = facts && leftOnManager(context, facts);
	const onManager = [...(here?.tables ?? []).map((table) => `[${table}]`), ...(here?.workerKey ? ['the key on the manager'] : [])];
	const left = [...(await leftInAccount(context, onManager.length > 0)), ...onManager];
	if (left.length === 0) return {is: 'ready', resource: {left}, says: 'none'};
	const busy = here?.busy ?? 0;
	const jobs = busy === 0 ? 'no job runs there' : busy === 1 ? '1 job runs there and ends first' : `${busy} jobs run there and end first`;
	return {is: 'extra', resource: {left}, says: `${left.join(', ')}: ${jobs}`, notes};
}

async function check(context: Context): Promise<OldGroup> {
	const manager = await currentManager(context);
	if (manager?.state !== 'running') return found(context, undefined);
	try {
		return await found(context, await lookAtHost(context, manager));
	} catch (error) {
		if (!isProblem(error, 'host-key-unknown', ...onTheWay)) throw error;
		// Where the account has none, nothing that costs can be there: a fleet that never had any doesn't wait to hear so.
		const inAccount = await found(context, undefined);
		if (inAccount.is === 'ready') return inAccount;
		return {is: 'waiting', for: [isProblem(error, 'host-key-unknown') ? 'host-key' : 'connection']};
	}
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
	if (facts.config && tables.length > 0) {
		report({says: `[${tables.join(', ')}] going out of config.toml`});
		const written = await connection.script(writeConfigScript, {text: withoutGroup(context, facts.config.text), from}, report);
		if (written.is === 'changed-meanwhile') throw changedMeanwhile();
		if (written.is !== 'written') throw notCleared(written.detail);
	}
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
}

/** What a fleet has left of docker-autoscaler once its runner has another executor: jobs on the group's workers end on them, then the group goes. */
export const oldGroupStep: Step<'old-group', never, 'runner' | 'service' | 'old-manager'> = {
	name: 'old-group',
	title: 'Old Auto Scaling group',
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
	check,
	apply,
	commands: () => ['curl -s http://127.0.0.1:9252/metrics | grep fleeting_taskscaler_tasks'],
};

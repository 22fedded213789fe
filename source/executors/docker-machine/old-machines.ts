import type {Context, Finding, Found, Looking, Report, Step} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import {Problem, unless} from '../../problem.ts';
import {entryOf} from '../../steps/config/standing.ts';
import {changedMeanwhile, checkLeft, clearTables, goneOverNotes, isQuiet, leftWords, quietSeconds, untilQuiet} from '../../steps/gone-over.ts';
import {spreading} from '../../steps/late.ts';
import {accountActions, accountLook, type Instance, type KeyPair} from '../../steps/looks/account.ts';
import {currentManager, forgetHost, lookAtHost} from '../../steps/looks/host.ts';
import type {Rule} from '../../steps/looks/rules.ts';
import {metricsRead} from '../../steps/online.ts';
import {connectToChange, reachingActions} from '../../steps/reaching.ts';
import {bearsMark} from '../../steps/tags.ts';
import {readPrometheus} from '../../world/host/prometheus.ts';
import type {RunnerWatched} from '../../world/host/scripts/gone-over.ts';
import {parseConfig, type Table, tablesAt, textAt} from '../../world/host/toml.ts';
import type {HostFacts} from '../scripts.ts';
import {machineConfig} from './config.ts';
import {counted} from './machine-counts.ts';
import {type RetireMachinesOutcome, removeDockerMachineScript, retireMachinesScript} from './scripts/old-machines.ts';
import {isOfFleet} from './unmanaged-machines.ts';
import {deleteKeyPairs, machinesOf, terminate, unusedKeyPairs} from './workers.ts';

/** The port of the Docker daemon that docker-machine sets up with TLS. */
const dockerPort = 2376;

/** What of docker-machine remains in the account. */
type MachinesInAccount = {
	/** Its instances, whether a store knows them or not. */
	instances: Instance[];
	keyPairs: KeyPair[];
	/** Our rules that let the manager on to a worker's Docker daemon. */
	rules: {groupId: string; rule: Rule}[];
};

/** What of it remains on the manager. */
type MachinesOnManager = {
	/** Machines of this fleet in docker-machine's store. */
	machines: string[];
	/** Of them those that run a job or are on their way to one; undefined where a runner that works doesn't tell. */
	busy: number | undefined;
	/** Its tables in config.toml. */
	tables: string[];
	/** The program, its certificates, its store and the file of its workers' user data. */
	program: boolean;
	/** Our entry has its jobs on machines still. */
	isUsed: boolean;
};

/** What remains in the account, by the one sweep that all checks share. */
async function leftInAccount(context: Looking): Promise<MachinesInAccount> {
	const {fleet} = context;
	const account = await context.look(accountLook);
	const group = account.groups.find(({name, tags}) => name === names.workersGroup(fleet) && bearsMark(fleet, tags));
	const rules = (group?.inbound ?? []).filter(({fromPort, tags, toPort}) => fromPort === dockerPort && toPort === dockerPort && bearsMark(fleet, tags));
	return {
		instances: machinesOf(fleet, account),
		keyPairs: unusedKeyPairs(context, account),
		rules: rules.map((rule) => ({groupId: group?.id ?? '', rule})),
	};
}

const config = machineConfig();
const usesMachines = (runner: Table): boolean => textAt(runner, 'executor') === config.executor;

/** config.toml as far as docker-machine is in it: our entry, whether another one's jobs run on machines, and tables that say nothing any more. */
type TablesLeft = {document: Table; runners: Table[]; ours: Table | undefined; others: boolean; tables: string[]};

/** Throws `config-broken`. */
function tablesLeft({answers, fleet}: Context, text: string): TablesLeft {
	const document = parseConfig(text, 'config.toml on the manager');
	const runners = tablesAt(document, 'runners');
	const ours = entryOf(runners, {config, fleet, runnerName: answers.runnerName});
	const others = runners.some((runner) => runner !== ours && usesMachines(runner));
	const tables = [...(ours?.machine === undefined ? [] : ['runners.machine']), ...(others || document.machine === undefined ? [] : ['machine'])];
	return {document, runners, ours, others, tables};
}

/** What remains on the manager. Throws `config-broken`. */
function leftOnManager(context: Context, facts: HostFacts): MachinesOnManager {
	const {others, ours, tables} = tablesLeft(context, facts.config?.text ?? '');
	return {
		machines: facts.machines.map(({name}) => name).filter((name) => isOfFleet(name, context.fleet, ours)),
		busy: busyIn(facts),
		tables,
		program: !others && facts.userData !== undefined,
		isUsed: ours !== undefined && usesMachines(ours),
	};
}

/** config.toml without the tables that say nothing any more; all else in it stays. */
async function withoutMachines(context: Context, text: string): Promise<string> {
	const {edited} = await import('../../steps/config/merge.ts');
	const {document, ours, runners, tables} = tablesLeft(context, text);
	if (ours && tables.includes('runners.machine')) delete ours.machine;
	if (tables.includes('machine')) delete document.machine;
	return edited(text, {...document, runners}).text;
}

/** Machines that the runner uses, by its own count; none where it doesn't run. */
function busyIn({metrics, service}: HostFacts): number | undefined {
	if (metrics === undefined) return service.active === 'active' || service.active === 'deactivating' ? undefined : 0;
	const {states} = counted(readPrometheus(metrics, metricsRead));
	return states === undefined ? 0 : states.used + states.acquired + states.creating;
}

declare module '../../engine/step.ts' {
	interface Found {
		/** What is left of docker-machine, in words. */
		'old-machines': {left: string[]};
	}
}

type OldMachines = Finding<Found['old-machines']>;
const none: OldMachines = {is: 'ready', resource: {left: []}, says: 'none'};

const some = (count: number, one: string, more: string): string[] => (count === 0 ? [] : [count === 1 ? `1 ${one}` : `${count} ${more}`]);

/** What remains, in words, the first of it with how many jobs it has. */
async function leftNow(context: Context, facts: HostFacts | undefined): Promise<{left: string[]; busy: number}> {
	const {instances, keyPairs, rules} = await leftInAccount(context);
	const here = facts && leftOnManager(context, facts);
	const machines = Math.max(instances.length, here?.machines.length ?? 0);
	const left = [
		...some(machines, 'machine', 'machines'),
		...some(keyPairs.length, 'key pair', 'key pairs'),
		...(rules.length === 0 ? [] : [`port ${dockerPort} of the workers`]),
		...(here?.tables ?? []).map((table) => `[${table}]`),
		...(here?.program ? ['docker-machine itself'] : []),
	];
	return {left, busy: machines === 0 ? 0 : (here?.busy ?? 0)};
}

async function found(context: Context, facts: HostFacts | undefined): Promise<OldMachines> {
	const {busy, left} = await leftNow(context, facts);
	return left.length === 0 ? none : {is: 'extra', resource: {left}, says: leftWords(left, busy), notes: goneOverNotes('machine')};
}

/** The manager as it is now. Throws where its runner has its jobs on machines after all: somebody goes back. */
async function lookAnew(context: Context, manager: Instance): Promise<{facts: HostFacts; from: string; machines: string[]}> {
	forgetHost(context, manager);
	const facts = await lookAtHost(context, manager);
	const {isUsed, machines} = leftOnManager(context, facts);
	if (isUsed) throw changedMeanwhile();
	return {facts, from: facts.config?.hash ?? '', machines};
}

type Looked = Extract<RetireMachinesOutcome, {is: 'looked'}>;

/** A machine that docker-machine can't end is a problem once no job runs on any. */
const unended = ({stay: [first]}: Looked): Problem | undefined =>
	first &&
	new Problem({
		code: 'machine-stays',
		fault: 'outside',
		again: true,
		message: `docker-machine didn't remove ${first.name}: ${first.detail}`,
		advice: 'Run the same command again.',
	});

/** Waits until no job runs on an old machine, and takes each away as soon as it has none. */
async function retire(context: Context, manager: Instance, report: Report): Promise<void> {
	let {from, machines} = await lookAnew(context, manager);
	const look = async (): Promise<RunnerWatched & {left: number}> => {
		const connection = await connectToChange(context, manager);
		const looked = await connection.script(retireMachinesScript, {from, names: machines, quietSeconds}, report);
		if (looked.is === 'changed-meanwhile') {
			({from, machines} = await lookAnew(context, manager));
			return look();
		}
		const stays = isQuiet(looked) ? unended(looked) : undefined;
		if (stays) throw stays;
		return {...looked, left: looked.left.length};
	};
	await untilQuiet(context, 'machine', look, report);
}

/** Takes away what only docker-machine used in the account: what was there by then, since somebody who goes back may have others made. */
async function clearAccount(context: Context, report: Report): Promise<void> {
	context.forget(accountLook);
	const {instances, keyPairs, rules} = await leftInAccount(context);
	await terminate(context, instances);
	await deleteKeyPairs(context, keyPairs, report);
	for (const {groupId, rule} of rules) {
		await unless(
			context.cloud.call('RevokeSecurityGroupIngress', {GroupId: groupId, SecurityGroupRuleIds: [rule.id]}),
			'InvalidPermission.NotFound',
			'InvalidSecurityGroupRuleId.NotFound',
		);
		report({says: `port ${dockerPort} of the workers closed`});
	}
	context.forget(accountLook);
}

/** Takes its tables out of config.toml, then the program off the manager: until then the way back is one reload. */
async function clearManager(context: Context, manager: Instance, report: Report): Promise<void> {
	const connection = await connectToChange(context, manager);
	const {facts, from} = await lookAnew(context, manager);
	const {program, tables} = leftOnManager(context, facts);
	if (facts.config && tables.length > 0)
		await clearTables(connection, {tables, text: await withoutMachines(context, facts.config.text), from}, notCleared, report);
	if (!program) return forgetHost(context, manager);
	const {from: now} = await lookAnew(context, manager);
	report({says: 'docker-machine going'});
	const removed = await connection.script(removeDockerMachineScript, {from: now}, report).finally(() => forgetHost(context, manager));
	if (removed.is === 'changed-meanwhile') throw changedMeanwhile();
	if (removed.is === 'machines-stay') throw notCleared(`its store still has ${removed.names.join(', ')}`);
	if (removed.is === 'failed') throw notCleared(removed.detail);
}

const notCleared = (detail: string): Problem =>
	new Problem({
		code: 'docker-machine-stays',
		message: `docker-machine can't be taken off the manager: ${detail}`,
		advice: 'Look at it with `gitlab-runner-aws ssh`, then run the same command again.',
	});

async function apply(context: Context, _found: unknown, _finding: unknown, report: Report): Promise<void> {
	context.forget(accountLook);
	const manager = await currentManager(context);
	if (manager?.state !== 'running') return clearAccount(context, report);
	await retire(context, manager, report);
	await lookAnew(context, manager);
	await clearAccount(context, report);
	await clearManager(context, manager, report);
}

/**
 * What a fleet has left of docker-machine once its runner has another executor. Jobs on old machines end on them, and until the last of it is gone the way
 * back is one reload: its tables stand in config.toml, where no runner goes by them.
 */
export const oldMachinesStep: Step<'old-machines', never, 'runner' | 'service' | 'old-manager'> = {
	name: 'old-machines',
	title: 'Old machines',
	leftover: true,
	needs: [],
	after: ['runner', 'service', 'old-manager'],
	actions: [...accountActions, ...reachingActions, 'ec2:TerminateInstances', 'ec2:DeleteKeyPair', 'ec2:RevokeSecurityGroupIngress'],
	settles: spreading,
	check: (context) => checkLeft(context, (facts) => found(context, facts)),
	apply,
	commands: () => ['sudo -i docker-machine ls', 'curl -s http://127.0.0.1:9252/metrics | grep machine_states'],
};

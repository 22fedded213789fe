import type {Context, Looking} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import {entryOf} from '../../steps/config/standing.ts';
import {accountLook, type Instance, type KeyPair} from '../../steps/looks/account.ts';
import type {Rule} from '../../steps/looks/rules.ts';
import {metricsRead} from '../../steps/online.ts';
import {bearsMark} from '../../steps/tags.ts';
import {readPrometheus} from '../../world/host/prometheus.ts';
import {parseConfig, type Table, tablesAt, textAt} from '../../world/host/toml.ts';
import type {HostFacts} from '../scripts.ts';
import {machineConfig} from './config.ts';
import {counted} from './machine-counts.ts';
import {isOfFleet} from './unmanaged-machines.ts';
import {machinesOf, unusedKeyPairs} from './workers.ts';

/** The port of the Docker daemon that docker-machine sets up with TLS. */
export const dockerPort = 2376;

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
export async function leftInAccount(context: Looking): Promise<MachinesInAccount> {
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
export function leftOnManager(context: Context, facts: HostFacts): MachinesOnManager {
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
export async function withoutMachines(context: Context, text: string): Promise<string> {
	const {edited} = await import('../../steps/config/edit.ts');
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

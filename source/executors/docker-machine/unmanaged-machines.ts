import type {Change, Context} from '../../engine/step.ts';
import {type Fleet, isWorkerName} from '../../fleet.ts';
import {namedBy} from '../../steps/config/facts.ts';
import {standingRunner} from '../../steps/config/standing.ts';
import {accountLook, lives} from '../../steps/looks/account.ts';
import {hourlyUsd} from '../../steps/prices.ts';
import type {Stranded} from '../../steps/worker-making.ts';
import {isNamedBy, type Namer} from '../../world/host/machine-name.ts';
import {parseConfig, type Table, tablesAt, textAt} from '../../world/host/toml.ts';
import type {HostFacts} from '../scripts.ts';
import {machineConfig, machineNameIn} from './config.ts';
import {ownPrefixes, unmanagedBy} from './machine-names.ts';

const config = machineConfig();

/** What stands in the names of an entry's machines. */
const namerOf = (runner: Table): Namer => ({...namedBy(runner), ...machineNameIn(runner)});

/** What the names of an entry's machines begin with: by that alone the runner knows them as its own. */
const prefixesOf = (runner: Table): string[] => ownPrefixes(namerOf(runner));

/**
 * Machines of this fleet in docker-machine's store that no `[[runners]]` entry of a text counts as its own, at a time in milliseconds since 1970. `ours`
 * is our entry as it stands, whose machines may bear another MachineName than the fleet's.
 */
export function unmanaged(names: readonly string[], text: string, {fleet, now, ours}: {fleet: Fleet; now: number; ours: Table | undefined}): string[] {
	const isUnmanaged = unmanagedBy(tablesAt(parseConfig(text, 'config.toml on the manager'), 'runners').map(namerOf));
	return names.filter((name) => isOfFleet(name, fleet, ours) && isUnmanaged(name, now));
}

/** Whether a machine is the fleet's: by its name, or by the token of our entry, whose machines may bear another MachineName. */
export function isOfFleet(name: string, fleet: Fleet, ours: Table | undefined): boolean {
	const {partitioned = '', shortToken: short = ''}: Partial<Namer> = ours ? namerOf(ours) : {};
	return isWorkerName(fleet, name) || [short, partitioned].some((part) => isNamedBy(part, name));
}

/** Machines of this fleet that no entry's names begin like once the file is as wanted. */
function unmanagedThen(facts: HostFacts, text: string, context: Context): string[] {
	const ours = facts.config && standingRunner(facts.config.text, {...context, config});
	return unmanaged(
		facts.machines.map(({name}) => name),
		text,
		{fleet: context.fleet, now: context.clock.now(), ours},
	);
}

/** Whether the runner would no longer know the machines that it makes now: they bear its token and its MachineName in their names. */
function renames(facts: HostFacts, text: string, context: Context): boolean {
	const [before, after] = [facts.config && standingRunner(facts.config.text, {...context, config}), standingRunner(text, {...context, config})];
	const known = after ? prefixesOf(after) : [];
	return before !== undefined && textAt(before, 'executor') === config.executor && prefixesOf(before).some((prefix) => !known.includes(prefix));
}

/** What has to go before the file is written: machines that no runner manages then, and new ones that the runner may be making under its old name. */
export function stranded(context: Context, facts: HostFacts, text: string, isRefused: boolean): Stranded {
	const left = unmanagedThen(facts, text, context);
	return {left, drains: left.length > 0 || (!isRefused && facts.service.active === 'active' && renames(facts, text, context))};
}

/** Machines that go, with what they cost as long as they stay. */
export async function going(context: Context, {machines}: HostFacts, left: readonly string[]): Promise<Change[]> {
	if (left.length === 0) return [];
	const {instances} = await context.look(accountLook);
	const ids = new Set(machines.filter(({name}) => left.includes(name)).map(({instanceId}) => instanceId));
	const paid = instances.filter((instance) => ids.has(instance.id) && lives(instance));
	const usd = paid.length === 0 ? undefined : await hourlyUsd(context, paid);
	const cost = usd === undefined ? '' : `, and ${paid.length === 1 ? 'it costs' : 'they cost'} about $${usd.toFixed(3)} an hour`;
	return [
		{what: 'machines', from: `${left.join(', ')}: no runner of config.toml manages ${left.length === 1 ? 'it' : 'them'}${cost}`, to: 'removed', how: 'drain'},
	];
}

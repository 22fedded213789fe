import type {HostFacts} from '../../host/scripts/facts.ts';
import type {Change, Context} from '../../step.ts';
import {accountLook, lives} from '../../steps/looks/account.ts';
import {hourlyUsd} from '../../steps/prices.ts';
import {standingRunner} from './config-toml.ts';
import {prefixesOf, unmanaged} from './machine-names.ts';

/** Machines of this fleet that no entry's names begin like once the file is as wanted. */
function unmanagedThen(facts: HostFacts, text: string, context: Context): string[] {
	const ours = facts.config && standingRunner(facts.config.text, context);
	return unmanaged(
		facts.machines.map(({name}) => name),
		text,
		context.fleet,
		ours,
	);
}

/** Whether the runner would no longer know the machines that it makes now: they bear its token and its MachineName in their names. */
function renames(facts: HostFacts, text: string, context: Context): boolean {
	const [before, after] = [facts.config && standingRunner(facts.config.text, context), standingRunner(text, context)];
	const known = after ? prefixesOf(after) : [];
	return before !== undefined && prefixesOf(before).some((prefix) => !known.includes(prefix));
}

/** What has to go before the file is written: machines that no runner manages then, and new ones that the runner may be making under its old name. */
export function toDrain(facts: HostFacts, text: string, context: Context, isRefused: boolean): {left: string[]; drains: boolean} {
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

import type {Found, Looking, Removal, Report, Standing, Step} from '../../engine/step.ts';
import {type Fleet, isWorkerName, names} from '../../fleet.ts';
import {money} from '../../panel/formats.ts';
import {Problem, unless} from '../../problem.ts';
import {pauseAfter} from '../../steps/launch.ts';
import {type Account, accountLook, type Instance, type KeyPair, lives, workersOf} from '../../steps/looks/account.ts';
import {hourlyUsd} from '../../steps/prices.ts';
import {until} from '../../world/laptop/clock.ts';

declare module '../../engine/step.ts' {
	interface Found {
		/** Removal only. */
		workers: {count: number};
	}
}

/** EC2 takes this many ids in one call. */
const most = 100;
/** Terminating takes a minute or two; a manager that wasn't reached may launch another one meanwhile. */
const waits = {tries: 63, pause: pauseAfter};

/** Key pairs that this fleet's runner made and no live instance uses: docker-machine never tags them, so the name's form tells. */
export function unusedKeyPairs({fleet}: Pick<Looking, 'fleet'>, {instances, keyPairs}: Account): KeyPair[] {
	const used = new Set(instances.filter(lives).map(({keyName}) => keyName));
	return keyPairs.filter(({name}) => isWorkerName(fleet, name) && !used.has(name));
}

const batches = <Thing>(things: readonly Thing[]): Thing[][] =>
	Array.from({length: Math.ceil(things.length / most)}, (_, index) => things.slice(index * most, (index + 1) * most));

async function lookAgain(context: Looking): Promise<Account> {
	context.forget(accountLook);
	return context.look(accountLook);
}

/** Ends these, whose one-time spot requests close with them. */
export async function terminate({cloud}: Looking, workers: readonly Instance[]): Promise<void> {
	for (const batch of batches(workers)) await unless(cloud.call('TerminateInstances', {InstanceIds: batch.map(({id}) => id)}), 'InvalidInstanceID.NotFound');
}

const going = ({state}: Instance): boolean => state === 'shutting-down';

/** Instances that docker-machine launched: one that an Auto Scaling group has launched bears that group's name, and goes with it. */
export const machinesOf = (fleet: Fleet, account: Account): Instance[] =>
	workersOf(fleet, account).filter(({tags}) => tags['aws:autoscaling:groupName'] === undefined);

/** Terminates all machines, whose one-time spot requests close with them, and waits until none is left, looking again for any that came meanwhile. */
async function removeMachines(removal: Removal, report: Report): Promise<void> {
	const {fleet} = removal;
	const seen = new Set<string>();
	const leftNow = async (): Promise<number> => {
		const account = await lookAgain(removal);
		const workers = machinesOf(fleet, account);
		for (const {id} of workers) seen.add(id);
		if (workers.length > 0) report({says: workers.length === 1 ? '1 going' : `${workers.length} going`});
		await terminate(removal, workers);
		return workers.length + account.instances.filter((instance) => seen.has(instance.id) && going(instance)).length;
	};
	const left = await until(removal, waits, leftNow, (count) => count === 0);
	if (left === 0) return;
	throw new Problem({
		code: 'workers-stay',
		fault: 'outside',
		message: `${left} workers of ${names.workersGroup(fleet)} haven't gone after 5 minutes.`,
		advice: 'Run the same command again.',
	});
}

async function remove(removal: Removal, report: Report): Promise<void> {
	await removeMachines(removal, report);
	await deleteKeyPairs(removal, unusedKeyPairs(removal, await lookAgain(removal)), report);
}

/** Deletes key pairs that machines have left behind. */
export async function deleteKeyPairs(removal: Looking, pairs: readonly KeyPair[], report: Report): Promise<void> {
	const {cloud} = removal;
	for (const {name} of pairs) await unless(cloud.call('DeleteKeyPair', {KeyName: name}), 'InvalidKeyPair.NotFound');
	if (pairs.length > 0) report({says: `${pairs.length === 1 ? '1 key pair' : `${pairs.length} key pairs`} of theirs deleted`});
	removal.forget(accountLook);
}

/** Machines that bear the name of this fleet's workers and neither its mark nor its group: whose they are isn't sure, so they stay. */
async function unmarked(removal: Removal, account: Account): Promise<Standing[]> {
	const ours = new Set(workersOf(removal.fleet, account));
	const others = account.instances.filter((instance) => lives(instance) && isWorkerName(removal.fleet, instance.keyName ?? '') && !ours.has(instance));
	return Promise.all(
		others.map(async (instance) => {
			const usd = await hourlyUsd(removal, [instance]);
			const price = usd === undefined ? 'and costs' : `about ${money(usd)} an hour`;
			return {id: instance.id, says: `worker without our mark, ${instance.type}, ${price}`, goes: false, costs: true};
		}),
	);
}

async function stands(removal: Removal): Promise<Standing[]> {
	const account = await removal.look(accountLook);
	return [
		...(await unmarked(removal, account)),
		...machinesOf(removal.fleet, account).map(({id, state, type}) => ({id, says: `worker, ${type}, ${state}`, goes: true})),
		...unusedKeyPairs(removal, account).map(({name}) => ({id: name, says: "a worker's key pair", goes: true})),
	];
}

/** Workers, for removal only: jobs decide how many there are. */
export const workersStep: Step<'workers', 'security-groups'> = {
	name: 'workers',
	title: 'Workers',
	needs: ['security-groups'],
	when: () => false,
	actions: ['ec2:TerminateInstances', 'ec2:DeleteKeyPair'],
	async check(context) {
		const resource: Found['workers'] = {count: machinesOf(context.fleet, await context.look(accountLook)).length};
		return {is: 'ready', resource, says: `${resource.count} there`};
	},
	stands,
	remove,
};

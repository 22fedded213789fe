import type {Looking} from '../../engine/step.ts';
import {Problem} from '../../problem.ts';
import {instanceTypesLook} from '../../steps/looks/catalog.ts';
import {networkLook} from '../../steps/looks/network.ts';
import {quotaCodeOf, quotaLook} from '../../steps/looks/quota.ts';
import {marketWords, neededOf, othersWords, type Room, roomNote, usedByOthers} from '../../steps/quota-room.ts';
import {counted} from '../../world/printable.ts';
import {many, money, takes} from '../formats.ts';
import {workersMade} from '../live/executors.ts';
import type {Made} from '../makers.ts';
import {usdPerHour} from '../price.ts';
import type {Snapshot} from '../snapshot.ts';
import {type FleetAct, ofNumbers} from './change.ts';

/** How many vCPUs so many workers need, how many the account may run, and how many others leave of them now. */
async function quotaLine(context: Looking, {spot, type}: Made, workers: number, managerType: string): Promise<string> {
	const code = quotaCodeOf(type, spot);
	const [types, quota, others] = await Promise.all([
		context.look(instanceTypesLook(managerType, type)),
		code === undefined ? undefined : context.look(quotaLook(code)),
		code === undefined ? undefined : usedByOthers(context, code),
	]);
	const each = types.get(type)?.vcpus;
	if (each === undefined || !quota || 'unknown' in quota || code === undefined)
		return `Quota      how many vCPUs this account may run ${marketWords(spot)} isn't known; AWS says so when they are too few`;
	const manager = quotaCodeOf(managerType, false) === code ? (types.get(managerType)?.vcpus ?? 0) : 0;
	const room: Room = {code, spot, quota: quota.vcpus, workers, each, manager, others};
	const words = `${neededOf(room)} of ${room.quota} vCPUs ${marketWords(spot)} for ${many(workers, 'worker')} of ${type}`;
	if (neededOf(room) > room.quota) return `Quota    ! ${words}: AWS will refuse those that are too many`;
	const note = roomNote(room);
	return note ? `Quota    ! ${note.says}` : `Quota      ${words}${othersWords(room)}`;
}

async function addressLine(context: Looking, subnet: string | undefined, more: number): Promise<string> {
	const {subnets} = await context.look(networkLook);
	const found = subnets.find(({id}) => id === subnet);
	if (!found) return "Addresses  the workers' subnet isn't known";
	const enough = found.freeAddresses >= more;
	return `Addresses${enough ? '  ' : ' !'}${enough ? '' : ' '}${counted(found.freeAddresses)} free in ${found.id} (${found.zone})${enough ? '' : `, and ${more} more are wanted`}`;
}

function costLine(made: Made, snapshot: Snapshot, from: number, to: number): string {
	const each = usdPerHour(made, snapshot.prices.value);
	if (each === undefined) return "Cost       the price of a worker isn't known";
	const more = to - from;
	return `Cost       a worker about ${money(each)} an hour${to > 1 ? `; all ${counted(to)} at once about ${money(each * to)}` : ''}${more > 0 ? `, ${money(each * more)} more than ${from}` : ''}`;
}

/** The jobs that a new start of the runner waits for. */
function jobsLine({runner}: Snapshot): string[] {
	const jobs = runner.value?.jobs ?? [];
	if (jobs.length === 0) return [];
	const longest = Math.max(...jobs.map(({seconds}) => seconds ?? 0));
	return [
		`Jobs       ${many(jobs.length, 'job runs', 'jobs run')} now${longest > 0 ? `, ${jobs.length === 1 ? 'for' : 'the longest for'} ${takes(longest)} so far` : ''}`,
	];
}

/** What another number of workers means for quota, addresses and costs, and which jobs it waits for. */
const meaning =
	(snapshot: Snapshot, from: number, to: number, managerType: string) =>
	async (context: Looking, startsAnew: boolean): Promise<string[]> => {
		const made = workersMade(snapshot);
		const jobs = startsAnew ? jobsLine(snapshot) : [];
		if (!made) return jobs;
		const looked = await Promise.all([quotaLine(context, made, to, managerType), addressLine(context, made.subnet, Math.max(0, to - from))]);
		return [...looked, costLine(made, snapshot, from, to), ...jobs];
	};

/** Another limit: `concurrent` goes along with it, and keeps what it leaves to other runners. */
export const scale =
	(to: number, snapshot: Snapshot): FleetAct =>
	({answers, record}) => {
		const {concurrent, limit, managerType} = answers;
		const together = Math.max(to, concurrent + to - limit);
		const goesAlong = record.concurrent === undefined && together === to;
		return {
			...ofNumbers(answers),
			answers: {...record, limit: to, ...(goesAlong ? {} : {concurrent: together})},
			says: `The limit goes from ${limit} to ${to} machines, and concurrent from ${concurrent} to ${together} jobs.`,
			details: meaning(snapshot, limit, to, managerType),
			already: `The limit is ${to} already.`,
		};
	};

/** So many machines are kept idle. */
export const keepIdle =
	(to: number, snapshot: Snapshot): FleetAct =>
	({answers, record}) => {
		const {idleCount, limit, managerType} = answers;
		if (to > limit)
			throw new Problem({
				code: 'idle-above-limit',
				message: `The limit is ${limit}, so ${to} machines can't be kept idle.`,
				advice: 'Raise the limit with `+` first.',
			});
		return {
			...ofNumbers(answers),
			answers: {...record, idleCount: to},
			says: `The idle count goes from ${idleCount} to ${to}: ${to === 0 ? 'every first job waits for a machine of its own' : `${to} ${to === 1 ? 'machine is' : 'machines are'} kept ready`}.`,
			details: meaning(snapshot, idleCount, to, managerType),
			already: `The idle count is ${to} already.`,
		};
	};

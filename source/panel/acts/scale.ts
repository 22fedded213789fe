import type {Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {type Numbers, numbersIn, withNumbers} from '../../steps/config/change.ts';
import {instanceTypesLook} from '../../steps/looks/instance-types.ts';
import {networkLook} from '../../steps/looks/network.ts';
import {quotaCodeOf, quotaLook} from '../../steps/looks/quota.ts';
import {recordLook} from '../../steps/looks/record.ts';
import {marketWords, neededOf, othersWords, type Room, roomNote, usedByOthers} from '../../steps/quota-room.ts';
import {connectTo, connectToChange, type Reaching} from '../../steps/reaching.ts';
import {money} from '../formats.ts';
import {workersMade} from '../live/made.ts';
import type {Made} from '../makers.ts';
import {usdPerHour} from '../price.ts';
import type {Snapshot} from '../snapshot.ts';
import {type ActContext, runningManager, whoseEntry, within} from './act-context.ts';
import type {Prepared} from './driver.ts';
import {decided, recordAnswers} from './recording.ts';
import {commentsGoLine, configOn, isInForce, loadsOn, rewrite, seenInMetrics} from './writing.ts';

/** How many vCPUs so many workers need, how many the account may run, and how many others leave of them now. */
async function quotaLine(context: Reaching, {spot, type}: {spot: boolean; type: string}, workers: number, managerType: string): Promise<string> {
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
	const words = `${neededOf(room)} of ${room.quota} vCPUs ${marketWords(spot)} for ${workers} workers of ${type}`;
	if (neededOf(room) > room.quota) return `Quota    ! ${words}: AWS will refuse those that are too many`;
	const note = roomNote(room);
	return note ? `Quota    ! ${note.says}` : `Quota      ${words}${othersWords(room)}`;
}

async function addressLine(context: Reaching, subnet: string | undefined, more: number): Promise<string> {
	const {subnets} = await context.look(networkLook);
	const found = subnets.find(({id}) => id === subnet);
	if (!found) return "Addresses  the workers' subnet isn't known";
	const enough = found.freeAddresses >= more;
	return `Addresses${enough ? '  ' : ' !'}${enough ? '' : ' '}${found.freeAddresses} free in ${found.id} (${found.zone})${enough ? '' : `, and ${more} more are wanted`}`;
}

function costLine(made: Made, snapshot: Snapshot, from: number, to: number): string {
	const each = usdPerHour(made, snapshot.prices.value);
	if (each === undefined) return "Cost       the price of a worker isn't known";
	const more = to - from;
	return `Cost       a worker about ${money(each)} an hour; all ${to} at once about ${money(each * to)}${more > 0 ? `, ${money(each * more)} more than ${from}` : ''}`;
}

/** What an act of numbers does, in words and numbers. */
type WantedNumbers = {numbers: Numbers; answers: Given; says: string; changes: string[]; workers: {from: number; to: number}};

const unlimited = 10_000;

/** `concurrent` goes along with the limit, and keeps what it leaves to other runners. */
function scaled({limit, concurrent}: Required<Numbers>, to: number): WantedNumbers {
	if (limit === to) throw new Problem({code: 'nothing-to-change', message: `The limit is ${to} already.`});
	const together = limit === 0 ? Math.max(concurrent, to) : Math.max(to, concurrent + to - limit);
	const from = limit === 0 ? 'none' : String(limit);
	return {
		numbers: {limit: to, concurrent: together},
		answers: {limit: to, concurrent: together},
		says: `The limit goes from ${from} to ${to} machines, and concurrent from ${concurrent} to ${together} jobs.`,
		changes: [`limit ${from} → ${to}`, ...(concurrent === together ? [] : [`concurrent ${concurrent} → ${together}`])],
		workers: {from: Math.min(limit || unlimited, to), to},
	};
}

function idled({idleCount, limit}: Required<Numbers>, to: number): WantedNumbers {
	if (idleCount === to) throw new Problem({code: 'nothing-to-change', message: `The idle count is ${to} already.`});
	if (limit > 0 && to > limit)
		throw new Problem({
			code: 'idle-above-limit',
			message: `The limit is ${limit}, so ${to} machines can't be kept idle.`,
			advice: 'Raise the limit with `+` first.',
		});
	return {
		numbers: {idleCount: to},
		answers: {idleCount: to},
		says: `The idle count goes from ${idleCount} to ${to}: ${to === 0 ? 'every first job waits for a machine of its own' : `${to} ${to === 1 ? 'machine is' : 'machines are'} kept ready`}.`,
		changes: [`IdleCount ${idleCount} → ${to}`],
		workers: {from: idleCount, to},
	};
}

const wantedBy = (act: {do: 'scale'; limit: number} | {do: 'idle'; count: number}, standing: Required<Numbers>): WantedNumbers =>
	act.do === 'scale' ? scaled(standing, act.limit) : idled(standing, act.count);

/** Readies another limit (with `concurrent`) or another idle count: quota, addresses and costs first; nothing is changed yet. */
export async function prepareNumbers(
	actContext: ActContext,
	act: {do: 'scale'; limit: number} | {do: 'idle'; count: number},
	snapshot: Snapshot,
): Promise<Prepared> {
	const made = workersMade(snapshot);
	const {commentsGo, details, wanted} = await within(actContext.open(), async (context) => {
		const [manager, record] = await Promise.all([runningManager(context), context.look(recordLook)]);
		const connection = await connectTo(context, manager);
		const whose = whoseEntry(record?.answers, actContext.fleet);
		const standing = await configOn(connection);
		const known = wantedBy(act, numbersIn(standing, whose));
		const {from, to} = known.workers;
		const about = made
			? [
					...(await Promise.all([quotaLine(context, made, to, manager.type), addressLine(context, made.subnet, Math.max(0, to - from))])),
					costLine(made, snapshot, from, to),
				]
			: [];
		return {wanted: known, details: about, commentsGo: withNumbers(standing, whose, known.numbers).commentsGo};
	});
	return {
		proposal: {
			says: wanted.says,
			details: [
				`config.toml  ${wanted.changes.join(', ')}`,
				...(commentsGo ? [commentsGoLine] : []),
				...details,
				'',
				'It is written atomically after `gitlab-runner lint`, and the runner loads it by itself; jobs that run go on.',
				`The record gets a version with it, by ${actContext.who}. The one before is kept: \`u\` here, or \`status undo\` on any laptop, brings it back.`,
			],
		},
		carryOut: (tell) => within(actContext.open(), (context) => writeNumbers(actContext, context, act, tell)),
	};
}

async function writeNumbers(
	actContext: ActContext,
	context: Reaching,
	act: {do: 'scale'; limit: number} | {do: 'idle'; count: number},
	tell: (says: string) => void,
): Promise<string> {
	const [manager, record] = await Promise.all([runningManager(context), context.look(recordLook)]);
	const whose = whoseEntry(record?.answers, actContext.fleet);
	const connection = await connectToChange(context, manager);
	const wanted = wantedBy(act, numbersIn(await configOn(connection), whose));
	tell('the record being written');
	await recordAnswers(context, (answers) => decided(answers, wanted.answers));
	tell('config.toml being written');
	const loads = await loadsOn(connection);
	await rewrite(connection, (standing) => withNumbers(standing, whose, wanted.numbers).text);
	const {limit, concurrent} = wanted.numbers;
	const changed = wanted.changes.join(', ');
	tell("waiting for the runner's metrics to say so");
	const isSeen = await seenInMetrics(context, connection, (metrics) =>
		// The idle count itself is in no metric: that the file was loaded is.
		limit === undefined ? metrics.configLoads !== loads : isInForce(metrics, limit, concurrent),
	);
	return isSeen
		? `${changed}: in config.toml, and the runner's metrics say so. u undoes it.`
		: `${changed} is in config.toml, but the runner's metrics haven't said so within a minute: look at the log with 3.`;
}

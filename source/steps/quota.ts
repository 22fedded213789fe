import {flagOf} from '../answers/all.ts';
import {twinsOf} from '../answers/instance-families.ts';
import type {Context, Finding, Fix, Found, Note, Step} from '../engine/step.ts';
import {isOfAnother, typesOf, workerTypesOf} from '../executors/offered.ts';
import type {Answers} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {aws} from './aws-cli.ts';
import {blocked} from './finding.ts';
import {accountActions, accountLook, managersOf} from './looks/account.ts';
import {type InstanceType, instanceTypesLook} from './looks/catalog.ts';
import {networkLook} from './looks/network.ts';
import {type Quota, quotaCodeOf, quotaLook} from './looks/quota.ts';
import {increase, marketWords, neededOf, othersWords, type Room, roomNote, usedByOthers} from './quota-room.ts';

declare module '../engine/step.ts' {
	interface Found {
		quota: {vcpus?: number | undefined};
	}
}

type Blocked = {problem: Problem; fix?: Fix};

/** A type that isn't offered where the fleet lives, with a zone or a type that would do. */
async function notOffered(context: Context, key: 'managerType' | 'workerType', zone: string, types: Map<string, InstanceType>): Promise<Blocked | undefined> {
	const {answers, fleet} = context;
	const type = answers[key];
	const seen = types.get(type);
	if (seen?.zones.includes(zone)) return undefined;
	const other = key === 'managerType' ? answers.workerType : answers.managerType;
	const {subnets} = await context.look(networkLook);
	const zones = (seen?.zones ?? []).filter(
		(one) => subnets.some((subnet) => subnet.inDefaultVpc && subnet.zone === one) && (types.get(other)?.zones.includes(one) ?? false),
	);
	const stands = managersOf(fleet, await context.look(accountLook)).length > 0;
	const [elsewhere] = stands ? [] : zones;
	const twin = await offeredTwin(context, type, zone);
	const where = seen?.zones.length ? `${zone}; it is in ${seen.zones.join(', ')}` : fleet.region;
	const problem = (advice: string) => new Problem({code: 'type-not-offered', message: `AWS doesn't offer ${type} in ${where}.`, advice});
	if (elsewhere)
		return {problem: problem(`Add \`--subnet ${elsewhere}\`, or choose another type.`), fix: {says: `use ${elsewhere} instead`, answers: {subnet: elsewhere}}};
	const flag = flagOf(key);
	if (twin) return {problem: problem(`Add \`${flag} ${twin}\`, or choose another type.`), fix: {says: `use ${twin} instead`, answers: {[key]: twin}}};
	return {problem: problem(`Choose another type with \`${flag}\`.`)};
}

/** A type of the same size, architecture and price class that the zone does offer. */
async function offeredTwin(context: Context, type: string, zone: string): Promise<string | undefined> {
	const twins = twinsOf(type);
	if (twins.length === 0) return undefined;
	const seen = await context.look(instanceTypesLook(...twins));
	return twins.find((twin) => seen.get(twin)?.zones.includes(zone));
}

/** `1 worker of c5.large`, `10 workers of c5.large`. */
const workersOf = (type: string, count: number): string => `${count} ${count === 1 ? 'worker' : 'workers'} of ${type}`;

/** `c5.large`, `c5.large or 2 other types`. */
const typeWords = ([first = '', ...others]: readonly string[]): string =>
	others.length === 0 ? first : `${first} or ${others.length === 1 ? others[0] : `${others.length} other types`}`;

/** What is left when the limit asks for more than a quota, others or none; `isAll` where all workers are of that quota. */
function tooMuch(answers: Answers, room: Room, isAll: boolean): Blocked | undefined {
	const {code, each, manager, quota, spot, workers} = room;
	const needed = neededOf(room);
	if (needed <= quota) return undefined;
	const most = isAll ? Math.floor((quota - manager) / each) : 0;
	const problem = new Problem({
		code: spot ? 'MaxSpotInstanceCountExceeded' : 'VcpuLimitExceeded',
		message: `${workersOf(typeWords(workerTypesOf(answers)), workers)}${manager > 0 ? ' and the manager' : ''} ${workers === 1 && manager === 0 ? 'needs' : 'need'} ${needed} vCPUs, and this account may run ${quota} ${marketWords(spot)} here.`,
		advice: `${most >= 1 ? `Add \`--limit ${most}\`, or ask` : 'Ask'} AWS for more: ${increase(code, needed)}.`,
	});
	return {problem, ...(most >= 1 ? {fix: {says: `lower the limit to ${most}`, answers: {limit: most}}} : {})};
}

const unknown = (what: string): Note => ({says: `How many vCPUs this account may run ${what} isn't known; AWS says so when they are too few.`});

/** A manager that is to be launched, and for which others leave no room now. */
function noRoomForManager(type: string, vcpus: number, quota: Quota | undefined, others: number | undefined): Note[] {
	const code = quotaCodeOf(type, false);
	if (code === undefined || !quota || 'unknown' in quota || others === undefined || others + vcpus <= quota.vcpus) return [];
	const says = `Others use ${others} of ${quota.vcpus} vCPUs on demand now, so the manager's ${type} doesn't fit until some of those end.`;
	return [{says, advice: `Ask AWS for more: ${increase(code, others + vcpus)}.`}];
}

/** Of the workers, those that are bought in one way: with spot, a base and a share of them may be on demand. */
type Market = {spot: boolean; workers: number};

function marketsOf(answers: Answers): Market[] {
	const {limit, onDemandBase, onDemandShare, spot} = answers;
	if (!spot) return [{spot, workers: limit}];
	if (isOfAnother('onDemandShare', answers)) return [{spot, workers: limit}];
	const base = Math.min(limit, onDemandBase);
	const onDemand = base + Math.ceil(((limit - base) * onDemandShare) / 100);
	return [
		{spot: true, workers: limit - onDemand},
		{spot: false, workers: onDemand},
	].filter(({workers}) => workers > 0);
}

/** What one market's workers find of their quota. Workers of several types are taken for the largest, since any of them may come. */
async function marketIn(
	context: Context,
	{spot, workers}: Market,
	types: Map<string, InstanceType>,
): Promise<{quota?: number; says?: string; notes: Note[]; over?: Blocked | undefined}> {
	const {answers} = context;
	const {managerType, workerType} = answers;
	const wanted = workerTypesOf(answers);
	const code = quotaCodeOf(workerType, spot);
	const [quota, others] = await Promise.all([
		code === undefined ? undefined : context.look(quotaLook(code)),
		code === undefined ? undefined : usedByOthers(context, code),
	]);
	if (!quota || 'unknown' in quota || code === undefined) return {notes: [unknown(marketWords(spot))]};
	const vcpusOf = (type: string): number => types.get(type)?.vcpus ?? 0;
	const each = Math.max(...wanted.filter((type) => quotaCodeOf(type, spot) === code).map(vcpusOf));
	const manager = code === quotaCodeOf(managerType, false) ? vcpusOf(managerType) : 0;
	const room: Room = {code, spot, quota: quota.vcpus, workers, each, manager, others};
	const isAll = workers === answers.limit;
	return {
		quota: quota.vcpus,
		over: tooMuch(context.answers, room, isAll),
		says: `${neededOf(room)} of ${quota.vcpus} vCPUs for ${workersOf(typeWords(wanted), workers)} ${marketWords(spot)}${othersWords(room)}`,
		notes: [roomNote(room)].filter((note) => note !== undefined),
	};
}

async function check(context: Context, {network}: Pick<Found, 'network'>): Promise<Finding<Found['quota']>> {
	const {answers, fleet} = context;
	const {managerType, workerType} = answers;
	const markets = marketsOf(answers);
	const managerCode = quotaCodeOf(managerType, false);
	// Side by side with the types, so that no look waits for another.
	const codes = [...markets.map(({spot}) => quotaCodeOf(workerType, spot)), managerCode].filter((code) => code !== undefined);
	for (const code of codes) void context.look(quotaLook(code)).catch(() => undefined);
	const [types, managerQuota, besideManager, account] = await Promise.all([
		context.look(instanceTypesLook(...typesOf(answers))),
		managerCode === undefined ? undefined : context.look(quotaLook(managerCode)),
		managerCode === undefined ? undefined : usedByOthers(context, managerCode),
		context.look(accountLook),
	]);
	const zones = new Set(network.workerSubnets.map(({zone}) => zone));
	const isOffered = (type: string): boolean => types.get(type)?.zones.some((zone) => zones.has(zone)) ?? false;
	const wanted = workerTypesOf(answers);
	const missing =
		(wanted.some(isOffered) ? undefined : await notOffered(context, 'workerType', network.zone, types)) ??
		(await notOffered(context, 'managerType', network.zone, types));
	if (missing) return {is: 'blocked', ...missing};
	const managerVcpus = types.get(managerType)?.vcpus ?? 0;
	const isShared = markets.some(({spot}) => quotaCodeOf(workerType, spot) === managerCode);
	if (!isShared && managerQuota && 'vcpus' in managerQuota && managerQuota.vcpus < managerVcpus) {
		const message = `The manager's ${managerType} needs ${managerVcpus} vCPUs, and this account may run ${managerQuota.vcpus} on demand here.`;
		return blocked('VcpuLimitExceeded', message, 'Ask AWS for more, or choose a smaller type with `--manager-type`.');
	}
	const seen = await Promise.all(markets.map((market) => marketIn(context, market, types)));
	const over = seen.find((one) => one.over !== undefined)?.over;
	if (over) return {is: 'blocked', ...over};
	const stands = managersOf(fleet, account).length > 0;
	const nowhere = wanted.filter((type) => !isOffered(type));
	const says = seen.flatMap((one) => one.says ?? []);
	return {
		is: 'ready',
		resource: says.length === seen.length ? {vcpus: seen[0]?.quota} : {},
		says:
			says.length > 0
				? says.join('; ')
				: `${typeWords(wanted)} ${wanted.length === 1 ? 'is' : 'are'} offered in ${[...zones].join(', ')}; the quota isn't known`,
		notes: [
			...seen.filter((one) => one.says === undefined).flatMap(({notes}) => notes),
			...(stands ? [] : noRoomForManager(managerType, managerVcpus, managerQuota, besideManager)),
			...seen.filter((one) => one.says !== undefined).flatMap(({notes}) => notes),
			...(nowhere.length === 0 ? [] : [{says: `AWS doesn't offer ${nowhere.join(', ')} in ${[...zones].join(', ')}, so no worker is one.`}]),
		],
	};
}

/** That the account may run as many workers as the limit says, and that the zone offers both types. Nothing is made here. */
export const quotaStep: Step<'quota', 'network', never> = {
	name: 'quota',
	title: 'Quota',
	needs: ['network'],
	// What the limit costs is shown beside it.
	actions: [
		...accountActions,
		'servicequotas:GetServiceQuota',
		'servicequotas:GetAWSDefaultServiceQuota',
		'ec2:DescribeSpotPriceHistory',
		'pricing:GetProducts',
	],
	check,
	commands(answers, fleet) {
		const codes = marketsOf(answers).map(({spot}) => quotaCodeOf(answers.workerType, spot));
		return codes.flatMap((code) =>
			code === undefined ? [] : [aws(fleet, 'service-quotas', 'get-service-quota', '--service-code', 'ec2', '--quota-code', code)],
		);
	},
};

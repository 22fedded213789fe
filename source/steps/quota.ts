import {flagOf} from '../answers/question.ts';
import type {Context, Finding, Fix, Found, Note, Step} from '../engine/step.ts';
import type {Answers} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {aws} from './aws-cli.ts';
import {blocked} from './finding.ts';
import {twinsOf} from './instance-families.ts';
import {accountActions, accountLook, managersOf} from './looks/account.ts';
import {type InstanceType, instanceTypesLook} from './looks/instance-types.ts';
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

/** What is left when the limit asks for more than a quota, others or none. */
function tooMuch(answers: Answers, room: Room): Blocked | undefined {
	const {code, each, manager, quota, spot, workers} = room;
	const needed = neededOf(room);
	if (needed <= quota) return undefined;
	const most = Math.floor((quota - manager) / each);
	const problem = new Problem({
		code: spot ? 'MaxSpotInstanceCountExceeded' : 'VcpuLimitExceeded',
		message: `${workersOf(answers.workerType, workers)}${manager > 0 ? ' and the manager' : ''} ${workers === 1 && manager === 0 ? 'needs' : 'need'} ${needed} vCPUs, and this account may run ${quota} ${marketWords(spot)} here.`,
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

async function check(context: Context, {network}: Pick<Found, 'network'>): Promise<Finding<Found['quota']>> {
	const {answers, fleet} = context;
	const {limit, managerType, spot, workerType} = answers;
	const workerCode = quotaCodeOf(workerType, spot);
	const managerCode = quotaCodeOf(managerType, false);
	const [types, workerQuota, managerQuota, others, besideManager, account] = await Promise.all([
		context.look(instanceTypesLook(managerType, workerType)),
		workerCode === undefined ? undefined : context.look(quotaLook(workerCode)),
		managerCode === undefined ? undefined : context.look(quotaLook(managerCode)),
		workerCode === undefined ? undefined : usedByOthers(context, workerCode),
		managerCode === undefined ? undefined : usedByOthers(context, managerCode),
		context.look(accountLook),
	]);
	const missing = (await notOffered(context, 'workerType', network.zone, types)) ?? (await notOffered(context, 'managerType', network.zone, types));
	if (missing) return {is: 'blocked', ...missing};
	const vcpusOf = (type: string): number => types.get(type)?.vcpus ?? 0;
	const shared = workerCode === managerCode ? vcpusOf(managerType) : 0;
	if (managerCode !== workerCode && managerQuota && 'vcpus' in managerQuota && managerQuota.vcpus < vcpusOf(managerType)) {
		const message = `The manager's ${managerType} needs ${vcpusOf(managerType)} vCPUs, and this account may run ${managerQuota.vcpus} on demand here.`;
		return blocked('VcpuLimitExceeded', message, 'Ask AWS for more, or choose a smaller type with `--manager-type`.');
	}
	const stands = managersOf(fleet, account).length > 0;
	const managerNotes = stands ? [] : noRoomForManager(managerType, vcpusOf(managerType), managerQuota, besideManager);
	if (!workerQuota || 'unknown' in workerQuota || workerCode === undefined) {
		return {
			is: 'ready',
			resource: {},
			says: `${workerType} is offered in ${network.zone}; the quota isn't known`,
			notes: [unknown(marketWords(spot)), ...managerNotes],
		};
	}
	const room: Room = {code: workerCode, spot, quota: workerQuota.vcpus, workers: limit, each: vcpusOf(workerType), manager: shared, others};
	const over = tooMuch(answers, room);
	if (over) return {is: 'blocked', ...over};
	return {
		is: 'ready',
		resource: {vcpus: workerQuota.vcpus},
		says: `${neededOf(room)} of ${workerQuota.vcpus} vCPUs for ${workersOf(workerType, limit)} ${marketWords(spot)}${othersWords(room)}`,
		notes: [...managerNotes, ...[roomNote(room)].filter((note) => note !== undefined)],
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
	commands: ({spot, workerType}, fleet) => {
		const code = quotaCodeOf(workerType, spot);
		return code === undefined ? [] : [aws(fleet, 'service-quotas', 'get-service-quota', '--service-code', 'ec2', '--quota-code', code)];
	},
};

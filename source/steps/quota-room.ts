import type {Look, Looking, Note} from '../engine/step.ts';
import {ifAnswered} from '../problem.ts';
import {accountLook, managersOf, workersOf} from './looks/account.ts';
import {instanceTypesLook} from './looks/catalog.ts';
import {quotaCodeOf} from './looks/quota.ts';

/** An instance that uses up a vCPU quota now; `vcpus` is undefined where neither it nor its type tells them. */
type RunningInstance = {id: string; type: string; spot: boolean; vcpus?: number | undefined};

/** Everybody's instances of the region that are pending or running; undefined where AWS doesn't tell. One call, where they all tell their vCPUs, as EC2's do. */
const runningLook: Look<RunningInstance[] | undefined> = {
	name: 'running instances',
	async load({cloud, look}) {
		const answer = await ifAnswered(cloud.call('DescribeInstances', {Filters: [{Name: 'instance-state-name', Values: ['pending', 'running']}]}));
		if ('problem' in answer) return undefined;
		const running = (answer.result.Reservations ?? [])
			.flatMap(({Instances = []}) => Instances)
			.map(({CpuOptions, InstanceId: id = '', InstanceLifecycle, InstanceType: type = ''}): RunningInstance => {
				const {CoreCount, ThreadsPerCore} = CpuOptions ?? {};
				const vcpus = CoreCount !== undefined && ThreadsPerCore !== undefined ? CoreCount * ThreadsPerCore : undefined;
				return {id, type, spot: InstanceLifecycle === 'spot', vcpus};
			});
		const untold = running.filter(({vcpus}) => vcpus === undefined).map(({type}) => type);
		const types = untold.length === 0 ? undefined : await ifAnswered(look(instanceTypesLook(...untold)));
		const vcpusOf = (type: string) => (types && 'result' in types ? types.result.get(type)?.vcpus : undefined);
		return running.map((one) => ({...one, vcpus: one.vcpus ?? vcpusOf(one.type)}));
	},
};

/** What a fleet asks of one vCPU quota, and what others than the fleet use of it now; `others` is undefined where that isn't known. */
export type Room = {
	code: string;
	spot: boolean;
	quota: number;
	workers: number;
	/** vCPUs of each worker. */
	each: number;
	/** vCPUs of the manager, where the same quota counts it; else 0. */
	manager: number;
	others: number | undefined;
};

/** vCPUs that a fleet needs of a quota, all workers running. */
export const neededOf = ({each, manager, workers}: Room): number => workers * each + manager;

/** `on spot` or `on demand`. */
export const marketWords = (spot: boolean): string => (spot ? 'on spot' : 'on demand');

/** The command that asks AWS for so many vCPUs. */
export const increase = (code: string, vcpus: number): string =>
	`\`aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${code} --desired-value ${vcpus}\``;

/** vCPUs of a quota that instances use which aren't in `own`; undefined where not all of them are known. */
export function usedBeside(code: string, running: readonly RunningInstance[] | undefined, own: ReadonlySet<string>): number | undefined {
	const others = running?.filter(({id, spot, type}) => !own.has(id) && quotaCodeOf(type, spot) === code);
	return others?.reduce<number | undefined>((sum, {vcpus}) => (sum === undefined || vcpus === undefined ? undefined : sum + vcpus), 0);
}

/** vCPUs of a quota that others than the fleet use now; undefined where AWS doesn't tell. */
export async function usedByOthers({fleet, look}: Looking, code: string): Promise<number | undefined> {
	const [account, running] = await Promise.all([look(accountLook), look(runningLook)]);
	return usedBeside(code, running, new Set([...managersOf(fleet, account), ...workersOf(fleet, account)].map(({id}) => id)));
}

function fit(count: number, of: number): string {
	if (of === 1) return "the one worker doesn't fit";
	return `${count === 0 ? 'none' : count} of ${of} workers ${count > 1 ? 'fit' : 'fits'}`;
}

/** What others use of a quota that is large enough by itself, where that leaves too little for all workers now: never a block, since others' machines come and go. */
export function roomNote(room: Room): Note | undefined {
	const {code, each, manager, others = 0, quota, spot, workers} = room;
	const needed = neededOf(room);
	if (others + needed <= quota || needed > quota) return undefined;
	const count = Math.max(0, Math.floor((quota - others - manager) / each));
	const lower = count >= 1 ? `Add \`--limit ${count}\`, or ask` : 'Ask';
	return {
		says: `Others use ${others} of ${quota} vCPUs ${marketWords(spot)} now, so ${fit(count, workers)} until those end.`,
		advice: `${lower} AWS for more: ${increase(code, others + needed)}.`,
	};
}

/** What others use, to be added to a sentence on a quota, where they use any of it and leave enough. */
export const othersWords = (room: Room): string => (room.others && !roomNote(room) ? `; others use ${room.others} now` : '');

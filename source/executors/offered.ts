import type {Given} from '../fleet.ts';
import {dockerAutoscalerOffered} from './docker-autoscaler/offered.ts';
import {dockerMachineOffered} from './docker-machine/offered.ts';
import type {ExecutorOffer, Limits, Unsupported} from './limits.ts';

/** What answers know of each executor, the one that a new fleet gets first. */
export const offered = [dockerMachineOffered, dockerAutoscalerOffered] as const;

/** Whose executor is meant; without one the first's. */
type Which = {executor?: string | undefined};

const offerOf = ({executor}: Which): ExecutorOffer => offered.find(({name}) => name === executor) ?? offered[0];

/** What the executor that is answered can't do. Where another one can, the refusal leads to it. */
export function limitsOf(which: Which): Limits {
	const {limits, name} = offerOf(which);
	const leading = (look: (limits: Limits) => Unsupported | undefined): Unsupported | undefined => {
		const refused = look(limits);
		const other = refused && offered.find((one) => one.name !== name && look(one.limits) === undefined)?.name;
		if (!other) return refused;
		const advice = `${refused.advice} Or add \`--executor ${other}\`, which can.`;
		return {...refused, advice, fix: {says: `use the executor ${other} instead`, answers: {executor: other}}};
	};
	return {
		...limits,
		region: (region) => leading((one) => one.region(region)),
		zone: (region, zone) => leading((one) => one.zone(region, zone)),
		image: (image) => leading((one) => one.image(image)),
	};
}

/** The executors that can make workers in a region, the one that a new fleet gets there first. */
export const executorsIn = (region: string | undefined): readonly (typeof offered)[number][] =>
	offered.filter(({limits}) => region === undefined || limits.region(region) === undefined);

/** What workers of the executor that is answered start from where nobody says it. */
export const workerImageOf = (which: Which): string => offerOf(which).workerImage ?? 'ubuntu-24.04';

/** How many GiB of disk a worker gets where nobody says it. */
export const workerDiskOf = (which: Which): number => offerOf(which).workerDisk ?? 20;

/** How many jobs a worker runs at a time. */
export const jobsPerWorker = (given: Given): number => offerOf(given).jobsPerWorker?.(given) ?? 1;

/** Whether a key is asked of the fleets of one executor alone, and this is another one. */
export const isOfAnother = (key: string, which: Which): boolean => {
	const {name} = offerOf(which);
	return offered.some((one) => one.name !== name && Object.values<readonly {id: string}[]>(one.questions).some((asked) => asked.some(({id}) => id === key)));
};

import {keyWords} from '../answers/question.ts';
import type {Answers, AnswerValue, Given} from '../fleet.ts';
import {dockerAutoscalerOffered} from './docker-autoscaler/questions.ts';
import {dockerMachineOffered} from './docker-machine/questions.ts';
import type {ExecutorOffer, Limits, Unsupported} from './limits.ts';

/** What answers know of each executor, the one that a new fleet gets first. */
export const offered = [dockerAutoscalerOffered, dockerMachineOffered] as const;

/** The executor of fleets whose record names none: they were made before there was another. */
export const unnamedExecutor = dockerMachineOffered.name;

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

type Offered = (typeof offered)[number];

/** Whether a key is asked of the fleets of one executor alone. */
const isAskedOf = ({questions}: Offered, key: string): boolean =>
	Object.values<readonly {id: string}[]>(questions).some((asked) => asked.some(({id}) => id === key));

/** The executor of whose fleets alone a key is asked, where this is another one. */
export const askedBy = (key: string, which: Which): string | undefined => {
	const {name} = offerOf(which);
	return offered.find((one) => one.name !== name && isAskedOf(one, key))?.name;
};

/** Whether a key is asked of the fleets of one executor alone, and this is another one. */
export const isOfAnother = (key: string, which: Which): boolean => askedBy(key, which) !== undefined;

/** Keys that an executor alone knows, in words. */
const whose = (keys: readonly string[], name: string): string => `${keys.join(', ')} ${keys.length === 1 ? 'is an answer' : 'are answers'} of ${name} alone`;

/** The executor that answers mean which don't name one, by those that it alone knows, and why; or why it can't be told; undefined where all know them all. */
export function executorMeant(given: Given): {value: AnswerValue<'executor'>; why: string} | {torn: string} | undefined {
	const keys = Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [key]));
	const [first, ...others] = offered.flatMap((one) => {
		const own = keys.filter((key) => isAskedOf(one, key));
		return own.length === 0 ? [] : [{name: one.name, own}];
	});
	if (!first) return undefined;
	if (others.length === 0) return {value: first.name, why: whose(first.own.map(keyWords), first.name)};
	return {torn: `${[first, ...others].map(({name, own}) => whose(own, name)).join(', and ')}: say which is meant with executor.`};
}

/** The types that workers may be, the one that is wanted most first: several only where the executor takes several. */
export const workerTypesOf = (answers: Pick<Answers, 'executor' | 'workerType' | 'workerTypes'>): readonly string[] => {
	const {workerType, workerTypes = []} = answers;
	return workerTypes.length === 0 || isOfAnother('workerTypes', answers) ? [workerType] : workerTypes;
};

/** All types of a fleet, the manager's and the workers', for the look that checks share. */
export const typesOf = (answers: Pick<Answers, 'executor' | 'managerType' | 'workerType' | 'workerTypes'>): readonly string[] => [
	answers.managerType,
	...workerTypesOf(answers),
];

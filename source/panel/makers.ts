import type {RunnerFacts} from '../steps/config/facts.ts';
import type {Snapshot} from './snapshot.ts';

/** The runners of config.toml that make machines. */
export const makersIn = ({host}: Pick<Snapshot, 'host'>): readonly RunnerFacts[] =>
	(host.value?.config?.facts?.runners ?? []).filter(({idleCount}) => idleCount !== undefined);

/** The first runner that makes machines. */
export const makerIn = (snapshot: Pick<Snapshot, 'host'>): RunnerFacts | undefined => makersIn(snapshot)[0];

/** What tells how workers are made, besides their runner's entry. */
export type TellsMaking = Pick<Snapshot, 'host' | 'region' | 'group'>;

/** How workers are made now. */
export type Made = {
	type: string;
	zone: string;
	spot: boolean;
	/** The highest price in USD an hour, as it is written; undefined where none is. */
	spotPrice: string | undefined;
	subnet: string | undefined;
	image: string | undefined;
	diskGib: number;
	publicAddress: boolean;
};

/** Where new workers are to be made, or as what; what is absent stays. */
export type MoveTarget = {subnet?: string | undefined; zone?: string | undefined; type?: string | undefined; spot?: boolean | undefined};

import type {RunnerFacts} from '../executors/docker-machine/config-facts.ts';
import type {Snapshot} from './snapshot.ts';

/** The runners of config.toml that make machines. */
export const makersIn = ({host}: Pick<Snapshot, 'host'>): readonly RunnerFacts[] =>
	(host.value?.config?.facts?.runners ?? []).filter(({idleCount}) => idleCount !== undefined);

/** The first runner that makes machines. */
export const makerIn = (snapshot: Pick<Snapshot, 'host'>): RunnerFacts | undefined => makersIn(snapshot)[0];

/** Whether options ask for spot machines. */
export const isSpot = ({options}: Pick<RunnerFacts, 'options'>): boolean => 'request-spot-instance' in options && options['request-spot-instance'] !== 'false';

/** How workers are made now. */
export type Made = {type: string; zone: string; spot: boolean; subnet: string | undefined; diskGib: number; publicAddress: boolean};

/** How workers are made now, by the options in config.toml and docker-machine's own defaults (zone a, 16 GB); undefined where no type is named. */
export function workersMade(snapshot: Pick<Snapshot, 'host' | 'region'>): Made | undefined {
	const maker = makerIn(snapshot);
	const {'instance-type': type, region = snapshot.region, zone = 'a', ...options} = maker?.options ?? {};
	if (!maker || type === undefined) return undefined;
	return {
		type,
		zone: zone.startsWith(region) ? zone : `${region}${zone}`,
		spot: isSpot(maker),
		subnet: options['subnet-id'],
		diskGib: Number(options['root-size'] ?? 16),
		publicAddress: options['private-address-only'] !== 'true',
	};
}

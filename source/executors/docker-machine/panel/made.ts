import type {Given} from '../../../fleet.ts';
import type {Made, MoveTarget, TellsMaking} from '../../../panel/makers.ts';
import type {RunnerFacts} from '../../../steps/config/facts.ts';
import {flagOf, optionInForce, zoneIn} from '../machine-options.ts';

/** How a runner's workers are made by its MachineOptions, and by docker-machine's own defaults; undefined where no type is named. */
export function made({options}: Pick<RunnerFacts, 'options'>, {region: inRegion}: Pick<TellsMaking, 'region'>): Made | undefined {
	const inForce = (name: string) => optionInForce(options, `amazonec2-${name}`);
	const {'instance-type': type, region = inRegion} = options;
	if (type === undefined) return undefined;
	const zone = inForce('zone') ?? '';
	return {
		type,
		zone: zone.startsWith(region) ? zone : `${region}${zone}`,
		spot: inForce('request-spot-instance') !== 'false',
		spotPrice: options['spot-price'],
		subnet: options['subnet-id'],
		image: options.ami,
		diskGib: Number(inForce('root-size')),
		publicAddress: options['private-address-only'] !== 'true',
	};
}

/** Another zone is a subnet of the workers' own, in MachineOptions that override ours. */
export function moved({spot, subnet, type, zone}: MoveTarget, given: Given): Given {
	const ours = ['amazonec2-subnet-id', 'amazonec2-zone'];
	const kept = (given.machineOptions ?? []).filter((option) => !ours.includes(flagOf(option)));
	return {
		...given,
		...(type === undefined ? {} : {workerType: type}),
		...(spot === undefined ? {} : {spot}),
		...(subnet === undefined || zone === undefined ? {} : {machineOptions: [...kept, `amazonec2-subnet-id=${subnet}`, `amazonec2-zone=${zoneIn(zone, kept)}`]}),
	};
}

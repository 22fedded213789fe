import type {Made} from '../../../panel/makers.ts';
import type {RunnerFacts} from '../../../steps/config/facts.ts';
import {optionInForce} from '../machine-options.ts';

/** How a runner's workers are made by its MachineOptions, and by docker-machine's own defaults; undefined where no type is named. */
export function made({options}: Pick<RunnerFacts, 'options'>, inRegion: string): Made | undefined {
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

import type {Cloud} from '../cloud/port.ts';
import {Problem} from '../problem.ts';
import type {Layers} from '../questions/settle.ts';
import type {Session} from './session.ts';

/** The region that is meant, by flag, preset, environment or AWS profile; throws a Problem (exit 2) when nothing names one. */
export async function regionOf({world}: Session, layers: Layers): Promise<string> {
	world.use(layers.flag?.profile ?? layers.preset?.profile ?? layers.environment?.profile);
	const region = layers.flag?.region ?? layers.preset?.region ?? layers.environment?.region ?? (await world.defaultRegion());
	if (region !== undefined) return region;
	throw new Problem({code: 'answers-missing', exit: 2, message: 'The region is missing.', advice: 'Add `--region`, such as `--region us-east-2`.'});
}

/** The regions that are enabled for this account. Throws AWS's Problems. */
export async function enabledRegions(cloud: Cloud): Promise<string[]> {
	const {Regions = []} = await cloud.call('DescribeRegions', {});
	return Regions.flatMap(({RegionName}) => (RegionName === undefined ? [] : [RegionName])).sort();
}

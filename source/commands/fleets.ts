import type {Cloud} from '../cloud/port.ts';
import {type Fleet, names} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {wrongShape} from '../questions/value.ts';

const folder = names.record({name: '', region: ''}).slice(0, -1);

/** Names of the fleets whose record stands in a region, in the order of the alphabet. */
export async function fleetsIn(cloud: Cloud): Promise<string[]> {
	const {Parameters = []} = await cloud.call('GetParametersByPath', {Path: folder, Recursive: false});
	const found = Parameters.flatMap(({Name}) => (Name === undefined ? [] : [Name.slice(folder.length + 1)]));
	// A parameter of any other name is nobody's record.
	return found.filter((name) => wrongShape('fleet', name) === undefined).sort();
}

/** The one fleet that is meant when none was named; throws a Problem (exit 2) when several stand. */
export async function onlyFleet(cloud: Cloud, fallback: string): Promise<Fleet> {
	const fleets = await fleetsIn(cloud);
	const [first = fallback] = fleets;
	if (fleets.length <= 1) return {name: first, region: cloud.region};
	throw new Problem({
		code: 'which-fleet',
		exit: 2,
		message: `${fleets.length} fleets stand in ${cloud.region}: ${fleets.join(', ')}.`,
		advice: `Name one, such as \`--fleet ${first}\`.`,
	});
}

import type {Given} from '../../../fleet.ts';
import type {Made, MoveTarget, TellsMaking} from '../../../panel/makers.ts';
import type {RunnerFacts} from '../../../steps/config/facts.ts';
import {mostTypes} from '../questions.ts';

/** How a runner's workers are made by its Auto Scaling group; undefined while nobody tells of that. */
export function made({group: name}: Pick<RunnerFacts, 'group'>, {group: seen}: Pick<TellsMaking, 'group'>): Made | undefined {
	const group = seen.value?.groups.find((one) => one.name === name);
	const [type] = group?.types ?? [];
	if (!group || type === undefined) return undefined;
	return {
		type,
		zone: group.zones[0] ?? '',
		spot: group.onDemandShare < 100,
		spotPrice: group.maxPrice,
		subnet: group.subnetIds[0],
		image: group.template?.image,
		diskGib: group.template?.diskGib ?? 0,
		publicAddress: group.template?.publicAddress ?? true,
	};
}

/** Another type comes first, and those of before stay behind it; another zone is a subnet of the workers' own. */
export function moved({spot, subnet, type}: MoveTarget, given: Given): Given {
	const {workerType, workerTypes = workerType === undefined ? [] : [workerType]} = given;
	return {
		...given,
		...(type === undefined ? {} : {workerType: type, workerTypes: [type, ...workerTypes.filter((one) => one !== type)].slice(0, mostTypes)}),
		...(spot === undefined ? {} : {spot}),
		...(subnet === undefined ? {} : {workerSubnets: [subnet]}),
	};
}

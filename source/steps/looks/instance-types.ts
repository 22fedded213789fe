import type {Look} from '../../engine/step.ts';
import {unless} from '../answering.ts';

/** An instance type, and the zones of the region that offer it; none where the region doesn't. */
export type InstanceType = {vcpus: number; architectures: string[]; zones: string[]};

/** Instance types by name; a name that the region doesn't know is absent. */
export const instanceTypesLook = (...names: string[]): Look<Map<string, InstanceType>> => {
	const asked = [...new Set(names)].sort();
	return {
		name: `instance types ${asked.join(' ')}`,
		async load({cloud}) {
			const filter = [{Name: 'instance-type', Values: asked}];
			const [types, offerings] = await Promise.all([
				unless(cloud.call('DescribeInstanceTypes', {Filters: filter}), 'InvalidInstanceType'),
				cloud.call('DescribeInstanceTypeOfferings', {LocationType: 'availability-zone', Filters: filter}),
			]);
			const zonesOf = (name: string) =>
				(offerings.InstanceTypeOfferings ?? []).flatMap(({InstanceType, Location}) => (InstanceType === name && Location ? [Location] : [])).sort();
			return new Map(
				(types?.InstanceTypes ?? []).flatMap(({InstanceType: name, ProcessorInfo, VCpuInfo}) =>
					name === undefined
						? []
						: [
								[
									name,
									{
										vcpus: VCpuInfo?.DefaultVCpus ?? 0,
										architectures: ProcessorInfo?.SupportedArchitectures ?? [],
										zones: zonesOf(name),
									},
								] as const,
							],
				),
			);
		},
	};
};

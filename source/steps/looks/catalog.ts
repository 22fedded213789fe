import {type Architecture, architectures, type Publisher} from '../../answers/publishers.ts';
import type {Look} from '../../engine/step.ts';
import {unless} from '../../problem.ts';
import {tagsOf} from '../tags.ts';

/** An image as AWS describes it; `deprecatedAt` is milliseconds since 1970. */
export type Image = {
	id: string;
	name: string;
	/** What its publisher says of it. */
	description?: string | undefined;
	owner: string;
	alias?: string | undefined;
	architecture: string;
	rootDevice: string;
	diskGib: number;
	deprecatedAt?: number | undefined;
	tags: Record<string, string>;
};

/** The ids of a publisher's newest images by architecture; one that it doesn't publish here is absent. */
type NewestImages = Partial<Record<Architecture, string>>;

/** What a publisher's parameters name now, for both architectures side by side. */
export const publishedLook = (line: string, publisher: Publisher): Look<NewestImages> => ({
	name: `published ${line}`,
	async load({cloud}) {
		const ids = await Promise.all(
			architectures.map(async (architecture) => {
				const answer = await unless(cloud.call('GetParameter', {Name: publisher.parameter(architecture)}), 'ParameterNotFound');
				return [architecture, answer?.Parameter?.Value] as const;
			}),
		);
		return Object.fromEntries(ids.filter(([, id]) => id !== undefined));
	},
});

/** An image by its id, or undefined when this region has none of it for this account. */
export const imageLook = (id: string): Look<Image | undefined> => ({
	name: `image ${id}`,
	async load({cloud}) {
		const answer = await unless(cloud.call('DescribeImages', {ImageIds: [id], IncludeDeprecated: true}), 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable');
		const [seen] = answer?.Images ?? [];
		if (!seen) return undefined;
		const rootDevice = seen.RootDeviceName ?? '/dev/sda1';
		const root = seen.BlockDeviceMappings?.find(({DeviceName}) => DeviceName === rootDevice);
		return {
			id,
			name: seen.Name ?? '',
			description: seen.Description,
			owner: seen.OwnerId ?? '',
			alias: seen.ImageOwnerAlias,
			architecture: seen.Architecture ?? '',
			rootDevice,
			diskGib: root?.Ebs?.VolumeSize ?? 8,
			deprecatedAt: seen.DeprecationTime === undefined ? undefined : Date.parse(seen.DeprecationTime),
			tags: tagsOf(seen.Tags),
		};
	},
});

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

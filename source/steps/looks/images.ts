import {type Architecture, architectures, type Publisher, userOf, wantedImage} from '../../answers/publishers.ts';
import type {Look, Looking} from '../../engine/step.ts';
import type {Given} from '../../fleet.ts';
import {unless} from '../answering.ts';
import {tagsOf} from '../tags.ts';
import type {Instance} from './account.ts';

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

/** What a machine's login user is when nobody says and its image's publisher isn't known: Ubuntu's, the default image. */
const usual = 'ubuntu';

/** As whom to log in: the answer, else the user of the publisher of the image that the instance runs, which may be one before the answers' own. */
export async function loginUser(context: Looking, given: Given, instance: Instance): Promise<string> {
	if (given.sshUser !== undefined) return given.sshUser;
	const image = await unless(context.look(imageLook(instance.imageId)), 'not-allowed');
	const wanted = given.image === undefined ? undefined : wantedImage(given.image);
	return (image && userOf(image)) ?? (wanted && 'publisher' in wanted ? wanted.publisher.user : usual);
}

import type {ImageState} from './account.ts';
import {filtered, onlyKnows, tagList} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {refusal} from './refusal.ts';

const filters = {
	name: (image: ImageState) => image.name,
	architecture: (image: ImageState) => image.architecture,
	state: () => 'available',
	'image-id': (image: ImageState) => image.id,
	'image-type': () => 'machine',
	'root-device-type': () => 'ebs',
	'virtualization-type': () => 'hvm',
	'is-public': (image: ImageState) => String(image.public),
	'owner-id': (image: ImageState) => image.owner,
	'owner-alias': (image: ImageState) => image.alias,
};

const visible = (image: ImageState, account: string) => image.public || image.owner === account;

/** An image by its id as the caller may use it: here, public or their own. */
export function imageById({region, account}: Here, id: string): ImageState {
	if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) throw refusal('InvalidAMIID.Malformed', `Invalid id: "${id}"`);
	const image = region.images.get(id);
	if (!image || !visible(image, account.id)) throw refusal('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
	return image;
}

const ownedBy = (image: ImageState, owners: readonly string[], self: string) =>
	owners.some((owner) => owner === image.owner || owner === image.alias || (owner === 'self' && image.owner === self));

/** Images; the answer's order is no order, as with EC2. */
export const images: Handlers<'DescribeImages'> = {
	DescribeImages(input, here) {
		onlyKnows('DescribeImages', input, ['ImageIds', 'Owners', 'Filters', 'IncludeDeprecated', 'MaxResults', 'NextToken']);
		const {region, account, now} = here;
		for (const id of input.ImageIds ?? []) imageById(here, id);
		const hidden = (image: ImageState) => image.deprecatedFrom !== undefined && image.deprecatedFrom <= now && image.owner !== account.id;
		const found = [...region.images.values()].filter(
			(image) =>
				visible(image, account.id) &&
				(!input.ImageIds || input.ImageIds.includes(image.id)) &&
				(!input.Owners || ownedBy(image, input.Owners, account.id)) &&
				(input.IncludeDeprecated === true || input.ImageIds !== undefined || !hidden(image)),
		);
		return {
			Images: filtered('DescribeImages', found, input.Filters, filters, ({tags}) => tags).map((image) => ({
				ImageId: image.id,
				Name: image.name,
				...(image.description === undefined ? {} : {Description: image.description}),
				OwnerId: image.owner,
				...(image.alias === undefined ? {} : {ImageOwnerAlias: image.alias}),
				Architecture: image.architecture,
				CreationDate: new Date(image.createdAt).toISOString(),
				...(image.deprecatedFrom === undefined ? {} : {DeprecationTime: new Date(image.deprecatedFrom).toISOString()}),
				State: 'available',
				Public: image.public,
				ImageType: 'machine',
				VirtualizationType: 'hvm',
				Hypervisor: 'xen',
				RootDeviceName: image.rootDevice,
				RootDeviceType: 'ebs',
				EnaSupport: true,
				PlatformDetails: 'Linux/UNIX',
				BlockDeviceMappings: [
					{
						DeviceName: image.rootDevice,
						Ebs: {VolumeSize: image.diskGib, VolumeType: 'gp3', DeleteOnTermination: true, Encrypted: false, SnapshotId: image.id.replace('ami', 'snap')},
					},
				],
				Tags: tagList(image.tags),
			})),
		};
	},
};

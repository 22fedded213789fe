import type {BlockDeviceMapping, ImageState as State} from '@aws-sdk/client-ec2';
import type {ImageState} from './account.ts';
import {type Filterable, filtered, onlyKnows, tagList} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {refusal} from './refusal.ts';

const filtersAt = (now: number): Filterable<ImageState> => ({
	name: (image) => image.name,
	architecture: (image) => image.architecture,
	state: (image) => imageState(image, now),
	'image-id': (image) => image.id,
	'image-type': () => 'machine',
	'root-device-type': () => 'ebs',
	'virtualization-type': () => 'hvm',
	'is-public': (image) => String(image.public),
	'owner-id': (image) => image.owner,
	'owner-alias': (image) => image.alias,
	'block-device-mapping.snapshot-id': (image) => (hasMapping(image, now) ? snapshotOf(image) : undefined),
});

const visible = (image: ImageState, account: string) => image.public || image.owner === account;

/** An image's state at a time: one that was deregistered is told as it was, for as long as it's told at all. */
function imageState({hasFailed, made}: ImageState, now: number): State {
	if (hasFailed) return 'failed';
	return made && now < made.availableFrom ? 'pending' : 'available';
}

/** The snapshot that an image's disk is made from. */
export const snapshotOf = ({id, made}: ImageState): string => made?.snapshotId ?? id.replace('ami', 'snap');

/** A young image doesn't tell its snapshot yet. */
const hasMapping = ({made}: ImageState, now: number): boolean => made === undefined || now >= made.mappedFrom;

/** Whether some instance that isn't terminated was made from it: as long EC2 knows the id of an image that was deregistered. */
const isReferred = ({id}: ImageState, {region, now}: Here): boolean =>
	[...region.instances.values()].some(({imageId, ending}) => imageId === id && !(ending && now >= ending.until));

/** An image by its id that the caller may use: here, public or their own; it may be one that was deregistered, as long as EC2 knows that. */
export function imageById(here: Here, id: string): ImageState {
	const {region, account, now} = here;
	if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) throw refusal('InvalidAMIID.Malformed', `Invalid id: "${id}"`);
	const image = region.images.get(id);
	const isForgotten = image?.deregistered !== undefined && now >= image.deregistered.shownUntil && !isReferred(image, here);
	if (!image || !visible(image, account.id) || isForgotten) throw refusal('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
	return image;
}

/** An image that an instance can be launched from: not one that is still being made, nor one that was deregistered. */
export function launchable(here: Here, id: string): ImageState {
	const image = imageById(here, id);
	if (image.deregistered) throw refusal('InvalidAMIID.Unavailable', `The image id '[${id}]' is no longer available`);
	const state = imageState(image, here.now);
	if (state !== 'available') throw refusal('InvalidAMIID.Unavailable', `AMI '${id}' is ${state}, and cannot be run`);
	return image;
}

const ownedBy = (image: ImageState, owners: readonly string[], self: string) =>
	owners.some((owner) => owner === image.owner || owner === image.alias || (owner === 'self' && image.owner === self));

const isShown = ({deregistered, made}: ImageState, now: number): boolean => (made?.seenFrom ?? 0) <= now && now < (deregistered?.shownUntil ?? Infinity);

const mappingOf = (image: ImageState): BlockDeviceMapping => ({
	DeviceName: image.rootDevice,
	Ebs: {VolumeSize: image.diskGib, VolumeType: 'gp3', DeleteOnTermination: true, Encrypted: image.encrypted === true, SnapshotId: snapshotOf(image)},
});

/** Images; the answer's order is no order, as with EC2. */
export const images: Handlers<'DescribeImages'> = {
	DescribeImages(input, here) {
		onlyKnows('DescribeImages', input, ['ImageIds', 'Owners', 'Filters', 'IncludeDeprecated', 'MaxResults', 'NextToken']);
		const {region, account, now} = here;
		for (const id of input.ImageIds ?? []) {
			if ((imageById(here, id).made?.seenFrom ?? 0) > now) throw refusal('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
		}
		const hidden = (image: ImageState) => image.deprecatedFrom !== undefined && image.deprecatedFrom <= now && image.owner !== account.id;
		const found = [...region.images.values()].filter(
			(image) =>
				visible(image, account.id) &&
				isShown(image, now) &&
				(!input.ImageIds || input.ImageIds.includes(image.id)) &&
				(!input.Owners || ownedBy(image, input.Owners, account.id)) &&
				(input.IncludeDeprecated === true || input.ImageIds !== undefined || !hidden(image)),
		);
		return {
			Images: filtered('DescribeImages', found, input.Filters, filtersAt(now), ({tags}) => tags).map((image) => ({
				ImageId: image.id,
				Name: image.name,
				...(image.description === undefined ? {} : {Description: image.description}),
				OwnerId: image.owner,
				...(image.alias === undefined ? {} : {ImageOwnerAlias: image.alias}),
				Architecture: image.architecture,
				CreationDate: new Date(image.createdAt).toISOString(),
				...(image.deprecatedFrom === undefined ? {} : {DeprecationTime: new Date(image.deprecatedFrom).toISOString()}),
				State: imageState(image, now),
				...(image.hasFailed ? {StateReason: {Code: 'Server.InternalError', Message: 'Server.InternalError: Internal error'}} : {}),
				Public: image.public,
				ImageType: 'machine',
				VirtualizationType: 'hvm',
				Hypervisor: 'xen',
				RootDeviceName: image.rootDevice,
				RootDeviceType: 'ebs',
				EnaSupport: true,
				PlatformDetails: 'Linux/UNIX',
				BlockDeviceMappings: hasMapping(image, now) ? [mappingOf(image)] : [],
				Tags: tagList(image.tags),
			})),
		};
	},
};

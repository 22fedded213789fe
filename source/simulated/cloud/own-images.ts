import type {Snapshot} from '@aws-sdk/client-ec2';
import {type AccountState, type ImageState, type InstanceState, type SnapshotState, stateOf} from './account.ts';
import {type Filterable, filtered, onlyKnows, required, tagList, tagsFor} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {imageById} from './images.ts';
import {instanceById} from './instances.ts';
import {refusal} from './refusal.ts';

const taggable = ['image', 'snapshot'];

/** Milliseconds: until a new image tells its snapshot, and until it is available after the snapshot is complete. */
const takes = {mapping: 8000, registering: 4000};

/** Milliseconds that the snapshot of a disk takes: longer the larger it is, and by chance up to a quarter more. */
const snapshotTakes = ({pace, random}: Pick<AccountState, 'pace' | 'random'>, gib: number): number => (30_000 + gib * 3000) * (pace ? 1 : 1 + random() / 4);

function judgeName(name: string, {region, account}: Here): void {
	if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name)) {
		throw refusal(
			'InvalidAMIName.Malformed',
			"AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
		);
	}
	const other = [...region.images.values()].find((image) => image.owner === account.id && image.name === name && !image.deregistered);
	if (other) throw refusal('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${other.id}`);
}

/** The instance that an image is to be made of; one that has just switched itself off counts too. */
function sourceOf(id: string, here: Here): InstanceState {
	const instance = instanceById(here, id);
	if (!['running', 'stopping', 'stopped'].includes(stateOf(instance, here.now)))
		throw refusal('InvalidParameterValue', `Invalid value '${id}' for instanceId. Instance is not in state 'running' or 'stopping' or 'stopped'`);
	return instance;
}

function ownImage(here: Here, id: string): ImageState {
	const image = imageById(here, id);
	if (image.owner !== here.account.id) throw refusal('AuthFailure', `Not authorized for images: [${id}]`, 403);
	if (image.deregistered) throw refusal('InvalidAMIID.Unavailable', `The image id '[${id}]' is no longer available`);
	return image;
}

/** A snapshot by its id, where Describe calls show it or not. */
function snapshotById({region}: Here, id: string): SnapshotState {
	if (!/^snap-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) throw refusal('InvalidSnapshotID.Malformed', `Invalid id: "${id}"`);
	const snapshot = region.snapshots.get(id);
	if (!snapshot) throw refusal('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`);
	return snapshot;
}

function shown({completedAt, description, encrypted, gib, id, startedAt, tags, volumeId}: SnapshotState, {account, now}: Here): Snapshot {
	const isComplete = now >= completedAt;
	const done = isComplete ? 100 : Math.floor(((now - startedAt) / (completedAt - startedAt)) * 100);
	return {
		SnapshotId: id,
		VolumeId: volumeId,
		VolumeSize: gib,
		State: isComplete ? 'completed' : 'pending',
		Progress: `${done}%`,
		StartTime: new Date(startedAt),
		Description: description,
		Encrypted: encrypted,
		OwnerId: account.id,
		Tags: tagList(tags),
	};
}

const filtersAt = (now: number): Filterable<SnapshotState> => ({
	'snapshot-id': ({id}) => id,
	'volume-id': ({volumeId}) => volumeId,
	description: ({description}) => description,
	status: ({completedAt}) => (now >= completedAt ? 'completed' : 'pending'),
});

/** Images of the account's own, made of its instances, and their snapshots (docs/facts.md, "EC2: images of one's own"). */
export const ownImages: Handlers<'CreateImage' | 'DeregisterImage' | 'DescribeSnapshots' | 'DeleteSnapshot'> = {
	CreateImage(input, here) {
		onlyKnows('CreateImage', input, ['InstanceId', 'Name', 'Description', 'NoReboot', 'TagSpecifications', 'DryRun']);
		const {account, now, region} = here;
		const name = required(input.Name, 'name');
		const instance = sourceOf(required(input.InstanceId, 'instanceId'), here);
		judgeName(name, here);
		const source = region.images.get(instance.imageId);
		const volume = region.volumes.get(instance.volumeId);
		if (!source || !volume) throw new Error(`The instance ${instance.id} of the simulated world has no image or no disk.`);
		const [id, snapshotId] = [account.newId('ami'), account.newId('snap')];
		const completedAt = now + snapshotTakes(account, volume.gib);
		const seenFrom = now + here.late('seeing');
		const {encrypted, gib} = volume;
		const {architecture, os, rootDevice, user} = source;
		const disk = instance.build?.isOver ? instance.build.disk : source.contents;
		region.images.set(id, {
			id,
			name,
			...(input.Description === undefined ? {} : {description: input.Description}),
			owner: account.id,
			...{architecture, os, rootDevice, user, encrypted, diskGib: gib},
			createdAt: now,
			public: false,
			tags: tagsFor('image', input.TagSpecifications, taggable),
			contents: disk ?? {pulled: []},
			made: {snapshotId, seenFrom, mappedFrom: now + takes.mapping, availableFrom: completedAt + takes.registering},
		});
		region.snapshots.set(snapshotId, {
			id: snapshotId,
			imageId: id,
			volumeId: volume.id,
			gib,
			encrypted,
			description: `Created by CreateImage(${instance.id}) for ${id}`,
			startedAt: now,
			completedAt,
			seenFrom,
			tags: tagsFor('snapshot', input.TagSpecifications, taggable),
		});
		return {ImageId: id};
	},
	DeregisterImage(input, here) {
		onlyKnows('DeregisterImage', input, ['ImageId', 'DryRun']);
		const image = ownImage(here, required(input.ImageId, 'imageId'));
		image.deregistered = {at: here.now, shownUntil: here.now + here.late('imageGone')};
		return {Return: true};
	},
	DescribeSnapshots(input, here) {
		onlyKnows('DescribeSnapshots', input, ['SnapshotIds', 'OwnerIds', 'Filters', 'MaxResults', 'NextToken']);
		const {account, now, region} = here;
		for (const id of input.SnapshotIds ?? []) {
			if (snapshotById(here, id).seenFrom > now) throw refusal('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`);
		}
		const isOwn = input.OwnerIds?.some((owner) => owner === 'self' || owner === account.id) ?? true;
		const seen = [...region.snapshots.values()].filter(({id, seenFrom}) => isOwn && seenFrom <= now && (input.SnapshotIds?.includes(id) ?? true));
		return {Snapshots: filtered('DescribeSnapshots', seen, input.Filters, filtersAt(now), ({tags}) => tags).map((snapshot) => shown(snapshot, here))};
	},
	DeleteSnapshot(input, here) {
		onlyKnows('DeleteSnapshot', input, ['SnapshotId', 'DryRun']);
		const {id, imageId} = snapshotById(here, required(input.SnapshotId, 'snapshotId'));
		const image = here.region.images.get(imageId);
		if (image && here.now < (image.deregistered?.shownUntil ?? Infinity))
			throw refusal('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${imageId}`);
		here.region.snapshots.delete(id);
		return {};
	},
};

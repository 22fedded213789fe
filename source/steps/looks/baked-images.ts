import type {Look} from '../../engine/step.ts';
import {markKeys, type Part} from '../../fleet.ts';
import {unless} from '../../problem.ts';
import type {Action, Cloud, Input} from '../../world/cloud/port.ts';
import {bearsMark, tagsOf} from '../tags.ts';
import {accountLook, type Instance, lives} from './account.ts';

/** An image of workers that was baked for a fleet. Times are milliseconds since 1970. */
export type BakedImage = {
	id: string;
	name: string;
	fleet: string;
	/** `1`, `2`, … in the order in which they were begun. */
	version: number;
	state: 'pending' | 'available' | 'failed';
	createdAt: number;
	sizeGib: number;
	snapshotIds: readonly string[];
	/** The answer that it was made from, such as `ecs-al2023`, and the image that this meant. */
	base: string;
	baseImage: string;
	recipe: string;
	/** The instance that it was made from. */
	builder: string;
	/** When a worker that started from it was proven. */
	provenAt: number | undefined;
};

/** What such an image's disk is in. `isLeft`: its image isn't there. Sizes are those of the disk, of which only what is written is paid for. */
type BakedSnapshot = {id: string; fleet: string; progress: number; isLeft: boolean; createdAt: number | undefined; sizeGib: number};

/** What is there of images that were baked: the newest first; their snapshots; and instances that one is made of. */
export type BakedThings = {images: BakedImage[]; snapshots: BakedSnapshot[]; builders: Instance[]};

const part: Part = 'worker-image';

/** EC2's filters that find what bears a fleet's mark as an image of workers: this fleet's, or any one's. */
const marked = (fleet: string | undefined): NonNullable<Input<'DescribeImages'>['Filters']> => [
	fleet === undefined ? {Name: 'tag-key', Values: [markKeys.fleet]} : {Name: `tag:${markKeys.fleet}`, Values: [fleet]},
	{Name: `tag:${markKeys.part}`, Values: [part]},
];

/** A word as a time; undefined where it's none. */
const timeIn = (word: string | undefined): number | undefined => {
	const at = Date.parse(word ?? '');
	return Number.isNaN(at) ? undefined : at;
};

async function imagesOf(cloud: Cloud, fleet: string | undefined): Promise<BakedImage[]> {
	const {Images = []} = await cloud.call('DescribeImages', {Owners: ['self'], Filters: marked(fleet), IncludeDeprecated: true});
	return Images.map((seen): BakedImage => {
		const tags = tagsOf(seen.Tags);
		const disks = (seen.BlockDeviceMappings ?? []).flatMap(({Ebs}) => (Ebs ? [Ebs] : []));
		return {
			id: seen.ImageId ?? '',
			name: seen.Name ?? '',
			fleet: tags[markKeys.fleet] ?? '',
			version: Number(tags.version) || 0,
			state: seen.State === 'pending' || seen.State === 'available' ? seen.State : 'failed',
			createdAt: timeIn(seen.CreationDate) ?? 0,
			sizeGib: disks.reduce((sum, {VolumeSize = 0}) => sum + VolumeSize, 0),
			snapshotIds: disks.flatMap(({SnapshotId}) => (SnapshotId === undefined ? [] : [SnapshotId])),
			base: tags[markKeys.base] ?? '',
			baseImage: tags[markKeys.baseImage] ?? '',
			recipe: tags[markKeys.recipe] ?? '',
			builder: tags[markKeys.builder] ?? '',
			provenAt: timeIn(tags[markKeys.provenImage]),
		};
	}).sort((one, other) => other.version - one.version || other.createdAt - one.createdAt);
}

/** Images and snapshots of a fleet, or of all that ever were here. Whoever may not see snapshots, and of whom there is no image, sees none. */
export async function lookAtBaked(cloud: Cloud, fleet?: string): Promise<Pick<BakedThings, 'images' | 'snapshots'>> {
	const images = await imagesOf(cloud, fleet);
	const answer = cloud.call('DescribeSnapshots', {OwnerIds: ['self'], Filters: marked(fleet)});
	const {Snapshots = []} = (images.length > 0 ? await answer : await unless(answer, 'not-allowed')) ?? {};
	const known = new Set(images.flatMap(({snapshotIds}) => snapshotIds));
	const snapshots = Snapshots.map(({Progress, SnapshotId = '', StartTime, Tags, VolumeSize = 0}) => ({
		id: SnapshotId,
		fleet: tagsOf(Tags)[markKeys.fleet] ?? '',
		progress: Number.parseInt(Progress ?? '', 10) || 0,
		isLeft: !known.has(SnapshotId),
		createdAt: StartTime?.getTime(),
		sizeGib: VolumeSize,
	}));
	return {images, snapshots};
}

/** Images, snapshots and builders of a fleet, whatever its answers are. */
export const bakedLook: Look<BakedThings> = {
	name: 'baked images',
	async load(context) {
		const {cloud, fleet} = context;
		const [baked, {instances}] = await Promise.all([lookAtBaked(cloud, fleet.name), context.look(accountLook)]);
		return {...baked, builders: instances.filter((one) => lives(one) && bearsMark(fleet, one.tags, 'image-builder'))};
	},
};

/** What that needs to be allowed. */
export const bakedActions: readonly Action[] = ['ec2:DescribeImages', 'ec2:DescribeSnapshots', 'ec2:DescribeInstances'];

import type {Context, Removal, Report} from '../../engine/step.ts';
import {mark, markKeys, names} from '../../fleet.ts';
import {Problem, unless} from '../../problem.ts';
import {until} from '../../world/laptop/clock.ts';
import {whenKnown} from '../late.ts';
import {type BakedImage, bakedLook} from '../looks/baked-images.ts';
import {imageLook} from '../looks/catalog.ts';
import {tagList} from '../tags.ts';
import type {Recipe} from './recipe.ts';

/** Tags of an image, and of its snapshot: the mark, what went into it, and the three by which images of runners are commonly told. */
function imageTags({answers, fleet}: Context, {base, hash, image}: Recipe, {builder, version}: {builder: string; version: number}): Record<string, string> {
	return {
		...answers.tags,
		type: 'gitlab-runner',
		platform: 'linux',
		version: String(version),
		...mark(fleet, 'worker-image'),
		[markKeys.recipe]: hash,
		[markKeys.base]: base,
		[markKeys.baseImage]: image.id,
		[markKeys.user]: answers.workerSshUser ?? image.user,
		[markKeys.builder]: builder,
	};
}

const looking = async (context: Context, builder: string): Promise<BakedImage | undefined> => {
	context.forget(bakedLook);
	return (await context.look(bakedLook)).images.find((one) => one.builder === builder);
};

/**
 * Makes an image of a builder that has stopped, once: its name is the builder's own, so a call that is made twice makes one. Waits until AWS has copied its
 * disk, and gives it. Throws a Problem where that fails.
 */
export async function makeImage(context: Context, recipe: Recipe, {builder, version}: {builder: string; version: number}, report: Report): Promise<BakedImage> {
	const {cloud, fleet} = context;
	const standing = await looking(context, builder);
	const name = names.workerImage(fleet, String(version), builder);
	const Tags = tagList(imageTags(context, recipe, {builder, version}));
	if (!standing) {
		report({says: `making ${name}`});
		// The system's own name is in its description, by which an executor knows what it can't set up.
		const input = {
			InstanceId: builder,
			Name: name,
			Description: `Workers of ${fleet.name}, made by gitlab-runner-aws from ${recipe.image.name}`.slice(0, 255),
			TagSpecifications: (['image', 'snapshot'] as const).map((ResourceType) => ({ResourceType, Tags})),
		};
		await unless(
			whenKnown(context, report, () => cloud.call('CreateImage', input)),
			'InvalidAMIName.Duplicate',
		);
	}
	const made = await untilAvailable(context, builder, report);
	if (made?.state === 'available') return made;
	throw new Problem({
		code: 'image-failed',
		fault: 'outside',
		again: made?.state !== 'failed',
		message:
			made?.state === 'failed'
				? `AWS failed to make the image ${made.id} of ${builder}.`
				: made
					? `AWS hasn't finished the image ${made.id} within an hour.`
					: `AWS doesn't show the image ${name} that it was asked for.`,
		advice: made?.state === 'failed' ? '`gitlab-runner-aws bake --prune` takes it away; then bake again.' : '`gitlab-runner-aws bake` goes on waiting for it.',
	});
}

/** How long an image is waited for, in milliseconds: an hour. */
export const longestImaging = 3_600_000;
/** Looks at an image this often, seldomer as time goes by. All in milliseconds. */
const patience = {pause: (turn: number) => Math.min(10_000, 1000 * turn), longest: longestImaging};
/** How many of these looks AWS may take until it shows the image at all. */
const unseenLooks = 23;
const bytesInGib = 2 ** 30;

async function untilAvailable(context: Context, builder: string, report: Report): Promise<BakedImage | undefined> {
	let looks = 0;
	let told: string | undefined;
	const look = async () => {
		looks += 1;
		const image = await looking(context, builder);
		const {snapshots} = await context.look(bakedLook);
		return {image, progress: snapshots.find(({id}) => image?.snapshotIds.includes(id))?.progress ?? 0};
	};
	const {image} = await until(
		context,
		patience,
		look,
		(seen) => (seen.image ? seen.image.state !== 'pending' : looks >= unseenLooks),
		({image: made, progress}) => {
			if (!made) return report({says: 'waiting until AWS shows the image'});
			if (made.id !== told) report({says: `AWS copies the disk of ${made.id}`});
			told = made.id;
			// AWS tells percent of the disk.
			const of = made.sizeGib * bytesInGib;
			report({download: `disk of ${made.id}`, bytes: Math.round((of * progress) / 100), ...(of > 0 ? {of} : {})});
		},
	);
	return image;
}

/** Deregisters images, then deletes the snapshots that they were on, and these others. */
export async function deleteWithSnapshots(
	context: Pick<Removal, 'clock' | 'cloud' | 'signal'>,
	images: readonly Pick<BakedImage, 'id' | 'name' | 'snapshotIds'>[],
	others: readonly string[],
	report: Report,
): Promise<void> {
	const {cloud} = context;
	for (const {id, name} of images) {
		await unless(cloud.call('DeregisterImage', {ImageId: id}), 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable');
		report({says: `${name} (${id}) deregistered`});
	}
	for (const id of new Set([...images.flatMap(({snapshotIds}) => snapshotIds), ...others])) {
		await unless(
			whenKnown(context, report, () => cloud.call('DeleteSnapshot', {SnapshotId: id})),
			'InvalidSnapshot.NotFound',
		);
		report({says: `snapshot ${id} deleted`});
	}
}

/** Deletes images of the fleet with their snapshots, and snapshots that an earlier try has left without their image. */
export async function deleteImages(
	context: Pick<Removal, 'clock' | 'cloud' | 'forget' | 'look' | 'signal'>,
	images: readonly BakedImage[],
	report: Report,
): Promise<void> {
	const left = (await context.look(bakedLook)).snapshots.filter(({isLeft}) => isLeft).map(({id}) => id);
	await deleteWithSnapshots(context, images, left, report);
	context.forget(bakedLook, ...images.map(({id}) => imageLook(id)));
}

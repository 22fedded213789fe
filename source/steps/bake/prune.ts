import type {Context} from '../../engine/step.ts';
import type {Given} from '../../fleet.ts';
import {instancesIn, lives} from '../looks/account.ts';
import {type BakedImage, bakedLook} from '../looks/baked-images.ts';
import {answersBefore, standingRecord} from '../record.ts';

/** An image, and why it is kept; without a reason it may go. */
export type ImageUse = {image: BakedImage; because: string | undefined};

/** How many finished images are kept, whoever uses them: the newest, and one to go back to. */
const lastOnes = 2;

/** Why each image is kept: workers start from it, run from it, an undo leads back to it, or it's one of the last two that were proven. Pure. */
export function usesOf(
	images: readonly BakedImage[],
	{answers, before, running}: {answers: Given; before: Given | undefined; running: ReadonlyMap<string, number>},
): ImageUse[] {
	const proven = images.filter(({provenAt}) => provenAt !== undefined).slice(0, lastOnes);
	const because = (image: BakedImage): string | undefined => {
		const count = running.get(image.id) ?? 0;
		if (answers.workerImage === image.id) return 'workers start from it';
		if (count > 0) return `${count} ${count === 1 ? 'instance runs' : 'instances run'} from it`;
		if (before?.workerImage === image.id) return 'undo leads back to it';
		return proven.includes(image) ? `one of the last ${lastOnes} that were proven` : undefined;
	};
	return images.map((image) => ({image, because: because(image)}));
}

/** The same for the images that stand, by what the record says and which instances run. */
export async function imageUses(context: Context): Promise<ImageUse[]> {
	const [{images}, {answers}] = await Promise.all([context.look(bakedLook), standingRecord(context)]);
	if (images.length === 0) return [];
	const [before, instances] = await Promise.all([
		answersBefore(context, answers),
		instancesIn(
			context.cloud,
			'image-id',
			images.map(({id}) => id),
		),
	]);
	const running = new Map<string, number>();
	for (const one of instances.filter(lives)) running.set(one.imageId, (running.get(one.imageId) ?? 0) + 1);
	return usesOf(images, {answers, before, running});
}

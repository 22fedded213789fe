import {isOfLine, wantedImage} from '../answers/publishers.ts';
import type {Context, Note} from '../engine/step.ts';
import type {ImageSeen} from './images.ts';
import {imageLook} from './looks/images.ts';

/**
 * The image for workers: a publisher's name is resolved once, so the one that stands stays as long as it is of that name and there; a newer one is a note.
 * `standing` is the id of the one that workers are made from.
 */
export async function workerImage(context: Context, newest: ImageSeen, standing: string | undefined): Promise<{image: ImageSeen; notes: Note[]}> {
	const wanted = wantedImage(context.answers.workerImage);
	if (standing === undefined || standing === newest.id || 'id' in wanted) return {image: newest, notes: []};
	const seen = await context.look(imageLook(standing));
	if (!seen || !isOfLine(wanted.publisher, seen) || seen.architecture !== newest.architecture) return {image: newest, notes: []};
	const notes = [
		{
			says: `A newer ${context.answers.workerImage} for workers is there, ${newest.id}; they stay on ${standing}.`,
			advice: `Use \`--worker-image ${newest.id}\` to change over.`,
		},
	];
	return {image: {...newest, id: standing, name: seen.name, rootDevice: seen.rootDevice}, notes};
}

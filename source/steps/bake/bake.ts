import type {Emit} from '../../engine/plan.ts';
import {progressEvent, toldRun} from '../../engine/run.ts';
import type {Context, Found, Report} from '../../engine/step.ts';
import {markKeys} from '../../fleet.ts';
import {type Problem, Stopped} from '../../problem.ts';
import {type BakedImage, type BakedThings, bakedLook} from '../looks/baked-images.ts';
import {tagList} from '../tags.ts';
import {endBuilders, launchBuilder, untilBuilt} from './builder.ts';
import {makeImage} from './image.ts';
import type {Recipe} from './recipe.ts';

/** What an image is baked with: its recipe, where its builder is made, and what has workers start from it once they are proven to. */
type BakeOptions = {
	recipe: Recipe;
	network: Found['network'];
	groupId: string;
	emit: Emit;
	/** Proves the image with a worker and points the fleet to it; gives that in a sentence. */
	use(image: BakedImage, tell: (says: string) => void): Promise<string>;
};

/** How long an image that nobody has proven yet is gone on with, in milliseconds: what it has pulled is as new then. */
const freshFor = 86_400_000;

/** An image of this recipe that an earlier run made, or is having made, and that didn't come to be used. */
export const unfinished = ({images}: BakedThings, {hash}: Pick<Recipe, 'hash'>, now: number): BakedImage | undefined =>
	images.find(({createdAt, provenAt, recipe, state}) => recipe === hash && provenAt === undefined && state !== 'failed' && now - createdAt < freshFor);

/** The version that the next image gets. */
const nextVersion = ({builders, images}: BakedThings, {hash}: Pick<Recipe, 'hash'>): number => {
	const begun = builders.find(({tags}) => tags[markKeys.recipe] === hash)?.tags.version;
	return begun === undefined ? Math.max(0, ...images.map(({version}) => version)) + 1 : Number(begun);
};

/** What its parts are called in events, and to people. */
const parts = [
	{name: 'bake-builder', title: 'Builder'},
	{name: 'bake-image', title: 'Image'},
	{name: 'bake-use', title: 'Workers'},
] as const;

/**
 * Bakes an image of workers: a machine installs itself and stops, an image is made of it, a worker that starts from that is proven, and the fleet's workers
 * start from it from then on. Each part looks first, so that a run that was stopped or killed anywhere is gone on with by the next. Tells all of it as a run;
 * one that was stopped ends without a problem.
 */
export async function bake(context: Context, options: BakeOptions): Promise<{problems: Problem[]; image: BakedImage | undefined}> {
	const {recipe, emit, use} = options;
	const run = toldRun({clock: context.clock, emit}, parts);
	const made: {builder?: string; image?: BakedImage} = {};
	const reportOf =
		(name: string): Report =>
		(progress) =>
			emit(progressEvent(name, progress));
	const things = await context.look(bakedLook);
	const standing = unfinished(things, recipe, context.clock.now());
	const version = standing?.version ?? nextVersion(things, recipe);
	try {
		const built = await run.part('bake-builder', async () => {
			if (standing) {
				made.builder = standing.builder;
				return `version ${version} was made ${standing.state === 'available' ? '' : 'up to its image '}by an earlier run: going on with it`;
			}
			const place = {network: options.network, groupId: options.groupId, version};
			made.builder = await launchBuilder(context, recipe, place, reportOf('bake-builder'));
			return untilBuilt(context, made.builder, reportOf('bake-builder'));
		});
		const imaged = built && (await run.part('bake-image', () => imageOf(context, recipe, {made, version}, reportOf('bake-image'))));
		const {image} = made;
		if (imaged && image)
			await run.part('bake-use', async () => {
				const says = await use(image, (done) => emit({event: 'step.says', step: 'bake-use', says: done}));
				await context.cloud.call('CreateTags', {
					Resources: [image.id],
					Tags: tagList({[markKeys.provenImage]: new Date(context.clock.now()).toISOString()}),
				});
				context.forget(bakedLook);
				return says;
			});
	} catch (error) {
		// Whoever stopped it knows; what was begun stays, and is gone on with.
		if (!(error instanceof Stopped)) throw error;
	} finally {
		run.end();
	}
	return {problems: run.problems, image: made.image};
}

/** Makes the image, then ends its builder. */
async function imageOf(
	context: Context,
	recipe: Recipe,
	{made, version}: {made: {builder?: string; image?: BakedImage}; version: number},
	report: Report,
): Promise<string> {
	const {builder = ''} = made;
	const image = await makeImage(context, recipe, {builder, version}, report);
	made.image = image;
	const {builders} = await context.look(bakedLook);
	await endBuilders(
		context,
		builders.map(({id}) => id),
		report,
	);
	return `version ${image.version}, ${image.id}`;
}

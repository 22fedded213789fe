import {flagOf} from '../answers/all.ts';
import {wantedImage} from '../answers/publishers.ts';
import type {Context, Finding, Found, Note, Removal, Report, Standing, Step} from '../engine/step.ts';
import type {Answers} from '../fleet.ts';
import {builderActions, endBuilders} from './bake/builder.ts';
import {deleteImages} from './bake/image.ts';
import {type BakedImage, bakedActions, bakedLook} from './looks/baked-images.ts';
import {imageLook, publishedLook} from './looks/catalog.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** The version of the image that was baked, where workers start from one. */
		'worker-image': {version: number | undefined};
	}
}

const day = 86_400_000;
/** Days after which a baked image is old: what is in it has had updates by then. */
const oldDays = 30;

/** Whole days since a moment; both times are milliseconds since 1970. */
export const daysOld = (since: number, now: number): number => Math.max(0, Math.floor((now - since) / day));
/** `today`, `1 day ago`, `3 days ago`. */
export const daysWords = (days: number): string => (days === 0 ? 'today' : `${days} ${days === 1 ? 'day' : 'days'} ago`);

/** The image that a baked one's base means today, where that is another one. */
async function newerBase(context: Context, {base, baseImage}: BakedImage, architecture: 'x86_64' | 'arm64'): Promise<string | undefined> {
	const wanted = wantedImage(base);
	if ('id' in wanted) return undefined;
	const newest = (await context.look(publishedLook(wanted.line, wanted.publisher)))[wanted.fixed ?? architecture];
	return newest === baseImage ? undefined : newest;
}

/** What has happened since an image was baked, with its age. */
async function driftNotes(context: Context, image: BakedImage, architecture: 'x86_64' | 'arm64'): Promise<Note[]> {
	const days = daysOld(image.createdAt, context.clock.now());
	const newer = await newerBase(context, image, architecture);
	if (newer === undefined && days < oldDays) return [];
	const since = newer === undefined ? '' : `; ${image.base} has become ${newer} since`;
	return [
		{
			says: `The workers' image, version ${image.version}, is ${days} ${days === 1 ? 'day' : 'days'} old${since}.`,
			advice: `\`gitlab-runner-aws bake --fleet ${context.fleet.name} --region ${context.fleet.region}\` bakes a new one.`,
		},
	];
}

/** A machine that an image is being made of, and that nobody waits for any more. */
const builderNotes = ({fleet}: Context, ids: readonly string[]): Note[] =>
	ids.map((id) => ({
		says: `The builder ${id} of another image is there, and costs while it runs.`,
		advice: `\`gitlab-runner-aws bake --fleet ${fleet.name} --region ${fleet.region}\` goes on with it, and \`bake --prune\` ends it.`,
	}));

async function check(context: Context, {images}: Pick<Found, 'images'>): Promise<Finding<Found['worker-image']>> {
	const {id, name} = images.worker;
	const [{builders, images: baked}, image] = await Promise.all([context.look(bakedLook), context.look(imageLook(id))]);
	const own = baked.find((one) => one.id === id);
	const building = builderNotes(
		context,
		builders.map((one) => one.id),
	);
	if (own) {
		const drift = await driftNotes(context, own, images.worker.architecture);
		const says = `version ${own.version}, ${id}, baked ${daysWords(daysOld(own.createdAt, context.clock.now()))} from ${own.base}`;
		return {is: 'ready', resource: {version: own.version}, says, notes: [...drift, ...building]};
	}
	const {type, platform, version} = image?.tags ?? {};
	const tagged = type === 'gitlab-runner' ? `, tagged for runners: ${[platform, version].filter(Boolean).join(' ')}` : '';
	return {is: 'ready', resource: {version: undefined}, says: `${id}, ${name}${tagged}`, notes: building};
}

async function stands(context: Removal): Promise<Standing[]> {
	const {builders, images, snapshots} = await context.look(bakedLook);
	return [
		...builders.map(({id, state, type}) => ({id, says: `builder of an image, ${type}, ${state}`, goes: true})),
		...images.map(({id, version}) => ({id, says: `image of workers, version ${version}`, goes: true})),
		...snapshots.map(({id}) => ({id, says: 'snapshot of an image of workers', goes: true})),
	];
}

async function remove(context: Removal, report: Report): Promise<void> {
	context.forget(bakedLook);
	const {builders, images} = await context.look(bakedLook);
	await endBuilders(
		context,
		builders.map(({id}) => id),
		report,
	);
	await deleteImages(context, images, report);
}

/**
 * The image that workers start from, where it is one by its id: how old one is that was baked for this fleet. `bake` makes them; a removal takes all of
 * them away, with their snapshots and whatever one was being made of, which is in the workers' security group.
 */
export const workerImageStep: Step<'worker-image', 'images', 'record' | 'security-groups'> = {
	name: 'worker-image',
	title: 'Worker image',
	needs: ['images'],
	after: ['record', 'security-groups'],
	when: ({workerImage}: Answers) => 'id' in wantedImage(workerImage),
	actions: [...bakedActions, ...builderActions, 'ec2:CreateImage', 'ec2:DeregisterImage', 'ec2:DeleteSnapshot', 'ssm:GetParameter'],
	ahead: (context) => context.look(bakedLook),
	check,
	stands,
	remove,
	commands: ({workerImage}, {name, region}) => [
		`aws --region ${region} ec2 describe-images --image-ids ${workerImage}`,
		`gitlab-runner-aws bake --fleet ${name} --region ${region}  # or ${flagOf('workerImage')} for another image`,
	],
};

import {flagsOf} from '../answers/value.ts';
import type {OpenContext} from '../engine/context.ts';
import {foundIn, makePlan, problemsOf} from '../engine/plan.ts';
import type {Context} from '../engine/step.ts';
import {executorOf} from '../executors/list.ts';
import {toText} from '../faces/words/lines.ts';
import {wrap} from '../faces/words/wrapping.ts';
import type {Given} from '../fleet.ts';
import {within} from '../panel/acts/act-context.ts';
import {type FleetAct, ofWorkers, prepareChange} from '../panel/acts/change.ts';
import {many} from '../panel/formats.ts';
import {isProblem, Problem} from '../problem.ts';
import {bake as baking, unfinished} from '../steps/bake/bake.ts';
import {builderType, endBuilders, imageDiskGib} from '../steps/bake/builder.ts';
import {deleteImages} from '../steps/bake/image.ts';
import {type ImageUse, imageUses} from '../steps/bake/prune.ts';
import {pulledImages, type Recipe, recipeOf} from '../steps/bake/recipe.ts';
import {type BakedImage, bakedLook} from '../steps/looks/baked-images.ts';
import {refuseDenied} from '../steps/permissions.ts';
import {snapshotPrice} from '../steps/prices.ts';
import {standingRecord} from '../steps/record.ts';
import {daysOld, daysWords} from '../steps/worker-image.ts';
import {commandLine} from '../world/host/quote.ts';
import {openFleet} from './open.ts';
import {actContextFor} from './panel.ts';
import {type Command, failAll, fleetFlags, noFleet, outputOf, type Session} from './session.ts';

/** Bakes an image of workers, proves it and has workers start from it; or lists, or prunes, those that were baked. */
export const bake: Command = async (session) => {
	const {context, stands} = await openFleet(session, {secrets: 'reach'});
	try {
		if (!stands) throw noFleet(context);
		if (session.options.list) return await list(session, context);
		return session.options.prune ? await prune(session, context) : await bakeAnew(session, context);
	} finally {
		await context.close();
	}
};

/** The answer that the next image is made from: what was given here, else what the image that workers start from was made from, else that answer itself. */
async function baseOf(session: Session, context: Context, record: Given): Promise<string> {
	const given = session.parsed.given.workerImage;
	if (given !== undefined) return given;
	const {images} = await context.look(bakedLook);
	const standing = images.find(({id}) => id === record.workerImage);
	return standing?.base || context.answers.workerImage;
}

/**
 * What a fleet that stands as its record says has found; throws a Problem where it isn't so, since a proof would change the rest, too. A run that ended while
 * workers were given their new image has left no more open than the next one does.
 */
async function standingFound(session: Session, context: Context, record: Given) {
	const actContext = await actContextFor(session, context.fleet, undefined, () => undefined);
	return within(actContext.open(), async (looking) => {
		const standing = await actContext.answered(looking, record);
		const {steps} = executorOf(standing.answers);
		const plan = await makePlan(steps, standing, () => undefined, {replaceManager: false});
		const [problem] = problemsOf(plan);
		if (problem) throw problem;
		const {images} = await standing.look(bakedLook);
		const begun = images.some(({id, provenAt}) => id === record.workerImage && provenAt === undefined);
		const goesOn = begun ? ofWorkers(standing.answers).only : [];
		const others = steps.filter(({name}) => (plan.get(name)?.is ?? 'ready') !== 'ready' && !goesOn.includes(name));
		const found = foundIn(plan);
		if (others.length === 0 && found.network && found['security-groups'])
			return {network: found.network, groupId: found['security-groups'].workersGroupId, managerId: found.manager?.id};
		throw new Problem({
			code: 'more-to-change',
			message: `The fleet isn't as its answers say: ${others.map(({title}) => title.toLowerCase()).join(', ')}.`,
			advice: `Run \`gitlab-runner-aws setup ${fleetFlags(context)}\` first.`,
		});
	});
}

/** The recipe that the answers mean, with their base as it is now. Throws the Problem that the image has. */
async function recipeFor(context: Context, base: string): Promise<Recipe> {
	const {answers} = context;
	const executor = executorOf(answers);
	const from: Context = {...context, answers: {...answers, workerImage: base}};
	const plan = await makePlan(executor.steps, from, () => undefined, {replaceManager: false, only: ['images']});
	const [problem] = problemsOf(plan);
	if (problem) throw problem;
	const image = foundIn(plan).images?.worker;
	if (!image) throw new Problem({code: 'no-image', message: `What ${base} means isn't known.`, advice: 'Name an image with `--worker-image`.'});
	return recipeOf(answers, {base, image, user: answers.workerSshUser ?? image.user}, executor.workers.bakeParts(answers));
}

async function bakeAnew(session: Session, context: OpenContext<Context>): Promise<number> {
	const {face, stops} = session;
	const {answers: record} = await standingRecord(context);
	const base = await baseOf(session, context, record);
	const found = await standingFound(session, context, record);
	const recipe = await recipeFor(context, base);
	if (found.managerId !== undefined) await refuseDenied(context, 'CreateImage', {InstanceId: found.managerId, Name: 'gitlab-runner-aws-dry-run'});
	if (!(await face.agree(await proposal(context, recipe)))) return 0;
	const use = (image: BakedImage, tell: (says: string) => void): Promise<string> => useImage(session, context, image, tell);
	const {result} = await face.run(undefined, () => baking(context, {recipe, network: found.network, groupId: found.groupId, emit: face.emit, use}));
	const stopped = stops.exit();
	if (stopped !== undefined) {
		// Without the same flags it would be another image.
		const same = commandLine('gitlab-runner-aws', 'bake', ...flagsOf({...session.parsed.given, fleet: context.fleet.name, region: context.fleet.region}));
		const again = `To go on: \`${same}\`.\nTo delete what was made: \`gitlab-runner-aws bake --prune ${fleetFlags(context)}\`.`;
		face.fail(new Problem({code: 'stopped', message: 'Stopped. What was made stays, and a builder that runs costs.', advice: again}));
		return stopped;
	}
	if (result.problems.length > 0) return failAll(session, result.problems);
	const old = (await imageUses(context)).filter(({because}) => because === undefined);
	face.emit({
		event: 'ended',
		says: `Workers of ${context.fleet.name} start from ${result.image?.id}, version ${result.image?.version}.`,
		next: [
			{command: `gitlab-runner-aws smoke ${fleetFlags(context)}`, does: 'tries two jobs on it'},
			{command: `gitlab-runner-aws status undo ${fleetFlags(context)}`, does: 'goes back to the image before'},
			...(old.length === 0 ? [] : [{command: `gitlab-runner-aws bake --prune ${fleetFlags(context)}`, does: `deletes ${many(old.length, 'older image')}`}]),
		],
	});
	return 0;
}

const helperWords = ({gitlabRunnerVersion}: Context['answers']): string => `GitLab Runner's helper ${gitlabRunnerVersion}`;

/** What is going to be made, and what it costs in time and money. */
async function proposal(context: Context, {base, image, hash}: Recipe) {
	const {answers, clock, fleet} = context;
	const things = await context.look(bakedLook);
	const going = unfinished(things, {hash}, clock.now());
	const {named} = pulledImages(answers, image);
	const executor = executorOf(answers);
	return {
		says: going
			? `Version ${going.version}, which an earlier run has begun, becomes the image that workers of ${fleet.name} start from.`
			: `An image for workers of ${fleet.name} is baked, and they start from it from then on.`,
		does: going ? 'use it' : 'bake it',
		details: [
			`From     ${base} (${image.id})`,
			`Images   ${[helperWords(answers), answers.dockerImage, ...named].filter((one, at, all) => all.indexOf(one) === at).join(', ')}`,
			...(going ? [] : [`Builder  a ${builderType(answers)} on demand, usually for three to five minutes, then terminated`]),
			`Kept     an image and its snapshot of ${imageDiskGib(answers.workerDisk, image.diskGib)} GiB; what is written of it costs ${snapshotPrice}`,
			`Proof    a ${executor.workers.provenBy.replace('-', ' ')}, before the fleet uses it; jobs that run go on`,
		],
	};
}

/** Has workers start from an image, by the same plan as any change of the fleet: a worker is proven first. */
async function useImage(session: Session, context: Context, image: BakedImage, tell: (says: string) => void): Promise<string> {
	const {bakeImages} = session.parsed.given;
	const act: FleetAct = ({answers, record}) => ({
		...ofWorkers(answers),
		answers: {...record, workerImage: image.id, ...(bakeImages === undefined ? {} : {bakeImages})},
		says: `Workers start from ${image.id}.`,
		already: `Workers start from ${image.id} already.`,
		done: () => `workers start from ${image.id}`,
		otherwise: `Run \`gitlab-runner-aws setup ${fleetFlags(context)}\` first, then bake again: it goes on with this image.`,
	});
	const actContext = await actContextFor(session, context.fleet, undefined, () => undefined);
	try {
		const prepared = await prepareChange(actContext, act);
		tell(await prepared.carryOut(tell));
	} catch (error) {
		// An earlier run was stopped when all but the last was done.
		if (!isProblem(error, 'nothing-to-change')) throw error;
	}
	return `proven by a worker, and workers start from ${image.id}`;
}

/** A baked image as a script reads it. */
const dataOf = ({because, image: {base, baseImage, createdAt, id, name, provenAt, sizeGib, snapshotIds, state, version}}: ImageUse) => ({
	id,
	name,
	version,
	state,
	createdAt: new Date(createdAt).toISOString(),
	base,
	baseImage,
	sizeGib,
	snapshots: snapshotIds,
	...(provenAt === undefined ? {} : {provenAt: new Date(provenAt).toISOString()}),
	...(because === undefined ? {} : {kept: because}),
});

/** `version 3  ami-…  baked 2 days ago from ecs-al2023, 20 GiB: workers start from it`. */
const lineOf = ({because, image}: ImageUse, now: number): string => {
	const made = image.state === 'available' ? `baked ${daysWords(daysOld(image.createdAt, now))}` : image.state === 'pending' ? 'being made' : 'failed';
	const proven = image.provenAt === undefined ? ', not proven' : '';
	return `${image.id}  ${made} from ${image.base}, ${image.sizeGib} GiB${proven}: ${because ?? '`bake --prune` deletes it'}`;
};

async function list(session: Session, context: Context): Promise<number> {
	const uses = await imageUses(context);
	const {columns, look} = outputOf(session);
	const now = context.clock.now();
	const lines = uses.map((use) =>
		toText({subject: `version ${use.image.version}`, subjectWidth: 12, text: lineOf(use, now), verbatim: columns === undefined}, columns ?? 0, look),
	);
	const says = `No image was baked for ${context.fleet.name}. \`gitlab-runner-aws bake ${fleetFlags(context)}\` bakes one.`;
	const {builders} = await context.look(bakedLook);
	const costs = `${many(builders.length, 'builder')} of a bake under way or one that ended early may cost: \`gitlab-runner-aws bake --prune ${fleetFlags(context)}\` ends ${builders.length === 1 ? 'it' : 'them'}.`;
	const told = [...(lines.length === 0 ? [says] : []), ...(builders.length === 0 ? [] : [costs])].flatMap((one) =>
		columns === undefined ? [one] : wrap(one, columns),
	);
	session.face.emit({event: 'document', name: 'worker images', value: session.options.face === 'json' ? uses.map(dataOf) : [...lines, ...told]});
	return 0;
}

/** Deletes what nobody uses: all images but the last two that were proven and those in use, snapshots without an image, and builders. */
async function prune(session: Session, context: OpenContext<Context>): Promise<number> {
	const {face} = session;
	const uses = await imageUses(context);
	const goes = uses.filter(({because}) => because === undefined).map(({image}) => image);
	const {builders, snapshots} = await context.look(bakedLook);
	const left = snapshots.filter(({isLeft}) => isLeft);
	if (goes.length + builders.length + left.length === 0) {
		face.emit({
			event: 'ended',
			says: `Nothing is to be deleted: ${uses.length === 0 ? `no image was baked for ${context.fleet.name}` : `${many(uses.length, 'image')} of ${context.fleet.name}, all of use`}.`,
			next: [],
		});
		return 0;
	}
	const now = context.clock.now();
	const others = [builders.length === 0 ? [] : [many(builders.length, 'builder')], left.length === 0 ? [] : [many(left.length, 'snapshot')]]
		.flat()
		.join(' and ');
	const agreed = await face.agree({
		says:
			goes.length === 0
				? `${others} of ${context.fleet.name}, of a bake under way or one that ended early, ${builders.length + left.length === 1 ? 'is' : 'are'} deleted, and no image.`
				: `${many(goes.length, 'image')} of ${context.fleet.name} ${goes.length === 1 ? 'is' : 'are'} deleted, with ${goes.length === 1 ? 'its' : 'their'} snapshots.`,
		does: 'delete',
		details: [
			'Goes:',
			...uses.filter(({because}) => because === undefined).map((use) => `  version ${use.image.version}  ${lineOf(use, now).replace(/: .*$/, '')}`),
			...builders.map(({id, state, type}) => `  builder ${id}, ${type}, ${state}`),
			...left.map(({id}) => `  snapshot ${id}, without its image`),
			...(goes.length === uses.length ? [] : ['Stays:']),
			...uses.flatMap(({because, image}) => (because === undefined ? [] : [`  version ${image.version}  ${image.id}: ${because}`])),
		],
	});
	if (!agreed) return 0;
	const tell = (progress: {says: string} | object): void => void ('says' in progress && face.emit({event: 'note', about: 'progress', says: progress.says}));
	await endBuilders(
		context,
		builders.map(({id}) => id),
		tell,
	);
	await deleteImages(context, goes, tell);
	face.emit({
		event: 'ended',
		says: `${goes.length === 0 ? others : many(goes.length, 'image')} deleted${uses.length === 0 ? '' : `, ${many(uses.length - goes.length, 'image')} kept`}.`,
		next: [],
	});
	return 0;
}

import {flagOf} from '../answers/all.ts';
import {otherArchitecture} from '../answers/instance-families.ts';
import {type Architecture, architectures, isOfLine, userOf, type WantedImage, wantedImage} from '../answers/publishers.ts';
import type {Context, Finding, Fix, Found, Note, Step} from '../engine/step.ts';
import type {Limits} from '../executors/limits.ts';
import {typesOf, workerImageOf, workerTypesOf} from '../executors/offered.ts';
import type {Given} from '../fleet.ts';
import {aws} from './aws-cli.ts';
import {Blocked, orBlocked} from './finding.ts';
import {accountLook, type Instance, managersOf} from './looks/account.ts';
import {type Image, imageLook, instanceTypesLook, publishedLook} from './looks/catalog.ts';

/** An image as the fleet needs to know it. */
export type ImageSeen = {id: string; architecture: 'x86_64' | 'arm64'; rootDevice: string; diskGib: number; user: string; name: string};

declare module '../engine/step.ts' {
	interface Found {
		images: {manager: ImageSeen; worker: ImageSeen};
	}
}

/** Which image of the two, and the answers that go with it. */
type ImageRole = {image: 'image' | 'workerImage'; type: 'managerType' | 'workerType'; user: 'sshUser' | 'workerSshUser'};

const roles = {
	manager: {image: 'image', type: 'managerType', user: 'sshUser'},
	worker: {image: 'workerImage', type: 'workerType', user: 'workerSshUser'},
} as const satisfies Record<string, ImageRole>;

/** The architectures of a type; both while AWS doesn't know the type, since `quota` tells that. */
async function architecturesOf(context: Context, type: string): Promise<string[]> {
	const types = await context.look(instanceTypesLook(...typesOf(context.answers)));
	return types.get(type)?.architectures ?? [...architectures];
}

/** The id that a publisher's name means today for a type. */
async function publishedId(context: Context, role: ImageRole, wanted: Exclude<WantedImage, {id: string}>): Promise<string> {
	const published = context.look(publishedLook(wanted.line, wanted.publisher));
	const fitting = await architecturesOf(context, context.answers[role.type]);
	const architecture = wanted.fixed ?? architectures.find((one) => fitting.includes(one)) ?? 'x86_64';
	const id = (await published)[architecture];
	if (id !== undefined) return id;
	throw new Blocked(
		'image-not-published',
		`${wanted.line} isn't published for ${architecture} in ${context.fleet.region}.`,
		`Choose another image with \`${flagOf(role.image)}\`.`,
	);
}

/** What is still known of an image that a manager runs from and that AWS no longer shows. */
async function withdrawn(context: Context, role: ImageRole, id: string): Promise<Image> {
	const [architecture = 'x86_64'] = await architecturesOf(context, context.answers[role.type]);
	return {id, name: id, owner: '', architecture, rootDevice: '/dev/sda1', diskGib: 8, tags: {}};
}

/** The image that the answers mean, with what a newer one would change. */
async function find(context: Context, role: ImageRole, standing: Instance | undefined): Promise<{image: Image; notes: Note[]}> {
	const wanted = wantedImage(context.answers[role.image]);
	if ('id' in wanted) {
		const image = await context.look(imageLook(wanted.id));
		if (image) return {image, notes: []};
		if (standing?.imageId === wanted.id)
			return {image: await withdrawn(context, role, wanted.id), notes: [{says: `The manager's image ${wanted.id} is withdrawn; the manager runs on.`}]};
		const message = `Region ${context.fleet.region} has no image ${wanted.id} that this account may use; image ids differ between regions.`;
		throw new Blocked('InvalidAMIID.NotFound', message, `Choose one of this region with \`${flagOf(role.image)}\`, or a name such as ubuntu-24.04.`, {
			says: 'use ubuntu-24.04 instead',
			answers: {[role.image]: 'ubuntu-24.04'},
		});
	}
	const [id, own] = await Promise.all([publishedId(context, role, wanted), standing && context.look(imageLook(standing.imageId))]);
	const fitting = await architecturesOf(context, context.answers[role.type]);
	if (own && isOf(wanted, own) && fitting.includes(own.architecture)) {
		const newer: Note[] =
			own.id === id ? [] : [{says: `A newer ${wanted.line} is published: ${id}. The manager keeps ${own.id}; \`--image ${id}\` replaces it.`}];
		return {image: own, notes: newer};
	}
	const image = await context.look(imageLook(id));
	if (!image)
		throw new Blocked(
			'InvalidAMIID.NotFound',
			`${wanted.line} means image ${id} in ${context.fleet.region}, and AWS doesn't show it to this account.`,
			`Choose another with \`${flagOf(role.image)}\`.`,
		);
	// The image of a standing manager may be withdrawn; the manager runs on, and what is known of its line still holds.
	if (standing && !own)
		return {
			image: {...image, id: standing.imageId},
			notes: [{says: `The manager's image ${standing.imageId} is withdrawn; a new manager would start from ${id}.`}],
		};
	return {image, notes: []};
}

/** Whether an image is of the line that a name means. */
const isOf = ({publisher, fixed}: Exclude<WantedImage, {id: string}>, image: Image): boolean =>
	isOfLine(publisher, image) && (fixed === undefined || image.architecture === fixed);

/** A type of the other architecture where the region has one, else the same image for the type's. */
async function fixFor(context: Context, role: ImageRole, architecture: string): Promise<Fix | undefined> {
	const type = context.answers[role.type];
	const twin = otherArchitecture(type);
	const seen = twin === undefined ? undefined : (await context.look(instanceTypesLook(twin))).get(twin);
	if (twin !== undefined && seen?.architectures.includes(architecture) && seen.zones.length > 0) {
		const answers: Given = {[role.type]: twin};
		return {says: `use ${twin} instead`, answers};
	}
	const wanted = wantedImage(context.answers[role.image]);
	const name = 'id' in wanted ? 'ubuntu-24.04' : wanted.line;
	return {says: `use ${name} for ${(await architecturesOf(context, type))[0] ?? 'its architecture'} instead`, answers: {[role.image]: name}};
}

async function judge(context: Context, role: ImageRole, standing?: Instance, limits?: Limits): Promise<{seen: ImageSeen; notes: Note[]}> {
	const {answers, clock} = context;
	const {image, notes} = await find(context, role, standing);
	const refused = limits?.image(image);
	if (refused) {
		const usual = workerImageOf(answers);
		throw new Blocked('image-not-supported', refused.message, refused.advice, {says: `use ${usual} instead`, answers: {[role.image]: usual}});
	}
	const type = answers[role.type];
	const architecture: Architecture = image.architecture === 'arm64' ? 'arm64' : 'x86_64';
	const fitting = await architecturesOf(context, type);
	if (!fitting.includes(image.architecture)) {
		const fix = await fixFor(context, role, image.architecture);
		throw new Blocked(
			'architecture-differs',
			`Image ${image.id} is ${image.architecture}, but ${type} is ${fitting.join(', ')}.`,
			fix ? `Choose with \`${flagOf(role.type)}\` or \`${flagOf(role.image)}\`: ${fix.says}.` : `Choose another image with \`${flagOf(role.image)}\`.`,
			fix,
		);
	}
	const user = answers[role.user] ?? userOf(image);
	if (user === undefined) {
		throw new Blocked(
			'image-user-unknown',
			`Whom to log in as on image ${image.id} (${image.name}) isn't known, since its publisher ${image.owner} isn't.`,
			`Name the user with \`${flagOf(role.user)}\`.`,
		);
	}
	if (image.deprecatedAt !== undefined && image.deprecatedAt <= clock.now()) {
		notes.push({
			says: `Image ${image.id} (${image.name}) is deprecated since ${new Date(image.deprecatedAt).toISOString().slice(0, 10)}.`,
			advice: `Choose a newer one with \`${flagOf(role.image)}\`.`,
		});
	}
	return {seen: {id: image.id, architecture, rootDevice: image.rootDevice, diskGib: image.diskGib, user, name: image.name}, notes};
}

function diskFits({answers}: Context, worker: ImageSeen): void {
	if (answers.workerDisk >= worker.diskGib) return;
	throw new Blocked(
		'disk-too-small',
		`Image ${worker.id} needs ${worker.diskGib} GiB of disk, and workers get ${answers.workerDisk}.`,
		`Add \`--worker-disk ${worker.diskGib}\`.`,
		{
			says: `give workers ${worker.diskGib} GiB`,
			answers: {workerDisk: worker.diskGib},
		},
	);
}

/** Workers of several types start from one image, so the others have to fit it too. */
async function othersFit(context: Context, worker: ImageSeen): Promise<void> {
	const types = workerTypesOf(context.answers);
	const fitting = await Promise.all(types.map((type) => architecturesOf(context, type)));
	const left = types.filter((_type, index) => fitting[index]?.includes(worker.architecture));
	const strange = types.find((type) => !left.includes(type));
	if (strange === undefined) return;
	throw new Blocked(
		'architecture-differs',
		`Workers start from one image, ${worker.id}, which is ${worker.architecture}, and ${strange} isn't.`,
		'Choose types of one architecture with `--worker-types`.',
		left.length === 0 ? undefined : {says: `use ${left.join(', ')} instead`, answers: {workerTypes: left}},
	);
}

async function check(context: Context, limits: Limits): Promise<Finding<Found['images']>> {
	const {answers} = context;
	const [standing] = managersOf(context.fleet, await beside(context));
	const [manager, worker] = await Promise.all([judge(context, roles.manager, standing), judge(context, roles.worker, undefined, limits)]);
	await othersFit(context, worker.seen);
	diskFits(context, worker.seen);
	const shown = (answer: string, {architecture, id}: ImageSeen): string => `${answer === id ? '' : `${answer} `}${id}, ${architecture}`;
	const own = shown(answers.image, manager.seen);
	const says = manager.seen.id === worker.seen.id ? own : `${own}; workers ${shown(answers.workerImage, worker.seen)}`;
	return {is: 'ready', resource: {manager: manager.seen, worker: worker.seen}, says, notes: [...manager.notes, ...worker.notes]};
}

/** Starts every look of the first round together, so that no round trip waits for another. */
async function beside(context: Context) {
	const {answers} = context;
	const lines = [wantedImage(answers.image), wantedImage(answers.workerImage)].flatMap((wanted) =>
		'line' in wanted ? [publishedLook(wanted.line, wanted.publisher)] : [],
	);
	const [account] = await Promise.all([
		context.look(accountLook),
		context.look(instanceTypesLook(...typesOf(answers))),
		...lines.map((look) => context.look(look)),
	]);
	return account;
}

/** That both images are in this region, fit their types, can be what they are for and leave nothing to guess. Nothing is made here. */
export const imagesStep = (limits: Limits): Step<'images', never, never> => ({
	name: 'images',
	title: 'Images',
	needs: [],
	actions: ['ec2:DescribeImages', 'ec2:DescribeInstanceTypes', 'ec2:DescribeInstanceTypeOfferings', 'ssm:GetParameter'],
	check: orBlocked((context) => check(context, limits)),
	commands(answers, fleet) {
		return [...new Set([answers.image, answers.workerImage])].map((answer) => {
			const wanted = wantedImage(answer);
			if ('id' in wanted) return aws(fleet, 'ec2', 'describe-images', '--image-ids', wanted.id);
			return aws(
				fleet,
				'ssm',
				'get-parameter',
				'--name',
				wanted.publisher.parameter(wanted.fixed ?? 'x86_64'),
				'--query',
				'Parameter.Value',
				'--output',
				'text',
			);
		});
	},
});

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

import {limitsOf, offered, workerImageOf} from '../executors/offered.ts';
import type {Given} from '../fleet.ts';
import {isProblem, unless} from '../problem.ts';
import type {Cloud, Output} from '../world/cloud/port.ts';
import {type Architecture, architectures, lines, userOf, userPattern, wantedImage} from './publishers.ts';
import {type Asking, barred, type Choice, choice, isText, matching, optional, question, whyNot} from './question.ts';

type Described = NonNullable<Output<'DescribeImages'>['Images']>[number];

/** A choice of an image, and what its publisher or its owner calls it. */
export type ImageChoice = Choice<string> & {description: string};

/** What is looked at for a hint alone: what can't be read is left out, but for a bug of ours or a session that is over. */
async function ifTold<Result>(work: Promise<Result>): Promise<Result | undefined> {
	try {
		return await work;
	} catch (error) {
		if (isProblem(error) && error.fault !== 'bug' && !isProblem(error, 'session-expired', 'no-credentials', 'wrong-credentials')) return undefined;
		throw error;
	}
}

/** The newest image that a publisher names for an architecture. */
async function newestOf(cloud: Cloud, name: string, architecture: Architecture): Promise<string | undefined> {
	const wanted = wantedImage(name);
	if (!('publisher' in wanted)) return undefined;
	const answer = await ifTold(cloud.call('GetParameter', {Name: wanted.publisher.parameter(architecture)}));
	return answer?.Parameter?.Value;
}

/** What an instance type runs; x86_64 where that isn't told. */
async function architectureOf(cloud: Cloud, type: string | undefined): Promise<Architecture> {
	if (type === undefined) return 'x86_64';
	const answer = await ifTold(cloud.call('DescribeInstanceTypes', {Filters: [{Name: 'instance-type', Values: [type]}]}));
	const runs = answer?.InstanceTypes?.[0]?.ProcessorInfo?.SupportedArchitectures ?? [];
	return architectures.find((one) => runs.includes(one)) ?? 'x86_64';
}

/** An id in the middle of which is cut what nobody compares. */
const shortId = (id: string): string => (id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id);

/** `12 days old`. Milliseconds since 1970. */
function ageWords(created: string | undefined, now: number): string | undefined {
	const days = created === undefined ? Number.NaN : Math.floor((now - Date.parse(created)) / 86_400_000);
	if (Number.isNaN(days)) return undefined;
	return days < 1 ? 'new today' : `${days} ${days === 1 ? 'day' : 'days'} old`;
}

/** What there is to know of an image besides. */
function detailsOf(seen: Described, now: number): NonNullable<ImageChoice['details']> {
	const tags = (seen.Tags ?? []).map(({Key, Value}) => `${Key}=${Value}`);
	const root = seen.RootDeviceName ?? '';
	const disk = seen.BlockDeviceMappings?.find(({DeviceName}) => DeviceName === root)?.Ebs?.VolumeSize;
	const until = seen.DeprecationTime?.slice(0, 10);
	const ends = until === undefined ? undefined : `${Date.parse(until) <= now ? 'deprecated since' : 'supported until'} ${until}`;
	return [
		['Name', seen.Name ?? 'none'],
		['Id', [seen.ImageId, ends].filter(Boolean).join(', ')],
		['Tags', `${tags.length === 0 ? 'none' : tags.join(', ')}; root ${[root, disk && `${disk} GiB`].filter(Boolean).join(', ')}`],
	];
}

const factsOf = ({Architecture: architecture, ImageId: id, CreationDate: created}: Described, now: number): string =>
	[architecture?.padEnd(6), id && shortId(id), ageWords(created, now)].filter(Boolean).join('  ');

/** The publishers' images of these lines that run on a type, then this account's own that are tagged for runners, newest first, then those of the other architecture. */
async function imageChoices({cloud, now}: Asking, among: readonly string[], type: string | undefined): Promise<ImageChoice[]> {
	const offered = lines.filter(({name}) => among.includes(name));
	const [own, usual, ids] = await Promise.all([
		cloud.call('DescribeImages', {Owners: ['self'], Filters: [{Name: 'tag:type', Values: ['gitlab-runner']}]}),
		architectureOf(cloud, type),
		Promise.all(
			offered.flatMap(({name, label}) =>
				architectures.map(async (architecture) => ({name, label, architecture, id: await newestOf(cloud, name, architecture)})),
			),
		),
	]);
	const known = ids.map(({id}) => id).filter(isText);
	const described = known.length === 0 ? undefined : await ifTold(cloud.call('DescribeImages', {ImageIds: known, IncludeDeprecated: true}));
	const seenOf = (id: string | undefined) => described?.Images?.find(({ImageId}) => ImageId === id);
	const published = (isUsual: boolean): ImageChoice[] =>
		ids.flatMap(({name, label, architecture, id}) => {
			const seen = seenOf(id);
			if ((architecture === usual) !== isUsual || (!isUsual && !seen)) return [];
			const value = isUsual ? name : `${name}-${architecture}`;
			return [{...choice(value, value, seen ? factsOf(seen, now()) : label), ...(seen ? {details: detailsOf(seen, now())} : {}), description: label}];
		});
	const mine = (own.Images ?? [])
		.toSorted((one, other) => (other.CreationDate ?? '').localeCompare(one.CreationDate ?? ''))
		.flatMap((seen): ImageChoice[] => {
			if (!seen.ImageId) return [];
			const label = `${seen.Name ?? ''} ${seen.ImageId}`.trim();
			const version = seen.Tags?.find(({Key}) => Key === 'version')?.Value;
			const whose = version ? `yours, version ${version}` : 'yours';
			const hint = [seen.Architecture, whose, ageWords(seen.CreationDate, now())].filter(Boolean).join('  ');
			return [{...choice(seen.ImageId, label, hint), details: detailsOf(seen, now()), description: label}];
		});
	return [...published(true), ...mine, ...published(false)];
}

const names = lines.map(({name}) => name);
const forManager = lines.flatMap(({name, workersOnly}) => (workersOnly ? [] : [name]));
const either = (all: readonly string[]): string =>
	`${all.slice(0, -1).join(', ')} or ${all.at(-1)}. It is of the instance type's architecture, unless -arm64 or -x86_64 behind the name fixes it`;
/** Those that some executor can start workers from. */
const forWorkers = names.filter((name) => offered.some(({limits}) => !limits.image({name})));

const imageShape = (among: readonly string[]) =>
	matching(
		new RegExp(`^(ami-[0-9a-f]{8,17}|(${among.join('|').replaceAll('.', '\\.')})(-arm64|-x86_64)?)$`),
		`an AMI id, or one of ${among.join(', ')}, with -arm64 or -x86_64 to fix the architecture`,
	);
const userShape = matching(userPattern, 'a user name');

const userAsked = (key: 'image' | 'workerImage') => async (asking: Asking) => {
	const image = asking.given[key];
	return image?.startsWith('ami-') === true && !(await publisherKnown(asking.cloud, image));
};

const whenOwnImage =
	(key: 'image' | 'workerImage') =>
	(given: Given): boolean =>
		given[key]?.startsWith('ami-') === true;

export const image = question(
	'image',
	imageShape(forManager),
)({
	title: 'Which image does the manager start from?',
	help: `An AMI id, or the newest that its publisher names: ${either(forManager)}. Looked up once, when the manager is made.`,
	kind: 'choice',
	asked: true,
	change: 'replace',
	mends: 'images',
	regional: true,
	default: 'ubuntu-24.04',
	known: forManager,
	choices: (asking) => imageChoices(asking, forManager, asking.given.managerType),
});

export const sshUser = optional(
	'sshUser',
	userShape,
)({
	title: "Who logs in to the manager's image?",
	help: "The image's login user, where its publisher doesn't tell: ubuntu, admin, ec2-user.",
	kind: 'text',
	asked: userAsked('image'),
	change: 'live',
	when: whenOwnImage('image'),
	counts: true,
});

export const workerImage = question(
	'workerImage',
	imageShape(names),
)({
	title: 'Which image do workers start from?',
	help: `An AMI id, or the newest that its publisher names: ${either(forWorkers)}. One with Docker in it, such as ecs-al2023, starts faster.`,
	kind: 'choice',
	change: 'live',
	regional: true,
	default: async ({given}) => ({value: workerImageOf(given)}),
	known: forWorkers,
	choices: async (asking) =>
		(await imageChoices(asking, names, asking.given.workerType)).map((one) =>
			barred<string>(one, limitsOf(asking.given).image({name: one.value, description: one.description})?.short),
		),
	against: (value, given) => whyNot(limitsOf(given).image({name: value})),
});

export const workerSshUser = optional(
	'workerSshUser',
	userShape,
)({
	title: "Who logs in to the workers' image?",
	help: "The image's login user, where its publisher doesn't tell: ubuntu, admin, ec2-user.",
	kind: 'text',
	asked: userAsked('workerImage'),
	change: 'live',
	when: whenOwnImage('workerImage'),
	counts: true,
});

/** Whether an image's publisher tells who logs in. An image that isn't there counts as known: its check says what is wrong. */
async function publisherKnown(cloud: Cloud, imageId: string): Promise<boolean> {
	const absent = ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidAMIID.Malformed'];
	const seen = await unless(cloud.call('DescribeImages', {ImageIds: [imageId]}), ...absent);
	return (seen?.Images ?? []).every(({Name = '', OwnerId = '', ImageOwnerAlias, Tags = []}) => {
		const tags = Object.fromEntries(Tags.map(({Key = '', Value = ''}) => [Key, Value]));
		return userOf({name: Name, owner: OwnerId, alias: ImageOwnerAlias, tags}) !== undefined;
	});
}

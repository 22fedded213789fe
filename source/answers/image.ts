import {limitsOf, offered, workerImageOf} from '../executors/offered.ts';
import type {Given} from '../fleet.ts';
import {isProblem} from '../problem.ts';
import type {Cloud} from '../world/cloud/port.ts';
import {imageChoices} from './image-choices.ts';
import {lines, userOf, userPattern} from './publishers.ts';
import {type Asking, barred, matching, optional, question, whyNot} from './question.ts';

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
	try {
		const {Images = []} = await cloud.call('DescribeImages', {ImageIds: [imageId]});
		return Images.every(({Name = '', OwnerId = '', ImageOwnerAlias, Tags = []}) => {
			const tags = Object.fromEntries(Tags.map(({Key = '', Value = ''}) => [Key, Value]));
			return userOf({name: Name, owner: OwnerId, alias: ImageOwnerAlias, tags}) !== undefined;
		});
	} catch (error) {
		if (isProblem(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidAMIID.Malformed')) return true;
		throw error;
	}
}

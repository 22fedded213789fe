import type {Given} from '../fleet.ts';
import {unsupportedImage} from '../host/docker-machine.ts';
import {imageChoices, publisherKnown} from './images.ts';
import {barred} from './places.ts';
import {type Asking, type Question, whyNot} from './question.ts';

const names = 'ubuntu-24.04, ubuntu-22.04, debian-13, debian-12 or al2023, with -arm64 or -x86_64 to fix the architecture';
const workerNames = 'ubuntu-24.04, ubuntu-22.04, debian-13 or debian-12';

const userAsked = (key: 'image' | 'workerImage') => async (asking: Asking) => {
	const image = asking.given[key];
	return image?.startsWith('ami-') === true && !(await publisherKnown(asking.cloud, image));
};

const whenOwnImage =
	(key: 'image' | 'workerImage') =>
	(given: Given): boolean =>
		given[key]?.startsWith('ami-') === true;

const image: Question<'image'> = {
	id: 'image',
	title: 'Which image does the manager start from?',
	help: `An AMI id, or the newest that its publisher names: ${names}. Looked up once, when the manager is made.`,
	kind: 'choice',
	asked: true,
	change: 'replace',
	default: async () => ({value: 'ubuntu-24.04'}),
	choices: imageChoices,
};

const sshUser: Question<'sshUser'> = {
	id: 'sshUser',
	title: "Who logs in to the manager's image?",
	help: "The image's login user, where its publisher doesn't tell: ubuntu, admin, ec2-user.",
	kind: 'text',
	asked: userAsked('image'),
	change: 'live',
	when: whenOwnImage('image'),
};

const workerImage: Question<'workerImage'> = {
	id: 'workerImage',
	title: 'Which image do workers start from?',
	help: `An AMI id, or the newest that its publisher names: ${workerNames}, with -arm64 or -x86_64 to fix the architecture. One with Docker in it starts faster.`,
	kind: 'choice',
	asked: false,
	change: 'live',
	default: async () => ({value: 'ubuntu-24.04'}),
	choices: async (asking) =>
		(await imageChoices(asking)).map((offered) => barred(offered, unsupportedImage({name: offered.label}) && "docker-machine can't set it up")),
	against: (value) => whyNot(unsupportedImage({name: value})),
};

const workerSshUser: Question<'workerSshUser'> = {
	id: 'workerSshUser',
	title: "Who logs in to the workers' image?",
	help: "The image's login user, where its publisher doesn't tell: ubuntu, admin, ec2-user.",
	kind: 'text',
	asked: userAsked('workerImage'),
	change: 'live',
	when: whenOwnImage('workerImage'),
};

/** What the machines start from. */
export const imageQuestions = {image, sshUser, workerImage, workerSshUser};

import type {Cloud} from '../cloud/port.ts';
import {isProblem} from '../problem.ts';
import {choice} from './places.ts';
import type {Asking, Choice} from './question.ts';

/** Accounts that publish images whose login user is known (facts §9), and the alias of Amazon's. */
const publishers = ['099720109477', '136693071363', 'amazon'];

const named: [name: string, label: string][] = [
	['ubuntu-24.04', 'Ubuntu 24.04 LTS'],
	['ubuntu-22.04', 'Ubuntu 22.04 LTS'],
	['debian-13', 'Debian 13'],
	['debian-12', 'Debian 12'],
	['al2023', 'Amazon Linux 2023'],
];

/** The publishers' images by name, and this account's own that are tagged for runners, newest first. */
export async function imageChoices({cloud}: Asking): Promise<Choice<string>[]> {
	const {Images = []} = await cloud.call('DescribeImages', {Owners: ['self'], Filters: [{Name: 'tag:type', Values: ['gitlab-runner']}]});
	const own = Images.toSorted((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? '')).flatMap((image) =>
		image.ImageId
			? [
					choice(
						image.ImageId,
						`${image.Name ?? ''} ${image.ImageId}`.trim(),
						[image.Architecture, 'yours', image.CreationDate?.slice(0, 10)].filter(Boolean).join(' · '),
					),
				]
			: [],
	);
	return [...named.map(([name, label]) => choice(name, label, "newest of its publisher's, architecture of the instance type")), ...own];
}

/** Whether an image's publisher tells who logs in. An image that isn't there counts as known: its check says what is wrong. */
export async function publisherKnown(cloud: Cloud, imageId: string): Promise<boolean> {
	try {
		const {Images = []} = await cloud.call('DescribeImages', {ImageIds: [imageId]});
		return Images.every(({OwnerId, ImageOwnerAlias}) => publishers.includes(OwnerId ?? '') || publishers.includes(ImageOwnerAlias ?? ''));
	} catch (error) {
		if (isProblem(error, 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidAMIID.Malformed')) return true;
		throw error;
	}
}

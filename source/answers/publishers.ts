import {markKeys} from '../fleet.ts';

/** A publisher's images that can be asked for by name. */
export type Publisher = {
	/** What a person calls the line. */
	label: string;
	/** The publisher's accounts: one in each of AWS's partitions (aws, aws-us-gov, aws-cn) that has another. */
	owners: readonly string[];
	/** The alias that AWS shows instead. Images of others bear `amazon` too, Canonical's among them, so alone it says nothing. */
	alias?: 'amazon';
	user: string;
	parameter(architecture: Architecture): string;
	/** Whether an image of this owner is of this line, by its name. */
	pattern: RegExp;
	/** It's made for running containers, and no manager starts from it. */
	workersOnly?: true;
};

export type Architecture = 'x86_64' | 'arm64';

export const architectures: readonly Architecture[] = ['x86_64', 'arm64'];

const debianWord = (architecture: Architecture) => (architecture === 'x86_64' ? 'amd64' : 'arm64');

const ubuntu = (version: string, codename: string, volume: string): Publisher => ({
	label: `Ubuntu ${version} LTS`,
	owners: ['099720109477', '513442679011', '837727238323'],
	user: 'ubuntu',
	parameter: (architecture) => `/aws/service/canonical/ubuntu/server/${version}/stable/current/${debianWord(architecture)}/hvm/${volume}/ami-id`,
	pattern: new RegExp(`^ubuntu/images/[\\w-]+/ubuntu-${codename}-${version.replace('.', '\\.')}-`),
});

const debian = (version: string): Publisher => ({
	label: `Debian ${version}`,
	owners: ['136693071363'],
	user: 'admin',
	parameter: (architecture) => `/aws/service/debian/release/${version}/latest/${debianWord(architecture)}`,
	pattern: new RegExp(`^debian-${version}-`),
});

/** Image names, less the architecture that may be fixed behind them, in the order in which they are offered. */
const publishers: Record<string, Publisher | undefined> = {
	'ubuntu-24.04': ubuntu('24.04', 'noble', 'ebs-gp3'),
	'ubuntu-22.04': ubuntu('22.04', 'jammy', 'ebs-gp2'),
	'debian-13': debian('13'),
	'debian-12': debian('12'),
	al2023: {
		label: 'Amazon Linux 2023',
		owners: [],
		alias: 'amazon',
		user: 'ec2-user',
		parameter: (architecture) => `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
		pattern: /^al2023-ami-(?!ecs-)/,
	},
	'ecs-al2023': {
		label: 'Amazon Linux 2023 with Docker (for ECS)',
		owners: [],
		alias: 'amazon',
		user: 'ec2-user',
		parameter: (architecture) => `/aws/service/ecs/optimized-ami/amazon-linux-2023/${architecture === 'arm64' ? 'arm64/' : ''}recommended/image_id`,
		pattern: /^al2023-ami-ecs-hvm-/,
		workersOnly: true,
	},
};

/** The lines that can be asked for by name, and what a person calls them. */
export const lines: readonly {name: string; label: string; workersOnly?: true | undefined}[] = Object.entries(publishers).flatMap(([name, publisher]) =>
	publisher ? [{name, label: publisher.label, workersOnly: publisher.workersOnly}] : [],
);

/** An image answer taken apart: an id, or a publisher's line with the architecture where it is fixed. */
export type WantedImage = {id: string} | {line: string; publisher: Publisher; fixed?: Architecture | undefined};

/** Takes an image answer apart; its shape has been judged before. */
export function wantedImage(answer: string): WantedImage {
	const fixed = architectures.find((architecture) => answer.endsWith(`-${architecture}`));
	const line = fixed === undefined ? answer : answer.slice(0, -fixed.length - 1);
	const publisher = publishers[line];
	return publisher ? {line, publisher, fixed} : {id: answer};
}

type PublishedImage = {name: string; owner: string; alias?: string | undefined; tags?: Readonly<Record<string, string>> | undefined};

/** Whether an image is of a publisher's line. */
export const isOfLine = ({alias, owners, pattern}: Publisher, image: PublishedImage): boolean =>
	(owners.includes(image.owner) || (alias !== undefined && image.alias === alias)) && pattern.test(image.name);

/** A user as Linux names one. */
export const userPattern = /^[a-z_][a-z0-9_-]{0,31}$/;

/** The login user of an image: of a baked one its tag tells it, which AWS shows to its own account alone; of others their publisher, where it is known. */
export const userOf = (image: PublishedImage): string | undefined => {
	const told = image.tags?.[markKeys.user];
	return told !== undefined && userPattern.test(told) ? told : publishedUser(image);
};

const publishedUser = (image: PublishedImage): string | undefined =>
	Object.values(publishers).find((publisher) => publisher?.owners.includes(image.owner) || (publisher && isOfLine(publisher, image)))?.user;

import type {Limits, Unsupported} from '../limits.ts';

/**
 * The script that puts Docker on a worker, of one version: rancher/install-docker keeps one a version for docker-machine. Docker's own
 * (https://get.docker.com) installs whatever is newest, and Docker 29 was the end of fleets whose runner was older (2025-11-11). 28.2.1 is there for
 * every system that is offered for workers.
 */
export const pinnedEngine = 'https://releases.rancher.com/install-docker/28.2.1.sh';

/** Whether the URL of an install script names one version of Docker. */
export const namesVersion = (url: string): boolean => /\d+\.\d+\.\d+/.test(url);

/**
 * Regions that GitLab's fork of docker-machine knows: the list built into its amazonec2 driver (drivers/amazonec2 at v0.16.2-gitlab.23). Another region
 * ends in `Invalid region specified`; with `amazonec2-endpoint` the driver goes on without any region, and its first call ends in `MissingRegion: could
 * not find region configuration`. AWS_REGION in its environment changes neither, as seen with that version.
 */
export const regions: readonly string[] = [
	...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'us-gov-east-1', 'us-gov-west-1', 'ca-central-1', 'sa-east-1'],
	...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
	...['ap-east-1', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3'],
	...['af-south-1', 'me-central-1', 'me-south-1', 'cn-north-1', 'cn-northwest-1'],
];

/** Why no worker can be made in a region, or nothing. */
const unsupportedRegion = (region: string): Unsupported | undefined =>
	regions.includes(region)
		? undefined
		: {
				short: "docker-machine doesn't know it",
				message: `docker-machine doesn't know the region ${region}, and no option of it leads there.`,
				advice: 'Choose a region that it knows, such as us-east-2 or eu-central-1.',
			};

/**
 * Why no worker can be made in a zone, or nothing: docker-machine takes a zone as the letter that it puts behind the region (`amazonec2-zone`), which
 * names no Local Zone (us-east-1-bos-1a) and no Wavelength Zone.
 */
const unsupportedZone = (region: string, zone: string): Unsupported | undefined =>
	zone.length === region.length + 1 && zone.startsWith(region)
		? undefined
		: {
				short: "docker-machine can't make workers there",
				message: `docker-machine takes a zone as one letter behind its region, and ${zone} isn't named so: it's a Local or a Wavelength Zone.`,
				advice: `Choose a zone such as ${region}a, or a subnet in one, with \`--subnet\`.`,
			};

/** Names and descriptions of Amazon Linux images, and of images that say that they were made from one: `al2023-ami-…`, `amzn2-ami-…`. */
const amazonLinux = /(?<![a-z0-9])(al20\d\d|amzn\d*)(?![a-z0-9])|amazon[ _-]?linux/i;

/**
 * Why no worker can start from an image, or nothing; `image` is the answer, or what AWS shows of it. On Amazon Linux 2023 docker-machine's provisioner
 * ends at `yum install curl`, which conflicts with curl-minimal, also where the image has Docker; and Docker's install script says
 * `Unsupported distribution 'amzn'` on any (docker/docker-install, issue 115).
 */
const unsupportedImage = (image: {name: string; description?: string | undefined}): Unsupported | undefined =>
	amazonLinux.test(image.name) || amazonLinux.test(image.description ?? '')
		? {
				short: "docker-machine can't set it up",
				message: `docker-machine can't set up Docker on Amazon Linux, which ${image.name} is: its first package conflicts with the system's own, and Docker's script doesn't know the system.`,
				advice: 'Choose ubuntu-24.04 or debian-13 with `--worker-image`; the manager may stay on Amazon Linux.',
			}
		: undefined;

/** What docker-machine can't do. */
export const limits: Limits = {region: unsupportedRegion, zone: unsupportedZone, image: unsupportedImage};

import type {Context, Fix, Found, Note} from '../engine/step.ts';
import type {Answers} from '../fleet.ts';
import {Blocked} from './finding.ts';
import type {Instance} from './looks/account.ts';

/** A port of this laptop that leads to a manager's SSH through AWS Session Manager. */
const localPort = 2222;

/** The command that opens the way to a manager without a public address; a program of its own has to keep running for it. */
export const sessionCommand = (instance: Instance, region: string): string =>
	`aws --region ${region} ssm start-session --target ${instance.id} --document-name AWS-StartPortForwardingSession --parameters portNumber=22,localPortNumber=${localPort}`;

/** The answer that goes with it. */
export const sessionAddress = `127.0.0.1:${localPort}`;

const fixes = {
	image: {says: 'use ubuntu-24.04 instead', answers: {image: 'ubuntu-24.04'}},
	access: {says: 'make a profile', answers: {access: 'create'}},
} satisfies Record<string, Fix>;

/** Images of publishers that put the SSM agent into them, by name. */
const withAgent = /^(ubuntu\/images\/|al2023-ami-)/;

/** Throws where the agent can't be on the manager, or would have no rights. */
function judgeAgent({access}: Answers, image: Found['images']['manager'], subnetId: string): void {
	const own = 'name a way of your own with `--ssh-address`, or choose a public subnet with `--subnet`.';
	if (image.name.startsWith('debian-'))
		throw new Blocked(
			'image-without-agent',
			`Subnet ${subnetId} gives the manager no public address, and image ${image.id} (${image.name}) has no SSM agent, through which it would be reached.`,
			`Choose an Ubuntu with \`--image\`, ${own}`,
			fixes.image,
		);
	if (access === 'access-keys')
		throw new Blocked(
			'agent-without-rights',
			`Subnet ${subnetId} gives the manager no public address, and with access keys the SSM agent on it, through which it would be reached, has no rights.`,
			`Use \`--access create\`, ${own}`,
			fixes.access,
		);
}

/**
 * How a new manager is reached, told before it is paid for: one without a public address through AWS Session Manager, unless the person has a way of
 * their own. Throws where that can't work.
 */
export function wayIn({answers}: Context, {images, network}: Pick<Found, 'images' | 'network'>): Note[] {
	if (network.public || answers.sshAddress !== undefined) return [];
	const {manager: image} = images;
	judgeAgent(answers, image, network.subnetId);
	const isAdopted = answers.access !== 'create';
	return [
		{
			says: `Subnet ${network.subnetId} gives the manager no public address: it's reached through AWS Session Manager, with the AWS CLI and its Session Manager plugin here.`,
			advice: 'Once the manager runs its command is told; or name a way of your own with `--ssh-address`.',
		},
		...(withAgent.test(image.name) ? [] : [{says: `Image ${image.id} (${image.name}) has to have the SSM agent in it.`}]),
		...(isAdopted ? [{says: `The role in ${answers.access} needs the rights of the SSM agent, as \`AmazonSSMManagedInstanceCore\` gives them.`}] : []),
	];
}

import {type Answers, type Fleet, names} from '../fleet.ts';
import {quote} from '../host/quote.ts';
import {wantedImage} from '../questions/publishers.ts';
import type {Change, Context, Finding, Found, Note, Report, Step} from '../step.ts';
import {asText, aws, tagSpecification} from './aws-cli.ts';
import {orBlocked} from './blocked.ts';
import {spreading} from './late.ts';
import {launch, launchInput, untilRunning} from './launch.ts';
import {accountActions, accountLook, type Group, type Instance, managersOf} from './looks/account.ts';
import {adoptedGroupsLook} from './looks/adopted.ts';
import {liveChanges, mend, profileName, profileOf} from './manager-mending.ts';
import {managerStands, removeManager} from './manager-removal.ts';
import {wayIn} from './session-manager.ts';
import {tagsOf} from './tags.ts';

type Needs = Pick<Found, 'network' | 'images'>;

const keyName = ({answers, fleet}: Context): string => (answers.keyPair === 'create' ? names.keyPair(fleet) : answers.keyPair);

/** The manager's group; undefined while it isn't made. */
async function managerGroup(context: Context, vpcId: string): Promise<Group | undefined> {
	const {answers, fleet} = context;
	if (answers.securityGroup !== 'create') return (await context.look(adoptedGroupsLook(answers.securityGroup))).find((group) => group.vpcId === vpcId);
	return (await context.look(accountLook)).groups.find((group) => group.vpcId === vpcId && group.name === names.managerGroup(fleet));
}

/** Answers that only another instance can have. */
async function replacements(context: Context, {images, network}: Needs, standing: Instance): Promise<Change[]> {
	const {answers} = context;
	const changes: Change[] = [];
	const differs = (what: Change['what'], from: string, to: string): void => void (from !== to && changes.push({what, from, to, how: 'replace'}));
	differs('managerType', standing.type, answers.managerType);
	differs('image', standing.imageId, images.manager.id);
	differs('subnet', standing.subnetId, network.subnetId);
	differs('keyPair', standing.keyName ?? 'none', keyName(context));
	const group = await managerGroup(context, network.vpcId);
	if (group && !standing.groupIds.includes(group.id)) changes.push({what: 'securityGroup', from: standing.groupIds.join(', '), to: group.id, how: 'replace'});
	return changes;
}

function notesOn({answers, fleet}: Context, standing: Instance): Note[] {
	const left = answers.access === 'access-keys' && standing.profileArn !== undefined;
	const why = standing.state === 'stopped' && standing.stateReason ? [{says: `The manager of ${fleet.name} stopped: ${standing.stateReason}.`}] : [];
	return [...why, ...(left ? [{says: `The manager keeps its instance profile ${profileOf(standing)}, beside the access keys.`}] : [])];
}

async function check(context: Context, found: Needs): Promise<Finding<Found['manager']>> {
	const {answers, fleet} = context;
	const [standing] = managersOf(fleet, await context.look(accountLook));
	if (!standing) {
		const says = `${answers.managerType} from ${found.images.manager.id}, in ${found.network.zone}`;
		return {is: 'missing', says, notes: wayIn(context, found)};
	}
	const address = standing.publicIp ?? standing.privateIp ?? '';
	const {id, imageId, tags, type, zone} = standing;
	const resource = {id, address, type, imageId, zone, tags};
	const replacing = await replacements(context, found, standing);
	const changes = [...replacing, ...(await liveChanges(context, standing))];
	const notes = [...notesOn(context, standing), ...(replacing.length > 0 ? wayIn(context, found) : [])];
	if (changes.length > 0)
		return {is: 'different', resource, changes, says: `${id}: ${changes.map(({what, from, to}) => `${what} ${from} → ${to}`).join(', ')}`, notes};
	return {is: 'so', resource, says: `${id} running, ${type}, ${address}`, notes};
}

/** Launches the manager, beside the one that it takes over from where there is one. */
async function make(context: Context, {images, network}: Needs, report: Report, replaces?: string): Promise<void> {
	const group = await managerGroup(context, network.vpcId);
	report({says: `launching ${context.answers.managerType} from ${images.manager.id}`});
	const id = await launch(
		context,
		{image: images.manager, network, keyName: keyName(context), groupId: group?.id, profileName: profileName(context), replaces},
		report,
	);
	await untilRunning(context, id, report);
}

async function apply(context: Context, found: Needs, finding: Finding<Found['manager']>, report: Report): Promise<void> {
	const [standing] = managersOf(context.fleet, await context.look(accountLook));
	const replaced = finding.is === 'different' && finding.changes.some(({how}) => how === 'replace');
	if (!standing) await make(context, found, report);
	else if (replaced) await make(context, found, report, standing.id);
	else await mend(context, standing, report);
	context.forget(accountLook);
}

function commands(answers: Answers, fleet: Fleet): string[] {
	const tags = tagsOf(launchTags(answers, fleet));
	const named = profileName({answers, fleet});
	const profile = named === undefined ? [] : ['--iam-instance-profile', `Name=${named}`];
	const key = answers.keyPair === 'create' ? names.keyPair(fleet) : answers.keyPair;
	const group = answers.securityGroup === 'create' ? names.managerGroup(fleet) : answers.securityGroup;
	const filter = group.startsWith('sg-') ? `Name=group-id,Values=${group}` : `Name=group-name,Values=${group}`;
	const line = aws(
		fleet,
		...['ec2', 'run-instances', '--instance-type', answers.managerType, '--key-name', key, ...profile],
		...['--metadata-options', 'HttpTokens=required,HttpEndpoint=enabled'],
		...['--tag-specifications', tagSpecification('instance', tags), tagSpecification('volume', tags)],
	);
	const zone = /^[a-z]{2}-/.test(answers.subnet) ? [`Name=availability-zone,Values=${answers.subnet}`] : [];
	const subnet = answers.subnet.startsWith('subnet-')
		? quote(answers.subnet)
		: `$(${aws(fleet, 'ec2', 'describe-subnets', '--filters', 'Name=default-for-az,Values=true', ...zone, ...asText('sort_by(Subnets,&AvailabilityZone)[0].SubnetId'))})`;
	return [
		`image=${imageByHand(answers, fleet)}`,
		`subnet=${subnet}`,
		`group=$(${aws(fleet, 'ec2', 'describe-security-groups', '--filters', filter, ...asText('SecurityGroups[0].GroupId'))})`,
		`${line} --image-id "$image" --subnet-id "$subnet" --security-group-ids "$group"`,
	];
}

/** An image by hand: its id, or what its publisher's parameter names. */
function imageByHand({image}: Answers, fleet: Fleet): string {
	const wanted = wantedImage(image);
	if ('id' in wanted) return quote(wanted.id);
	return `$(${aws(fleet, 'ssm', 'get-parameter', '--name', wanted.publisher.parameter(wanted.fixed ?? 'x86_64'), ...asText('Parameter.Value'))})`;
}

/** Tags of the instance as the code sends them, so that the line by hand can't drift from it. */
const launchTags = (answers: Answers, fleet: Fleet) =>
	launchInput(fleet, answers, {
		image: {id: '', architecture: 'x86_64', rootDevice: '', diskGib: 0, user: '', name: ''},
		network: {vpcId: '', subnetId: '', zone: '', public: true, freeAddresses: 0},
	}).TagSpecifications?.[0]?.Tags;

/** The instance that runs GitLab Runner: one, running, as the answers say. Another type, image or place means another instance beside it. */
export const managerStep: Step<'manager', 'network' | 'images', 'record' | 'permissions' | 'quota' | 'security-groups' | 'key-pair' | 'instance-profile'> = {
	name: 'manager',
	title: 'Manager',
	needs: ['network', 'images'],
	after: ['record', 'permissions', 'quota', 'security-groups', 'key-pair', 'instance-profile'],
	actions: [
		...accountActions,
		'ec2:RunInstances',
		'ec2:StartInstances',
		'ec2:TerminateInstances',
		'ec2:ModifyInstanceMetadataOptions',
		'ec2:DescribeIamInstanceProfileAssociations',
		'ec2:AssociateIamInstanceProfile',
		'ec2:ReplaceIamInstanceProfileAssociation',
		'ec2:CreateTags',
		'ec2:DeleteVolume',
		'iam:PassRole',
	],
	settles: spreading,
	check: orBlocked(check),
	apply,
	stands: managerStands,
	remove: removeManager,
	commands,
};

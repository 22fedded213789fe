import {wantedImage} from '../answers/publishers.ts';
import type {Change, Context, Finding, Found, Look, Note, Removal, Report, Standing, Step} from '../engine/step.ts';
import {type Answers, type Fleet, markKeys, names} from '../fleet.ts';
import {unless} from '../problem.ts';
import {quote} from '../world/host/quote.ts';
import {until} from '../world/laptop/clock.ts';
import {asText, aws, tagSpecification} from './aws-cli.ts';
import {differs, orBlocked} from './finding.ts';
import {spreading} from './late.ts';
import {launch, launchInput, pauseAfter, untilRunning, untilTerminated} from './launch.ts';
import {accountActions, accountLook, adoptedGroupsLook, type Group, type Instance, managersOf, type Volume, volumesIn} from './looks/account.ts';
import {wayIn} from './session-manager.ts';
import {setMissingTags, tagChanges, tagsOf} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** The manager's instance; answers aren't in it, since only what is observed is. */
		manager: {id: string; address: string; type: string; imageId: string; zone: string; tags: Record<string, string>};
	}
}

/** The instance and its disks, as far as they came with the launch and so bear the mark. */
async function tagged(context: Context, standing: Instance): Promise<(Instance | Volume)[]> {
	const {disks} = await context.look(accountLook);
	return [standing, ...disks.filter(({instanceId}) => instanceId === standing.id)];
}

/** What a standing manager can be made to be as it runs. */
async function liveChanges(context: Context, standing: Instance): Promise<Change[]> {
	const changes: Change[] = [];
	if (standing.state !== 'running') changes.push({what: 'state', from: standing.state, to: 'running', how: 'live'});
	if (standing.httpTokens === 'optional') changes.push({what: 'IMDSv2', from: 'optional', to: 'required', how: 'live'});
	const tags = (await tagged(context, standing)).map((one) => one.tags);
	return [...changes, ...tagChanges(context.answers, tags)];
}

/** A stopped instance is started, never doubled; one on its way down is waited for first. */
async function start(context: Context, {id, state}: Instance, report: Report): Promise<void> {
	const {cloud, fleet} = context;
	let looks = 0;
	const stateNow = async (): Promise<Instance['state']> => {
		if (looks++ === 0) return state;
		context.forget(accountLook);
		return managersOf(fleet, await context.look(accountLook)).find((one) => one.id === id)?.state ?? 'stopping';
	};
	const now = await until(
		context,
		{pause: pauseAfter, tries: 62},
		stateNow,
		(one) => one !== 'stopping',
		() => report({says: `${id} is stopping`}),
	);
	if (now !== 'running' && now !== 'pending') {
		report({says: `starting ${id}`});
		await cloud.call('StartInstances', {InstanceIds: [id]});
	}
	await untilRunning(context, id, report);
}

/** Makes a standing manager what `liveChanges` says, on the running instance. */
async function mend(context: Context, standing: Instance, report: Report): Promise<void> {
	const things = await tagged(context, standing);
	if (standing.state !== 'running') await start(context, standing, report);
	if (standing.httpTokens === 'optional') await context.cloud.call('ModifyInstanceMetadataOptions', {InstanceId: standing.id, HttpTokens: 'required'});
	await setMissingTags(context, things);
}

type ManagerNeeds = Pick<Found, 'network' | 'images'>;

const keyName = ({answers, fleet}: Context): string => (answers.keyPair === 'create' ? names.keyPair(fleet) : answers.keyPair);

/** The manager's group; undefined while it isn't made. */
async function managerGroup(context: Context, vpcId: string): Promise<Group | undefined> {
	const {answers, fleet} = context;
	if (answers.securityGroup !== 'create') return (await context.look(adoptedGroupsLook(answers.securityGroup))).find((group) => group.vpcId === vpcId);
	return (await context.look(accountLook)).groups.find((group) => group.vpcId === vpcId && group.name === names.managerGroup(fleet));
}

/** Answers that only another instance can have. */
async function replacements(context: Context, {images, network}: ManagerNeeds, standing: Instance): Promise<Change[]> {
	const {answers} = context;
	const changes: Change[] = [];
	const replacing = (what: Change['what'], from: string, to: string): void => void (from !== to && changes.push({what, from, to, how: 'replace'}));
	replacing('managerType', standing.type, answers.managerType);
	replacing('image', standing.imageId, images.manager.id);
	replacing('subnet', standing.subnetId, network.subnetId);
	replacing('keyPair', standing.keyName ?? 'none', keyName(context));
	const group = await managerGroup(context, network.vpcId);
	if (group && !standing.groupIds.includes(group.id)) changes.push({what: 'securityGroup', from: standing.groupIds.join(', '), to: group.id, how: 'replace'});
	return changes;
}

function notesOn({fleet}: Context, standing: Instance): Note[] {
	const why = standing.state === 'stopped' && standing.stateReason ? [{says: `The manager of ${fleet.name} stopped: ${standing.stateReason}.`}] : [];
	return why;
}

async function check(context: Context, found: ManagerNeeds): Promise<Finding<Found['manager']>> {
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
	if (changes.length > 0) return differs(resource, changes, notes, id);
	return {is: 'ready', resource, says: `${id} running, ${type}, ${address}`, notes};
}

/** Launches the manager, beside the one that it takes over from where there is one. */
async function make(context: Context, {images, network}: ManagerNeeds, report: Report, replaces?: string): Promise<void> {
	const group = await managerGroup(context, network.vpcId);
	report({says: `launching ${context.answers.managerType} from ${images.manager.id}`});
	const id = await launch(context, {image: images.manager, network, keyName: keyName(context), groupId: group?.id, replaces}, report);
	await untilRunning(context, id, report);
}

async function apply(context: Context, found: ManagerNeeds, finding: Finding<Found['manager']>, report: Report): Promise<void> {
	const [standing] = managersOf(context.fleet, await context.look(accountLook));
	const replaced = finding.is === 'different' && finding.changes.some(({how}) => how === 'replace');
	if (!standing) await make(context, found, report);
	else if (replaced) await make(context, found, report, standing.id);
	else await mend(context, standing, report);
	context.forget(accountLook);
}

function commands(answers: Answers, fleet: Fleet): string[] {
	const tags = tagsOf(launchTags(answers, fleet));
	const key = answers.keyPair === 'create' ? names.keyPair(fleet) : answers.keyPair;
	const group = answers.securityGroup === 'create' ? names.managerGroup(fleet) : answers.securityGroup;
	const filter = group.startsWith('sg-') ? `Name=group-id,Values=${group}` : `Name=group-name,Values=${group}`;
	const line = aws(
		fleet,
		...['ec2', 'run-instances', '--instance-type', answers.managerType, '--key-name', key],
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
		network: {subnetId: '', public: true},
	}).TagSpecifications?.[0]?.Tags;

/** Disks that bear the mark and that no instance holds: left where somebody kept one from going with its instance. */
const strayVolumesLook: Look<string[]> = {
	name: 'stray volumes',
	load: async ({cloud, fleet}) => (await volumesIn(cloud, {[`tag:${markKeys.fleet}`]: [fleet.name], status: ['available']})).map(({id}) => id),
};

/** Managers that live, replaced ones among them, and disks that none of them holds. */
async function managerStands(context: Removal): Promise<Standing[]> {
	const [account, volumes] = await Promise.all([context.look(accountLook), context.look(strayVolumesLook)]);
	return [
		...managersOf(context.fleet, account).map(({id, state, type}) => ({id, says: `manager, ${type}, ${state}`, goes: true})),
		...volumes.map((id) => ({id, says: 'disk that no instance holds', goes: true})),
	];
}

/** Terminates every manager and waits until it is gone, then deletes what disks are left. */
async function removeManager(context: Removal, report: Report): Promise<void> {
	const {cloud, fleet} = context;
	context.forget(accountLook);
	const ids = managersOf(fleet, await context.look(accountLook)).map(({id}) => id);
	if (ids.length > 0) report({says: `terminating ${ids.join(', ')}`});
	for (const id of ids) await unless(cloud.call('TerminateInstances', {InstanceIds: [id]}), 'InvalidInstanceID.NotFound');
	await untilTerminated(context, ids, report);
	context.forget(accountLook, strayVolumesLook);
	for (const id of await context.look(strayVolumesLook)) {
		await unless(cloud.call('DeleteVolume', {VolumeId: id}), 'InvalidVolume.NotFound');
		report({says: `disk ${id} deleted`});
	}
	context.forget(strayVolumesLook);
}

/** The instance that runs GitLab Runner: one, running, as the answers say. Another type, image or subnet means another instance beside it. */
export const managerStep: Step<'manager', 'network' | 'images', 'record' | 'permissions' | 'quota' | 'security-groups' | 'key-pair'> = {
	name: 'manager',
	title: 'Manager',
	needs: ['network', 'images'],
	after: ['record', 'permissions', 'quota', 'security-groups', 'key-pair'],
	actions: [
		...accountActions,
		'ec2:RunInstances',
		'ec2:StartInstances',
		'ec2:TerminateInstances',
		'ec2:ModifyInstanceMetadataOptions',
		'ec2:CreateTags',
		'ec2:DeleteVolume',
	],
	settles: spreading,
	check: orBlocked(check),
	apply,
	stands: managerStands,
	remove: removeManager,
	commands,
};

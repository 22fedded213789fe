import type {Change, Context, Finding, Found, Removal, Report, Standing, Step} from '../engine/step.ts';
import {type Answers, type Fleet, mark, names} from '../fleet.ts';
import {isProblem, Problem, unless} from '../problem.ts';
import {quote} from '../world/host/quote.ts';
import {retried} from '../world/laptop/clock.ts';
import {asText, aws, tagSpecification} from './aws-cli.ts';
import {differs} from './finding.ts';
import {foreign, foreignIn, type GroupsSeen, see} from './groups-seen.ts';
import {spreading, untilSeen} from './late.ts';
import {accountActions, accountLook, type Group} from './looks/account.ts';
import {bearsMark, setMissingTags, tagChanges, tagList} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		'security-groups': {managerGroupId: string; workersGroupId: string; workersGroupName: string};
	}
}

/** The groups that we made: they bear tags of ours. */
const made = ({adopted, manager, workers}: GroupsSeen): Group[] => [adopted ? undefined : manager, workers].filter((group) => group !== undefined);

async function check(context: Context, {network}: Pick<Found, 'network'>): Promise<Finding<Found['security-groups']>> {
	const {answers, fleet} = context;
	const seen = await see(context, network.vpcId);
	const {manager, workers} = seen;
	const others = foreignIn(fleet, seen);
	if (others) return {is: 'blocked', problem: foreign(others)};
	if (!manager || !workers) {
		const missing = [...(manager ? [] : [names.managerGroup(fleet)]), ...(workers ? [] : [names.workersGroup(fleet)])];
		return {is: 'missing', says: missing.join(', ')};
	}
	const resource = {managerGroupId: manager.id, workersGroupId: workers.id, workersGroupName: workers.name};
	const changes: Change[] = tagChanges(
		answers,
		made(seen).map(({tags}) => tags),
	);
	if (changes.length > 0) return differs(resource, changes);
	return {is: 'ready', resource, says: `${manager.name}, ${workers.name}`};
}

/** Makes a group, or finds the one that somebody else's run of this fleet made a moment ago. */
async function create({answers, cloud, fleet}: Context, vpcId: string, name: string, description: string): Promise<void> {
	const tags = tagList(answers.tags, {Name: name}, mark(fleet, 'security-groups'));
	await unless(
		cloud.call('CreateSecurityGroup', {
			GroupName: name,
			Description: description,
			VpcId: vpcId,
			TagSpecifications: [{ResourceType: 'security-group', Tags: tags}],
		}),
		'InvalidGroup.Duplicate',
	);
}

const notThereYet = (name: string): Problem =>
	new Problem({
		code: 'InvalidGroup.NotFound',
		fault: 'outside',
		again: true,
		message: `AWS doesn't show the security group ${name} yet.`,
		advice: 'Run the same command again.',
	});

/** Looks until groups that were just made can be seen. */
async function seenGroups(context: Context, vpcId: string, report: Report): Promise<GroupsSeen> {
	let missing = '';
	const look = async () => {
		const seen = await see(context, vpcId);
		const {manager, workers} = seen;
		if (manager && workers) return seen;
		context.forget(accountLook);
		missing = manager ? names.workersGroup(context.fleet) : names.managerGroup(context.fleet);
		return undefined;
	};
	const both = await untilSeen(context, look, () => report({says: `waiting until EC2 shows ${missing}`}));
	if (!both) throw notThereYet(missing);
	return both;
}

async function apply(context: Context, {network}: Pick<Found, 'network'>, report: Report): Promise<void> {
	const {fleet} = context;
	const before = await see(context, network.vpcId);
	const wanted = [
		...(before.manager ? [] : [{name: names.managerGroup(fleet), says: `Manager of the GitLab Runner fleet ${fleet.name}`}]),
		...(before.workers ? [] : [{name: names.workersGroup(fleet), says: `Workers of the GitLab Runner fleet ${fleet.name}`}]),
	];
	if (wanted.length > 0) report({says: `making ${wanted.map(({name}) => name).join(' and ')}`});
	await Promise.all(wanted.map(({name, says}) => create(context, network.vpcId, name, says)));
	context.forget(accountLook);
	const seen = await seenGroups(context, network.vpcId, report);
	const others = foreignIn(fleet, seen);
	if (others) throw foreign(others);
	if (made(seen).every(({tags}) => tagChanges(context.answers, [tags]).length === 0)) return;
	await setMissingTags(context, made(seen));
	context.forget(accountLook);
}

/** By hand the ids come from the answers of the commands before. */
function commands(answers: Answers, fleet: Fleet): string[] {
	const make = (name: string, what: string): string => {
		const tags = tagSpecification('security-group', {...answers.tags, Name: name, ...mark(fleet, 'security-groups')});
		const described = ['--group-name', name, '--description', `${what} of the GitLab Runner fleet ${fleet.name}`];
		return `${aws(fleet, 'ec2', 'create-security-group', ...described, '--tag-specifications', tags, ...asText('GroupId'))} --vpc-id "$vpc"`;
	};
	const vpc = answers.subnet.startsWith('subnet-')
		? aws(fleet, 'ec2', 'describe-subnets', '--subnet-ids', answers.subnet, ...asText('Subnets[0].VpcId'))
		: aws(fleet, 'ec2', 'describe-vpcs', '--filters', 'Name=is-default,Values=true', ...asText('Vpcs[0].VpcId'));
	return [
		`vpc=$(${vpc})`,
		...(answers.securityGroup === 'create' ? [`manager=$(${make(names.managerGroup(fleet), 'Manager')})`] : [`manager=${quote(answers.securityGroup)}`]),
		`workers=$(${make(names.workersGroup(fleet), 'Workers')})`,
	];
}

/** A group is in use until the network interfaces of its last instance are gone. */
const patience = {tries: 60, pause: 5000};

/** Groups that bear the mark, the workers' first: it names the manager's in its rules. */
async function marked(context: Removal): Promise<Group[]> {
	const {groups} = await context.look(accountLook);
	const workersFirst = (group: Group) => (group.name === names.workersGroup(context.fleet) ? 0 : 1);
	return groups.filter((group) => bearsMark(context.fleet, group.tags)).sort((one, other) => workersFirst(one) - workersFirst(other));
}

const groupsStand = async (context: Removal): Promise<Standing[]> =>
	(await marked(context)).map(({id, name}) => ({id, says: `security group ${name}`, goes: true}));

const deleteGroup = (context: Removal, {id, name}: Group, report: Report): Promise<unknown> =>
	retried(
		context,
		patience,
		() => unless(context.cloud.call('DeleteSecurityGroup', {GroupId: id}), 'InvalidGroup.NotFound', 'InvalidGroupId.NotFound'),
		(error) => (isProblem(error, 'DependencyViolation', 'InvalidGroup.InUse') ? `waiting until nothing uses ${name}` : undefined),
		report,
	);

/** Deletes the groups that we made, with their rules. */
async function removeGroups(context: Removal, report: Report): Promise<void> {
	for (const group of await marked(context)) {
		await deleteGroup(context, group, report);
		report({says: `${group.name} deleted`});
	}
	context.forget(accountLook);
}

/** The manager's group and the workers': all that a launch needs to know of them. */
export const securityGroupsStep: Step<'security-groups', 'network', 'record' | 'permissions' | 'quota'> = {
	name: 'security-groups',
	title: 'Security groups',
	needs: ['network'],
	after: ['record', 'permissions', 'quota'],
	actions: [...accountActions, 'ec2:CreateSecurityGroup', 'ec2:DeleteSecurityGroup', 'ec2:CreateTags'],
	settles: spreading,
	check,
	apply: (context, found, _finding, report) => apply(context, found, report),
	stands: groupsStand,
	remove: removeGroups,
	commands,
};

import type {Change, Context, Finding, Found, Removal, Report, Standing, Step} from '../engine/step.ts';
import {type Answers, type Fleet, mark, names} from '../fleet.ts';
import {isProblem, Problem} from '../problem.ts';
import {quote} from '../world/host/quote.ts';
import {retried} from '../world/laptop/clock.ts';
import {unless} from './answering.ts';
import {asText, aws, tagSpecification} from './aws-cli.ts';
import {differs} from './finding.ts';
import {extraNotes, foreign, type GroupsSeen, keptOut, see, staleWorkerRules} from './groups-seen.ts';
import {spreading, untilSeen, whenKnown} from './late.ts';
import {accountActions, accountLook, type Group} from './looks/account.ts';
import {adoptedGroupsLook} from './looks/adopted.ts';
import type {Rule} from './looks/rules.ts';
import {bearsMark, setMissingTags, tagChanges, tagList} from './tags.ts';
import {canonicalCidr, type LetIn, missingRules, outlivedRules, sshDescription, type WantedRule} from './wanted-rules.ts';

declare module '../engine/step.ts' {
	interface Found {
		'security-groups': {managerGroupId: string; workersGroupId: string; workersGroupName: string};
	}
}

const sshRules = ({from}: GroupsSeen): WantedRule[] => (from === undefined ? [] : [{port: 22, cidr: from}]);
const workerRules = (ports: readonly number[], managerGroupId: string): WantedRule[] => ports.map((port) => ({port, groupId: managerGroupId}));

const letIn = ({answers: {sshFrom}, who}: Context, {from}: GroupsSeen): LetIn => ({sshFrom, who, from});

const allRules = ({manager, ours}: GroupsSeen): Rule[] => [
	...(manager?.inbound ?? []),
	...ours.filter((rule) => !manager?.inbound.some(({id}) => id === rule.id)),
];

const isOurSsh =
	({ours}: GroupsSeen) =>
	({fromPort, id, toPort}: Rule): boolean =>
		fromPort === 22 && toPort === 22 && ours.some((rule) => rule.id === id);

/** What bears tags of ours and stays: the groups that we made, which have a name of their own, and our rules, in an adopted group too. */
async function tagged(context: Context, seen: GroupsSeen): Promise<{groups: Group[]; rules: Rule[]}> {
	const {fleet} = context;
	const groups = [seen.adopted ? undefined : seen.manager, seen.workers].filter((group) => group !== undefined);
	const going = [...outlivedRules(allRules(seen), letIn(context, seen), isOurSsh(seen)), ...(await staleWorkerRules(context, seen))].map(({id}) => id);
	const inWorkers = (seen.workers?.inbound ?? []).filter(({tags}) => bearsMark(fleet, tags));
	return {groups, rules: [...seen.ours, ...inWorkers].filter(({id}) => !going.includes(id))};
}

async function check(context: Context, ports: readonly number[], {network}: Pick<Found, 'network'>): Promise<Finding<Found['security-groups']>> {
	const {answers, fleet} = context;
	const seen = await see(context, network.vpcId);
	const {adopted, from, manager, ours, workers} = seen;
	const others = [adopted ? undefined : manager, workers].find((group) => group && !bearsMark(fleet, group.tags));
	if (others) return {is: 'blocked', problem: foreign(others)};
	const out = keptOut(context, seen);
	if (out) return {is: 'blocked', ...out};
	const notes = extraNotes(seen, fleet);
	const who = from ?? 'nobody yet';
	if (!manager || !workers) {
		return {
			is: 'missing',
			says: [
				...(manager ? [] : [`${names.managerGroup(fleet)} (22 from ${who})`]),
				...(workers ? [] : [`${names.workersGroup(fleet)} (${ports.join(' and ')} from the manager)`]),
			].join(', '),
			notes,
		};
	}
	const inbound = [...manager.inbound, ...ours];
	const outlived = outlivedRules(allRules(seen), letIn(context, seen), isOurSsh(seen));
	const {groups, rules} = await tagged(context, seen);
	const changes: Change[] = [
		...missingRules(inbound, sshRules(seen)).map(({cidr = ''}): Change => ({what: 'sshFrom', from: 'port 22 closed to it', to: cidr, how: 'live'})),
		...outlived.map(({cidr = ''}): Change => ({what: 'sshFrom', from: `port 22 open to ${cidr}`, to: 'closed to it', how: 'live'})),
		...missingRules(workers.inbound, workerRules(ports, manager.id)).map(
			({port}): Change => ({what: `port ${port} of the workers`, from: 'closed to the manager', to: 'open to it', how: 'live'}),
		),
		...(await staleWorkerRules(context, seen)).map(
			({fromPort, groupId = ''}): Change => ({what: `port ${fromPort} of the workers`, from: `open to ${groupId}`, to: 'closed to it', how: 'live'}),
		),
		...tagChanges(
			answers,
			groups.map(({tags}) => tags),
		),
		...tagChanges(
			answers,
			rules.map(({tags}) => tags),
		).map((change): Change => ({...change, what: 'tags of rules'})),
	];
	const resource = {managerGroupId: manager.id, workersGroupId: workers.id, workersGroupName: workers.name};
	if (changes.length > 0) return differs(resource, changes, notes);
	return {is: 'ready', resource, says: `22 from ${from ?? 'whom its rules name'}, ${ports.join(' and ')} from the manager`, notes};
}

/** Makes a group, or finds the one that somebody else's run of this fleet made a moment ago. */
async function create(context: Context, vpcId: string, name: string, description: string): Promise<void> {
	const {answers, cloud, fleet} = context;
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
	context.forget(accountLook);
}

/** One rule a call, so that a refusal and its tags are its own: tags in a call go on all its rules. A duplicate is one that is there. */
export async function open(context: Context, groupId: string, rules: readonly WantedRule[], report: Report): Promise<void> {
	const {answers, clock, cloud, fleet, who} = context;
	const tags = tagList(answers.tags, mark(fleet, 'security-groups'));
	for (const {cidr, groupId: source, port, says = 'from the manager'} of rules) {
		const from =
			source === undefined
				? {IpRanges: [{CidrIp: cidr, Description: sshDescription(who, clock.now())}]}
				: {UserIdGroupPairs: [{GroupId: source, Description: says}]};
		const input = {
			GroupId: groupId,
			IpPermissions: [{IpProtocol: 'tcp', FromPort: port, ToPort: port, ...from}],
			TagSpecifications: [{ResourceType: 'security-group-rule' as const, Tags: tags}],
		};
		await unless(
			whenKnown(context, report, () => cloud.call('AuthorizeSecurityGroupIngress', input)),
			'InvalidPermission.Duplicate',
		);
	}
}

export async function close({cloud}: Pick<Context, 'cloud'>, groupId: string, rules: readonly Rule[]): Promise<void> {
	for (const {id} of rules) {
		await unless(
			cloud.call('RevokeSecurityGroupIngress', {GroupId: groupId, SecurityGroupRuleIds: [id]}),
			'InvalidPermission.NotFound',
			'InvalidSecurityGroupRuleId.NotFound',
		);
	}
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
async function seenGroups(context: Context, vpcId: string, report: Report): Promise<{seen: GroupsSeen; manager: Group; workers: Group}> {
	let missing = '';
	const look = async () => {
		const seen = await see(context, vpcId);
		const {manager, workers} = seen;
		context.forget(accountLook);
		if (manager && workers) return {seen, manager, workers};
		missing = manager ? names.workersGroup(context.fleet) : names.managerGroup(context.fleet);
		return undefined;
	};
	const both = await untilSeen(context, look, () => report({says: `waiting until EC2 shows ${missing}`}));
	if (!both) throw notThereYet(missing);
	return both;
}

async function apply(context: Context, ports: readonly number[], {network}: Pick<Found, 'network'>, report: Report): Promise<void> {
	const {answers, fleet} = context;
	const before = await see(context, network.vpcId);
	if (!before.manager) {
		report({says: `making ${names.managerGroup(fleet)}`});
		await create(context, network.vpcId, names.managerGroup(fleet), `Manager of the GitLab Runner fleet ${fleet.name}`);
	}
	if (!before.workers) {
		report({says: `making ${names.workersGroup(fleet)}`});
		await create(context, network.vpcId, names.workersGroup(fleet), `Workers of the GitLab Runner fleet ${fleet.name}`);
	}
	const {manager, seen, workers} = await seenGroups(context, network.vpcId, report);
	for (const group of seen.adopted ? [workers] : [manager, workers]) if (!bearsMark(fleet, group.tags)) throw foreign(group);
	await open(context, manager.id, missingRules([...manager.inbound, ...seen.ours], sshRules(seen)), report);
	await open(context, workers.id, missingRules(workers.inbound, workerRules(ports, manager.id)), report);
	await close(context, manager.id, outlivedRules(allRules(seen), letIn(context, seen), isOurSsh(seen)));
	await close(context, workers.id, await staleWorkerRules(context, seen));
	const {groups, rules} = await tagged(context, seen);
	await setMissingTags(context, groups);
	await setMissingTags(context, rules);
	context.forget(accountLook, adoptedGroupsLook(answers.securityGroup));
}

/** By hand the ids come from the answers of the commands before. */
function commands(answers: Answers, fleet: Fleet, ports: readonly number[]): string[] {
	const make = (name: string, what: string): string => {
		const tags = tagSpecification('security-group', {...answers.tags, Name: name, ...mark(fleet, 'security-groups')});
		const described = ['--group-name', name, '--description', `${what} of the GitLab Runner fleet ${fleet.name}`];
		return `${aws(fleet, 'ec2', 'create-security-group', ...described, '--tag-specifications', tags, ...asText('GroupId'))} --vpc-id "$vpc"`;
	};
	const authorize = (group: string, port: number, source: string) =>
		`${aws(fleet, 'ec2', 'authorize-security-group-ingress', '--protocol', 'tcp', '--port', String(port))} --group-id "$${group}" ${source}`;
	const cidr = answers.sshFrom === 'my-ip' ? '"$(curl -s https://checkip.amazonaws.com)/32"' : quote(canonicalCidr(answers.sshFrom));
	const vpc = answers.subnet.startsWith('subnet-')
		? aws(fleet, 'ec2', 'describe-subnets', '--subnet-ids', answers.subnet, ...asText('Subnets[0].VpcId'))
		: aws(fleet, 'ec2', 'describe-vpcs', '--filters', 'Name=is-default,Values=true', ...asText('Vpcs[0].VpcId'));
	return [
		`vpc=$(${vpc})`,
		...(answers.securityGroup === 'create' ? [`manager=$(${make(names.managerGroup(fleet), 'Manager')})`] : [`manager=${quote(answers.securityGroup)}`]),
		`workers=$(${make(names.workersGroup(fleet), 'Workers')})`,
		authorize('manager', 22, `--cidr ${cidr}`),
		...ports.map((port) => authorize('workers', port, '--source-group "$manager"')),
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

/** Groups and, in groups of others, single rules that bear the mark. */
async function groupsStand(context: Removal): Promise<Standing[]> {
	const {rulesElsewhere} = await context.look(accountLook);
	const groups = await marked(context);
	return [
		...groups.map(({id, name}) => ({id, says: `security group ${name}`, goes: true})),
		...rulesElsewhere.map(({inGroup, rule}) => ({id: rule.id, says: `our rule in security group ${inGroup}, which stays`, goes: true})),
	];
}

const deleteGroup = (context: Removal, {id, name}: Group, report: Report): Promise<unknown> =>
	retried(
		context,
		patience,
		() => unless(context.cloud.call('DeleteSecurityGroup', {GroupId: id}), 'InvalidGroup.NotFound', 'InvalidGroupId.NotFound'),
		(error) => (isProblem(error, 'DependencyViolation', 'InvalidGroup.InUse') ? `waiting until nothing uses ${name}` : undefined),
		report,
	);

/** Deletes our groups, and takes our rules out of groups that were somebody's before. */
async function removeGroups(context: Removal, report: Report): Promise<void> {
	const {rulesElsewhere} = await context.look(accountLook);
	for (const {inGroup, rule} of rulesElsewhere) {
		const revoke = context.cloud.call('RevokeSecurityGroupIngress', {GroupId: inGroup, SecurityGroupRuleIds: [rule.id]});
		await unless(revoke, 'InvalidPermission.NotFound', 'InvalidSecurityGroupRuleId.NotFound', 'InvalidGroup.NotFound');
	}
	for (const group of await marked(context)) {
		await deleteGroup(context, group, report);
		report({says: `${group.name} deleted`});
	}
	context.forget(accountLook);
}

/** The manager's group, which lets SSH in from us, and the workers', which lets in the manager on these ports and nobody else. */
export const securityGroupsStep = (ports: readonly number[]): Step<'security-groups', 'network', 'record' | 'permissions' | 'quota'> => ({
	name: 'security-groups',
	title: 'Security groups',
	needs: ['network'],
	after: ['record', 'permissions', 'quota'],
	actions: [
		...accountActions,
		'ec2:CreateSecurityGroup',
		'ec2:AuthorizeSecurityGroupIngress',
		'ec2:RevokeSecurityGroupIngress',
		'ec2:DeleteSecurityGroup',
		'ec2:CreateTags',
	],
	settles: spreading,
	check: (context, found) => check(context, ports, found),
	apply: (context, found, _finding, report) => apply(context, ports, found, report),
	stands: groupsStand,
	remove: removeGroups,
	commands: (answers, fleet) => commands(answers, fleet, ports),
});

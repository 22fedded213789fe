import {type Answers, type Fleet, mark, names} from '../fleet.ts';
import {Problem} from '../problem.ts';
import type {Change, Context, Finding, Fix, Found, Note, Report, Step} from '../step.ts';
import {unless} from './answering.ts';
import {aws, tagSpecification} from './aws-cli.ts';
import {canonicalCidr} from './cidr.ts';
import {accountLook, type Group, managersOf, type Rule} from './looks/account.ts';
import {addressLook} from './looks/address.ts';
import {adoptedGroupsLook} from './looks/adopted.ts';
import {groupsStand, removeGroups} from './security-groups-removal.ts';
import {bearsMark, tagList} from './tags.ts';
import {admits, missingRules, outlivedRules, sshDescription, type WantedRule, workerPorts} from './wanted-rules.ts';

type Seen = {
	manager: Group | undefined;
	workers: Group | undefined;
	/** True where the manager's group is somebody's that the answers name. */
	adopted: boolean;
	/** Who is to be let in; undefined when it is this machine and no service tells its address. */
	from: string | undefined;
	/** Rules of ours in the manager's group, also where that is adopted. */
	ours: Rule[];
};

const refused = (code: string, message: string, advice: string): Problem => new Problem({code, message, advice});

const foreign = (group: Group): Problem =>
	refused(
		'InvalidGroup.Duplicate',
		`A security group ${group.name} is already there (${group.id}), and it isn't this fleet's, so it stays as it is.`,
		'Name the fleet otherwise with `--fleet`, or choose that group with `--security-group`.',
	);

async function adoptedGroup(context: Context, vpcId: string): Promise<Group> {
	const {securityGroup} = context.answers;
	const named = await context.look(adoptedGroupsLook(securityGroup));
	const group = named.find((one) => one.vpcId === vpcId);
	if (group) return group;
	const elsewhere = named[0] ? `it is in ${named[0].vpcId}, and the subnet in ${vpcId}` : `${context.fleet.region} has none of that id or name`;
	throw refused(
		'InvalidGroup.NotFound',
		`Security group ${securityGroup} can't be used: ${elsewhere}.`,
		'Choose another with `--security-group`, or answer `create`.',
	);
}

async function see(context: Context, vpcId: string): Promise<Seen> {
	const {answers, fleet} = context;
	const adopted = answers.securityGroup !== 'create';
	const [account, theirs, mine] = await Promise.all([
		context.look(accountLook),
		adopted ? adoptedGroup(context, vpcId) : undefined,
		answers.sshFrom === 'my-ip' ? context.look(addressLook) : undefined,
	]);
	const here = (name: string) => account.groups.find((group) => group.vpcId === vpcId && group.name === name);
	const manager = theirs ?? here(names.managerGroup(fleet));
	const ours = account.rulesElsewhere.filter(({inGroup}) => inGroup === manager?.id).map(({rule}) => rule);
	const marked = (manager?.inbound ?? []).filter((rule) => bearsMark(fleet, rule.tags));
	const from = answers.sshFrom === 'my-ip' ? mine && `${mine}/32` : canonicalCidr(answers.sshFrom);
	return {manager, workers: here(names.workersGroup(fleet)), adopted, from, ours: [...marked, ...ours]};
}

const sshRules = ({from}: Seen): WantedRule[] => (from === undefined ? [] : [{port: 22, cidr: from}]);
const workerRules = (managerGroupId: string): WantedRule[] => workerPorts.map((port) => ({port, groupId: managerGroupId}));

/** Rules of ours in the workers' group for a manager's group that no manager is in any more. */
async function staleWorkerRules(context: Context, {manager, workers}: Seen): Promise<Rule[]> {
	const used = managersOf(context.fleet, await context.look(accountLook)).flatMap(({groupIds}) => groupIds);
	return (workers?.inbound ?? []).filter(
		(rule) => bearsMark(context.fleet, rule.tags) && rule.groupId !== undefined && rule.groupId !== manager?.id && !used.includes(rule.groupId),
	);
}

/** Everybody else's way to the workers: told, since only the manager needs one. */
function extraNotes({manager, workers, adopted, from, ours}: Seen, fleet: Fleet): Note[] {
	const open = [...(manager?.inbound ?? []), ...ours].filter((rule) => rule.cidr === '0.0.0.0/0' && admits(rule, {port: 22, cidr: '0.0.0.0/0'}));
	const extra = (workers?.inbound ?? []).filter((rule) => !bearsMark(fleet, rule.tags) && rule.groupId !== manager?.id);
	return [
		...(from === undefined
			? [{says: "No service tells this machine's own address, so whether the manager lets it in isn't known.", advice: 'Name it with `--ssh-from`.'}]
			: []),
		...(open.length > 0 || from === '0.0.0.0/0'
			? [{says: `Port 22 of the manager is open to everybody${adopted ? `, by ${manager?.id ?? ''}` : ''}.`, advice: 'Close it with `--ssh-from my-ip`.'}]
			: []),
		...(extra.length > 0 ? [{says: `${extra.length} more inbound rules of somebody's in ${names.workersGroup(fleet)} stay as they are.`}] : []),
	];
}

/** An adopted group that keeps this machine out is changed only when somebody says which address to let in. */
function keptOut({answers, fleet}: Context, {adopted, from, manager}: Seen): {problem: Problem; fix: Fix} | undefined {
	if (!adopted || !manager || answers.sshFrom !== 'my-ip' || from === undefined) return undefined;
	if (missingRules(manager.inbound, [{port: 22, cidr: from}]).length === 0) return undefined;
	const lets = manager.inbound.filter((rule) => admits(rule, {port: 22, cidr: rule.cidr ?? ''})).map(({cidr}) => cidr);
	const message = `Security group ${manager.name} (${manager.id}) keeps this machine out: port 22 is open to ${lets.join(', ') || 'nobody'}, and you are ${from}.`;
	const advice = `Add \`--ssh-from ${from}\`: a rule of ${fleet.name}'s is then added to that group, and goes with the fleet.`;
	return {problem: refused('group-keeps-out', message, advice), fix: {says: `let in ${from}`, answers: {sshFrom: from}}};
}

async function check(context: Context, {network}: Pick<Found, 'network'>): Promise<Finding<Found['security-groups']>> {
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
				...(workers ? [] : [`${names.workersGroup(fleet)} (22 and 2376 from the manager)`]),
			].join(', '),
			notes,
		};
	}
	const inbound = [...manager.inbound, ...ours];
	const outlived = outlivedRules(ours, answers.sshFrom, ({fromPort, toPort}) => fromPort === 22 && toPort === 22);
	const changes: Change[] = [
		...missingRules(inbound, sshRules(seen)).map(({cidr = ''}): Change => ({what: 'sshFrom', from: 'port 22 closed to it', to: cidr, how: 'live'})),
		...outlived.map(({cidr = ''}): Change => ({what: 'sshFrom', from: `port 22 open to ${cidr}`, to: 'closed to it', how: 'live'})),
		...missingRules(workers.inbound, workerRules(manager.id)).map(
			({port}): Change => ({what: `port ${port} of the workers`, from: 'closed to the manager', to: 'open to it', how: 'live'}),
		),
		...(await staleWorkerRules(context, seen)).map(
			({fromPort, groupId = ''}): Change => ({what: `port ${fromPort} of the workers`, from: `open to ${groupId}`, to: 'closed to it', how: 'live'}),
		),
	];
	const resource = {managerGroupId: manager.id, workersGroupId: workers.id, workersGroupName: workers.name};
	if (changes.length > 0) return {is: 'different', resource, changes, says: changes.map(({what, from, to}) => `${what}: ${from} → ${to}`).join(', '), notes};
	return {is: 'so', resource, says: `22 from ${from ?? 'whom its rules name'}, 22 and 2376 from the manager`, notes};
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

/** One rule a call, so that a refusal and its tags are its own (facts §17.7). A duplicate is one that is there. */
async function open({answers, clock, cloud, fleet, who}: Context, groupId: string, rules: readonly WantedRule[]): Promise<void> {
	const tags = tagList(answers.tags, mark(fleet, 'security-groups'));
	for (const {cidr, groupId: source, port} of rules) {
		const from =
			source === undefined
				? {IpRanges: [{CidrIp: cidr, Description: sshDescription(who, clock.now())}]}
				: {UserIdGroupPairs: [{GroupId: source, Description: 'from the manager'}]};
		await unless(
			cloud.call('AuthorizeSecurityGroupIngress', {
				GroupId: groupId,
				IpPermissions: [{IpProtocol: 'tcp', FromPort: port, ToPort: port, ...from}],
				TagSpecifications: [{ResourceType: 'security-group-rule', Tags: tags}],
			}),
			'InvalidPermission.Duplicate',
		);
	}
}

async function close({cloud}: Context, groupId: string, rules: readonly Rule[]): Promise<void> {
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

/** Looks until a group that was just made can be seen: EC2 is late by some seconds (facts §8). */
async function seenGroups(context: Context, vpcId: string): Promise<{seen: Seen; manager: Group; workers: Group}> {
	for (let turn = 0; ; turn++) {
		const seen = await see(context, vpcId);
		const {manager, workers} = seen;
		if (manager && workers) return {seen, manager, workers};
		if (turn >= 15) throw notThereYet(manager ? names.workersGroup(context.fleet) : names.managerGroup(context.fleet));
		context.forget(accountLook);
		await context.clock.sleep(2000, context.signal);
	}
}

async function apply(context: Context, {network}: Pick<Found, 'network'>, _finding: unknown, report: Report): Promise<void> {
	const {answers, fleet} = context;
	const before = await see(context, network.vpcId);
	if (!before.manager) {
		report({says: `security groups: making ${names.managerGroup(fleet)}`});
		await create(context, network.vpcId, names.managerGroup(fleet), `Manager of the GitLab Runner fleet ${fleet.name}`);
	}
	if (!before.workers) {
		report({says: `security groups: making ${names.workersGroup(fleet)}`});
		await create(context, network.vpcId, names.workersGroup(fleet), `Workers of the GitLab Runner fleet ${fleet.name}`);
	}
	const {manager, seen, workers} = await seenGroups(context, network.vpcId);
	for (const group of seen.adopted ? [workers] : [manager, workers]) if (!bearsMark(fleet, group.tags)) throw foreign(group);
	await open(context, manager.id, missingRules([...manager.inbound, ...seen.ours], sshRules(seen)));
	await open(context, workers.id, missingRules(workers.inbound, workerRules(manager.id)));
	await close(
		context,
		manager.id,
		outlivedRules(seen.ours, answers.sshFrom, ({fromPort, toPort}) => fromPort === 22 && toPort === 22),
	);
	await close(context, workers.id, await staleWorkerRules(context, seen));
	context.forget(accountLook, adoptedGroupsLook(answers.securityGroup));
}

/** By hand the ids come from the answers of the commands before. */
function commands(answers: Answers, fleet: Fleet): string[] {
	const make = (name: string, what: string) =>
		`${aws(fleet, 'ec2', 'create-security-group', '--group-name', name, '--description', `${what} of the GitLab Runner fleet ${fleet.name}`)} --vpc-id "$vpc" ${['--tag-specifications', `'${tagSpecification('security-group', {...answers.tags, Name: name, ...mark(fleet, 'security-groups')})}'`].join(' ')} --query GroupId --output text`;
	const authorize = (group: string, port: number, source: string) =>
		`${aws(fleet, 'ec2', 'authorize-security-group-ingress', '--protocol', 'tcp', '--port', String(port))} --group-id "$${group}" ${source}`;
	const cidr = answers.sshFrom === 'my-ip' ? '"$(curl -s https://checkip.amazonaws.com)/32"' : canonicalCidr(answers.sshFrom);
	const vpc = `vpc=$(${aws(fleet, 'ec2', 'describe-vpcs', '--filters', 'Name=is-default,Values=true', '--query', 'Vpcs[0].VpcId', '--output', 'text')})`;
	return [
		vpc,
		...(answers.securityGroup === 'create' ? [`manager=$(${make(names.managerGroup(fleet), 'Manager')})`] : [`manager=${answers.securityGroup}`]),
		`workers=$(${make(names.workersGroup(fleet), 'Workers')})`,
		authorize('manager', 22, `--cidr ${cidr}`),
		...workerPorts.map((port) => authorize('workers', port, '--source-group "$manager"')),
	];
}

/** The manager's group, which lets SSH in from us, and the workers', which lets in the manager and nobody else. */
export const securityGroupsStep: Step<'security-groups', 'network', 'record' | 'permissions' | 'quota'> = {
	name: 'security-groups',
	title: 'Security groups',
	needs: ['network'],
	after: ['record', 'permissions', 'quota'],
	actions: [
		'ec2:DescribeSecurityGroups',
		'ec2:DescribeSecurityGroupRules',
		'ec2:CreateSecurityGroup',
		'ec2:AuthorizeSecurityGroupIngress',
		'ec2:RevokeSecurityGroupIngress',
		'ec2:DeleteSecurityGroup',
		'ec2:CreateTags',
	],
	settles: {tries: 10, seconds: 2},
	check,
	apply,
	stands: groupsStand,
	remove: removeGroups,
	commands,
};

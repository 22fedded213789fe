import type {Change, Context, Finding, Found, Removal, Report, Standing, Step} from '../engine/step.ts';
import {type Answers, type Fleet, mark} from '../fleet.ts';
import {Problem, unless} from '../problem.ts';
import {quote} from '../world/host/quote.ts';
import {aws} from './aws-cli.ts';
import {differs} from './finding.ts';
import {extraNotes, foreignIn, type GroupsSeen, keptOut, letInFrom, see, staleWorkerRules} from './groups-seen.ts';
import {spreading, whenKnown} from './late.ts';
import {accountActions, accountLook, adoptedGroupsLook} from './looks/account.ts';
import type {Rule} from './looks/rules.ts';
import {bearsMark, setMissingTags, tagChanges, tagList} from './tags.ts';
import {canonicalCidr, type LetIn, missingRules, outlivedRules, sshDescription, type WantedRule} from './wanted-rules.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** Whom the manager lets in by SSH; undefined where no service tells this machine's address. */
		'security-group-rules': {from: string | undefined};
	}
}

const sshRules = ({from}: Pick<GroupsSeen, 'from'>): WantedRule[] => (from === undefined ? [] : [{port: 22, cidr: from}]);
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

/** Rules of ours that stay, in an adopted group too. */
function kept(context: Context, seen: GroupsSeen): Rule[] {
	const going = [...outlivedRules(allRules(seen), letIn(context, seen), isOurSsh(seen)), ...staleWorkerRules(context, seen)].map(({id}) => id);
	const inWorkers = (seen.workers?.inbound ?? []).filter(({tags}) => bearsMark(context.fleet, tags));
	return [...seen.ours, ...inWorkers].filter(({id}) => !going.includes(id));
}

type RuleNeeds = Pick<Found, 'network'>;

/** Undefined where a group that was named can't be used: the groups' own step tells it. */
const ofUsable = (seeing: Promise<GroupsSeen>): Promise<GroupsSeen | undefined> => unless(seeing, 'InvalidGroup.NotFound');

async function check(context: Context, ports: readonly number[], {network}: RuleNeeds): Promise<Finding<Found['security-group-rules']>> {
	const {answers, fleet} = context;
	const seen = await ofUsable(see(context, network.vpcId));
	if (!seen || foreignIn(fleet, seen)) return {is: 'waiting', for: ['security-groups']};
	const out = keptOut(context, seen);
	if (out) return {is: 'blocked', ...out};
	const {from, manager, ours, workers} = seen;
	const notes = extraNotes(seen, fleet);
	if (!manager || !workers) return {is: 'missing', says: `22 from ${from ?? 'nobody yet'}, ${ports.join(' and ')} of the workers from the manager`, notes};
	const changes: Change[] = [
		...missingRules([...manager.inbound, ...ours], sshRules(seen)).map(
			({cidr = ''}): Change => ({what: 'sshFrom', from: 'port 22 closed to it', to: cidr, how: 'live'}),
		),
		...outlivedRules(allRules(seen), letIn(context, seen), isOurSsh(seen)).map(
			({cidr = ''}): Change => ({what: 'sshFrom', from: `port 22 open to ${cidr}`, to: 'closed to it', how: 'live'}),
		),
		...missingRules(workers.inbound, workerRules(ports, manager.id)).map(
			({port}): Change => ({what: `port ${port} of the workers`, from: 'closed to the manager', to: 'open to it', how: 'live'}),
		),
		...staleWorkerRules(context, seen).map(
			({fromPort, groupId = ''}): Change => ({what: `port ${fromPort} of the workers`, from: `open to ${groupId}`, to: 'closed to it', how: 'live'}),
		),
		...tagChanges(
			answers,
			kept(context, seen).map(({tags}) => tags),
		).map((change): Change => ({...change, what: 'tags of rules'})),
	];
	const resource = {from};
	if (changes.length > 0) return differs(resource, changes, notes);
	return {is: 'ready', resource, says: `22 from ${from ?? 'whom its rules name'}, ${ports.join(' and ')} from the manager`, notes};
}

/** One rule a call, so that a refusal and its tags are its own: tags in a call go on all its rules. A duplicate is one that is there. */
export function open(context: Context, groupId: string, rules: readonly WantedRule[], report: Report): Promise<unknown> {
	const {answers, clock, cloud, fleet, who} = context;
	const tags = tagList(answers.tags, mark(fleet, 'security-groups'));
	const opening = ({cidr, groupId: source, port, says = 'from the manager'}: WantedRule): Promise<unknown> => {
		const from =
			source === undefined
				? {IpRanges: [{CidrIp: cidr, Description: sshDescription(who, clock.now())}]}
				: {UserIdGroupPairs: [{GroupId: source, Description: says}]};
		const input = {
			GroupId: groupId,
			IpPermissions: [{IpProtocol: 'tcp', FromPort: port, ToPort: port, ...from}],
			TagSpecifications: [{ResourceType: 'security-group-rule' as const, Tags: tags}],
		};
		return unless(
			whenKnown(context, report, () => cloud.call('AuthorizeSecurityGroupIngress', input)),
			'InvalidPermission.Duplicate',
		);
	};
	return Promise.all(rules.map(opening));
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

/** Groups that were just made have no rule of ours, so nobody looks for one: what stands after all is a duplicate. */
async function openNew(context: Context, ports: readonly number[], groups: Found['security-groups'], report: Report): Promise<void> {
	const {managerGroupId, workersGroupId} = groups;
	const from = await letInFrom(context);
	await Promise.all([open(context, managerGroupId, sshRules({from}), report), open(context, workersGroupId, workerRules(ports, managerGroupId), report)]);
	context.forget(accountLook);
}

async function mend(context: Context, ports: readonly number[], {network}: RuleNeeds, report: Report): Promise<void> {
	const seen = await see(context, network.vpcId);
	const {manager, ours, workers} = seen;
	if (!manager || !workers || foreignIn(context.fleet, seen))
		throw new Problem({
			code: 'InvalidGroup.NotFound',
			fault: 'outside',
			again: true,
			message: "AWS doesn't show the fleet's security groups any more.",
			advice: 'Run the same command again.',
		});
	await Promise.all([
		open(context, manager.id, missingRules([...manager.inbound, ...ours], sshRules(seen)), report),
		open(context, workers.id, missingRules(workers.inbound, workerRules(ports, manager.id)), report),
	]);
	await close(context, manager.id, outlivedRules(allRules(seen), letIn(context, seen), isOurSsh(seen)));
	await close(context, workers.id, staleWorkerRules(context, seen));
	await setMissingTags(context, kept(context, seen));
	context.forget(accountLook, adoptedGroupsLook(context.answers.securityGroup));
}

/** By hand, once the groups are made: `$manager` and `$workers` are their ids. */
function commands(answers: Answers, fleet: Fleet, ports: readonly number[]): string[] {
	const authorize = (group: string, port: number, source: string) =>
		`${aws(fleet, 'ec2', 'authorize-security-group-ingress', '--protocol', 'tcp', '--port', String(port))} --group-id "$${group}" ${source}`;
	const cidr = answers.sshFrom === 'my-ip' ? '"$(curl -s https://checkip.amazonaws.com)/32"' : quote(canonicalCidr(answers.sshFrom));
	return [authorize('manager', 22, `--cidr ${cidr}`), ...ports.map((port) => authorize('workers', port, '--source-group "$manager"'))];
}

/** In groups of others single rules bear the mark; those in our own go with them. */
async function rulesStand(context: Removal): Promise<Standing[]> {
	const {rulesElsewhere} = await context.look(accountLook);
	return rulesElsewhere.map(({inGroup, rule}) => ({id: rule.id, says: `our rule in security group ${inGroup}, which stays`, goes: true}));
}

/** Takes our rules out of groups that were somebody's before. */
async function removeRules(context: Removal): Promise<void> {
	const {rulesElsewhere} = await context.look(accountLook);
	for (const {inGroup, rule} of rulesElsewhere) {
		const revoke = context.cloud.call('RevokeSecurityGroupIngress', {GroupId: inGroup, SecurityGroupRuleIds: [rule.id]});
		await unless(revoke, 'InvalidPermission.NotFound', 'InvalidSecurityGroupRuleId.NotFound', 'InvalidGroup.NotFound');
	}
	context.forget(accountLook);
}

/** The manager's group lets SSH in from us, and the workers' lets in the manager on these ports and nobody else. */
export const securityGroupRulesStep = (ports: readonly number[]): Step<'security-group-rules', 'network', 'record' | 'permissions' | 'security-groups'> => ({
	name: 'security-group-rules',
	title: 'Security group rules',
	needs: ['network'],
	after: ['record', 'permissions', 'security-groups'],
	actions: [...accountActions, 'ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress', 'ec2:CreateTags'],
	settles: spreading,
	check: (context, found) => check(context, ports, found),
	apply: (context, found, finding, report) =>
		finding.is === 'missing' && context.answers.securityGroup === 'create'
			? openNew(context, ports, found['security-groups'], report)
			: mend(context, ports, found, report),
	stands: rulesStand,
	remove: removeRules,
	commands: (answers, fleet) => commands(answers, fleet, ports),
});

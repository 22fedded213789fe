import {retried} from '../clock.ts';
import {names} from '../fleet.ts';
import {isProblem} from '../problem.ts';
import type {Removal, Report, Standing} from '../step.ts';
import {unless} from './answering.ts';
import {accountLook, type Group} from './looks/account.ts';
import {bearsMark} from './tags.ts';

/** A group is in use until the network interfaces of its last instance are gone. */
const patience = {tries: 60, pause: 5000};

/** Groups that bear the mark, the workers' first: it names the manager's in its rules. */
async function marked(context: Removal): Promise<Group[]> {
	const {groups} = await context.look(accountLook);
	const workersFirst = (group: Group) => (group.name === names.workersGroup(context.fleet) ? 0 : 1);
	return groups.filter((group) => bearsMark(context.fleet, group.tags)).sort((one, other) => workersFirst(one) - workersFirst(other));
}

/** Groups and, in groups of others, single rules that bear the mark. */
export async function groupsStand(context: Removal): Promise<Standing[]> {
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
export async function removeGroups(context: Removal, report: Report): Promise<void> {
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

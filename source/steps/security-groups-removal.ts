import {names} from '../fleet.ts';
import {isProblem} from '../problem.ts';
import type {Removal, Report, Standing} from '../step.ts';
import {unless} from './answering.ts';
import {accountLook, type Group} from './looks/account.ts';
import {bearsMark} from './tags.ts';

/** A group is in use until the network interfaces of its last instance are gone: this many looks, this far apart. */
const tries = 60;
const pauseSeconds = 5;

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

async function deleteGroup({clock, cloud, signal}: Removal, {id, name}: Group, report: Report): Promise<void> {
	for (let turn = 1; ; turn++) {
		try {
			await unless(cloud.call('DeleteSecurityGroup', {GroupId: id}), 'InvalidGroup.NotFound', 'InvalidGroupId.NotFound');
			return;
		} catch (error) {
			if (!isProblem(error, 'DependencyViolation', 'InvalidGroup.InUse') || turn >= tries) throw error;
			report({says: `waiting until nothing uses ${name}`});
			await clock.sleep(pauseSeconds * 1000, signal);
		}
	}
}

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

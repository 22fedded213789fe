import type {Context, Fix, Look, Note} from '../engine/step.ts';
import {type Fleet, names} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {accountLook, adoptedGroupsLook, type Group, managersOf} from './looks/account.ts';
import type {Rule} from './looks/rules.ts';
import {bearsMark} from './tags.ts';
import {admits, canonicalCidr, missingRules} from './wanted-rules.ts';

/** The IPv4 address from which AWS sees this machine; asked only where an answer needs it. What no service told is asked for again by the next look. */
export const addressLook: Look<string | undefined> = {
	name: 'address',
	async load({address, forget, signal}) {
		const mine = await address.mine(signal);
		if (mine === undefined) forget(addressLook);
		return mine;
	},
};

/** The fleet's two groups as they stand, and who is to be let in. */
export type GroupsSeen = {
	manager: Group | undefined;
	workers: Group | undefined;
	/** True where the manager's group is somebody's that the answers name. */
	adopted: boolean;
	/** Who is to be let in; undefined when it is this machine and no service tells its address. */
	from: string | undefined;
	/** Rules of ours in the manager's group, also where that is adopted. */
	ours: Rule[];
	/** Groups that a manager is in. */
	used: string[];
};

const refused = (code: string, message: string, advice: string): Problem => new Problem({code, message, advice});

/** Somebody else's group of our name: it blocks, and is never touched. */
export const foreign = (group: Group): Problem =>
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

/** Who is to be let in by SSH; undefined where that's this machine and no service tells its address. */
export async function letInFrom(context: Context): Promise<string | undefined> {
	const {sshFrom} = context.answers;
	if (sshFrom !== 'my-ip') return canonicalCidr(sshFrom);
	const mine = await context.look(addressLook);
	return mine && `${mine}/32`;
}

/** Looks at both groups in one VPC. Throws a Problem where the answers name a group that isn't there. */
export async function see(context: Context, vpcId: string): Promise<GroupsSeen> {
	const {answers, fleet} = context;
	const adopted = answers.securityGroup !== 'create';
	const [account, theirs, from] = await Promise.all([context.look(accountLook), adopted ? adoptedGroup(context, vpcId) : undefined, letInFrom(context)]);
	const here = (name: string) => account.groups.find((group) => group.vpcId === vpcId && group.name === name);
	const manager = theirs ?? here(names.managerGroup(fleet));
	const ours = account.rulesElsewhere.filter(({inGroup}) => inGroup === manager?.id).map(({rule}) => rule);
	const marked = (manager?.inbound ?? []).filter((rule) => bearsMark(fleet, rule.tags));
	const used = managersOf(fleet, account).flatMap(({groupIds}) => groupIds);
	return {manager, workers: here(names.workersGroup(fleet)), adopted, from, ours: [...marked, ...ours], used};
}

/** Rules of ours in the workers' group for a manager's group that no manager is in any more. */
export const staleWorkerRules = ({fleet}: Context, {manager, used, workers}: GroupsSeen): Rule[] =>
	(workers?.inbound ?? []).filter(({groupId, tags}) => bearsMark(fleet, tags) && groupId !== undefined && groupId !== manager?.id && !used.includes(groupId));

/** Somebody else's group that has one of our names, where there is one. */
export const foreignIn = (fleet: Fleet, {adopted, manager, workers}: GroupsSeen): Group | undefined =>
	[adopted ? undefined : manager, workers].find((group) => group && !bearsMark(fleet, group.tags));

/** Everybody else's way to the workers: told, since only the manager needs one. */
export function extraNotes({manager, workers, adopted, from, ours}: GroupsSeen, fleet: Fleet): Note[] {
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
export function keptOut({answers, fleet}: Context, {adopted, from, manager}: GroupsSeen): {problem: Problem; fix: Fix} | undefined {
	if (!adopted || !manager || answers.sshFrom !== 'my-ip' || from === undefined) return undefined;
	if (missingRules(manager.inbound, [{port: 22, cidr: from}]).length === 0) return undefined;
	const lets = manager.inbound.filter((rule) => admits(rule, {port: 22, cidr: rule.cidr ?? ''})).map(({cidr}) => cidr);
	const message = `Security group ${manager.name} (${manager.id}) keeps this machine out: port 22 is open to ${lets.join(', ') || 'nobody'}, and you are ${from}.`;
	const advice = `Add \`--ssh-from ${from}\`: a rule of ${fleet.name}'s is then added to that group, and goes with the fleet.`;
	return {problem: refused('group-keeps-out', message, advice), fix: {says: `let in ${from}`, answers: {sshFrom: from}}};
}

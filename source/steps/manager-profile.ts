import type {Context, Finding, Found, Report, Step} from '../engine/step.ts';
import {type Answers, type Fleet, names} from '../fleet.ts';
import {unless} from '../problem.ts';
import {aws} from './aws-cli.ts';
import {differs} from './finding.ts';
import {spreading, whenKnown} from './late.ts';
import {accountActions, accountLook, type Instance} from './looks/account.ts';
import {managerOf} from './looks/host.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** The manager's instance profile; undefined where it works with access keys and has none. */
		'manager-profile': {profile: string | undefined};
	}
}

/** The profile that the manager should have; undefined where it works with access keys. */
function profileName({answers, fleet}: Pick<Context, 'answers' | 'fleet'>): string | undefined {
	if (answers.access === 'access-keys') return undefined;
	return answers.access === 'create' ? names.profile(fleet) : answers.access;
}

/** The name of the profile that an instance has. */
const profileOf = ({profileArn}: Instance): string | undefined => profileArn?.split('/').at(-1);

async function check(context: Context, found: Pick<Found, 'manager'>): Promise<Finding<Found['manager-profile']>> {
	const [wanted, has] = [profileName(context), profileOf(await managerOf(context, found))];
	if (wanted === undefined) {
		const notes = has === undefined ? [] : [{says: `The manager keeps its instance profile ${has}, beside the access keys.`}];
		return {is: 'ready', resource: {profile: has}, says: 'it works with access keys', notes};
	}
	if (has === undefined) return {is: 'missing', says: `${wanted}, given to the manager`};
	if (has !== wanted) return differs({profile: has}, [{what: 'access', from: has, to: wanted, how: 'live'}]);
	return {is: 'ready', resource: {profile: has}, says: `the manager has ${has}`};
}

/**
 * Gives a running manager another profile. Nothing has to drain for it: docker-machine takes credentials from the instance metadata at each call,
 * and a create that is under way keeps those it has, which AWS takes until they expire.
 */
async function giveProfile(context: Context, {id}: Instance, profile: string, report: Report): Promise<void> {
	const {cloud} = context;
	const {IamInstanceProfileAssociations = []} = await cloud.call('DescribeIamInstanceProfileAssociations', {Filters: [{Name: 'instance-id', Values: [id]}]});
	const held = IamInstanceProfileAssociations.find(({State}) => State === 'associated' || State === 'associating')?.AssociationId;
	const IamInstanceProfile = {Name: profile};
	report({says: `giving ${id} the instance profile ${profile}`});
	await whenKnown(context, report, async () => {
		// A run beside this one may have given it one meanwhile: the next look tells which.
		if (held === undefined) await unless(cloud.call('AssociateIamInstanceProfile', {InstanceId: id, IamInstanceProfile}), 'IncorrectState');
		else await cloud.call('ReplaceIamInstanceProfileAssociation', {AssociationId: held, IamInstanceProfile});
	});
}

async function apply(context: Context, found: Pick<Found, 'manager'>, report: Report): Promise<void> {
	const profile = profileName(context);
	if (profile !== undefined) await giveProfile(context, await managerOf(context, found), profile, report);
	context.forget(accountLook);
}

function commands(answers: Answers, fleet: Fleet): string[] {
	const profile = profileName({answers, fleet});
	if (profile === undefined) return [];
	const ids = ['--query', 'Reservations[].Instances[].InstanceId', '--output', 'text'];
	const manager = aws(
		fleet,
		'ec2',
		'describe-instances',
		'--filters',
		`Name=tag:Name,Values=${names.manager(fleet)}`,
		'Name=instance-state-name,Values=running',
		...ids,
	);
	return [`${aws(fleet, 'ec2', 'associate-iam-instance-profile', '--iam-instance-profile', `Name=${profile}`)} --instance-id "$(${manager})"`];
}

/**
 * The profile by which the manager makes workers, given to it once it runs: EC2 knows a new profile only after some ten seconds, and a launch with it would
 * wait as long.
 */
export const managerProfileStep: Step<'manager-profile', 'manager', 'instance-profile'> = {
	name: 'manager-profile',
	title: "Manager's profile",
	needs: ['manager'],
	after: ['instance-profile'],
	actions: [
		...accountActions,
		'ec2:DescribeIamInstanceProfileAssociations',
		'ec2:AssociateIamInstanceProfile',
		'ec2:ReplaceIamInstanceProfileAssociation',
		'iam:PassRole',
	],
	settles: spreading,
	check,
	apply: (context, found, _finding, report) => apply(context, found, report),
	commands,
};

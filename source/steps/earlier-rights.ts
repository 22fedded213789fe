import type {Context, Finding, Found, Report, Step} from '../engine/step.ts';
import {names} from '../fleet.ts';
import {aws} from './aws-cli.ts';
import {putPolicy} from './instance-profile.ts';
import {roleLook} from './looks/profile.ts';
import {surplusIn, type WorkerRights} from './manager-policy.ts';
import {policyFor} from './manager-rights.ts';
import {bearsGlobalMark} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** What the manager may do beyond what it needs by now: statements of its policy, by name. */
		'earlier-rights': {statements: string[]};
	}
}

type EarlierRightsNeeds = Pick<Found, 'network'>;

const none: Finding<Found['earlier-rights']> = {is: 'ready', resource: {statements: []}, says: 'none'};

async function check(context: Context, found: EarlierRightsNeeds, workers: WorkerRights): Promise<Finding<Found['earlier-rights']>> {
	const {fleet} = context;
	const role = await context.look(roleLook(names.profile(fleet)));
	if (!role?.policy || !bearsGlobalMark(fleet, role.tags)) return none;
	const statements = surplusIn(role.policy, await policyFor(context, found, workers)) ?? ['the whole policy'];
	if (statements.length === 0) return none;
	return {is: 'extra', resource: {statements}, says: `${statements.join(', ')}: the manager needs them no more`};
}

async function apply(context: Context, found: EarlierRightsNeeds, workers: WorkerRights, report: Report): Promise<void> {
	report({says: "what the manager needs no more is taken from its role's policy"});
	await putPolicy(context, await policyFor(context, found, workers), report);
	context.forget(roleLook(names.profile(context.fleet)));
}

/**
 * What the manager's role allows beyond what it needs. A change of how workers are made adds rights before it begins and takes the earlier ones away at its
 * end, since until config.toml is written, and a replaced manager is gone, workers are made as before.
 */
export const earlierRightsStep = (workers: WorkerRights): Step<'earlier-rights', 'network', 'instance-profile' | 'service' | 'old-manager'> => ({
	name: 'earlier-rights',
	title: 'Earlier rights',
	leftover: true,
	needs: ['network'],
	after: ['instance-profile', 'service', 'old-manager'],
	when: ({access}) => access === 'create',
	actions: ['iam:GetRole', 'iam:GetRolePolicy', 'iam:PutRolePolicy'],
	check: (context, found) => check(context, found, workers),
	apply: (context, found, _finding, report) => apply(context, found, workers, report),
	commands: (_answers, fleet) => [aws(fleet, 'iam', 'get-role-policy', '--role-name', names.profile(fleet), '--policy-name', names.profile(fleet))],
});

import type {Role} from '@aws-sdk/client-iam';
import type {AccountState} from './account.ts';
import type {Here} from './here.ts';

/** The roles that services make for themselves in an account, by the service. */
export const linkedRoles = {
	'spot.amazonaws.com': 'AWSServiceRoleForEC2Spot',
	'autoscaling.amazonaws.com': 'AWSServiceRoleForAutoScaling',
} as const;

export type LinkedService = keyof typeof linkedRoles;

/** The ARN of a service's own role. */
export const linkedRoleArn = ({id}: Pick<AccountState, 'id'>, service: LinkedService): string =>
	`arn:aws:iam::${id}:role/aws-service-role/${service}/${linkedRoles[service]}`;

/** Who calls when a group launches or ends an instance. */
export const groupsCaller = ({id}: Pick<AccountState, 'id'>): string =>
	`arn:aws:sts::${id}:assumed-role/${linkedRoles['autoscaling.amazonaws.com']}/AutoScaling`;

/** Makes a service's own role; Auto Scaling's can launch nothing for its first minute. */
export function makeLinkedRole(here: Here, service: LinkedService): void {
	const {account, now} = here;
	account.serviceLinkedRoles.add(linkedRoles[service]);
	account.linkedRolesSeenFrom.set(service, now + here.late('role'));
	account.linkedRolesMadeAt.set(service, now);
	if (service === 'autoscaling.amazonaws.com') account.groupsLaunchFrom = now + here.late('scalingRole');
}

/** A service's own role of that name, once IAM shows it. */
export function linkedRoleNamed({account, now}: Here, name: string | undefined): Role | undefined {
	for (const service of ['spot.amazonaws.com', 'autoscaling.amazonaws.com'] as const) {
		if (linkedRoles[service] !== name || !account.serviceLinkedRoles.has(name) || (account.linkedRolesSeenFrom.get(service) ?? 0) > now) continue;
		const made = new Date(account.linkedRolesMadeAt.get(service) ?? 0);
		return {RoleName: name, RoleId: 'AROALINKED', Path: `/aws-service-role/${service}/`, Arn: linkedRoleArn(account, service), CreateDate: made};
	}
	return undefined;
}

import {
	AddRoleToInstanceProfileCommand,
	CreateInstanceProfileCommand,
	CreateRoleCommand,
	CreateServiceLinkedRoleCommand,
	DeleteInstanceProfileCommand,
	DeleteRoleCommand,
	DeleteRolePolicyCommand,
	DetachRolePolicyCommand,
	GetInstanceProfileCommand,
	GetRoleCommand,
	GetRolePolicyCommand,
	IAMClient,
	ListAccountAliasesCommand,
	ListAttachedRolePoliciesCommand,
	ListRolePoliciesCommand,
	PutRolePolicyCommand,
	RemoveRoleFromInstanceProfileCommand,
	SimulatePrincipalPolicyCommand,
	TagInstanceProfileCommand,
	TagRoleCommand,
} from '@aws-sdk/client-iam';
import type {ClientSettings, OpenClient} from '../calls.ts';
import {allMarked} from '../paging.ts';

/** Opens IAM's client; only the commands that are used here come into the bundle with it. */
export function openIam(settings: ClientSettings): OpenClient {
	const client = new IAMClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			ListAccountAliases: (input, options) => client.send(new ListAccountAliasesCommand(input), options),
			GetRole: (input, options) => client.send(new GetRoleCommand(input), options),
			CreateRole: (input, options) => client.send(new CreateRoleCommand(input), options),
			TagRole: (input, options) => client.send(new TagRoleCommand(input), options),
			DeleteRole: (input, options) => client.send(new DeleteRoleCommand(input), options),
			GetRolePolicy: (input, options) => client.send(new GetRolePolicyCommand(input), options),
			PutRolePolicy: (input, options) => client.send(new PutRolePolicyCommand(input), options),
			DeleteRolePolicy: (input, options) => client.send(new DeleteRolePolicyCommand(input), options),
			ListRolePolicies: (input, options) => allMarked(input, 'PolicyNames', (page) => client.send(new ListRolePoliciesCommand(page), options)),
			ListAttachedRolePolicies: (input, options) =>
				allMarked(input, 'AttachedPolicies', (page) => client.send(new ListAttachedRolePoliciesCommand(page), options)),
			DetachRolePolicy: (input, options) => client.send(new DetachRolePolicyCommand(input), options),
			GetInstanceProfile: (input, options) => client.send(new GetInstanceProfileCommand(input), options),
			CreateInstanceProfile: (input, options) => client.send(new CreateInstanceProfileCommand(input), options),
			TagInstanceProfile: (input, options) => client.send(new TagInstanceProfileCommand(input), options),
			DeleteInstanceProfile: (input, options) => client.send(new DeleteInstanceProfileCommand(input), options),
			AddRoleToInstanceProfile: (input, options) => client.send(new AddRoleToInstanceProfileCommand(input), options),
			RemoveRoleFromInstanceProfile: (input, options) => client.send(new RemoveRoleFromInstanceProfileCommand(input), options),
			CreateServiceLinkedRole: (input, options) => client.send(new CreateServiceLinkedRoleCommand(input), options),
			SimulatePrincipalPolicy: (input, options) =>
				allMarked(input, 'EvaluationResults', (page) => client.send(new SimulatePrincipalPolicyCommand(page), options)),
		},
	};
}

import * as iam from '@aws-sdk/client-iam';
import type {ClientSettings, OpenClient} from '../calls.ts';
import {allMarked} from '../paging.ts';

/** Opens IAM's client; only the commands that are used here come into the bundle with it. */
export function openIam(settings: ClientSettings): OpenClient {
	const client = new iam.IAMClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			ListAccountAliases: (input, options) => client.send(new iam.ListAccountAliasesCommand(input), options),
			GetRole: (input, options) => client.send(new iam.GetRoleCommand(input), options),
			CreateRole: (input, options) => client.send(new iam.CreateRoleCommand(input), options),
			TagRole: (input, options) => client.send(new iam.TagRoleCommand(input), options),
			DeleteRole: (input, options) => client.send(new iam.DeleteRoleCommand(input), options),
			GetRolePolicy: (input, options) => client.send(new iam.GetRolePolicyCommand(input), options),
			PutRolePolicy: (input, options) => client.send(new iam.PutRolePolicyCommand(input), options),
			DeleteRolePolicy: (input, options) => client.send(new iam.DeleteRolePolicyCommand(input), options),
			ListRolePolicies: (input, options) => allMarked(input, 'PolicyNames', (page) => client.send(new iam.ListRolePoliciesCommand(page), options)),
			ListAttachedRolePolicies: (input, options) =>
				allMarked(input, 'AttachedPolicies', (page) => client.send(new iam.ListAttachedRolePoliciesCommand(page), options)),
			DetachRolePolicy: (input, options) => client.send(new iam.DetachRolePolicyCommand(input), options),
			GetInstanceProfile: (input, options) => client.send(new iam.GetInstanceProfileCommand(input), options),
			CreateInstanceProfile: (input, options) => client.send(new iam.CreateInstanceProfileCommand(input), options),
			TagInstanceProfile: (input, options) => client.send(new iam.TagInstanceProfileCommand(input), options),
			DeleteInstanceProfile: (input, options) => client.send(new iam.DeleteInstanceProfileCommand(input), options),
			AddRoleToInstanceProfile: (input, options) => client.send(new iam.AddRoleToInstanceProfileCommand(input), options),
			RemoveRoleFromInstanceProfile: (input, options) => client.send(new iam.RemoveRoleFromInstanceProfileCommand(input), options),
			CreateServiceLinkedRole: (input, options) => client.send(new iam.CreateServiceLinkedRoleCommand(input), options),
			SimulatePrincipalPolicy: (input, options) =>
				allMarked(input, 'EvaluationResults', (page) => client.send(new iam.SimulatePrincipalPolicyCommand(page), options)),
		},
	};
}

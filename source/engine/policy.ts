import type {Action} from '../world/cloud/actions.ts';

/** An IAM policy document as AWS takes it. */
export type Policy = {
	Version: '2012-10-17';
	Statement: {Sid: string; Effect: 'Allow'; Action: Action[]; Resource: '*'}[];
};

const sid = (service: string): string => service.replace(/(^|-)(.)/g, (_, _dash, letter: string) => letter.toUpperCase());

/** The least policy for the person who runs this program: what the steps' own calls need, one statement for each service. */
export function policyOf(steps: readonly {actions: readonly Action[]}[]): Policy {
	const actions = [...new Set(steps.flatMap((step) => step.actions))].sort();
	const services = Map.groupBy(actions, (action) => action.slice(0, action.indexOf(':')));
	return {
		Version: '2012-10-17',
		Statement: [...services].map(([service, Action]) => ({Sid: sid(service), Effect: 'Allow', Action, Resource: '*'})),
	};
}

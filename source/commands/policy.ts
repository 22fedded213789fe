import {executors} from '../executors/list.ts';
import {orphanActions} from '../panel/orphans/remove.ts';
import type {Action} from '../world/cloud/port.ts';
import type {Command} from './session.ts';

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

/** Everything that this program calls AWS for, as docs/policy.md has it. */
export const wholePolicy = (): Policy => policyOf([...executors.flatMap(({steps}) => steps), {actions: orphanActions}]);

/** Prints the IAM policy that a person needs for this program. */
export const policy: Command = async ({face}) => {
	face.emit({event: 'document', name: 'policy', value: wholePolicy()});
	return 0;
};

import {type Policy, policyOf} from '../engine/policy.ts';
import {executors} from '../executors/list.ts';
import {orphanActions} from '../panel/orphans/remove.ts';
import type {Command} from './session.ts';

/** Everything that this program calls AWS for, as docs/policy.md has it. */
export const wholePolicy = (): Policy => policyOf([...executors.flatMap(({steps}) => steps), {actions: orphanActions}]);

/** Prints the IAM policy that a person needs for this program. */
export const policy: Command = async ({face}) => {
	face.emit({event: 'document', name: 'policy', value: wholePolicy()});
	return 0;
};

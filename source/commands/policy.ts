import {policyOf} from '../engine/policy.ts';
import {dockerMachine} from '../executors/docker-machine/executor.ts';
import type {Command} from './session.ts';

/** Prints the IAM policy that a person needs for this program. */
export const policy: Command = async ({face}) => {
	face.emit({event: 'document', name: 'policy', value: policyOf(dockerMachine.steps)});
	return 0;
};

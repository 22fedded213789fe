import {markKeys, names} from '../../../fleet.ts';
import type {Instance} from '../../../steps/looks/account.ts';

/** A worker that setup tries goes within the hour, as does whatever else a setup has only begun, in milliseconds. */
export const longestSetup = 3_600_000;

/** The tag by which EC2 says of which Auto Scaling group an instance is. */
export const groupTag = 'aws:autoscaling:groupName';

/** Whether an instance bears a fleet's mark as a worker and was launched by an Auto Scaling group. */
export const isMarkedMember = ({tags}: Instance): boolean => tags[markKeys.part] === 'worker' && tags[groupTag] !== undefined;

/** Whether an instance is a worker that setup tries: it bears a fleet's mark, in the group that this fleet's setup has for that alone. */
export const isTried = (instance: Instance): boolean =>
	isMarkedMember(instance) && instance.tags[groupTag] === names.testGroup({name: instance.tags[markKeys.fleet] ?? '', region: ''});

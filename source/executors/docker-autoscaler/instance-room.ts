import type {Answers} from '../../fleet.ts';
import {mostInstances} from './limits.ts';

/** Instances beyond a limit that a runner has room for at least: twice its limit, and with a small limit some more. */
const leastRoom = 10;

/** How many instances a group may have, and a runner that starts with this limit: room for a limit that is raised while it runs. */
export const withRoom = (limit: number): number => Math.max(limit, Math.min(mostInstances, Math.max(2 * limit, limit + leastRoom)));

/**
 * Whether a runner could have more instances than its jobs need: idle ones beside those of all jobs that its `limit` lets it take, or ones that are nearly used
 * up, where they run several jobs at a time. Only `max_instances` keeps these within the limit then.
 */
const needsCap = ({capacityPerInstance, idleCount, maxBuilds, schedule}: Answers): boolean =>
	idleCount > 0 || schedule.some((window) => window.idleCount > 0) || (capacityPerInstance > 1 && maxBuilds > 0);

/**
 * `max_instances`, which a runner reads when it starts. Where the jobs that the runner takes cap its instances by themselves it has room for a higher limit, so that
 * raising the limit takes `limit` and `concurrent` alone, which are loaded at once; what stands and is enough stays (docs/facts.md, "docker-autoscaler: the limit").
 * `scales`: a policy keeps more workers idle the more jobs there are.
 */
export function instancesFor(answers: Answers, standing: number | undefined, scales: boolean): number {
	const {limit} = answers;
	if (scales || needsCap(answers)) return limit;
	return standing !== undefined && standing >= limit && standing <= mostInstances ? standing : withRoom(limit);
}

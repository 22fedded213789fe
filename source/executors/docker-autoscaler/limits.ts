import type {Answers} from '../../fleet.ts';
import {counted} from '../../world/printable.ts';
import type {Limits, Unsupported} from '../limits.ts';
import {fiveFields} from './periods.ts';

/** A worker's image needs Docker in it, or user data that installs it: the plain Amazon Linux has neither. */
const unsupportedImage = ({name}: {name: string}): Unsupported | undefined =>
	/^al2023(-arm64|-x86_64)?$/.test(name)
		? {
				short: 'no Docker in it',
				message: `${name} has no Docker in it, and docker-autoscaler installs none on a worker.`,
				advice: 'Choose ecs-al2023, which is Amazon Linux 2023 with Docker, with `--worker-image`.',
			}
		: undefined;

function unsupportedPeriod(period: string): Unsupported | undefined {
	const read = fiveFields(period);
	return 'period' in read
		? undefined
		: {
				short: 'no five fields',
				message: `docker-autoscaler takes a period in five fields, minute to weekday, and "${period}" ${read.because}.`,
				advice: read.instead,
			};
}

/** `lint` lets `0s` pass, and the schema of GitLab's documentation asks for a second at least. */
const unsupportedIdleTime = (seconds: number): Unsupported | undefined =>
	seconds >= 1
		? undefined
		: {short: 'at least a second', message: 'docker-autoscaler keeps a worker for at least a second after its last job.', advice: 'Answer 1.'};

/** The plugin asks for no more instances in a group (docs/facts.md, "docker-autoscaler: the plugin"), however many jobs each of them runs. */
export const mostInstances = 1000;

const unsupportedWorkers = (count: number): Unsupported | undefined =>
	count <= mostInstances
		? undefined
		: {
				short: 'at most 1,000',
				message: `The plugin for AWS has at most ${counted(mostInstances)} workers in a group, and ${counted(count)} are wanted.`,
				advice: `Answer ${mostInstances} at most; for more jobs at once let a worker run several with \`--capacity-per-instance\`, or set up another fleet beside it.`,
			};

/** What docker-autoscaler can't do: an Auto Scaling group is in every region and zone, since AWS itself makes the workers. */
export const limits: Limits = {
	region: () => undefined,
	zone: () => undefined,
	image: unsupportedImage,
	period: unsupportedPeriod,
	idleTime: unsupportedIdleTime,
	workers: unsupportedWorkers,
};

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

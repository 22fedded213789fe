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

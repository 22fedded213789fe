import type {Given} from '../fleet.ts';

/** Something that an executor can't do: what and why, the way out, and in few words beside a choice that it bars; `fix` is another executor that can. */
export type Unsupported = {message: string; advice: string; short: string; fix?: {says: string; answers: Given}};

/**
 * Why an executor can make no workers in a region, in a zone of one, or from an image as it is answered or as AWS shows it, or can't keep workers idle in a
 * period or for so many seconds, or can't have so many workers at once; undefined where it can.
 */
export type Limits = {
	region(region: string): Unsupported | undefined;
	zone(region: string, zone: string): Unsupported | undefined;
	image(image: {name: string; description?: string | undefined}): Unsupported | undefined;
	/** GitLab Runner's seven fields of a period: second minute hour day-of-month month day-of-week year. */
	period?(period: string): Unsupported | undefined;
	idleTime?(seconds: number): Unsupported | undefined;
	workers?(count: number): Unsupported | undefined;
};

/** What answers know of an executor. */
export type ExecutorOffer = {
	readonly name: string;
	readonly limits: Limits;
	/** What workers start from where nobody says it. */
	readonly workerImage?: string;
	/** GiB of a worker's disk where nobody says it. */
	readonly workerDisk?: number;
	/** How many jobs one worker runs at a time; one where it isn't there. */
	jobsPerWorker?(given: Given): number;
};

import {z} from 'zod';
import type {Script} from '../script.ts';

/** `start` also enables; `drain` stops gracefully within the limit, then removes idle machines from docker-machine's store and EC2; `restart` drains first. */
export type Service = {do: 'start' | 'drain' | 'restart'; drainSeconds: number};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('done'), /** Machines that docker-machine took away. */ machines: z.int()}),
	/** Jobs still run when the limit is over. */
	z.object({is: z.literal('still-busy'), jobs: z.int()}),
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type ServiceOutcome = z.infer<typeof outcome>;

/** Starts, drains or restarts the runner's service. Reports how many jobs still run while it drains. */
export const serviceScript: Script<Service, ServiceOutcome> = {name: 'service', changes: true, result: outcome, text: ''};

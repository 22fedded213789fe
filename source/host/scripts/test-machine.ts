import {z} from 'zod';
import type {Script} from '../script.ts';

export type TestMachine = {
	/** `runner-test-<fleet>-<unix>-<hex>`: the pattern by which leftovers are found. */
	name: string;
	/** The runner's MachineOptions, as `flag=value`. */
	options: string[];
	/** Seconds until everything is given up and taken away. */
	limitSeconds: number;
	/** The container that proves Docker on the worker. */
	image: string;
};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('proven'), seconds: z.number()}),
	/** `stage` is the last one that began; `detail` docker-machine's own last error lines. `removed` says whether the machine is gone. */
	z.object({is: z.literal('failed'), stage: z.string(), detail: z.string(), removed: z.boolean()}),
]);
export type TestMachineOutcome = z.infer<typeof outcome>;

/** Makes one real worker, runs a container on it, takes it away; cleans up by itself on the manager, whatever happens to this laptop. */
export const testMachineScript: Script<TestMachine, TestMachineOutcome> = {name: 'test-machine', changes: true, result: outcome, text: ''};

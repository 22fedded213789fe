import * as z from 'zod';
import type {RunnerSeen} from './port.ts';

/** A text that GitLab leaves out or gives as null where there is none. */
export const absent = z
	.string()
	.nullish()
	.transform((value) => value ?? undefined);

/** What is read of a runner's details. */
export const runnerShape = z.object({
	id: z.int(),
	description: absent,
	online: z.boolean().nullish(),
	paused: z.boolean().nullish(),
	contacted_at: absent,
	tag_list: z.array(z.string()).default([]),
	run_untagged: z.boolean().default(true),
	maintenance_note: absent,
});

/** A runner as the port tells it. */
export function runnerSeen(runner: z.infer<typeof runnerShape>): RunnerSeen {
	return {
		id: runner.id,
		description: runner.description ?? '',
		...(typeof runner.online === 'boolean' ? {online: runner.online} : {}),
		paused: runner.paused ?? false,
		...(runner.contacted_at === undefined ? {} : {contactedAt: runner.contacted_at}),
		tags: runner.tag_list,
		runUntagged: runner.run_untagged,
		...(runner.maintenance_note === undefined ? {} : {maintenanceNote: runner.maintenance_note}),
	};
}

import {z} from 'zod';
import type {Script} from '../script.ts';

const outcome = z.object({lines: z.array(z.string()), code: z.int()});

/** Unregisters this manager from GitLab (`gitlab-runner unregister`), the runner with this name only; the runner itself stays in GitLab. */
export const unregisterScript: Script<{runnerName: string}, z.infer<typeof outcome>> = {name: 'unregister', changes: true, result: outcome, text: ''};

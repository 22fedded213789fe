import * as z from 'zod';
import {prelude, type Script} from '../script.ts';

const outcome = z.object({lines: z.array(z.string()), code: z.int()});

const text = `${prelude}
held = lock()
code, out, err = sh('gitlab-runner', 'unregister', '--name', given['runnerName'], limit=60)
lines = [line.strip() for line in uncoloured(out + err).splitlines()]
done(code=code, lines=[line for line in lines if line])
`;

/** Unregisters this manager from GitLab (`gitlab-runner unregister`), the runner with this name only; the runner itself stays in GitLab. */
export const unregisterScript: Script<{runnerName: string}, z.infer<typeof outcome>> = {name: 'unregister', changes: true, result: outcome, text};

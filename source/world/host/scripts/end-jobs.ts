import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {draining} from './draining.ts';
import {readingText} from './reading.ts';

const outcome = z.object({jobs: z.int()});

// Without the lock, since it is for a script that holds it: one that waits for these jobs.
const text = `${prelude}${readingText}${draining}
jobs = running_jobs() or []
signal_main(signal.SIGTERM)
done(jobs=len(jobs))
`;

/** Ends running jobs of a service that is draining, by a second signal to the runner (docs/facts.md, "gitlab-runner: installing and stopping"). Gives how many ran. */
export const endJobsScript: Script<object, z.infer<typeof outcome>> = {name: 'end-jobs', changes: true, result: outcome, text};

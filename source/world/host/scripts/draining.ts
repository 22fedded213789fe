import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {readingText} from './reading.ts';

/**
 * Python for stopping the runner's service without ending a job: with our drop-in `systemctl stop` sends SIGQUIT to the main process alone and
 * waits without limit, so the limit is kept here. Comes after `readingText`.
 */
export const draining = `
def running_jobs():
    # Their pages in GitLab; None where the runner doesn't tell.
    try:
        lines = page('127.0.0.1:9252', '/debug/jobs/list', 2).splitlines()
        return [line[4:].split(' ')[0] for line in lines if line.startswith('url=')]
    except (OSError, ValueError):
        return None
def service_state():
    return sh('systemctl', 'is-active', 'gitlab-runner', limit=10)[1].strip()
def stopped():
    return service_state() in ('inactive', 'failed', 'unknown', 'not-found', '')
def signal_main(which):
    told = sh('systemctl', 'show', 'gitlab-runner', '--property', 'MainPID', limit=10)[1].strip().partition('=')[2]
    if told.isdigit() and int(told) > 1:
        try:
            os.kill(int(told), which)
        except ProcessLookupError:
            pass
def named(job):
    # app #9000: the project's own name and the job's number.
    parts = re.match(r'https?://.*?([^/]+)/-/jobs/([0-9]+)', job)
    return '%s #%s' % parts.groups() if parts else job
def told_of(jobs):
    if jobs is None:
        return 'service ending as soon as its jobs have; which run it does not tell'
    if not jobs:
        return 'service stopping'
    if len(jobs) == 1:
        return '1 job still runs: %s' % jobs[0]
    more = ' and %d more' % (len(jobs) - 4) if len(jobs) > 4 else ''
    return '%d jobs still run: %s%s' % (len(jobs), ', '.join(named(job) for job in jobs[:4]), more)
def left_of(seconds):
    return ', %d m left' % round(seconds / 60) if seconds >= 90 else ', %d s left' % seconds
# Jobs that were waited for.
waited = set()
def stop_gracefully(seconds):
    # Gives None once the service has stopped, else how many jobs still run when the time is over; 0 seconds ends running jobs.
    if stopped():
        return None
    sh('systemctl', 'stop', '--no-block', 'gitlab-runner', limit=60)
    now = seconds == 0
    if now:
        say(says='service stopping, running jobs end now')
        waited.update(running_jobs() or [])
        signal_main(signal.SIGTERM)
    begun, told, told_at, jobs = time.monotonic(), None, 0, None
    # The runner takes away its idle machines while it ends, within its shutdown_timeout.
    limit = 330 if now else seconds
    while not stopped():
        passed = time.monotonic() - begun
        if passed >= limit:
            if not now:
                return len(jobs or [])
            signal_main(signal.SIGKILL)
            limit += 30
            if passed > 400:
                return len(jobs or [])
        seen = running_jobs()
        jobs = jobs if seen is None else seen
        waited.update(jobs or [])
        if not now and (told != told_of(jobs) or passed - told_at >= 60):
            told, told_at = told_of(jobs), passed
            say(says=told + (left_of(limit - passed) if jobs else ''))
        time.sleep(0.5)
    return None
`;

const outcome = z.object({jobs: z.int()});

// Without the lock, since it is for a script that holds it: one that waits for these jobs.
const text = `${prelude}${readingText}${draining}
jobs = running_jobs() or []
signal_main(signal.SIGTERM)
done(jobs=len(jobs))
`;

/** Ends running jobs of a service that is draining, by a second signal to the runner (docs/facts.md, "gitlab-runner: installing and stopping"). Gives how many ran. */
export const endJobsScript: Script<object, z.infer<typeof outcome>> = {name: 'end-jobs', changes: true, result: outcome, text};

import * as z from 'zod';
import {paths} from './paths.ts';

/** What is told of a runner whose entry has gone over to another executor. */
export const watchedShape = {
	/** Whether the runner goes by this config.toml, and its own words where it can't. */
	loaded: z.boolean(),
	refused: z.string().optional(),
	/** Workers of the executor before that run a job, and jobs that are on their way to one; undefined where a service that runs doesn't tell. */
	used: z.int().optional(),
	coming: z.int().optional(),
	/** Jobs that run, whatever on. */
	jobs: z.int().optional(),
	/** Seconds since a job came to such a worker, as far as was looked back. */
	quiet: z.number(),
};

/** How such a runner does. */
export type RunnerWatched = z.infer<z.ZodObject<typeof watchedShape>>;

/**
 * Python for watching a runner whose entry has gone over to another executor: whether it goes by the config.toml that stands, and when a job last came by the
 * one before. Comes after the prelude and `readingText`.
 */
export const goneOver = `
target = '${paths.config}'
def log_since(at, words):
    # Time and message of lines of the runner's that hold one of these, the oldest first.
    found = []
    shown = sh('journalctl', '--unit', 'gitlab-runner', '--output', 'json', '--all', '--no-pager', '--quiet', '--since', '@%d' % at, limit=60)[1]
    for line in shown.splitlines():
        if any(word in line for word in words):
            try:
                entry = json.loads(line)
                found.append((int(entry['__REALTIME_TIMESTAMP']) / 1e6, str(entry['MESSAGE'])))
            except (ValueError, KeyError, TypeError):
                pass
    return found
def runs():
    told = sh('systemctl', 'show', 'gitlab-runner', '--property', 'MainPID', limit=10)[1].strip().partition('=')[2]
    return told.isdigit() and int(told) > 1
def loaded(now, begun):
    # The runner looks at its file each three seconds; one that it can't read it leaves alone, and goes on by the one before.
    written = os.stat(target).st_mtime
    if begun >= written:
        return True, None
    lines = log_since(int(written) - 1, ('Configuration loaded', 'Failed to load config'))
    if any('Configuration loaded' in message for at, message in lines):
        return True, None
    if lines:
        return False, lines[-1][1][-300:]
    return now - written > 3600, None
def started(metrics):
    told = re.search(r'^process_start_time_seconds ([0-9.e+]+)$', metrics, re.M)
    return float(told.group(1)) if told else 0
def by_state(metrics, name):
    found = {}
    for state, count in re.findall(r'^' + name + r'\\{[^}]*state="([a-z-]+)"[^}]*\\} ([0-9.e+]+)$', metrics, re.M):
        found[state] = found.get(state, 0) + int(float(count))
    return found
def watched(came, quiet):
    # None where the runner doesn't answer; else what is told of it, its metrics, and the numbers of the jobs that run.
    try:
        metrics, jobs = page('127.0.0.1:9252', '/metrics', 4), page('127.0.0.1:9252', '/debug/jobs/list', 4)
    except (OSError, ValueError):
        return None
    now, start = time.time(), started(metrics)
    is_loaded, refused = loaded(now, start)
    since = max([start, os.stat(target).st_mtime] + [at for at, message in log_since(int(now - quiet) - 1, came)])
    running = set(re.findall(r'^url=\\S*/-/jobs/(\\d+)', jobs, re.M))
    told = dict(loaded=is_loaded, jobs=len(running), quiet=round(max(0, now - since), 1))
    if refused:
        told.update(refused=refused)
    return told, metrics, running
`;

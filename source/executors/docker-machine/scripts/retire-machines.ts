import {z} from 'zod';
import {prelude, type Script} from '../../../world/host/script.ts';
import {logText} from '../../../world/host/scripts/log.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import {readingText} from '../../../world/host/scripts/reading.ts';
import {dockerMachinePart} from './manager-part.ts';

/** Machines of docker-machine's store that no runner is to give jobs any more. */
export type RetireMachines = {
	/** SHA-256 of the config.toml by which that is so. */
	from: string;
	names: string[];
	/** For how many seconds no job may have come to a machine before one is believed to get none any more. */
	quietSeconds: number;
};

const outcome = z.discriminatedUnion('is', [
	/** config.toml is another one: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	z.object({
		is: z.literal('looked'),
		/** Whether the runner goes by this config.toml, and its own words where it can't. */
		loaded: z.boolean(),
		refused: z.string().optional(),
		/** Machines that run a job, and those that are on their way to one; undefined where a service that runs doesn't tell. */
		used: z.int().optional(),
		coming: z.int().optional(),
		/** Jobs that run, whatever on. */
		jobs: z.int().optional(),
		/** Seconds since a job came to a machine, as far as was looked back. */
		quiet: z.number(),
		/** Machines that were taken away just now, and those that couldn't be, with docker-machine's words. */
		removed: z.array(z.string()),
		stay: z.array(z.object({name: z.string(), detail: z.string()})),
	}),
]);
export type RetireMachinesOutcome = z.infer<typeof outcome>;

const text = `${prelude}${readingText}${logText}executors = {}
${dockerMachinePart.looks}${dockerMachinePart.acts}
own = executors['docker+machine']
target = '${paths.config}'
came = ('Using existing docker-machine', 'Created docker-machine')
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
def loaded(since, begun):
    # The runner looks at its file each three seconds; one that it can't read it leaves alone, and goes on by the one before.
    written = os.stat(target).st_mtime
    if begun >= written:
        return True, None
    lines = log_since(int(written) - 1, ('Configuration loaded', 'Failed to load config'))
    if any('Configuration loaded' in message for at, message in lines):
        return True, None
    if lines:
        return False, lines[-1][1][-300:]
    return since - written > 3600, None
def states(metrics):
    found = {}
    for state, count in re.findall(r'^gitlab_runner_autoscaling_machine_states\\{[^}]*state="([a-z-]+)"[^}]*\\} ([0-9.e+]+)$', metrics, re.M):
        found[state] = found.get(state, 0) + int(float(count))
    return found
def numbers_of(jobs):
    return set(re.findall(r'^url=\\S*/-/jobs/(\\d+)', jobs, re.M))
def busy(running):
    # A machine is in use as long as the last job that came to it runs.
    last = {}
    for at, message in log_since(int(time.time()) - 26 * 3600, came):
        name = re.search(r'"name":"([^"]+)"|\\bname=(\\S+)', message)
        job = re.search(r'"job":(\\d+)|\\bjob=(\\d+)', message)
        if name and job:
            last[name.group(1) or name.group(2)] = job.group(1) or job.group(2)
    return [name for name, job in last.items() if job in running]
def remove(names):
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(own['remove'], names))
    return [name for name, why in zip(names, told) if why is None], [dict(name=name, detail=why) for name, why in zip(names, told) if why is not None]
def begun(metrics):
    told = re.search(r'^process_start_time_seconds ([0-9.e+]+)$', metrics, re.M)
    return float(told.group(1)) if told else 0
held = lock()
if digest(read(target) or '') != given['from']:
    done(**{'is': 'changed-meanwhile'})
here = [name for name, whole, driver in own['stored']() if name in given['names']]
quiet = given['quietSeconds']
if not runs():
    removed, stay = remove(here)
    done(**{'is': 'looked', 'loaded': True, 'used': 0, 'coming': 0, 'jobs': 0, 'quiet': quiet, 'removed': removed, 'stay': stay})
try:
    metrics, jobs = page('127.0.0.1:9252', '/metrics', 4), page('127.0.0.1:9252', '/debug/jobs/list', 4)
except (OSError, ValueError):
    done(**{'is': 'looked', 'loaded': False, 'quiet': 0, 'removed': [], 'stay': []})
now, start = time.time(), begun(metrics)
is_loaded, refused = loaded(now, start)
since = max([start, os.stat(target).st_mtime] + [at for at, message in log_since(int(now - quiet) - 1, came)])
counts, running = states(metrics), numbers_of(jobs)
used, coming = counts.get('used', 0), counts.get('acquired', 0) + counts.get('creating', 0)
told = {'is': 'looked', 'loaded': is_loaded, 'used': used, 'coming': coming, 'jobs': len(running), 'quiet': round(max(0, now - since), 1), 'removed': [], 'stay': []}
if refused:
    told.update(refused=refused)
if here and is_loaded and coming == 0 and told['quiet'] >= quiet:
    in_use = busy(running) if used else []
    # Where not every machine that the runner uses is known by its name, any may be one of them.
    if len(in_use) == used:
        told['removed'], told['stay'] = remove([name for name in here if name not in in_use])
done(**told)
`;

/**
 * Looks whether machines still get jobs, and takes away those that run none, once no job comes to any: not before the runner goes by its config.toml, and
 * none has come for so long that no request that it made by the file before can still be answered.
 */
export const retireMachinesScript: Script<RetireMachines, RetireMachinesOutcome> = {name: 'retire-machines', changes: true, result: outcome, text};

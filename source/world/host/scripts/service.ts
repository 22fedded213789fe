import {z} from 'zod';
import {prelude, type Script} from '../script.ts';
import {unitShape, unitText} from '../unit.ts';
import {draining} from './draining.ts';
import {logText} from './log.ts';
import {readingText} from './reading.ts';

/**
 * `start` also enables, and ends a wait of systemd's for the next start; `reload` has a running runner load config.toml anew; `drain` stops gracefully
 * within the limit (0 seconds: running jobs end now), then removes machines from docker-machine's store and EC2; `restart` stops so, too, and the runner
 * takes its idle machines along as its `shutdown_drain` says. Only machines that this fleet's runner named are removed, and
 * those of `names`.
 */
export type ServiceRequest = {do: 'start' | 'reload' | 'drain' | 'restart'; drainSeconds: number; fleet?: string | undefined; names?: string[] | undefined};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('done'), /** Machines that docker-machine took away. */ machines: z.int()}),
	/** Jobs still run when the limit is over. */
	z.object({is: z.literal('still-busy'), jobs: z.int()}),
	z.object({
		is: z.literal('failed'),
		code: z.string(),
		detail: z.string(),
		/** It was started, and its process has ended by itself; `log` are its last lines without colours, the oldest first. */
		crash: z.object({unit: unitShape, log: z.array(z.string())}).optional(),
	}),
]);
export type ServiceOutcome = z.infer<typeof outcome>;

/** Seconds until a process that has been started is believed to stay: what keeps it from running, it finds in its first moments. */
const stays = 10;

const text = `${prelude}${readingText}${draining}${unitText}${logText}
from concurrent.futures import ThreadPoolExecutor
def start():
    if service_state() == 'deactivating':
        sh('systemctl', 'start', '--no-block', 'gitlab-runner', limit=30)
        done(**{'is': 'still-busy', 'jobs': len(running_jobs() or [])})
    waits = unit_state('gitlab-runner', 0).get('sub') == 'auto-restart'
    begun = time.time()
    # A unit that waits for its next start isn't started by every systemd before that time: a restart ends the wait in all of them.
    for verb in ('enable', 'restart' if waits else 'start'):
        code, out, err = sh('systemctl', verb, 'gitlab-runner', limit=90)
        if code != 0:
            done(**{'is': 'failed', 'code': 'command-failed', 'detail': (err.strip() + ' ' + ' '.join(last_lines('gitlab-runner', 5))).strip()[-600:]})
    watch(begun)
def watch(begun):
    until = time.monotonic() + ${stays}
    while time.monotonic() < until:
        seen = unit_state('gitlab-runner', time.time() * 1000)
        if seen.get('sub') in ('auto-restart', 'failed'):
            log = last_lines('gitlab-runner', 40, begun - 1)
            done(**{'is': 'failed', 'code': 'runner-crashed', 'detail': ' '.join(log[-3:])[-600:], 'crash': {'unit': seen, 'log': log}})
        if seen.get('sub') == 'running' and running_jobs() is not None:
            return
        time.sleep(0.2)
def never_launched(name):
    # docker-machine keeps an entry of a create that failed. One without an instance has nothing in EC2 that could stay behind, whatever EC2 refuses.
    try:
        with open('/root/.docker/machine/machines/%s/config.json' % name) as file:
            return not json.load(file)['Driver'].get('InstanceId')
    except (OSError, ValueError, KeyError):
        return False
def remove(name):
    code, out, err = sh('docker-machine', 'rm', '-y', name, limit=180)
    if code != 0 and never_launched(name):
        code = sh('docker-machine', 'rm', '-f', name, limit=180)[0]
    say(line='%s removed' % name if code == 0 else '%s not removed: %s' % (name, (err or out).strip()[-200:]))
    return code == 0
def take_away():
    folder = '/root/.docker/machine/machines'
    ours = re.compile(r'runner-[a-z0-9-]{1,9}-%s-\\d{9,11}-[0-9a-f]{8}' % re.escape(given.get('fleet') or ''))
    also = given.get('names') or []
    names = [name for name in sorted(os.listdir(folder)) if ours.fullmatch(name) or name in also] if os.path.isdir(folder) else []
    if not names:
        return 0
    say(says='%d machines going' % len(names) if len(names) > 1 else '1 machine going')
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(remove, names))
held = lock()
machines = 0
if given['do'] == 'reload':
    signal_main(signal.SIGHUP)
    done(**{'is': 'done', 'machines': 0})
if given['do'] != 'start':
    jobs = stop_gracefully(given['drainSeconds'])
    if jobs is not None:
        done(**{'is': 'still-busy', 'jobs': jobs})
if given['do'] == 'drain':
    machines = take_away()
else:
    start()
done(**{'is': 'done', 'machines': machines})
`;

/** Starts, reloads, drains or restarts the runner's service. Reports how many jobs still run while it drains. */
export const serviceScript: Script<ServiceRequest, ServiceOutcome> = {name: 'service', changes: true, result: outcome, text};

import {z} from 'zod';
import {prelude, type Script} from '../script.ts';
import {draining} from './draining.ts';

/**
 * `start` also enables; `drain` stops gracefully within the limit (0 seconds: running jobs end now), then removes machines from docker-machine's
 * store and EC2; `restart` drains first and keeps idle machines. Only machines that this fleet's runner named are removed.
 */
export type Service = {do: 'start' | 'drain' | 'restart'; drainSeconds: number; fleet?: string | undefined};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('done'), /** Machines that docker-machine took away. */ machines: z.int()}),
	/** Jobs still run when the limit is over. */
	z.object({is: z.literal('still-busy'), jobs: z.int()}),
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type ServiceOutcome = z.infer<typeof outcome>;

const text = `${prelude}${draining}
import re
from concurrent.futures import ThreadPoolExecutor
def start():
    if service_state() == 'deactivating':
        sh('systemctl', 'start', '--no-block', 'gitlab-runner', limit=30)
        done(**{'is': 'still-busy', 'jobs': running_jobs() or 0})
    for verb in ('enable', 'start'):
        code, out, err = sh('systemctl', verb, 'gitlab-runner', limit=90)
        if code != 0:
            journal = sh('journalctl', '--unit', 'gitlab-runner', '--lines', '5', '--output', 'cat', '--no-pager', limit=10)[1]
            done(**{'is': 'failed', 'code': 'command-failed', 'detail': (err.strip() + ' ' + re.sub(r'\\x1b\\[[0-9;]*m', '', journal).strip()).strip()[-600:]})
def remove(name):
    code, out, err = sh('docker-machine', 'rm', '-y', name, limit=180)
    say(line='%s removed' % name if code == 0 else '%s not removed: %s' % (name, (err or out).strip()[-200:]))
    return code == 0
def take_away():
    folder = '/root/.docker/machine/machines'
    ours = re.compile(r'runner-[a-z0-9-]{1,9}-%s-\\d{9,11}-[0-9a-f]{8}' % re.escape(given.get('fleet') or ''))
    names = [name for name in sorted(os.listdir(folder)) if ours.fullmatch(name)] if os.path.isdir(folder) else []
    if not names:
        return 0
    say(says='%d machines going' % len(names) if len(names) > 1 else '1 machine going')
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(remove, names))
held = lock()
machines = 0
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

/** Starts, drains or restarts the runner's service. Reports how many jobs still run while it drains. */
export const serviceScript: Script<Service, ServiceOutcome> = {name: 'service', changes: true, result: outcome, text};

import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {unitShape, unitText} from '../unit.ts';
import {draining} from './draining.ts';
import type {ManagerPart} from './manager-part.ts';
import {logText, readingText} from './reading.ts';

/**
 * `start` also enables, and ends a wait of systemd's for the next start; `reload` has a running runner load config.toml anew; `drain` stops gracefully
 * within the limit (0 seconds: running jobs end now), then each executor takes away the machines that it has left behind; `restart` stops so, too, and the
 * runner takes its idle machines along as its `shutdown_drain` says. Only machines that this fleet's runner named are removed, and those of `names`.
 */
export type ServiceRequest = {do: 'start' | 'reload' | 'drain' | 'restart'; drainSeconds: number; fleet?: string | undefined; names?: string[] | undefined};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('done'), /** Machines that were taken away. */ machines: z.int(), /** Jobs that were waited for or ended. */ jobs: z.int()}),
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

const text = (executors: string): string => `${prelude}${readingText}${executors}${draining}${unitText}${logText}
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
held = lock()
# What is tried here would be left behind by a manager that goes.
trying = lock('-test') if given['do'] == 'drain' else None
machines = 0
if given['do'] == 'reload':
    signal_main(signal.SIGHUP)
    done(**{'is': 'done', 'machines': 0, 'jobs': 0})
if given['do'] != 'start':
    jobs = stop_gracefully(given['drainSeconds'])
    if jobs is not None:
        done(**{'is': 'still-busy', 'jobs': jobs})
if given['do'] == 'drain':
    machines = sum(one['take_away']() for one in executors.values())
else:
    start()
done(**{'is': 'done', 'machines': machines, 'jobs': len(waited)})
`;

/** Starts, reloads, drains or restarts the runner's service. Reports how many jobs still run while it drains. */
export const serviceWith = ({looks, acts}: Pick<ManagerPart, 'looks' | 'acts'>): Script<ServiceRequest, ServiceOutcome> => ({
	name: 'service',
	changes: true,
	result: outcome,
	text: text(looks + acts),
});

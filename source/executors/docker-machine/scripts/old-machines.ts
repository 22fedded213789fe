import * as z from 'zod';
import {prelude, type Script} from '../../../world/host/script.ts';
import {goneOver, watchedShape} from '../../../world/host/scripts/gone-over.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import {readingText} from '../../../world/host/scripts/reading.ts';
import {dockerMachinePart, userDataPath} from './manager-part.ts';

/** Machines of docker-machine's store that no runner is to give jobs any more. */
export type RetireMachines = {
	/** SHA-256 of the config.toml by which that is so. */
	from: string;
	names: string[];
	/** For how many seconds no job may have come to a machine before one is believed to get none any more. */
	quietSeconds: number;
};

const retired = z.discriminatedUnion('is', [
	/** config.toml is another one: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	z.object({
		is: z.literal('looked'),
		...watchedShape,
		/** Machines that the store still has, and those that couldn't be taken away, with docker-machine's words. */
		left: z.array(z.string()),
		stay: z.array(z.object({name: z.string(), detail: z.string()})),
	}),
]);
export type RetireMachinesOutcome = z.infer<typeof retired>;

const retiring = `${prelude}${readingText}${goneOver}executors = {}
${dockerMachinePart.looks}${dockerMachinePart.acts}
own = executors['docker+machine']
came = ('Using existing docker-machine', 'Created docker-machine')
def last_jobs(words, key):
    # The last job that came to each machine or instance, by the log.
    last = {}
    for at, message in log_since(int(time.time()) - 26 * 3600, words):
        name = re.search(r'"%s":"([^"]+)"|\\b%s=(\\S+)' % (key, key), message)
        job = re.search(r'"job":(\\d+)|\\bjob=(\\d+)', message)
        if name and job:
            last[name.group(1) or name.group(2)] = job.group(1) or job.group(2)
    return last
def busy(running):
    return [name for name, job in last_jobs(came, 'name').items() if job in running]
def remove(names):
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(own['remove'], names))
    return [dict(name=name, detail=why) for name, why in zip(names, told) if why is not None]
def here():
    return [name for name, whole, driver in own['stored']() if name in given['names']]
held = lock()
if digest(read(target) or '') != given['from']:
    done(**{'is': 'changed-meanwhile'})
quiet = given['quietSeconds']
if not runs():
    stay = remove(here())
    done(**{'is': 'looked', 'loaded': True, 'used': 0, 'coming': 0, 'jobs': 0, 'quiet': quiet, 'left': here(), 'stay': stay})
seen = watched(came, quiet)
if seen is None:
    done(**{'is': 'looked', 'loaded': False, 'quiet': 0, 'left': here(), 'stay': []})
told, metrics, running = seen
counts = by_state(metrics, 'gitlab_runner_autoscaling_machine_states')
used, coming = counts.get('used', 0), counts.get('acquired', 0) + counts.get('creating', 0)
if not counts:
    # A runner that doesn't count machines any more: any job may be on one that isn't known to be elsewhere.
    elsewhere = set(last_jobs(('Dialing instance',), 'instance-id').values())
    used = len([job for job in running if job not in elsewhere])
stay = []
if told['loaded'] and coming == 0 and told['quiet'] >= quiet:
    in_use = busy(running) if used else []
    # Where not every machine that the runner uses is known by its name, any may be one of them.
    if len(in_use) == used:
        stay = remove([name for name in here() if name not in in_use])
done(**dict(told, used=used, coming=coming, left=here(), stay=stay, **{'is': 'looked'}))
`;

/**
 * Looks whether machines still get jobs, and takes away those that run none, once no job comes to any: not before the runner goes by its config.toml, and
 * none has come for so long that no request that it made by the file before can still be answered.
 */
export const retireMachinesScript: Script<RetireMachines, RetireMachinesOutcome> = {name: 'retire-machines', changes: true, result: retired, text: retiring};

const removed = z.discriminatedUnion('is', [
	z.object({is: z.literal('removed')}),
	/** config.toml is another one: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	/** The store still holds machines, which nothing could end any more. */
	z.object({is: z.literal('machines-stay'), names: z.array(z.string())}),
	z.object({is: z.literal('failed'), detail: z.string()}),
]);
export type RemoveDockerMachineOutcome = z.infer<typeof removed>;

const removing = `${prelude}
import shutil
store = '/root/.docker/machine'
held = lock()
if digest(read('${paths.config}') or '') != given['from']:
    done(**{'is': 'changed-meanwhile'})
folder = os.path.join(store, 'machines')
names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
if names:
    done(**{'is': 'machines-stay', 'names': names})
try:
    if os.path.lexists('${paths.programs}/docker-machine'):
        os.unlink('${paths.programs}/docker-machine')
    if os.path.isdir(store):
        shutil.rmtree(store)
    # Last, since by this file it's known that docker-machine is here by us.
    if os.path.lexists('${userDataPath}'):
        os.unlink('${userDataPath}')
except OSError as error:
    done(**{'is': 'failed', 'detail': str(error)})
done(**{'is': 'removed'})
`;

/** Takes docker-machine itself away, with its certificates and its empty store; `from` is the SHA-256 of the config.toml by which no runner uses it. */
export const removeDockerMachineScript: Script<{from: string}, RemoveDockerMachineOutcome> = {
	name: 'remove-docker-machine',
	changes: true,
	result: removed,
	text: removing,
};

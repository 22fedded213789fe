import * as z from 'zod';
import {prelude, type Script} from '../../../world/host/script.ts';

/** One machine of docker-machine's store, by its name. */
export type RemoveWorker = {name: string};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('removed')}),
	/** The store doesn't hold it any more. */
	z.object({is: z.literal('gone')}),
	z.object({is: z.literal('failed'), detail: z.string()}),
]);
export type RemoveWorkerOutcome = z.infer<typeof outcome>;

const text = `${prelude}
held = lock()
if not re.fullmatch(r'[A-Za-z0-9][A-Za-z0-9.-]*', given['name']) or not os.path.isdir(os.path.join('/root/.docker/machine/machines', given['name'])):
    done(**{'is': 'gone'})
say(says='instance ending')
code, out, err = sh('docker-machine', 'rm', '-y', given['name'], limit=180)
if code != 0:
    done(**{'is': 'failed', 'detail': (err or out).strip()[-400:]})
done(**{'is': 'removed'})
`;

/** Takes one machine away by docker-machine, which knows its instance, its disk and its key pair. */
export const removeWorkerScript: Script<RemoveWorker, RemoveWorkerOutcome> = {name: 'remove-worker', changes: true, result: outcome, text};

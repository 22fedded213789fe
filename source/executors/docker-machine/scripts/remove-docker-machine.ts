import * as z from 'zod';
import {prelude, type Script} from '../../../world/host/script.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import {userDataPath} from './manager-part.ts';

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('removed')}),
	/** config.toml is another one: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	/** The store still holds machines, which nothing could end any more. */
	z.object({is: z.literal('machines-stay'), names: z.array(z.string())}),
	z.object({is: z.literal('failed'), detail: z.string()}),
]);
export type RemoveDockerMachineOutcome = z.infer<typeof outcome>;

const text = `${prelude}
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
	result: outcome,
	text,
};

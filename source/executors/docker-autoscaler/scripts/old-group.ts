import * as z from 'zod';
import {prelude, type Script} from '../../../world/host/script.ts';
import {goneOver, watchedShape} from '../../../world/host/scripts/gone-over.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import {readingText} from '../../../world/host/scripts/reading.ts';
import {awsConfigPath, pluginsFolder, workerKeyPath} from '../manager-paths.ts';

const watched = z.discriminatedUnion('is', [
	/** config.toml is another one than the one of this SHA-256: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	z.object({is: z.literal('looked'), ...watchedShape}),
]);

const watching = `${prelude}${readingText}${goneOver}
if digest(read(target) or '') != given['from']:
    done(**{'is': 'changed-meanwhile'})
quiet = given['quietSeconds']
if not runs():
    done(**{'is': 'looked', 'loaded': True, 'used': 0, 'coming': 0, 'jobs': 0, 'quiet': quiet})
seen = watched(('Preparing instance...', 'Dialing instance'), quiet)
if seen is None:
    done(**{'is': 'looked', 'loaded': False, 'quiet': 0})
told, metrics, running = seen
tasks = by_state(metrics, 'fleeting_taskscaler_tasks')
done(**dict(told, used=tasks.get('acquired', 0), coming=tasks.get('pending', 0) + tasks.get('reserved', 0), **{'is': 'looked'}))
`;

/** Looks whether jobs still run on instances of a group whose runner has another executor now, and whether any can still come to one. */
export const watchGroupScript: Script<{from: string; quietSeconds: number}, z.infer<typeof watched>> = {
	name: 'watch-group',
	changes: false,
	result: watched,
	text: watching,
};

const removed = z.discriminatedUnion('is', [
	z.object({is: z.literal('removed')}),
	/** config.toml is another one: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	z.object({is: z.literal('failed'), detail: z.string()}),
]);

const removing = `${prelude}
import shutil
held = lock()
if digest(read('${paths.config}') or '') != given['from']:
    done(**{'is': 'changed-meanwhile'})
def gone(path):
    if os.path.lexists(path):
        os.unlink(path)
try:
    if given['plugin'] and os.path.isdir('${pluginsFolder}'):
        shutil.rmtree('${pluginsFolder}')
    # What somebody wrote into it besides the region stays.
    if re.match(r'\\s*\\[default\\]\\s*region\\s*=\\s*\\S+\\s*$', read('${awsConfigPath}') or ''):
        gone('${awsConfigPath}')
    # Last, since by it is known that something is left.
    gone('${workerKeyPath}.pub')
    gone('${workerKeyPath}')
except OSError as error:
    done(**{'is': 'failed', 'detail': str(error)})
done(**{'is': 'removed'})
`;

/** Takes the workers' key off the manager, and the plugin with its region where no other runner there has it. */
export const removePluginScript: Script<{from: string; plugin: boolean}, z.infer<typeof removed>> = {
	name: 'remove-plugin',
	changes: true,
	result: removed,
	text: removing,
};

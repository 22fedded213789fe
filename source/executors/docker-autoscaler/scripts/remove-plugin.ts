import * as z from 'zod';
import {prelude, type Script} from '../../../world/host/script.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import {awsConfigPath, pluginsFolder, workerKeyPath} from '../manager-paths.ts';

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('removed')}),
	/** config.toml is another one: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	z.object({is: z.literal('failed'), detail: z.string()}),
]);

const text = `${prelude}
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
export const removePluginScript: Script<{from: string; plugin: boolean}, z.infer<typeof outcome>> = {
	name: 'remove-plugin',
	changes: true,
	result: outcome,
	text,
};

import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {paths} from './paths.ts';

export type WriteConfig = {
	/** The whole text that config.toml is to hold. */
	text: string;
	/** SHA-256 of the text that `text` was made from, undefined when there was no file: another one there means that the runner rotated its token meanwhile. */
	from?: string | undefined;
	/** The id by which GitLab knows this manager from now on, written over one that stands: a manager that takes over from another keeps that one's. */
	systemId?: string | undefined;
	/** PEM of GitLab's CA, and where it goes. */
	ca?: {path: string; text: string} | undefined;
};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('written'), hash: z.string()}),
	/** Someone else wrote between: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	/** `gitlab-runner lint` refused it; nothing was written. */
	z.object({is: z.literal('refused'), detail: z.string()}),
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type WriteConfigOutcome = z.infer<typeof outcome>;

const text = `${prelude}
import errno, tempfile
target = '${paths.config}'
folder = os.path.dirname(target)
def hash_of(content):
    return None if content is None else digest(content)
def version():
    told = re.search(r'Version: *v?(\\d+)\\.(\\d+)', sh('gitlab-runner', '--version', limit=10)[1])
    return (int(told.group(1)), int(told.group(2))) if told else (0, 0)
def judged(content):
    # The command came with 19.3; earlier versions ignore unknown keys.
    if version() < (19, 3):
        return
    handle, name = tempfile.mkstemp(dir=folder, suffix='.toml')
    try:
        with os.fdopen(handle, 'w') as file:
            file.write(content)
        code, out, err = sh('gitlab-runner', 'lint', '--config', name, limit=30)
    finally:
        os.unlink(name)
    if code != 0:
        said = uncoloured(out + err).replace(name, 'config.toml').strip()
        done(**{'is': 'refused', 'detail': ' '.join(line.strip() for line in said.splitlines() if line.strip())[-600:]})
def write():
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if hash_of(read(target)) != given.get('from'):
        done(**{'is': 'changed-meanwhile'})
    judged(given['text'])
    if given.get('ca'):
        put(given['ca']['path'], given['ca']['text'], 0o644)
    id_path = os.path.join(folder, '.runner_system_id')
    if given.get('systemId') and (read(id_path) or '').strip() != given['systemId']:
        put(id_path, given['systemId'], 0o600)
    # The runner rotates its token by itself and writes this file without our lock: so look again, as late as can be.
    standing = read(target)
    if hash_of(standing) != given.get('from'):
        done(**{'is': 'changed-meanwhile'})
    if standing is not None and standing != given['text']:
        put(target + '.previous', standing, 0o600)
    put(target, given['text'], 0o600)
held = lock()
try:
    write()
except OSError as error:
    done(**{'is': 'failed', 'code': 'disk-full' if error.errno == errno.ENOSPC else 'command-failed', 'detail': str(error)})
done(**{'is': 'written', 'hash': digest(given['text'])})
`;

/** Writes config.toml (0600, atomically, after `gitlab-runner lint`), keeps the one before as config.toml.previous. */
export const writeConfigScript: Script<WriteConfig, WriteConfigOutcome> = {name: 'write-config', changes: true, result: outcome, text};

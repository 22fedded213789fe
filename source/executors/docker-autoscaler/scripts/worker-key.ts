import * as z from 'zod';
import {type OpenScript, prelude} from '../../../world/host/script.ts';
import {workerKeyPath} from '../manager-paths.ts';

/** `comment` is what its public half says of it: the key pair's name. */
export type WorkerKey = {comment: string};

const outcome = z.discriminatedUnion('is', [
	/** `publicKey` is `ssh-ed25519 AAAA…`, without the comment. */
	z.object({is: z.literal('ready'), publicKey: z.string()}),
	/** `command-failed`, `disk-full`; `detail` is what ssh-keygen said. */
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type WorkerKeyOutcome = z.infer<typeof outcome>;

const text = `${prelude}
held = lock()
path = '${workerKeyPath}'
def failed(code, detail):
    done(**{'is': 'failed', 'code': code, 'detail': detail.strip()[-400:]})
def keygen(*words):
    code, out, err = sh('ssh-keygen', '-q', *words, limit=60)
    if code != 0:
        told = err or out
        failed('disk-full' if 'No space left' in told else 'command-failed', 'ssh-keygen: ' + told)
    return out
def public_half(of):
    words = keygen('-y', '-P', '', '-f', of).split()
    if len(words) < 2:
        failed('command-failed', 'ssh-keygen told no public half of ' + of)
    return ' '.join(words[:2])
if not os.path.isfile(path):
    # Made beside it and then moved: a key that stands is whole.
    import tempfile
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        made = os.path.join(folder, 'key')
        keygen('-t', 'ed25519', '-N', '', '-C', given['comment'], '-f', made)
        os.chmod(made, 0o600)
        os.rename(made, path)
if os.stat(path).st_mode & 0o077:
    os.chmod(path, 0o600)
done(**{'is': 'ready', 'publicKey': public_half(path)})
`;

/** Makes the key by which the runner gets on to workers, where there is none; its private half stays on the manager. */
export const workerKeyScript: OpenScript<WorkerKey, WorkerKeyOutcome> = {name: 'worker-key', changes: true, secrets: 'none', result: outcome, text};

import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {mirror} from './mirror-paths.ts';
import {mirrorTexts} from './mirror-seen.ts';

const outcome = z.discriminatedUnion('is', [z.object({is: z.literal('gone')}), z.object({is: z.literal('failed'), detail: z.string()})]);
export type RemoveMirrorOutcome = z.infer<typeof outcome>;

/** Its units go last but for the user: what a removal that broke off has left is found by them. */
const text = `${prelude}
import shutil
held = lock()
def remove():
    sh('systemctl', 'disable', '--now', '${mirror.keeper}.timer', '${mirror.service}', limit=120)
    sh('systemctl', 'stop', '${mirror.keeper}.service', limit=120)
    sh('systemctl', 'disable', '--now', '${mirror.mount}', limit=120)
    if os.path.ismount('${mirror.store}'):
        done(**{'is': 'failed', 'detail': '${mirror.store} is still in use'})
    shutil.rmtree(os.path.dirname('${mirror.told}'), ignore_errors=True)
    for path in ['${mirror.store}', '${mirror.folder}']:
        if os.path.isdir(path):
            shutil.rmtree(path)
    for path in ['${mirror.disk}', '${mirror.disk}.new', '${mirror.program}', '${mirror.program}.new'] + ${JSON.stringify(mirrorTexts)}:
        if os.path.lexists(path):
            os.unlink(path)
    sh('systemctl', 'daemon-reload')
    sh('systemctl', 'reset-failed', '${mirror.service}', '${mirror.keeper}.service', '${mirror.mount}')
    if sh('id', '${mirror.user}')[0] == 0:
        code, out, err = sh('userdel', '${mirror.user}')
        if code != 0:
            done(**{'is': 'failed', 'detail': 'userdel: ' + (err or out).strip()[-300:]})
try:
    remove()
except OSError as error:
    done(**{'is': 'failed', 'detail': str(error)})
done(**{'is': 'gone'})
`;

/** Takes all of the mirror off a manager, what it keeps included. */
export const removeMirrorScript: Script<object, RemoveMirrorOutcome> = {name: 'remove-mirror', changes: true, result: outcome, text};

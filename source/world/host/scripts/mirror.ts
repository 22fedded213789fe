import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {mirror, mirrorTexts} from './mirror-paths.ts';

/** What a registry answers at `/v2/`: its HTTP status, or why there is none. */
const answer = z.union([z.object({status: z.int()}), z.object({silent: z.string()})]);
export type MirrorAnswer = z.infer<typeof answer>;

const looking = `${prelude}
import urllib.error, urllib.request
def look(url):
    try:
        with urllib.request.urlopen(url + '/v2/', timeout=10) as reply:
            return dict(status=reply.status)
    except urllib.error.HTTPError as error:
        return dict(status=error.code)
    except (OSError, ValueError) as error:
        return dict(silent=str(getattr(error, 'reason', None) or error)[:300])
done(**look(given['url']))
`;

/** Asks a registry from the manager, which is in the workers' network. Changes nothing. */
export const lookAtMirrorScript: Script<{url: string}, MirrorAnswer> = {name: 'look-at-mirror', changes: false, result: answer, text: looking};

const written = z.discriminatedUnion('is', [z.object({is: z.literal('written')}), z.object({is: z.literal('failed'), detail: z.string()})]);
export type WriteMirrorLoginOutcome = z.infer<typeof written>;

const writing = `${prelude}
held = lock()
path = '${mirror.login}'
try:
    if given.get('text') is None:
        if os.path.lexists(path):
            os.unlink(path)
    else:
        put(path, given['text'], 0o600)
except OSError as error:
    done(**{'is': 'failed', 'detail': str(error)})
code, out, err = sh('systemctl', 'restart', '${mirror.service}')
if code != 0:
    done(**{'is': 'failed', 'detail': (err or out).strip()[-300:]})
done(**{'is': 'written'})
`;

/** Writes Docker Hub's login for the mirror, a file for root alone, or takes it away; the mirror then begins anew. */
export const writeMirrorLoginScript: Script<{text?: string | undefined}, WriteMirrorLoginOutcome> = {
	name: 'write-mirror-login',
	changes: true,
	result: written,
	text: writing,
};

const removed = z.discriminatedUnion('is', [z.object({is: z.literal('gone')}), z.object({is: z.literal('failed'), detail: z.string()})]);
export type RemoveMirrorOutcome = z.infer<typeof removed>;

/** Its units go last but for the user: what a removal that broke off has left is found by them. */
const removing = `${prelude}
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
export const removeMirrorScript: Script<object, RemoveMirrorOutcome> = {name: 'remove-mirror', changes: true, result: removed, text: removing};

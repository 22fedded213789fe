import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {mirror} from './mirror-paths.ts';

const outcome = z.discriminatedUnion('is', [z.object({is: z.literal('written')}), z.object({is: z.literal('failed'), detail: z.string()})]);
export type WriteMirrorLoginOutcome = z.infer<typeof outcome>;

const text = `${prelude}
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
	result: outcome,
	text,
};

import * as z from 'zod';
import {prelude, type Script} from '../script.ts';

/** What a registry answers at `/v2/`: its HTTP status, or why there is none. */
const outcome = z.union([z.object({status: z.int()}), z.object({silent: z.string()})]);
export type MirrorAnswer = z.infer<typeof outcome>;

const text = `${prelude}
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
export const lookAtMirrorScript: Script<{url: string}, MirrorAnswer> = {name: 'look-at-mirror', changes: false, result: outcome, text};

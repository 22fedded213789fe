import * as z from 'zod';
import {prelude, type Script} from '../../../world/host/script.ts';
import {goneOver, watchedShape} from '../../../world/host/scripts/gone-over.ts';
import {readingText} from '../../../world/host/scripts/reading.ts';

const outcome = z.discriminatedUnion('is', [
	/** config.toml is another one than the one of this SHA-256: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	z.object({is: z.literal('looked'), ...watchedShape}),
]);

const text = `${prelude}${readingText}${goneOver}
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
export const watchGroupScript: Script<{from: string; quietSeconds: number}, z.infer<typeof outcome>> = {
	name: 'watch-group',
	changes: false,
	result: outcome,
	text,
};

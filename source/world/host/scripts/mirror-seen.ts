import * as z from 'zod';
import {unitShape} from '../unit.ts';
import {mirror, mirrorTexts} from './mirror-paths.ts';

/** The mirror of Docker Hub on a manager, as checks compare it; no secret. */
export const mirrorShape = z.object({
	/** Of its program; absent where that isn't there. */
	version: z.string().optional(),
	/** SHA-256 of its files' texts, in the order of `mirrorTexts`, a NUL between two. */
	files: z.string(),
	/** As whom it pulls from Docker Hub, and the SHA-256 of the file with that login; absent where it has none. */
	login: z.object({user: z.string(), hash: z.string()}).optional(),
	service: unitShape,
	/** GiB that its file system has; absent where it isn't there. */
	diskGib: z.number().optional(),
});

/** Python: what there is of the mirror, or None. Comes after the prelude and `unitText`. */
export const mirrorText = `
def mirror_seen():
    parts = ['${mirror.program}', '${mirror.folder}', '${mirror.disk}', '${mirror.store}'] + ${JSON.stringify(mirrorTexts)}
    if not any(os.path.lexists(path) for path in parts):
        return None
    texts = [read(path) or '' for path in ${JSON.stringify(mirrorTexts)}]
    login = read('${mirror.login}')
    program = os.access('${mirror.program}', os.X_OK)
    return dict(
        version=((read('${mirror.version}') or '').strip() or None) if program else None,
        files=digest('\\0'.join(texts)),
        login=None if login is None else dict(user=login.splitlines()[0].lstrip('# ')[:120] if login else '', hash=digest(login)),
        service=unit_state('${mirror.service}', 0),
        diskGib=round(os.path.getsize('${mirror.disk}') / 2 ** 30, 3) if os.path.exists('${mirror.disk}') else None)
`;

/** The mirror as the panel is told of it. */
export const mirrorPanelShape = z.object({
	service: unitShape,
	/** Bytes of its own file system. */
	disk: z.object({free: z.number(), total: z.number()}).optional(),
	/** What its registry has counted since it was started: Prometheus' text. */
	metrics: z.string().optional(),
	/** What the keeper has told: layers that went for want of room, and what Docker Hub says of pulls that are left. */
	kept: z
		.object({
			gone: z.number().optional(),
			pulls: z
				.object({
					limit: z.number().optional(),
					remaining: z.number().optional(),
					unlimited: z.boolean().optional(),
					/** Docker Hub's HTTP status, or why it isn't reached. */
					refused: z.number().optional(),
					silent: z.string().optional(),
				})
				.optional(),
		})
		.optional()
		// What the keeper wrote is a file on the manager: one of another form tells nothing, and hides nothing else.
		.catch(undefined),
});

/** Python: the mirror for the panel, or None; `now` in milliseconds since 1970. Comes after the prelude, `unitText` and `readingText`. */
export const mirrorPanelText = `
def mirror_panel(now):
    if not os.path.exists('${mirror.units}/${mirror.service}.service'):
        return None
    told = {'service': unit_state('${mirror.service}', now)}
    if os.path.ismount('${mirror.store}'):
        disk = os.statvfs('${mirror.store}')
        told['disk'] = {'free': disk.f_bavail * disk.f_frsize, 'total': disk.f_blocks * disk.f_frsize}
    try:
        told['metrics'] = '\\n'.join(line for line in page('127.0.0.1:${mirror.metricsPort}', '/metrics', 2).splitlines() if line.startswith('registry_proxy_'))
    except Exception:
        # That it doesn't answer its service tells too.
        pass
    try:
        kept = json.loads(read('${mirror.told}') or '{}')
        told['kept'] = {key: kept[key] for key in ('gone', 'pulls') if key in kept}
    except (ValueError, TypeError):
        pass
    return told
`;

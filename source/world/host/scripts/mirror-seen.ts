import {z} from 'zod';
import {unitShape} from '../unit.ts';
import {mirror} from './mirror-paths.ts';

/** The mirror of Docker Hub on a manager, as checks compare it; no secret. */
export const mirrorShape = z.object({
	/** Of its program; absent where that isn't there. */
	version: z.string().optional(),
	/** SHA-256 of its files' texts, in the order of `mirrorTexts`, a NUL between two. */
	files: z.string(),
	/** SHA-256 of the file with Docker Hub's login. */
	login: z.string().optional(),
	service: unitShape,
	/** GiB that its file system has; absent where it isn't there. */
	diskGib: z.number().optional(),
});

/** Files whose texts are compared, in this order. */
export const mirrorTexts: readonly string[] = [
	mirror.config,
	mirror.keeperProgram,
	`${mirror.units}/${mirror.mount}`,
	`${mirror.units}/${mirror.service}.service`,
	`${mirror.units}/${mirror.keeper}.service`,
	`${mirror.units}/${mirror.keeper}.timer`,
];

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
        login=None if login is None else digest(login),
        service=unit_state('${mirror.service}', 0),
        diskGib=round(os.path.getsize('${mirror.disk}') / 2 ** 30, 3) if os.path.exists('${mirror.disk}') else None)
`;

import {Problem} from '../../problem.ts';

/** What was to be done with a file. */
type Doing = 'read' | 'written' | 'deleted';

/** Why a disk refuses, by Node's code, as the end of a sentence. */
const reasons: Readonly<Record<string, string>> = {
	EACCES: 'its permissions keep you out',
	EDQUOT: 'your quota on that disk is used up',
	EIO: 'the disk fails',
	EISDIR: "it's a folder",
	ELOOP: 'its links lead nowhere',
	EMFILE: 'too many files are open',
	ENAMETOOLONG: 'its name is too long',
	ENFILE: 'too many files are open',
	ENOENT: 'there is none',
	ENOSPC: 'the disk is full',
	ENOTDIR: 'a part of its path is no folder',
	EPERM: 'it belongs to somebody else',
	EROFS: 'the disk is read-only',
};

/** Node's code of an error of the disk, such as `EACCES`; empty for any other error. */
export const diskCode = (error: unknown): string =>
	error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : '';

/** Why a disk refuses, with Node's code. */
export function diskReason(error: unknown, doing: Doing = 'read'): string {
	const code = diskCode(error);
	const reason = code === 'ENOENT' && doing !== 'read' ? "its folder isn't there and can't be made" : reasons[code];
	return `${reason ?? (error instanceof Error ? error.message : String(error))} (${code})`;
}

/** A file of the person's that can't be read: `file-unreadable`. */
export const unreadable = (path: string, error: unknown): Problem =>
	new Problem({
		code: 'file-unreadable',
		message: `The file ${path} can't be read: ${diskReason(error)}.`,
		advice: 'Name another file, or mend that one.',
		cause: error,
	});

/**
 * A file of this program's own that can't be written or deleted: `file-unwritable`. `variable` is what names another folder for it. An error that isn't
 * the disk's is given back as it is.
 */
export function unwritable(path: string, error: unknown, variable: string, doing: Exclude<Doing, 'read'> = 'written'): unknown {
	if (diskCode(error) === '') return error;
	return new Problem({
		code: 'file-unwritable',
		message: `${path} can't be ${doing}: ${diskReason(error, doing)}.`,
		advice: `Make room or mend that folder, or name another with \`${variable}\`; then run the same command again.`,
		cause: error,
	});
}

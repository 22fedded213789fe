import type {Source} from '../../fleet.ts';
import {Problem, unless} from '../../problem.ts';
import type {Disk} from '../laptop/disk/port.ts';

const certificate = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * The certificates in the file that the answer `gitlabCa` names on this laptop, as PEM. Nothing else of it is taken: the path may come from the
 * fleet's record, and what is read goes to the manager. Throws a Problem where there are none, or the file can't be read.
 */
export async function authorityIn(disk: Pick<Disk, 'read'>, path: string): Promise<string> {
	const found = (await disk.read(path)).match(certificate);
	if (found) return found.map((one) => `${one}\n`).join('');
	throw new Problem({
		code: 'gitlab-ca-wrong',
		message: `The file ${path}, which \`gitlabCa\` names, holds no certificate.`,
		advice: 'Name a PEM file with `--gitlab-ca`: its text is between BEGIN CERTIFICATE and END CERTIFICATE.',
	});
}

/**
 * The certificates that GitLab's is judged by here: none where no answer names a file, and none where the record names one that this laptop lacks,
 * since another laptop's paths are its own.
 */
export async function authorityFor(disk: Pick<Disk, 'read'>, path: string | undefined, said: Source | undefined): Promise<string | undefined> {
	if (path === undefined) return undefined;
	const read = authorityIn(disk, path);
	return said === 'record' ? unless(read, 'file-unreadable') : read;
}

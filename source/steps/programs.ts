import type {HostFacts} from '../executors/scripts.ts';
import type {Answers} from '../fleet.ts';
import type {Download} from '../world/host/scripts/install.ts';
import {paths} from '../world/host/scripts/paths.ts';

/**
 * SHA-256 of the programs that this release was proven with, by `<program> <version>` and then by the file's name at its publisher: a download that
 * has another hash isn't installed, whatever `release.sha256` beside it says, since who can write the one can write the other.
 * A hash comes in here once it was taken from a `release.sha256` whose `release.sha256.asc` GitLab's key has signed. A version that isn't listed is
 * checked against `release.sha256` alone, which guards against damage and not against tampering.
 */
const knownHashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

/** The hash that a file of a program's version has to have; undefined where none is known here. */
export const knownHash = (program: string, version: string, file: string, known = knownHashes): string | undefined => known[`${program} ${version}`]?.[file];

/** A program's version at a site that holds one folder a version, with release.sha256 at its root; `file` is its path in that folder. */
export function downloadFrom(site: string, name: Download['name'], version: string, file: string): Download {
	const folder = `${site.replace(/\/$/, '')}/v${version}`;
	return {
		name,
		version,
		url: `${folder}/${file}`,
		checksums: `${folder}/release.sha256`,
		path: `${paths.programs}/${name}`,
		sha256: knownHash(name, version, file.split('/').at(-1) ?? file),
	};
}

/** The publisher's download site (docs/facts.md, "gitlab-runner: installing and stopping"); the answer `downloads` names another of the same layout. */
const publisher = 'https://s3.dualstack.us-east-1.amazonaws.com/gitlab-runner-downloads';

/** GitLab Runner of the answers' version, for the manager's processor. */
export function gitlabRunnerDownload({downloads, gitlabRunnerVersion}: Answers, {machine}: Pick<HostFacts, 'machine'>): Download {
	const file = `binaries/gitlab-runner-linux-${machine === 'aarch64' ? 'arm64' : 'amd64'}`;
	return downloadFrom(downloads?.gitlabRunner ?? publisher, 'gitlab-runner', gitlabRunnerVersion, file);
}

/**
 * A stop lets running jobs end: SIGQUIT is the runner's graceful stop, and there is no limit to how long a job may take. It goes to the
 * main process alone, since a docker-machine that gets it while it makes a worker dies and leaves the worker behind.
 */
export const dropIn = `# Written by gitlab-runner-aws: a stop waits for running jobs.
[Service]
KillSignal=SIGQUIT
KillMode=mixed
TimeoutStopSec=infinity
`;

/** What a person types to run GitLab Runner as root, by its whole path: the `secure_path` of Amazon Linux's sudo lacks /usr/local/bin. */
export const gitlabRunnerByHand = `sudo ${paths.programs}/gitlab-runner`;

/** The `[default]` section of root's AWS credentials file, for `access` = `access-keys`. */
export const credentialsFile = ({id, secret}: {id: string; secret: string}): string =>
	`[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;

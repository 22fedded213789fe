import type {Answers} from '../../fleet.ts';
import type {Download} from '../../world/host/scripts/install.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import type {HostFacts} from '../offered.ts';

/**
 * SHA-256 of the programs that this release was proven with, by `<program> <version>` and then by the file's name at its publisher: a download that
 * has another hash isn't installed, whatever `release.sha256` beside it says, since who can write the one can write the other.
 * A hash comes in here once it was taken from a `release.sha256` whose `release.sha256.asc` GitLab's key has signed. A version that isn't listed is
 * checked against `release.sha256` alone, which guards against damage and not against tampering.
 */
const knownHashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

/** The hash that a file of a program's version has to have; undefined where none is known here. */
export const knownHash = (program: string, version: string, file: string, known = knownHashes): string | undefined => known[`${program} ${version}`]?.[file];

/** The publishers' download sites (docs/facts.md, "gitlab-runner: installing and stopping"); the answer `downloads` names others of the same layout. */
const publishers = {
	gitlabRunner: 'https://s3.dualstack.us-east-1.amazonaws.com/gitlab-runner-downloads',
	dockerMachine: 'https://gitlab-docker-machine-downloads.s3.amazonaws.com',
};

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

/** What workers run first: a fresh machine's own updates would hold apt's locks while Docker is installed. Workers live for hours. */
export const workerUserData = `#cloud-config
# Written by gitlab-runner-aws: no updates in the background while Docker is being installed.
bootcmd:
  - systemctl mask --now apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service || true
`;

/** What a person types to run these programs as root, by their whole paths: the `secure_path` of Amazon Linux's sudo lacks /usr/local/bin. */
export const dockerMachineByHand = `sudo -i ${paths.programs}/docker-machine`;
export const gitlabRunnerByHand = `sudo ${paths.programs}/gitlab-runner`;

/** What `uname -m` says, as each publisher names it. */
const suffixes: Record<string, {gitlabRunner: string; dockerMachine: string}> = {
	x86_64: {gitlabRunner: 'amd64', dockerMachine: 'x86_64'},
	aarch64: {gitlabRunner: 'arm64', dockerMachine: 'aarch64'},
};

/** The two programs of the answers' versions, for the manager's processor; release.sha256 stands at the root of each version's folder. */
export function downloadsFor(answers: Answers, {machine}: Pick<HostFacts, 'machine'>): Download[] {
	const suffix = suffixes[machine] ?? {gitlabRunner: 'amd64', dockerMachine: 'x86_64'};
	const from = {
		gitlabRunner: (answers.downloads?.gitlabRunner ?? publishers.gitlabRunner).replace(/\/$/, ''),
		dockerMachine: (answers.downloads?.dockerMachine ?? publishers.dockerMachine).replace(/\/$/, ''),
	};
	const runner = `${from.gitlabRunner}/v${answers.gitlabRunnerVersion}`;
	const machines = `${from.dockerMachine}/v${answers.dockerMachineVersion}`;
	const file = {gitlabRunner: `gitlab-runner-linux-${suffix.gitlabRunner}`, dockerMachine: `docker-machine-Linux-${suffix.dockerMachine}`};
	return [
		{
			name: 'gitlab-runner',
			version: answers.gitlabRunnerVersion,
			url: `${runner}/binaries/${file.gitlabRunner}`,
			checksums: `${runner}/release.sha256`,
			path: `${paths.programs}/gitlab-runner`,
			sha256: knownHash('gitlab-runner', answers.gitlabRunnerVersion, file.gitlabRunner),
		},
		{
			name: 'docker-machine',
			version: answers.dockerMachineVersion,
			url: `${machines}/${file.dockerMachine}`,
			checksums: `${machines}/release.sha256`,
			path: `${paths.programs}/docker-machine`,
			sha256: knownHash('docker-machine', answers.dockerMachineVersion, file.dockerMachine),
		},
	];
}

/** The `[default]` section of root's AWS credentials file, for `access` = `access-keys`. */
export const credentialsFile = ({id, secret}: {id: string; secret: string}): string =>
	`[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;

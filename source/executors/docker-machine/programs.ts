import type {Answers} from '../../fleet.ts';
import {downloadFrom} from '../../steps/programs.ts';
import type {Download} from '../../world/host/scripts/install.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import type {HostFacts} from '../scripts.ts';

/** GitLab's download site of its fork (docs/facts.md, "gitlab-runner: installing and stopping"). */
const publisher = 'https://gitlab-docker-machine-downloads.s3.amazonaws.com';

/** docker-machine of the answers' version, for the manager's processor. */
export function dockerMachineDownload({dockerMachineVersion, downloads}: Answers, {machine}: Pick<HostFacts, 'machine'>): Download {
	const file = `docker-machine-Linux-${machine === 'aarch64' ? 'aarch64' : 'x86_64'}`;
	return downloadFrom(downloads?.dockerMachine ?? publisher, 'docker-machine', dockerMachineVersion, file);
}

/** What workers run first: a fresh machine's own updates would hold apt's locks while Docker is installed. Workers live for hours. */
export const workerUserData = `#cloud-config
# Written by gitlab-runner-aws: no updates in the background while Docker is being installed.
bootcmd:
  - systemctl mask --now apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service || true
`;

/** What a person types to run docker-machine as root, by its whole path: the `secure_path` of Amazon Linux's sudo lacks /usr/local/bin. */
export const dockerMachineByHand = `sudo -i ${paths.programs}/docker-machine`;

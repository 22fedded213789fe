import type {Change, Step} from '../../engine/step.ts';
import type {Answers} from '../../fleet.ts';
import {downloadFrom} from '../../steps/programs.ts';
import {fileChange, type MakerSoftware, programsParts, versionChange} from '../../steps/software.ts';
import type {Download} from '../../world/host/scripts/install.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import type {HostFacts} from '../scripts.ts';
import {userDataPath} from './scripts/manager-part.ts';

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

/** docker-machine on the manager, with its certificates, which are made before the service first runs; it's replaced beside running jobs. */
const machineSoftware: MakerSoftware = {
	program: 'docker-machine',
	version: ({dockerMachineVersion}) => dockerMachineVersion,
	installed: ({dockerMachine}) => dockerMachine,
	downloads: (answers, machine) => [dockerMachineDownload(answers, machine)],
	files: [{path: userDataPath, text: workerUserData}],
	changes: ({answers: {dockerMachineVersion}}, {certificates, dockerMachine, userData}, how): Change[] => [
		...versionChange('dockerMachineVersion', dockerMachine, dockerMachineVersion, 'live'),
		...fileChange("workers' user data", userData, workerUserData),
		// Where there is no docker-machine, no runner has it.
		...(certificates ? [] : [{what: "docker-machine's certificates", from: 'missing', to: 'made', how: dockerMachine === undefined ? ('live' as const) : how}]),
	],
	commands: () => [`${dockerMachineByHand} create --driver none --url localhost certificates`, `${dockerMachineByHand} rm -y certificates`],
};

declare module '../../engine/step.ts' {
	interface Found {
		'docker-machine': {version: string};
	}
}

/** docker-machine and what it needs on the manager: fetched before GitLab Runner, since a test machine takes minutes and needs no more. */
export const dockerMachineStep: Step<'docker-machine', 'manager' | 'connection'> = {
	name: 'docker-machine',
	title: 'docker-machine',
	needs: ['manager', 'connection'],
	...programsParts({runner: false, maker: machineSoftware}, (facts) => ({version: machineSoftware.installed(facts) ?? ''})),
};

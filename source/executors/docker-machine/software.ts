import type {Change} from '../../engine/step.ts';
import {fileChange, type MakerSoftware, versionChange} from '../../steps/software.ts';
import {dockerMachineByHand, dockerMachineDownload, workerUserData} from './programs.ts';
import {userDataPath} from './scripts/manager-part.ts';

/** docker-machine on the manager, with its certificates, which are made before the service first runs; it's replaced beside running jobs. */
export const machineSoftware: MakerSoftware = {
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

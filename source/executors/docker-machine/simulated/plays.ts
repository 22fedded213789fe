import type {Plays} from '../../../simulated/host/plays.ts';
import {isSecretOption} from '../scripts/secret-options.ts';
import {removeDockerMachine, retireMachines} from './play-retire-machines.ts';
import {testMachine} from './play-test-machine.ts';
import {machinesOf} from './provider.ts';
import {makeCertificates, removeWorker, takeAway} from './take-away.ts';
import {facts, panel, software} from './told.ts';

/** How the simulated manager behaves with docker-machine. */
export const dockerMachinePlays: Plays = {
	executor: 'docker+machine',
	scripts: {
		'test-machine': testMachine,
		'remove-worker': removeWorker,
		'retire-machines': retireMachines,
		'remove-docker-machine': removeDockerMachine,
	},
	software,
	facts,
	panel,
	isSecretOption,
	prepare: makeCertificates,
	takeAway,
	provider: machinesOf,
};

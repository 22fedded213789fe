import type {AnyStep} from '../../engine/step.ts';
import type {Answers} from '../../fleet.ts';
import {bucketStep} from '../../steps/bucket.ts';
import {connectionStep} from '../../steps/connection.ts';
import {credentialsStep} from '../../steps/credentials.ts';
import {earlierRightsStep} from '../../steps/earlier-rights.ts';
import {hostKeyStep} from '../../steps/host-key.ts';
import {identityStep} from '../../steps/identity.ts';
import {imagesStep} from '../../steps/images.ts';
import {instanceProfileStep} from '../../steps/instance-profile.ts';
import {keyPairStep} from '../../steps/key-pair.ts';
import {managerStep} from '../../steps/manager.ts';
import {managerProfileStep} from '../../steps/manager-profile.ts';
import {networkStep} from '../../steps/network.ts';
import {oldManagerStep} from '../../steps/old-manager.ts';
import {permissionsStep} from '../../steps/permissions.ts';
import {quotaStep} from '../../steps/quota.ts';
import {recordStep} from '../../steps/record.ts';
import {registryMirrorStep} from '../../steps/registry-mirror.ts';
import {runnerStep} from '../../steps/runner.ts';
import {securityGroupRulesStep} from '../../steps/security-group-rules.ts';
import {securityGroupsStep} from '../../steps/security-groups.ts';
import {serviceStep} from '../../steps/service.ts';
import {softwareStep} from '../../steps/software.ts';
import {spotRole, spotRoleStep} from '../../steps/spot-role.ts';
import {workerImageStep} from '../../steps/worker-image.ts';
import type {WorkerMaking} from '../../steps/worker-making.ts';
import type {Action} from '../../world/cloud/actions.ts';
import type {Executor} from '../executor.ts';
import {limitsOf} from '../offered.ts';
import {bakeParts} from './bake-parts.ts';
import {machineConfig} from './config.ts';
import {dockerMachineStep} from './docker-machine.ts';
import {counted} from './machine-counts.ts';
import {machineRights} from './manager-rights.ts';
import {oldMachinesStep} from './old-machines.ts';
import {onWorker} from './on-worker.ts';
import {causes} from './panel/causes.ts';
import {journal, refusalWords} from './panel/journal.ts';
import {leftovers} from './panel/leftovers.ts';
import {made, moved} from './panel/made.ts';
import {view} from './panel/workers.ts';
import {testMachineStep} from './test-machine.ts';
import {going, stranded} from './unmanaged-machines.ts';
import {workerMachines} from './worker-machines.ts';
import {workersStep} from './workers.ts';

/** SSH, and the port of the Docker daemon that docker-machine sets up with TLS. */
const workerPorts = [22, 2376];

/** The actions that these answers' steps need, for asking AWS whether they are allowed. */
const actionsFor = (answers: Answers): Action[] => [...new Set(steps.flatMap((step) => (step.when?.(answers) === false ? [] : step.actions)))];

/** How the runner makes machines, for the steps that other executors have too. */
const making: WorkerMaking = {
	config: machineConfig(),
	provenBy: 'test-machine',
	madeBy: ['spot-role', 'instance-profile', 'test-machine', 'earlier-rights'],
	countedBy: [],
	removedBy: 'workers',
	async wanted(context, found, facts) {
		const {options, notes} = await workerMachines(context, found, facts);
		return {config: machineConfig(options), notes};
	},
	stranded,
	going,
	bakeParts,
	counted,
};

const limits = limitsOf({executor: 'docker+machine'});

/** The steps of a docker+machine fleet, in the order in which a person reads them. */
const steps: readonly AnyStep[] = [
	identityStep,
	permissionsStep(actionsFor, ({spot}) => (spot ? [spotRole] : [])),
	recordStep,
	networkStep(limits),
	quotaStep,
	imagesStep(limits),
	spotRoleStep,
	bucketStep,
	securityGroupsStep,
	securityGroupRulesStep(workerPorts),
	keyPairStep,
	instanceProfileStep(machineRights),
	managerStep,
	managerProfileStep,
	connectionStep,
	hostKeyStep,
	credentialsStep,
	dockerMachineStep,
	registryMirrorStep,
	workerImageStep,
	testMachineStep,
	softwareStep(undefined, 'docker-machine'),
	runnerStep(making),
	serviceStep(making),
	oldManagerStep,
	earlierRightsStep(machineRights),
	workersStep,
];

/** GitLab Runner with docker-machine: GitLab 20.0 is planned to remove it. */
export const dockerMachine: Executor = {
	name: 'docker+machine',
	steps,
	leaving: [oldMachinesStep],
	workers: making,
	view,
	leftovers,
	made,
	moved,
	journal,
	refusals: refusalWords,
	onWorker,
	causes,
};

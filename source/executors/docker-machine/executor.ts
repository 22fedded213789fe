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
import type {BakeParts, WorkerMaking} from '../../steps/worker-making.ts';
import {asRoot, quote} from '../../world/host/quote.ts';
import type {Executor, WorkerAt} from '../executor.ts';
import {limitsOf} from '../offered.ts';
import {machineConfig} from './config.ts';
import {dockerMachineStep} from './docker-machine.ts';
import {counted} from './machine-counts.ts';
import {machineRights} from './manager-rights.ts';
import {oldMachinesStep} from './old-machines.ts';
import {causes} from './panel/causes.ts';
import {journal, refusalWords} from './panel/journal.ts';
import {leftovers} from './panel/leftovers.ts';
import {made, moved} from './panel/made.ts';
import {view} from './panel/workers.ts';
import {testMachineStep} from './test-machine.ts';
import {going, stranded} from './unmanaged-machines.ts';
import {workerMachines} from './worker-machines.ts';
import {workersStep} from './workers.ts';

/**
 * The command line that takes a manager's login user on to a worker: docker-machine there has the worker's key, in root's store. `words` is a command
 * line for the worker's own shell, none opens one. Some images' sudo leaves out the folder that docker-machine is in.
 */
export async function onWorker(user: string, {name}: Pick<WorkerAt, 'name'>, words: string | undefined): Promise<string> {
	const way = asRoot(user, 'env', 'HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'docker-machine', 'ssh', name);
	return words === undefined ? way : `${way} ${quote(words)}`;
}

/**
 * docker-machine runs `apt-get update` and `apt-get install -y curl` on every worker before it looks for Docker (docs/facts.md, "Baked images"). Without a
 * source of packages both are instant and need no network, as long as curl is there; cloud-init would write the sources anew at an instance's first boot.
 */
const withoutSources = `if command -v apt-get >/dev/null; then
  mkdir -p /etc/apt/before-bake /etc/cloud/cloud.cfg.d
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    if [ -e "$file" ]; then mv "$file" /etc/apt/before-bake/; fi
  done
  rm -rf /var/lib/apt/lists/*
  printf 'apt:\\n  preserve_sources_list: true\\n' >/etc/cloud/cloud.cfg.d/99-gitlab-runner-aws.cfg
  apt_install curl sudo iptables || fail 'apt-get does not work without its sources'
fi
`;

/**
 * Docker as docker-machine would put it there, whose workers then find it, with the storage driver that docker-machine names to it. Its script doesn't wait for
 * apt's locks, and its site may be out of reach for a moment.
 */
export const bakeParts = ({engineInstall}: Pick<Answers, 'engineInstall'>): BakeParts => ({
	install:
		engineInstall === 'image'
			? ''
			: `for try in 1 2 3; do
  if command -v docker >/dev/null; then break; fi
  [ $try = 1 ] || sleep 20
  curl -fsSL ${quote(engineInstall)} | sh
done
`,
	storageDriver: 'overlay2',
	last: withoutSources,
});

/** SSH, and the port of the Docker daemon that docker-machine sets up with TLS. */
const workerPorts = [22, 2376];

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
	permissionsStep(
		() => steps,
		({spot}) => (spot ? [spotRole] : []),
	),
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

import type {ImageState} from '../../../simulated/cloud/account.ts';
import {isRefusal} from '../../../simulated/cloud/refusal.ts';
import type {Work} from '../../../simulated/host/machine.ts';
import {awsCall, hasInternet, reaches} from '../../../simulated/host/manager-calls.ts';
import {killsForMemory} from '../../../simulated/host/resources.ts';
import {awsWords, type DockerMachine, endRemote, failure, launch, waitForInstance} from './driver-calls.ts';
import {type MachineFlags, optionsOf} from './machine-options.ts';
import {bootstrapCertificates, certificatesFit, judgeFlags, preCheck, store, storeFolder, storeOf} from './store.ts';

/** How a `create` ended; the lines on stderr have said why. `ended`: in the words of whoever called it. */
type Created = {made: true; instanceId: string} | {made: false; ended: string};

/**
 * `docker-machine create` with the amazonec2 driver: its lines and stages, its calls to EC2, its failures
 * (docs/facts.md, "docker-machine: stages" and the headings after it).
 * What it made stays when it fails after the launch, as with the real one: `rm` takes it away.
 */
export function* createMachine(docker: DockerMachine, name: string, list: readonly string[]): Work<Created> {
	try {
		if (killsForMemory(docker.machine)) {
			yield 400;
			return {made: false, ended: 'signal: killed'};
		}
		return {made: true, instanceId: yield* creating(docker, name, optionsOf(list), list)};
	} catch (error) {
		if (!(error instanceof Error) || error.name !== 'DockerMachineFailure') throw error;
		yield 100;
		for (const line of error.message.split('\n')) docker.say(line, true);
		return {made: false, ended: 'exit status 1'};
	}
}

/** A stage's line, and the failure that a test has put there. */
function begin({machine, say, givenUp}: DockerMachine, stage: string, line: string): void {
	const over = givenUp();
	if (over !== undefined) throw failure(over);
	say(line);
	const {stage: fault} = machine.faults;
	if (fault?.name !== stage || fault.times <= 0) return;
	fault.times -= 1;
	throw failure(fault.detail);
}

function* creating(docker: DockerMachine, name: string, options: MachineFlags, list: readonly string[]): Work<string> {
	const {machine, random, now} = docker;
	if (options.wrong !== undefined) throw failure(`Incorrect Usage.\n${options.wrong}`);
	if (machine.files.has(`${storeFolder}${name}/config.json`)) throw failure(`Docker machine "${name}" already exists`);
	judgeFlags(docker, options);
	bootstrapCertificates(docker);
	begin(docker, 'check', 'Running pre-create checks...');
	yield 700;
	preCheck(docker, name, options);
	begin(docker, 'create', 'Creating machine...');
	store(docker, name, '', list);
	yield 300;
	begin(docker, 'launch', `(${name}) Launching instance...`);
	const region = options.read('region') ?? 'us-east-1';
	yield 1500 + random() * 800;
	preCheck(docker, name, options);
	const instanceId = launch(docker, name, region, options);
	store(docker, name, instanceId, list);
	waitForInstance(docker, region, instanceId);
	begin(docker, 'running', 'Waiting for machine to be running, this may take a few minutes...');
	const instance = docker.cloud.account.regions.get(region)?.instances.get(instanceId);
	if (!instance) throw failure(`Error creating machine: the instance ${instanceId} is gone`);
	if (instance.ending) {
		yield 420_000;
		throw failure('Error creating machine: Error in driver during machine creation: Maximum number of retries (60) exceeded');
	}
	yield Math.max(0, instance.runsFrom - now());
	docker.say('Detecting operating system of created instance...');
	begin(docker, 'ssh', 'Waiting for SSH to be available...');
	yield Math.max(0, instance.bootedAt - now());
	const image = docker.cloud.account.regions.get(region)?.images.get(instance.imageId);
	if (!image || !reaches(docker, region, instanceId, 22) || image.user !== (options.read('ssh-user') ?? 'ubuntu')) {
		yield 420_000;
		throw failure(
			'Error creating machine: Error detecting OS: Too many retries waiting for SSH to be available.  Last error: Maximum number of retries (60) exceeded',
		);
	}
	yield* provision(docker, region, instanceId, image);
	store(docker, name, instanceId, list, image.contents?.docker ?? engineOf(docker, list));
	if (instance.ending) throw failure(`Error creating machine: Error waiting for machine to be running: the instance ${instanceId} was terminated`);
	return instanceId;
}

/** Sets Docker up; on an image that has it, which was made with the packages that are asked for, nothing is fetched. */
function* provision(docker: DockerMachine, region: string, instanceId: string, {contents, os}: ImageState): Work<void> {
	const {machine, random} = docker;
	const isThere = contents?.docker !== undefined;
	begin(docker, 'system', 'Detecting the provisioner...');
	yield 900;
	begin(docker, 'provision', `Provisioning with ${provisioners[os.split(' ')[0] ?? ''] ?? os}...`);
	yield isThere ? 600 : 4000 + random() * 3000;
	if (os.startsWith('amzn')) throw failure(`Error creating machine: Error running provisioning: ${amazonLinuxFails(os)}`);
	// The other provisioners install it without a word.
	if (os.startsWith('ubuntu')) begin(docker, 'docker install', 'Installing Docker...');
	yield isThere ? 300 : (docker.cloud.account.pace?.dockerInstall ?? 9000 + random() * 6000);
	if (!isThere && !hasInternet(docker, region, instanceId)) throw failure('Error creating machine: Error running provisioning: error installing docker: ');
	begin(docker, 'certificates', 'Copying certs to the local machine directory...');
	yield 500;
	docker.say('Copying certs to the remote machine...');
	yield 900;
	begin(docker, 'docker set up', 'Setting Docker configuration on the remote daemon...');
	yield 3000;
	begin(docker, 'docker answer', 'Checking connection to Docker...');
	yield 600;
	if (!reaches(docker, region, instanceId, 2376)) {
		yield 30_000;
		throw failure(checkFailed(docker, region, instanceId, 'i/o timeout'));
	}
	if (!certificatesFit(machine)) throw failure(checkFailed(docker, region, instanceId, 'remote error: tls: bad certificate'));
	docker.say('Docker is up and running!');
	docker.say('To see how to connect your Docker Client to the Docker Engine running on this virtual machine, run: docker-machine env');
}

/** `docker-machine stop`: gives whether it could be stopped; on spot, and of a machine whose launch failed, it can't. */
export function stopMachine(docker: DockerMachine, name: string): boolean {
	const stored = storeOf(docker.machine).find((one) => one.name === name);
	if (!stored) return false;
	docker.say(`Stopping "${name}"...`);
	try {
		awsCall(docker, optionsOf(stored.options).read('region') ?? 'us-east-1', 'StopInstances', {InstanceIds: [stored.instanceId], Force: false});
		return true;
	} catch (error) {
		if (!isRefusal(error)) throw error;
		docker.say(awsWords(error), true);
		return false;
	}
}

/** The version of Docker that a machine gets whose image has none: the one that its install script is named after, else Docker's newest. */
const engineOf = ({cloud}: DockerMachine, list: readonly string[]): string =>
	/^engine-install-url=.*\/(\d+\.\d+\.\d+)\.sh$/m.exec(list.join('\n'))?.[1] ?? cloud.account.newestDocker;

const provisioners: Record<string, string | undefined> = {ubuntu: 'ubuntu(systemd)', debian: 'debian', amzn: 'amzn'};

/** On Amazon Linux 2023 the provisioner's first package conflicts with what the image has; on earlier ones Docker's script doesn't know the system. */
const amazonLinuxFails = (os: string): string =>
	os === 'amzn 2023'
		? 'ssh command error:\ncommand : sudo -E yum install -y curl\nerr     : exit status 1\noutput  : Error: \n Problem: problem with installed package curl-minimal\n  - package curl-minimal conflicts with curl provided by curl'
		: "error installing docker: ERROR: Unsupported distribution 'amzn'";

/**
 * `docker-machine rm -y`: the instance ends, the key pair goes, the store forgets; gives whether it is gone from the store. By force (`rm -f`) the
 * store forgets it whatever EC2 refuses.
 */
export function* removeMachine(docker: DockerMachine, name: string, how: 'unless refused' | 'by force' = 'unless refused'): Work<boolean> {
	const {machine, say} = docker;
	const stored = storeOf(machine).find((one) => one.name === name);
	if (!stored) return true;
	say(`About to remove ${name}`);
	say('WARNING: This action will delete both local reference and remote instance.');
	yield 1200;
	const region = optionsOf(stored.options).read('region') ?? 'us-east-1';
	try {
		endRemote(docker, region, stored.instanceId);
		awsCall(docker, region, 'DeleteKeyPair', {KeyName: name});
	} catch (error) {
		if (!isRefusal(error)) throw error;
		say(`Error removing host "${name}": ${awsWords(error)}`, true);
		if (how === 'unless refused') return false;
	}
	machine.files.delete(`${storeFolder}${name}/config.json`);
	say(`Successfully removed ${name}`);
	return true;
}

/** What docker-machine says where Docker on a machine doesn't answer it as it should. */
function checkFailed({cloud}: DockerMachine, region: string, instanceId: string, why: string): string {
	const address = `${cloud.account.regions.get(region)?.instances.get(instanceId)?.privateIp}:2376`;
	const detail = why === 'i/o timeout' ? `dial tcp ${address}: ${why}` : why;
	return `Error creating machine: Error checking the host: Error checking and/or regenerating the certs: There was an error validating certificates for host "${address}": ${detail}`;
}

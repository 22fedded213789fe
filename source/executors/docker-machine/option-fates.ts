import {isMirrorUrl} from '../../answers/registry-mirror.ts';
import type {Given} from '../../fleet.ts';
import {type Fate, mapped, notNeeded, notPossible, type OptionFate} from '../../steps/config/fields.ts';
import {isManagersMirror} from '../../steps/mirror-address.ts';
import type {Table, Value} from '../../world/host/toml.ts';
import {limitsOf} from '../offered.ts';
import {answerOfFlag, flagOf, isMadeByUs, shownOption, standingOptions} from './machine-options.ts';
import {isSecretOption} from './scripts/secret-options.ts';

type OptionTold = Fate & Partial<Pick<OptionFate, 'option' | 'value'>>;

const ownKeys = notNeeded('the manager makes workers by its role, and no key is with it');
const ownGroup = notNeeded("the fleet makes a security group of its own, which lets in the manager alone; another one's rules aren't taken");
const madeThere = notNeeded('AWS makes the workers, so nothing of the kind is asked for');
const intoImage = notPossible('put it into the daemon.json of an image of your own, and name that with `--worker-image`');
const subnetsTell = notNeeded("the workers' subnets tell it");

/** What of docker-machine's options means something to a fleet of an executor that starts no docker-machine. */
const elsewhereOf: Readonly<Record<string, Fate>> = {
	'amazonec2-region': mapped('region'),
	'amazonec2-subnet-id': mapped(
		'subnet',
		'the answer subnet, which the manager starts in; workers start in all that are like it, or in those of workerSubnets',
	),
	'amazonec2-vpc-id': subnetsTell,
	'amazonec2-zone': notNeeded('workers start in every zone that offers one of their types; workerSubnets narrows that'),
	'amazonec2-use-private-address': subnetsTell,
	'amazonec2-private-address-only': subnetsTell,
	'amazonec2-ami': mapped(
		'workerImage',
		'the answer workerImage; it needs Docker in it, or is an Ubuntu or Debian on which a worker installs it at its first boot',
	),
	'amazonec2-instance-type': mapped('workerType', 'the answer workerType; workerTypes takes more of them'),
	'amazonec2-ssh-user': mapped('workerSshUser'),
	'amazonec2-security-group': ownGroup,
	'amazonec2-security-group-readonly': ownGroup,
	'amazonec2-open-port': notPossible('workers let in the manager alone, by SSH'),
	'amazonec2-device-name': notNeeded("the image's own root device is taken"),
	'amazonec2-volume-kms-key': notPossible("the account's own key for EBS is taken: make that one the default there"),
	'amazonec2-userdata': notPossible("a file on that manager: what it does goes into the workers' image, named with `--worker-image`"),
	'amazonec2-monitoring': notPossible('detailed monitoring of workers has no answer'),
	'amazonec2-use-ebs-optimized-instance': notNeeded("today's types are so by themselves"),
	'amazonec2-block-duration-minutes': notNeeded('AWS takes no such request any more'),
	'amazonec2-ssh-port': notPossible("a worker's SSH is on port 22"),
	'amazonec2-keypair-name': notNeeded('the manager makes a key for its workers by itself'),
	'amazonec2-ssh-keypath': notNeeded('the manager makes a key for its workers by itself'),
	'amazonec2-metadata-token-response-hop-limit': notNeeded('it is 2 where workers have an instance profile, as containers need it'),
	'amazonec2-retries': madeThere,
	'amazonec2-endpoint': madeThere,
	'amazonec2-insecure-transport': madeThere,
	'amazonec2-request-spot-instance': mapped('spot'),
	'engine-install-url': notNeeded("Docker is in the workers' image, or comes from the system's own packages"),
	'engine-opt': intoImage,
	'engine-insecure-registry': intoImage,
	'engine-storage-driver': intoImage,
	'engine-label': intoImage,
	'engine-env': intoImage,
};

/** Options whose value decides. */
function byValue(flag: string, value: string): Fate | undefined {
	switch (flag) {
		case 'amazonec2-volume-type':
			return value === 'gp3' ? notNeeded('the disks of all workers are gp3') : notPossible('the disks of all workers are gp3');
		case 'amazonec2-volume-encrypted':
			return value === 'false' ? notPossible('the disks of all workers are encrypted') : notNeeded('the disks of all workers are encrypted');
		case 'amazonec2-metadata-token':
			return value === 'optional' ? notPossible('workers take IMDSv2 alone') : notNeeded('workers take IMDSv2 alone');
		case 'amazonec2-spot-price':
			return value === 'on-demand' || value === '' ? mapped('spotPrice', 'the answer spotPrice, which is on-demand') : mapped('spotPrice');
		case 'engine-registry-mirror':
			return isManagersMirror(value) || isMirrorUrl(value) ? mapped('registryMirror') : intoImage;
		default:
			return undefined;
	}
}

function elsewhereFate(flag: string, value: string): Fate {
	const answer = answerOfFlag(flag);
	if (flag.startsWith('swarm')) return notNeeded('no worker is in a swarm');
	const told = byValue(flag, value) ?? elsewhereOf[flag] ?? (isSecretOption(flag) ? ownKeys : undefined);
	return told ?? (answer === undefined ? notPossible('no answer holds it, and nothing like it is known') : mapped(answer));
}

/** In a fleet of its own kind every option goes on: as an answer, as one that each fleet sets, or among machineOptions. */
function ownFate(flag: string, value: string): Fate {
	const answer = answerOfFlag(flag);
	if (isSecretOption(flag)) return ownKeys;
	if (answer === 'registryMirror' && !isManagersMirror(value)) return mapped('machineOptions');
	if (answer !== undefined) return mapped(answer);
	return isMadeByUs(flag) ? notNeeded('every fleet sets it') : mapped('machineOptions');
}

function ofOptions(value: Value, isOwn: boolean): OptionTold[] {
	const options = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
	return options.map((option) => {
		const flag = flagOf(option);
		const said = option === flag ? 'true' : option.slice(flag.length + 1);
		const fate = isOwn ? ownFate(flag, said) : elsewhereFate(flag, said);
		return {option: flag, value: option === flag ? '' : shownOption(option).slice(flag.length + 1), ...fate};
	});
}

const dead = notNeeded('it has had no effect since GitLab Runner 14.0');
const scaleFactor = notPossible('write scale_factor into the policy in config.toml on the new manager, where it stays');
const drained = notNeeded('a stop takes idle workers away by itself');

/** What stands besides MachineOptions, in a fleet of another executor. */
const tablesElsewhere: Readonly<Record<string, Fate>> = {
	'machine.shutdown_drain.enabled': drained,
	'machine.shutdown_drain.concurrency': drained,
	'machine.shutdown_drain.max_retries': drained,
	'machine.shutdown_drain.retry_backoff': drained,
	'runners.machine.MachineDriver': notNeeded('AWS makes the workers'),
	'runners.machine.MachineName': notNeeded('workers are called after the fleet'),
	'runners.machine.MachineOptionsWithName': notPossible('no answer holds it, and nothing like it is known'),
	'runners.machine.MaxGrowthRate': notNeeded('AWS makes as many at once as are asked for'),
	'runners.machine.MaxRemovalAttempts': notNeeded('AWS takes a worker away by itself'),
	'runners.machine.IdleCountMin': notPossible("where it stands beside IdleScaleFactor it is the policy's idle_count, which idleCount is"),
	'runners.machine.IdleScaleFactor': scaleFactor,
	'runners.machine.autoscaling.IdleCountMin': notPossible(
		"where it stands beside IdleScaleFactor it is the policy's idle_count, which the window's idleCount is",
	),
	'runners.machine.autoscaling.IdleScaleFactor': scaleFactor,
	'runners.machine.IdleCount': mapped('idleCount'),
	'runners.machine.IdleTime': mapped('idleTime'),
	'runners.machine.MaxBuilds': mapped('maxBuilds'),
};

const windowKeys: readonly string[] = ['Periods', 'Timezone', 'IdleCount', 'IdleTime'];

function windowFate(key: string, value: Value, executor: string): Fate {
	const periods = key === 'Periods' && Array.isArray(value) ? value.map(String) : [];
	const refused = periods.map((period) => limitsOf({executor}).period?.(period)).find((one) => one !== undefined);
	return refused ? notPossible(`${refused.message} ${refused.advice} Its window isn't taken.`) : mapped('schedule');
}

/** What becomes of an option of docker-machine's tables in a fleet of an executor. */
export function tells(path: string, value: Value, executor: string): readonly OptionTold[] | undefined {
	const isOwn = executor === 'docker+machine';
	if (/^runners\.machine\.OffPeak/.test(path)) return [dead];
	if (path === 'runners.machine.MachineOptions') return ofOptions(value, isOwn);
	const window = /^runners\.machine\.autoscaling\.(\w+)$/.exec(path)?.[1];
	if (window !== undefined && windowKeys.includes(window)) return [windowFate(window, value, executor)];
	const tooShort = path === 'runners.machine.IdleTime' ? limitsOf({executor}).idleTime?.(Number(value)) : undefined;
	if (tooShort) return [mapped('idleTime', `the answer idleTime, which is 1: ${tooShort.message}`)];
	const told = isOwn ? undefined : tablesElsewhere[path];
	if (told) return [told];
	if (isOwn && window !== undefined)
		return [notPossible('the answer schedule has no such number: write it into the window in config.toml on the new manager, where it stays')];
	return undefined;
}

/**
 * The answers of a docker-machine runner in a fleet of another executor: where no highest price is written, docker-machine's own one was nobody's. Its first
 * mirror is the workers' there too.
 */
export function elsewhere(answers: Given, entry: Table): Given {
	const {spotPrice, ...others} = answers;
	const standing = standingOptions(entry);
	const isWritten = standing.some((option) => flagOf(option) === 'amazonec2-spot-price');
	const mirrors = standing.filter((option) => flagOf(option) === 'engine-registry-mirror').map((option) => option.slice('engine-registry-mirror='.length));
	const registryMirror = others.registryMirror ?? mirrors.find(isMirrorUrl);
	return {
		...others,
		...(isWritten && spotPrice !== undefined ? {spotPrice} : {}),
		...(registryMirror === undefined ? {} : {registryMirror}),
	};
}

/** What is left of a docker-machine runner that is taken out of config.toml: idle machines, which nobody takes away then. */
export const handOver =
	'Once no job runs there, see with `docker-machine ls -q` which machines it leaves, and take each away with `docker-machine rm -y NAME`: the runner no longer does so.';

import type {Context, Found, Note} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import {hasRunners, standingRunner} from '../../steps/config/standing.ts';
import {type ImageSeen, workerImage} from '../../steps/images.ts';
import {currentManager} from '../../steps/looks/host.ts';
import {mirrorUrl} from '../../steps/mirror-address.ts';
import {heritageOf} from '../../steps/token.ts';
import type {HostFacts} from '../scripts.ts';
import {machineConfig} from './config.ts';
import {extraOptions, machineOptions, standingOptions} from './machine-options.ts';

/** How workers are made: what the runner's MachineOptions are to be, and the image in them. */
type WorkerMachines = {
	/** Ours with those of the answer `machineOptions`. */
	options: string[];
	/** The person's own, that stand in config.toml beside ours. */
	extra: string[];
	image: ImageSeen;
	notes: Note[];
};

/** config.toml with the fleet's runner, as far as one stands: a manager that takes over from another goes by that one's until it has its own. */
async function standingText(context: Context, {config}: Pick<HostFacts, 'config'>): Promise<string | undefined> {
	if (config && hasRunners(config.text)) return config.text;
	return (await heritageOf(context, machineConfig(), await currentManager(context)))?.config ?? config?.text;
}

/** How this fleet's workers are made. Throws `config-broken` when the manager's config.toml can't be read. */
export async function workerMachines(context: Context, found: Pick<Found, 'network' | 'images'>, facts?: Pick<HostFacts, 'config'>): Promise<WorkerMachines> {
	const {answers, fleet} = context;
	const text = facts && (await standingText(context, facts));
	const runner = text === undefined ? undefined : standingRunner(text, {answers, fleet, config: machineConfig()});
	const standing = standingOptions(runner);
	const ami = standing.find((option) => option.startsWith('amazonec2-ami='))?.slice('amazonec2-ami='.length);
	const [{image, notes}, mirror] = await Promise.all([workerImage(context, found.images.worker, ami), mirrorUrl(context, answers)]);
	const options = machineOptions({answers, fleet, image, network: found.network, workersGroupName: names.workersGroup(fleet), mirror});
	return {options, extra: extraOptions(standing, options), image, notes};
}

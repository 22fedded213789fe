import {type Machine, textOf, type Work} from '../../../simulated/host/machine.ts';
import type {Plays} from '../../../simulated/host/plays.ts';
import {awsConfigPath, workerKeyPath} from '../manager-paths.ts';
import {installedPlugins} from './fleeting-plugin.ts';
import {removePlugin, watchGroup} from './play-old-group.ts';
import {testWorker} from './play-test-worker.ts';
import {prepare} from './prepare.ts';
import {hasPlugin, scalersOf} from './provider.ts';
import {publicHalf, workerKey} from './worker-key.ts';

/** Its part of what is installed, as the scripts tell it. */
const software = (machine: Machine): object => ({
	fleetingPlugins: installedPlugins(machine),
	awsConfig: textOf(machine, awsConfigPath),
	workerKey: publicHalf(machine, workerKeyPath),
});

/** Its part of what the panel is told. */
function panel(machine: Machine): object {
	const newest = installedPlugins(machine).at(-1);
	return {
		...(newest === undefined ? {} : {fleetingPlugin: newest}),
		workerKey: machine.files.has(workerKeyPath),
		pluginRuns: hasPlugin(machine.process),
	};
}

/** How the simulated manager behaves with docker-autoscaler. */
export const dockerAutoscalerPlays: Plays = {
	executor: 'docker-autoscaler',
	scripts: {'worker-key': workerKey, 'test-worker': testWorker, 'watch-group': watchGroup, 'remove-plugin': removePlugin},
	software,
	facts: () => ({}),
	panel,
	isSecretOption: () => false,
	prepare,
	// Workers are the group's: those of a runner that ends stay.
	*takeAway(): Work<number> {
		yield 100;
		return 0;
	},
	provider: scalersOf,
};

import {type Machine, textOf} from '../../../simulated/host/machine.ts';
import {awsConfigPath, workerKeyPath} from '../manager-paths.ts';
import {installedPlugins} from './fleeting-plugin.ts';
import {hasPlugin} from './provider.ts';
import {publicHalf} from './worker-key.ts';

/** Its part of what is installed, as the scripts tell it. */
export const software = (machine: Machine): object => ({
	fleetingPlugins: installedPlugins(machine),
	awsConfig: textOf(machine, awsConfigPath),
	workerKey: publicHalf(machine, workerKeyPath),
});

/** Its part of what the panel is told. */
export function panel(machine: Machine): object {
	const newest = installedPlugins(machine).at(-1);
	return {
		...(newest === undefined ? {} : {fleetingPlugin: newest}),
		workerKey: machine.files.has(workerKeyPath),
		pluginRuns: hasPlugin(machine.process),
	};
}

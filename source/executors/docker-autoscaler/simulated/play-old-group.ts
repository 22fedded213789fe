import {isAnotherConfig, watchedRunner} from '../../../simulated/host/gone-over.ts';
import type {Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import {locked} from '../../../simulated/host/running.ts';
import type {RunnerWatched} from '../../../world/host/scripts/gone-over.ts';
import {awsConfigPath, pluginsFolder, workerKeyPath} from '../manager-paths.ts';

/** The `watch-group` script. */
export function* watchGroup(
	{from, quietSeconds}: {from: string; quietSeconds: number},
	{hosts, machine}: ScriptRun,
): Work<{is: 'changed-meanwhile'} | ({is: 'looked'} & RunnerWatched)> {
	yield 500;
	if (isAnotherConfig(machine, from)) return {is: 'changed-meanwhile'};
	const seen = watchedRunner(hosts, machine, {
		came: ['Preparing instance...', 'Dialing instance'],
		quietSeconds,
		count: (by) => {
			const tasks = by('fleeting_taskscaler_tasks', 'state');
			return {used: tasks.acquired ?? 0, coming: (tasks.pending ?? 0) + (tasks.reserved ?? 0)};
		},
	});
	return {is: 'looked', ...seen};
}

/** The `remove-plugin` script. */
export function* removePlugin(given: {from: string; plugin: boolean}, running: ScriptRun): Work<{is: 'removed' | 'changed-meanwhile'}> {
	return yield* locked(running, removing(given, running));
}

function* removing({from, plugin}: {from: string; plugin: boolean}, {machine}: ScriptRun): Work<{is: 'removed' | 'changed-meanwhile'}> {
	yield 200;
	if (isAnotherConfig(machine, from)) return {is: 'changed-meanwhile'};
	const {files} = machine;
	if (plugin) for (const path of [...files.keys()]) if (path.startsWith(`${pluginsFolder}/`)) files.delete(path);
	if (/^\s*\[default\]\s*region\s*=\s*\S+\s*$/.test(files.get(awsConfigPath)?.text ?? '')) files.delete(awsConfigPath);
	files.delete(workerKeyPath);
	return {is: 'removed'};
}

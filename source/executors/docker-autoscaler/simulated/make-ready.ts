import {stateOf} from '../../../simulated/cloud/account.ts';
import type {Caller} from '../../../simulated/host/manager-calls.ts';
import type {AutoscalerSettings} from './autoscaler-settings.ts';
import {type FleetingPlugin, PluginFailure} from './fleeting-plugin.ts';
import {gaveUp, shut} from './worker-door.ts';
import {readied} from './worker-system.ts';

/** What making an instance ready needs; `later` lets something happen unless the instance has gone by then. */
type Readying = {caller: Caller; plugin: FleetingPlugin; settings: AutoscalerSettings; later(ms: number, then: () => void): void};

/** Milliseconds: for a session to begin, after a boot has ended until it's tried, and between two tries otherwise. */
const takes = {session: 400, afterBoot: 1000, again: 10_000};

/** Gets on to an instance that has come to run, and has the ready command run there; tells why jobs can't have it, or nothing where they can. */
export function makeReady(id: string, {caller, later, plugin, settings}: Readying, ended: (err?: string) => void): void {
	const {door, readyCommand} = settings;
	const begun = caller.now();
	try {
		plugin.connectInfo(id);
	} catch (error) {
		if (!(error instanceof PluginFailure)) throw error;
		ended(error.message);
		return;
	}
	getOn();

	function getOn(): void {
		const why = shut(caller, plugin.region, id, door);
		const left = begun + door.timeout - caller.now();
		if (why === undefined) later(takes.session, runReadyCommand);
		else if (left <= 0) ended(gaveUp(why, door.timeout));
		else {
			const boots = (caller.cloud.account.regions.get(plugin.region)?.instances.get(id)?.bootedAt ?? 0) - caller.now();
			later(Math.min(left, boots > 0 ? boots + takes.afterBoot : takes.again), getOn);
		}
	}

	function runReadyCommand(): void {
		const region = caller.cloud.account.regions.get(plugin.region);
		const instance = region?.instances.get(id);
		const image = instance && region?.images.get(instance.imageId);
		if (readyCommand === undefined || !instance || !image) {
			ended();
			return;
		}
		const {after, failed} = readied(caller, plugin.region, {command: readyCommand, instance, image});
		later(after, () => {
			const why = stateOf(instance, caller.now()) === 'running' ? failed : 'wait: remote command exited without exit status or exit signal';
			ended(why === undefined ? undefined : `ready command: ${why}`);
		});
	}
}

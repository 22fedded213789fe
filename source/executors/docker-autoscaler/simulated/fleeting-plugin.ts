import {isRefusal} from '../../../simulated/cloud/refusal.ts';
import type {MachineOperation} from '../../../simulated/cloud/rights.ts';
import {type Machine, textOf} from '../../../simulated/host/machine.ts';
import {awsCall, type Caller, hasKeys} from '../../../simulated/host/manager-calls.ts';
import type {Input, Output} from '../../../world/cloud/port.ts';
import {pluginsFolder} from '../manager-paths.ts';
import type {AutoscalerSettings} from './autoscaler-settings.ts';

/** What the plugin can't do, in its words; thrown by it. */
export class PluginFailure extends Error {}

/** An instance as a group tells of it. */
export type PluginInstance = {id: string; state: 'creating' | 'running' | 'deleting'; isInterrupted: boolean};

/** Where an instance is to be dialled. */
type ConnectInfo = {internal: string; external: string};

/** The plugin for AWS, as it runs for one scaler (docs/facts.md, "docker-autoscaler: the plugin"). Each verb throws `PluginFailure`. */
export type FleetingPlugin = {
	/** `aws/<region>/<group>` */
	readonly id: string;
	readonly region: string;
	readonly version: string;
	/** What the group has now; `heard` is told what is to be in the log. */
	update(): PluginInstance[];
	increase(by: number): void;
	/** Ends these, and gives those of which AWS has taken it. */
	decrease(ids: readonly string[]): {ended: string[]; failure: string | undefined};
	connectInfo(id: string): ConnectInfo;
};

type Telling = (level: 'info' | 'error', message: string, fields: Record<string, string | number>) => void;

const versionsOf = (machine: Machine): string[] => {
	const pattern = new RegExp(`^${pluginsFolder}/(\\d+(?:\\.\\d+)*)/plugin$`);
	return [...machine.files.keys()].flatMap((path) => pattern.exec(path)?.[1] ?? []).toSorted((one, other) => one.localeCompare(other, 'en', {numeric: true}));
};

/** Versions of the plugin that are installed, the oldest first. */
export const installedPlugins = versionsOf;

/** The version of the plugin that a runner's `plugin` leads to: the newest installed one that fits; undefined where none does. */
function pluginFor(machine: Machine, named: string): string | undefined {
	const [, wanted = 'latest'] = /^aws(?::(.+))?$/.exec(named) ?? [];
	if (!/^aws(:|$)/.test(named)) return machine.files.has(`/usr/local/bin/${named}`) ? 'unknown' : undefined;
	return versionsOf(machine).findLast((version) => wanted === 'latest' || version === wanted || version.startsWith(`${wanted}.`));
}

/** The region in AWS's shared config file: the plugin asks nobody else for it. */
const regionIn = (machine: Machine, path: string): string | undefined => /^\s*region\s*=\s*(\S+)/m.exec(textOf(machine, path) ?? '')?.[1];

const requestId = '7c1f2a60-5b1e-4a55-9f4e-0d6f1c3f9a11';

/** A refusal as the SDK for Go tells it. */
const inGo = (service: string, operation: string, {message, name, status}: {name: string; message: string; status: number}): string =>
	`operation error ${service}: ${operation}, https response error StatusCode: ${status}, RequestID: ${requestId}, api error ${name}: ${message}`;

const rpc = (what: string): PluginFailure => new PluginFailure(`rpc error: code = Unknown desc = ${what}`);

const stateOfMember = (lifecycle: string | undefined): PluginInstance['state'] =>
	lifecycle === 'InService' ? 'running' : lifecycle?.startsWith('Terminat') ? 'deleting' : 'creating';

/** Spot's words for an instance that AWS takes back. */
const takenBack = /^marked-for-|^instance-terminated-(?:by-price|no-capacity|capacity-oversubscribed)/;

/** Whether all is there that the plugin begins with: itself, the key, a region, and the group in it. */
export function canStart({cloud, machine}: Caller, {configFile, door: {keyPath}, group, plugin}: AutoscalerSettings): boolean {
	const region = cloud.account.regions.get(regionIn(machine, configFile) ?? '');
	return pluginFor(machine, plugin) !== undefined && (keyPath === undefined || machine.files.has(keyPath)) && region?.scalingGroups.has(group) === true;
}

/** Starts the plugin; throws why it can't work, as the runner's log has it. */
export function startPlugin(caller: Caller, settings: AutoscalerSettings, tell: Telling): FleetingPlugin {
	const {machine, cloud} = caller;
	const version = pluginFor(machine, settings.plugin);
	if (version === undefined) throw new PluginFailure(`loading fleeting plugin: no installed plugin fits ${settings.plugin}`);
	const {keyPath} = settings.door;
	if (keyPath !== undefined && !machine.files.has(keyPath))
		throw new PluginFailure(`reading instance group connector key: open ${keyPath}: no such file or directory`);
	const region = regionIn(machine, settings.configFile) ?? '';
	const {group: name} = settings;
	let size = 0;

	function call<Name extends MachineOperation>(service: string, operation: Name, input: Input<Name>, what: string): Output<Name> {
		const before = what === '' ? '' : `${what}: `;
		if (region === '')
			throw rpc(
				`${before}operation error ${service}: ${operation}, failed to resolve service endpoint, endpoint rule error, Invalid Configuration: Missing Region`,
			);
		if (!hasKeys(machine) && !cloud.account.roles.has(cloud.account.profiles.get(machine.instance.profileName ?? '')?.roleName ?? ''))
			throw rpc(
				`${before}operation error ${service}: ${operation}, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found`,
			);
		try {
			return awsCall(caller, region, operation, input);
		} catch (error) {
			if (!isRefusal(error)) throw error;
			throw rpc(before + inGo(service, operation, error));
		}
	}

	function describe(what: string) {
		const {AutoScalingGroups = []} = call('Auto Scaling', 'DescribeAutoScalingGroups', {AutoScalingGroupNames: [name]}, what);
		const [only] = AutoScalingGroups;
		if (AutoScalingGroups.length !== 1 || !only) throw rpc(`unexpected number of autoscaling groups returned: ${AutoScalingGroups.length}`);
		return only;
	}

	/** Of these, the spot instances that AWS takes back; asked only where there is one on spot. */
	function interrupted(ids: readonly string[]): Set<string> {
		const instances = cloud.account.regions.get(region)?.instances;
		const onSpot = ids.flatMap((id) => instances?.get(id)?.spotRequestId ?? []);
		if (onSpot.length === 0) return new Set();
		const {SpotInstanceRequests = []} = call('EC2', 'DescribeSpotInstanceRequests', {SpotInstanceRequestIds: onSpot}, 'describing spot requests');
		return new Set(SpotInstanceRequests.flatMap(({InstanceId, Status}) => (takenBack.test(Status?.Code ?? '') ? (InstanceId ?? []) : [])));
	}

	const first = (() => {
		try {
			return describe('describing autoscaling groups');
		} catch (error) {
			if (error instanceof PluginFailure) throw new PluginFailure(`creating taskscaler: initializing instance group: ${error.message}`);
			throw error;
		}
	})();
	size = first.DesiredCapacity ?? 0;
	if (first.NewInstancesProtectedFromScaleIn !== true) tell('error', 'new instances are not protected from scale in and should be', {region, name});

	return {
		id: `aws/${region}/${name}`,
		region,
		version,
		update() {
			const {DesiredCapacity: desired = 0, Instances = []} = describe('update: describing autoscaling groups');
			if (desired !== size) tell('error', 'out-of-sync capacity', {region, name, expected: size, actual: desired});
			size = desired;
			const members = Instances.flatMap(({InstanceId, LifecycleState}) => (InstanceId ? [{id: InstanceId, state: stateOfMember(LifecycleState)}] : []));
			const gone = interrupted(members.map(({id}) => id));
			return members.map(({id, state}) => ({id, state, isInterrupted: gone.has(id)}));
		},
		increase(by) {
			call('Auto Scaling', 'SetDesiredCapacity', {AutoScalingGroupName: name, DesiredCapacity: size + by, HonorCooldown: false}, 'increase instances');
			size += by;
		},
		decrease(ids) {
			const ended: string[] = [];
			for (const id of ids) {
				try {
					call('Auto Scaling', 'TerminateInstanceInAutoScalingGroup', {InstanceId: id, ShouldDecrementDesiredCapacity: true}, 'decrease instances');
				} catch (error) {
					if (!(error instanceof PluginFailure)) throw error;
					return {ended, failure: error.message};
				}
				size -= 1;
				ended.push(id);
			}
			return {ended, failure: undefined};
		},
		connectInfo(id) {
			if (interrupted([id]).size > 0)
				throw new PluginFailure(`getting instance connect info: rpc error: code = Unknown desc = spot instance ${id} is interrupted`);
			const {Reservations = []} = call('EC2', 'DescribeInstances', {InstanceIds: [id]}, 'getting instance connect info');
			const instance = Reservations[0]?.Instances?.[0];
			return {internal: instance?.PrivateIpAddress ?? '', external: instance?.PublicIpAddress ?? ''};
		},
	};
}

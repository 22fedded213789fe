import {actionsOf, type Input, type Output, serviceOf} from '../../world/cloud/port.ts';
import type {AccountState} from '../cloud/account.ts';
import {deniedByOrganization, refusedBy} from '../cloud/allowed.ts';
import type {SimulatedCloud} from '../cloud/cloud.ts';
import {cidrHas} from '../cloud/groups.ts';
import {leadsOut} from '../cloud/network.ts';
import {isRefusal, refusal} from '../cloud/refusal.ts';
import {type MachineCall, type MachineOperation, refusedToRole} from '../cloud/rights.ts';
import {copied} from '../copied.ts';
import {credentialsPath, type Machine, textOf} from './machine.ts';

/** A program on a machine that calls AWS. */
export type Caller = {
	readonly cloud: SimulatedCloud;
	readonly machine: Machine;
	now(): number;
};

/** Whether root's credentials file says who calls, rather than the manager's role. */
export const hasKeys = (machine: Machine): boolean => textOf(machine, credentialsPath)?.includes('aws_access_key_id') === true;

/** A call to AWS as whoever root's credentials file names, which no policy of ours limits, or by the manager's role, which its policy does. */
export function awsCall<Name extends MachineOperation>(caller: Caller, region: string, name: Name, input: Input<Name>): Output<Name> {
	const {cloud, machine} = caller;
	if (hasKeys(machine)) return carried(caller, region, name, input);
	const call: MachineCall = {name, region, input: copied(input)};
	cloud.machineCalls.push(call);
	try {
		judgeCall(caller, region, name, input);
		return carried(caller, region, name, input);
	} catch (error) {
		if (isRefusal(error)) call.refused = error.name;
		throw error;
	}
}

const callerOf = ({cloud, machine}: Caller): string =>
	`arn:aws:sts::${cloud.account.id}:assumed-role/${machine.instance.profileName ?? 'none'}/${machine.instance.id}`;

function carried<Name extends MachineOperation>(caller: Caller, region: string, name: Name, input: Input<Name>): Output<Name> {
	const {cloud} = caller;
	const denied = deniedByOrganization(cloud.account, actionsOf(name));
	if (denied !== undefined) throw refusedBy(serviceOf[name], denied, callerOf(caller), 'organization');
	return cloud.carry(name, region, input, callerOf(caller));
}

/** Whether this call comes before what was just launched is known everywhere. */
function isLate(account: AccountState, name: MachineOperation): boolean {
	if (name === 'CreateTags') account.unseenByTags -= 1;
	return name === 'CreateTags' && account.unseenByTags >= 0;
}

/** EC2 reads the instances that a call names before it asks whether the caller may touch them. */
function judgeCall<Name extends MachineOperation>(caller: Caller, regionName: string, name: Name, input: Input<Name>): void {
	const {cloud, machine} = caller;
	const region = cloud.account.regions.get(regionName);
	if (!region) return;
	const {InstanceIds, Resources = []}: {InstanceIds?: string[]; Resources?: string[]} = input;
	const ids = InstanceIds ?? Resources;
	const missing = name.startsWith('Describe') ? undefined : ids.find((id) => !region.instances.has(id) || isLate(cloud.account, name));
	if (missing !== undefined) {
		if (!/^i-[0-9a-f]+$/.test(missing)) throw refusal('InvalidInstanceID.Malformed', `Invalid id: "${missing}"`);
		throw refusal('InvalidInstanceID.NotFound', `The instance ID '${missing}' does not exist`);
	}
	const refused = refusedToRole(cloud.account, region, machine.instance.profileName, {name, input}, caller.now());
	if (!refused) return;
	const {question, verdict} = refused;
	throw refusedBy(serviceOf[name], question.action, callerOf(caller), verdict === 'denied' ? 'policy' : 'nothing', question.resource);
}

/** Whether the worker's groups let this host in on a port. */
export function reaches({cloud, machine}: Caller, regionName: string, instanceId: string, port: number): boolean {
	const region = cloud.account.regions.get(regionName);
	const {groupIds, privateIp} = machine.instance;
	const worker = region?.instances.get(instanceId);
	return (worker?.groupIds ?? []).some((id) =>
		(region?.groups.get(id)?.inbound ?? []).some(
			(rule) =>
				(rule.protocol === '-1' || (rule.fromPort <= port && rule.toPort >= port)) &&
				((rule.groupId !== undefined && groupIds.includes(rule.groupId)) || (rule.cidr !== undefined && cidrHas(rule.cidr, privateIp))),
		),
	);
}

/** Whether a worker gets to Docker's downloads. */
export function hasInternet({cloud}: Caller, regionName: string, instanceId: string): boolean {
	const region = cloud.account.regions.get(regionName);
	const worker = region?.instances.get(instanceId);
	return region !== undefined && worker !== undefined && leadsOut(region, worker);
}

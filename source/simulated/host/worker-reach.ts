import {cidrHas} from '../cloud/groups.ts';
import {leadsOut} from '../cloud/network.ts';
import type {Caller} from './manager-calls.ts';

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

import {cidrHas} from '../cloud/groups.ts';
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

/** Whether a worker gets to Docker's downloads: through a NAT gateway, or an internet gateway with a public address. */
export function hasInternet({cloud}: Caller, regionName: string, instanceId: string): boolean {
	const region = cloud.account.regions.get(regionName);
	const worker = region?.instances.get(instanceId);
	const own = region?.routeTables.find(({subnetIds}) => worker !== undefined && subnetIds.includes(worker.subnetId));
	const table = own ?? region?.routeTables.find(({subnetIds, vpcId}) => subnetIds.length === 0 && vpcId === worker?.vpcId);
	return table?.target?.startsWith('nat-') === true || (table?.target !== undefined && worker?.publicIp !== undefined);
}

import {stateOf} from '../cloud/account.ts';
import {refusal} from '../cloud/refusal.ts';
import {judgeRole} from '../cloud/rights.ts';
import type {Hosts, Machine} from './machine.ts';

/** What the SSM agent asks AWS for before an instance counts as connected. */
const agentNeeds = [
	'ssm:UpdateInstanceInformation',
	...['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map((action) => `ssmmessages:${action}`),
];

/** Systems whose images have the SSM agent: Ubuntu's and Amazon's, not Debian's. */
const hasAgent = ({cloud}: Hosts, {instance, region}: Machine): boolean =>
	/^(ubuntu|amzn)/.test(cloud.account.regions.get(region)?.images.get(instance.imageId)?.os ?? '');

/** Whether the agent on a machine has come through to AWS. */
function isConnected(hosts: Hosts, machine: Machine): boolean {
	const {clock, cloud} = hosts;
	const {instance, region} = machine;
	const now = clock.now();
	const keys = {'aws:RequestedRegion': region};
	return (
		hasAgent(hosts, machine) &&
		stateOf(instance, now) === 'running' &&
		now >= instance.initialisedAt &&
		agentNeeds.every((action) => judgeRole(cloud.account, instance.profileName, {action, resource: '*', keys}, now) === 'allowed')
	);
}

/**
 * What `aws ssm start-session` does for a forwarded port: a local address leads to the machine's port 22 then. Throws `TargetNotConnected` where the image
 * has no agent, the machine's role doesn't let it through, or it is still booting.
 */
export function startSession(hosts: Hosts, machine: Machine, address: string): void {
	const {id} = machine.instance;
	if (!isConnected(hosts, machine)) throw refusal('TargetNotConnected', `${id} is not connected.`, 400);
	hosts.tunnels.set(address, id);
}

import {Blocked} from '../../steps/finding.ts';
import type {Subnet} from '../../steps/looks/network.ts';
import type {WorkerSubnets} from '../../steps/network.ts';
import {workerTypesOf} from '../offered.ts';

const refused = (code: string, message: string): Blocked =>
	new Blocked(code, message, 'Choose others with `--worker-subnets`, or answer `all`.', {says: 'use all subnets instead', answers: {workerSubnets: ['all']}});

/** The default subnets of the manager's VPC that lead out as its own does and whose zone offers a type, and that own one: a VPC of somebody's has others. */
function allOf(subnets: readonly Subnet[], own: Subnet, offers: (subnet: Subnet) => boolean): Subnet[] {
	const others = subnets.filter(
		({defaultForZone, id, vpcId, wayOut, zone}) => id !== own.id && zone !== own.zone && defaultForZone && vpcId === own.vpcId && wayOut === own.wayOut,
	);
	const found = [own, ...others].filter(offers);
	return (found.length === 0 ? [own] : found).toSorted((one, other) => one.zone.localeCompare(other.zone));
}

function named(subnets: readonly Subnet[], id: string, own: Subnet, offers: (subnet: Subnet) => boolean, types: readonly string[]): Subnet {
	const subnet = subnets.find((one) => one.id === id);
	if (!subnet) throw refused('InvalidSubnetID.NotFound', `There is no subnet ${id} that this account can see, and workers were to start there.`);
	if (subnet.vpcId !== own.vpcId)
		throw refused('subnet-elsewhere', `Subnet ${id} is in ${subnet.vpcId}, and the manager in ${own.vpcId}: it wouldn't reach workers there.`);
	if (subnet.wayOut === 'none')
		throw refused('subnet-without-way-out', `Subnet ${id} has no way out to the internet, which workers need for GitLab and Docker images.`);
	if (!offers(subnet)) throw refused('type-not-offered', `AWS offers ${types.join(', ')} not in ${subnet.zone}, where subnet ${id} is.`);
	return subnet;
}

/** The subnets of the group, by zone: all that do, or those that the answers name. A zone does that offers one of the types. */
export const groupSubnets: WorkerSubnets = ({answers, network: {subnets}, own, types}) => {
	const wanted = workerTypesOf(answers);
	const offers = ({zone}: Subnet): boolean => wanted.some((type) => types.get(type)?.zones.includes(zone));
	if (answers.workerSubnets.includes('all')) return allOf(subnets, own, offers);
	return answers.workerSubnets.map((id) => named(subnets, id, own, offers, wanted));
};

import type {Context, Finding, Found, Note, Step} from '../engine/step.ts';
import type {Limits} from '../executors/limits.ts';
import {typesOf, workerTypesOf} from '../executors/offered.ts';
import type {Answers, Fleet} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {counted} from '../world/printable.ts';
import {aws} from './aws-cli.ts';
import {Blocked, orBlocked} from './finding.ts';
import {accountActions, accountLook, type Instance, managersOf, workersOf} from './looks/account.ts';
import {type InstanceType, instanceTypesLook} from './looks/catalog.ts';
import {type Network, networkLook, type Subnet} from './looks/network.ts';

declare module '../engine/step.ts' {
	interface Found {
		network: {
			vpcId: string;
			/** The manager's. */
			subnetId: string;
			zone: string;
			public: boolean;
			freeAddresses: number;
			/** Where workers may start. */
			workerSubnets: readonly {id: string; zone: string; public: boolean}[];
		};
	}
}

/** Where an executor's workers may start, given the manager's own subnet. Throws `Blocked` where what the answers name won't do. */
export type WorkerSubnets = (seen: {answers: Answers; network: Network; types: ReadonlyMap<string, InstanceType>; own: Subnet}) => readonly Subnet[];

const beside: WorkerSubnets = ({own}) => [own];

const refused = (code: string, message: string, advice: string): Problem => new Problem({code, message, advice});

/** The first of the default VPC's zones, by name, that offers both types; else one that offers the manager's; `quota` tells what is missing. */
function defaultSubnet({subnets, defaultVpcId}: Network, types: Map<string, InstanceType>, answers: Answers, region: string, limits: Limits): Subnet {
	const candidates = subnets.filter(({inDefaultVpc, zone}) => inDefaultVpc && limits.zone(region, zone) === undefined);
	const offers = ({zone}: Subnet, type: string): boolean => types.get(type)?.zones.includes(zone) ?? false;
	const preferred = [...candidates.filter(({defaultForZone}) => defaultForZone), ...candidates];
	const found =
		preferred.find((subnet) => offers(subnet, answers.managerType) && workerTypesOf(answers).some((type) => offers(subnet, type))) ??
		preferred.find((subnet) => offers(subnet, answers.managerType)) ??
		preferred[0];
	if (found) return found;
	throw refused(
		'DefaultVpcDoesNotExist',
		defaultVpcId === undefined ? `${region} has no default VPC in this account.` : `The default VPC ${defaultVpcId} of ${region} has no subnet.`,
		'Name a subnet with `--subnet subnet-…`, or make a default VPC with `aws ec2 create-default-vpc`.',
	);
}

/** The subnet that the answers mean. A standing manager's own is meant by `default`, whatever a look would choose today. */
function subnetOf(network: Network, types: Map<string, InstanceType>, answers: Answers, fleet: Fleet, limits: Limits, standing: Instance | undefined): Subnet {
	const {subnet: answer} = answers;
	const {subnets} = network;
	if (answer.startsWith('subnet-')) {
		const named = subnets.find(({id}) => id === answer);
		if (named) return named;
		throw refused(
			'InvalidSubnetID.NotFound',
			`${fleet.region} has no subnet ${answer} that this account can see.`,
			'Choose another with `--subnet`, or answer `default`.',
		);
	}
	const inZone = answer === 'default' ? undefined : answer;
	const own = standing && subnets.find(({id, zone}) => id === standing.subnetId && (inZone === undefined || zone === inZone));
	if (own) return own;
	if (inZone === undefined) return defaultSubnet(network, types, answers, fleet.region, limits);
	const [first] = subnets
		.filter(({inDefaultVpc, zone}) => inDefaultVpc && zone === inZone)
		.sort((one, other) => Number(other.defaultForZone) - Number(one.defaultForZone));
	if (first) return first;
	const zones = [...new Set(subnets.filter(({inDefaultVpc}) => inDefaultVpc).map(({zone}) => zone))];
	throw refused(
		'InvalidSubnet',
		`The default VPC has no subnet in ${inZone}; it has some in ${zones.join(', ') || 'no zone'}.`,
		'Choose one of those with `--subnet`, or name a subnet by id.',
	);
}

/** Too few free addresses for all workers, which is told and blocks nothing. */
function roomNotes(answers: Answers, {own, stands, starts, workers}: {starts: readonly Subnet[]; own: Subnet; workers: number; stands: boolean}): Note[] {
	const needed = answers.limit - workers + (stands || !starts.some(({id}) => id === own.id) ? 0 : 1);
	const free = starts.reduce((sum, {freeAddresses}) => sum + freeAddresses, 0);
	if (free >= needed) return [];
	const [first] = starts;
	const where = starts.length === 1 ? `Subnet ${first?.id} has` : `The workers' ${starts.length} subnets have`;
	return [
		{
			says: `${where} ${free} free addresses, and ${answers.limit} workers need ${needed}.`,
			advice: `Lower the limit with \`--limit\`, or choose ${starts.length === 1 ? 'a larger subnet' : 'larger subnets'}.`,
		},
	];
}

async function check(context: Context, limits: Limits, workerSubnets: WorkerSubnets): Promise<Finding<Found['network']>> {
	const {answers, fleet} = context;
	const noRegion = limits.region(fleet.region);
	if (noRegion) throw new Blocked('region-not-supported', noRegion.message, noRegion.advice, noRegion.fix);
	const [network, types, account] = await Promise.all([
		context.look(networkLook),
		context.look(instanceTypesLook(...typesOf(answers))),
		context.look(accountLook),
	]);
	const [standing] = managersOf(fleet, account);
	const subnet = subnetOf(network, types, answers, fleet, limits, standing);
	const noZone = limits.zone(fleet.region, subnet.zone);
	if (noZone) throw new Blocked('zone-not-supported', noZone.message, noZone.advice, noZone.fix);
	if (subnet.wayOut === 'none') {
		throw refused(
			'subnet-without-way-out',
			`Subnet ${subnet.id} has no way out to the internet, which the manager and the workers need for GitLab and Docker images.`,
			'Add a route to an internet or NAT gateway to its route table, or choose another with `--subnet`.',
		);
	}
	const starts = workerSubnets({answers, network, types, own: subnet});
	const notes = roomNotes(answers, {starts, own: subnet, workers: workersOf(fleet, account).length, stands: standing !== undefined});
	if (!standing && subnet.freeAddresses < 2) {
		throw refused(
			'InsufficientFreeAddressesInSubnet',
			`Subnet ${subnet.id} has ${subnet.freeAddresses} free addresses, and a manager and one worker need two.`,
			'Choose another with `--subnet`.',
		);
	}
	const isPublic = subnet.wayOut === 'public';
	const elsewhere = starts.filter(({id}) => id !== subnet.id);
	const zones = starts.map(({zone}) => zone).join(', ');
	return {
		is: 'ready',
		resource: {
			vpcId: subnet.vpcId,
			subnetId: subnet.id,
			zone: subnet.zone,
			public: isPublic,
			freeAddresses: subnet.freeAddresses,
			workerSubnets: starts.map(({id, wayOut, zone}) => ({id, zone, public: wayOut === 'public'})),
		},
		says: `${subnet.id} in ${subnet.zone}, ${isPublic ? 'public' : 'private, with a way out'}, ${counted(subnet.freeAddresses)} free addresses${elsewhere.length === 0 ? '' : `; workers in ${zones}`}`,
		notes,
	};
}

/** Where the fleet lives: VPC, subnet and zone, that workers can be made there, and that they lead out. Nothing is made here. */
export const networkStep = (limits: Limits, workerSubnets: WorkerSubnets = beside): Step<'network', never, never> => ({
	name: 'network',
	title: 'Network',
	needs: [],
	actions: [
		'ec2:DescribeSubnets',
		'ec2:DescribeRouteTables',
		'ec2:DescribeVpcs',
		'ec2:DescribeInstanceTypes',
		'ec2:DescribeInstanceTypeOfferings',
		...accountActions,
	],
	check: orBlocked((context) => check(context, limits, workerSubnets)),
	commands: (answers, fleet) => [
		answers.subnet.startsWith('subnet-')
			? aws(fleet, 'ec2', 'describe-subnets', '--subnet-ids', answers.subnet)
			: aws(
					fleet,
					'ec2',
					'describe-subnets',
					'--filters',
					'Name=default-for-az,Values=true',
					...(answers.subnet === 'default' ? [] : [`Name=availability-zone,Values=${answers.subnet}`]),
				),
	],
});

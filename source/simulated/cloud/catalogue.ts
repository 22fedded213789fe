import type {_InstanceType} from '@aws-sdk/client-ec2';

/** An instance type of this world: what DescribeInstanceTypes tells of it, and its prices in USD an hour in us-east-1. */
type InstanceKind = {
	type: _InstanceType;
	vcpus: number;
	mib: number;
	architectures: ('x86_64' | 'arm64')[];
	onDemand: number;
	spot: number;
	burst?: boolean;
};

/** The instance types that this world offers. */
export const instanceKinds: readonly InstanceKind[] = [
	{type: 't3.micro', vcpus: 2, mib: 1024, architectures: ['x86_64'], onDemand: 0.0104, spot: 0.0034, burst: true},
	{type: 't3.small', vcpus: 2, mib: 2048, architectures: ['x86_64'], onDemand: 0.0208, spot: 0.0067, burst: true},
	{type: 't3.medium', vcpus: 2, mib: 4096, architectures: ['x86_64'], onDemand: 0.0416, spot: 0.0134, burst: true},
	{type: 't3.large', vcpus: 2, mib: 8192, architectures: ['x86_64'], onDemand: 0.0832, spot: 0.0268, burst: true},
	{type: 't4g.small', vcpus: 2, mib: 2048, architectures: ['arm64'], onDemand: 0.0168, spot: 0.0055, burst: true},
	{type: 't4g.medium', vcpus: 2, mib: 4096, architectures: ['arm64'], onDemand: 0.0336, spot: 0.011, burst: true},
	{type: 'c5.large', vcpus: 2, mib: 4096, architectures: ['x86_64'], onDemand: 0.085, spot: 0.0341},
	{type: 'c5.xlarge', vcpus: 4, mib: 8192, architectures: ['x86_64'], onDemand: 0.17, spot: 0.0689},
	{type: 'c5.2xlarge', vcpus: 8, mib: 16_384, architectures: ['x86_64'], onDemand: 0.34, spot: 0.1412},
	{type: 'm5.large', vcpus: 2, mib: 8192, architectures: ['x86_64'], onDemand: 0.096, spot: 0.0387},
	{type: 'm5.xlarge', vcpus: 4, mib: 16_384, architectures: ['x86_64'], onDemand: 0.192, spot: 0.0774},
	{type: 'c5.4xlarge', vcpus: 16, mib: 32_768, architectures: ['x86_64'], onDemand: 0.68, spot: 0.2811},
	{type: 'm5.2xlarge', vcpus: 8, mib: 32_768, architectures: ['x86_64'], onDemand: 0.384, spot: 0.1553},
	{type: 'c6g.large', vcpus: 2, mib: 4096, architectures: ['arm64'], onDemand: 0.068, spot: 0.0287},
	{type: 'c6g.xlarge', vcpus: 4, mib: 8192, architectures: ['arm64'], onDemand: 0.136, spot: 0.0574},
];

/** Prices of a region against us-east-1's. */
export const priceFactor: Record<string, number> = {'us-east-1': 1, 'us-east-2': 1, 'eu-west-1': 1.13};

/** One line of images: who publishes them, the SSM parameter that names the newest, and how a machine made from it looks. */
export type ImageLine = {
	line: 'ubuntu-24.04' | 'ubuntu-22.04' | 'debian-13' | 'debian-12' | 'al2023' | 'ecs-al2023';
	owner: string;
	alias?: string;
	rootDevice: string;
	diskGib: number;
	user: string;
	/** The image's name for an architecture in AWS's words and a date such as 20261102. */
	name(architecture: 'x86_64' | 'arm64', date: string): string;
	parameter(architecture: 'x86_64' | 'arm64'): string;
	os: string;
	/** The version of Docker that it comes with. */
	docker?: string;
};

const debianWord = (architecture: string) => (architecture === 'x86_64' ? 'amd64' : 'arm64');

/** The publishers' images (docs/facts.md, "EC2: images"). */
export const imageLines: readonly ImageLine[] = [
	ubuntu('24.04', 'noble', 'hvm-ssd-gp3', 'ebs-gp3'),
	ubuntu('22.04', 'jammy', 'hvm-ssd', 'ebs-gp2'),
	debian('13'),
	debian('12'),
	{
		line: 'al2023',
		owner: '137112412989',
		alias: 'amazon',
		rootDevice: '/dev/xvda',
		diskGib: 8,
		user: 'ec2-user',
		name: (architecture, date) => `al2023-ami-2023.9.${date}.0-kernel-6.1-${architecture}`,
		parameter: (architecture) => `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
		os: 'amzn 2023',
	},
	{
		line: 'ecs-al2023',
		owner: '591542846629',
		alias: 'amazon',
		rootDevice: '/dev/xvda',
		diskGib: 30,
		user: 'ec2-user',
		name: (architecture, date) => `al2023-ami-ecs-hvm-2023.0.${date}-kernel-6.1-${architecture}`,
		parameter: (architecture) => `/aws/service/ecs/optimized-ami/amazon-linux-2023/${architecture === 'arm64' ? 'arm64/' : ''}recommended/image_id`,
		os: 'amzn 2023',
		docker: '25.0.16',
	},
];

function ubuntu(version: '24.04' | '22.04', codename: string, storage: string, ebs: string): ImageLine {
	return {
		line: `ubuntu-${version}`,
		owner: '099720109477',
		alias: 'amazon',
		rootDevice: '/dev/sda1',
		diskGib: 8,
		user: 'ubuntu',
		name: (architecture, date) => `ubuntu/images/${storage}/ubuntu-${codename}-${version}-${debianWord(architecture)}-server-${date}`,
		parameter: (architecture) => `/aws/service/canonical/ubuntu/server/${version}/stable/current/${debianWord(architecture)}/hvm/${ebs}/ami-id`,
		os: `ubuntu ${version}`,
	};
}

function debian(version: '12' | '13'): ImageLine {
	return {
		line: `debian-${version}`,
		owner: '136693071363',
		rootDevice: '/dev/xvda',
		diskGib: 8,
		user: 'admin',
		name: (architecture, date) => `debian-${version}-${debianWord(architecture)}-${date}-1872`,
		parameter: (architecture) => `/aws/service/debian/release/${version}/latest/${debianWord(architecture)}`,
		os: `debian ${version}`,
	};
}

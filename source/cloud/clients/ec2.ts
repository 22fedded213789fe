import {
	AssociateIamInstanceProfileCommand,
	AuthorizeSecurityGroupIngressCommand,
	CancelSpotInstanceRequestsCommand,
	CreateSecurityGroupCommand,
	CreateTagsCommand,
	DeleteKeyPairCommand,
	DeleteSecurityGroupCommand,
	DeleteTagsCommand,
	DeleteVolumeCommand,
	DescribeAvailabilityZonesCommand,
	DescribeIamInstanceProfileAssociationsCommand,
	DescribeImagesCommand,
	DescribeInstancesCommand,
	DescribeInstanceTypeOfferingsCommand,
	DescribeInstanceTypesCommand,
	DescribeKeyPairsCommand,
	DescribeRegionsCommand,
	DescribeRouteTablesCommand,
	DescribeSecurityGroupRulesCommand,
	DescribeSecurityGroupsCommand,
	DescribeSpotInstanceRequestsCommand,
	DescribeSpotPriceHistoryCommand,
	DescribeSubnetsCommand,
	DescribeVolumesCommand,
	DescribeVpcsCommand,
	EC2Client,
	GetConsoleOutputCommand,
	ImportKeyPairCommand,
	ModifyInstanceMetadataOptionsCommand,
	ReplaceIamInstanceProfileAssociationCommand,
	RevokeSecurityGroupIngressCommand,
	RunInstancesCommand,
	StartInstancesCommand,
	StopInstancesCommand,
	TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type {Opened, Settings} from '../calls.ts';
import {allPages} from '../paging.ts';

/** Opens EC2's client; only the commands that are used here come into the bundle with it. */
export function openEc2(settings: Settings): Opened {
	const client = new EC2Client(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			DescribeRegions: (input, options) => client.send(new DescribeRegionsCommand(input), options),
			DescribeAvailabilityZones: (input, options) => client.send(new DescribeAvailabilityZonesCommand(input), options),
			DescribeInstanceTypes: (input, options) => allPages(input, 'InstanceTypes', (page) => client.send(new DescribeInstanceTypesCommand(page), options)),
			DescribeInstanceTypeOfferings: (input, options) =>
				allPages(input, 'InstanceTypeOfferings', (page) => client.send(new DescribeInstanceTypeOfferingsCommand(page), options)),
			DescribeImages: (input, options) => allPages(input, 'Images', (page) => client.send(new DescribeImagesCommand(page), options)),
			DescribeVpcs: (input, options) => allPages(input, 'Vpcs', (page) => client.send(new DescribeVpcsCommand(page), options)),
			DescribeSubnets: (input, options) => allPages(input, 'Subnets', (page) => client.send(new DescribeSubnetsCommand(page), options)),
			DescribeRouteTables: (input, options) => allPages(input, 'RouteTables', (page) => client.send(new DescribeRouteTablesCommand(page), options)),
			DescribeSecurityGroups: (input, options) => allPages(input, 'SecurityGroups', (page) => client.send(new DescribeSecurityGroupsCommand(page), options)),
			CreateSecurityGroup: (input, options) => client.send(new CreateSecurityGroupCommand(input), options),
			DeleteSecurityGroup: (input, options) => client.send(new DeleteSecurityGroupCommand(input), options),
			DescribeSecurityGroupRules: (input, options) =>
				allPages(input, 'SecurityGroupRules', (page) => client.send(new DescribeSecurityGroupRulesCommand(page), options)),
			AuthorizeSecurityGroupIngress: (input, options) => client.send(new AuthorizeSecurityGroupIngressCommand(input), options),
			RevokeSecurityGroupIngress: (input, options) => client.send(new RevokeSecurityGroupIngressCommand(input), options),
			DescribeKeyPairs: (input, options) => client.send(new DescribeKeyPairsCommand(input), options),
			ImportKeyPair: (input, options) => client.send(new ImportKeyPairCommand(input), options),
			DeleteKeyPair: (input, options) => client.send(new DeleteKeyPairCommand(input), options),
			DescribeInstances: (input, options) => allPages(input, 'Reservations', (page) => client.send(new DescribeInstancesCommand(page), options)),
			RunInstances: (input, options) => client.send(new RunInstancesCommand(input), options),
			StartInstances: (input, options) => client.send(new StartInstancesCommand(input), options),
			StopInstances: (input, options) => client.send(new StopInstancesCommand(input), options),
			TerminateInstances: (input, options) => client.send(new TerminateInstancesCommand(input), options),
			CreateTags: (input, options) => client.send(new CreateTagsCommand(input), options),
			DeleteTags: (input, options) => client.send(new DeleteTagsCommand(input), options),
			GetConsoleOutput: (input, options) => client.send(new GetConsoleOutputCommand(input), options),
			DescribeSpotPriceHistory: (input, options) =>
				allPages(input, 'SpotPriceHistory', (page) => client.send(new DescribeSpotPriceHistoryCommand(page), options)),
			DescribeSpotInstanceRequests: (input, options) =>
				allPages(input, 'SpotInstanceRequests', (page) => client.send(new DescribeSpotInstanceRequestsCommand(page), options)),
			CancelSpotInstanceRequests: (input, options) => client.send(new CancelSpotInstanceRequestsCommand(input), options),
			DescribeVolumes: (input, options) => allPages(input, 'Volumes', (page) => client.send(new DescribeVolumesCommand(page), options)),
			DeleteVolume: (input, options) => client.send(new DeleteVolumeCommand(input), options),
			ModifyInstanceMetadataOptions: (input, options) => client.send(new ModifyInstanceMetadataOptionsCommand(input), options),
			DescribeIamInstanceProfileAssociations: (input, options) =>
				allPages(input, 'IamInstanceProfileAssociations', (page) => client.send(new DescribeIamInstanceProfileAssociationsCommand(page), options)),
			AssociateIamInstanceProfile: (input, options) => client.send(new AssociateIamInstanceProfileCommand(input), options),
			ReplaceIamInstanceProfileAssociation: (input, options) => client.send(new ReplaceIamInstanceProfileAssociationCommand(input), options),
		},
	};
}

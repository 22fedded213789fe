import * as ec2 from '@aws-sdk/client-ec2';
import type {ClientSettings, OpenClient} from '../calls.ts';
import {allPages} from '../paging.ts';

/** Opens EC2's client; only the commands that are used here come into the bundle with it. */
export function openEc2(settings: ClientSettings): OpenClient {
	const client = new ec2.EC2Client(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			DescribeRegions: (input, options) => client.send(new ec2.DescribeRegionsCommand(input), options),
			DescribeAvailabilityZones: (input, options) => client.send(new ec2.DescribeAvailabilityZonesCommand(input), options),
			DescribeInstanceTypes: (input, options) => allPages(input, 'InstanceTypes', (page) => client.send(new ec2.DescribeInstanceTypesCommand(page), options)),
			DescribeInstanceTypeOfferings: (input, options) =>
				allPages(input, 'InstanceTypeOfferings', (page) => client.send(new ec2.DescribeInstanceTypeOfferingsCommand(page), options)),
			DescribeImages: (input, options) => allPages(input, 'Images', (page) => client.send(new ec2.DescribeImagesCommand(page), options)),
			CreateImage: (input, options) => client.send(new ec2.CreateImageCommand(input), options),
			DeregisterImage: (input, options) => client.send(new ec2.DeregisterImageCommand(input), options),
			DescribeSnapshots: (input, options) => allPages(input, 'Snapshots', (page) => client.send(new ec2.DescribeSnapshotsCommand(page), options)),
			DeleteSnapshot: (input, options) => client.send(new ec2.DeleteSnapshotCommand(input), options),
			DescribeVpcs: (input, options) => allPages(input, 'Vpcs', (page) => client.send(new ec2.DescribeVpcsCommand(page), options)),
			DescribeSubnets: (input, options) => allPages(input, 'Subnets', (page) => client.send(new ec2.DescribeSubnetsCommand(page), options)),
			DescribeRouteTables: (input, options) => allPages(input, 'RouteTables', (page) => client.send(new ec2.DescribeRouteTablesCommand(page), options)),
			DescribeSecurityGroups: (input, options) =>
				allPages(input, 'SecurityGroups', (page) => client.send(new ec2.DescribeSecurityGroupsCommand(page), options)),
			CreateSecurityGroup: (input, options) => client.send(new ec2.CreateSecurityGroupCommand(input), options),
			DeleteSecurityGroup: (input, options) => client.send(new ec2.DeleteSecurityGroupCommand(input), options),
			DescribeSecurityGroupRules: (input, options) =>
				allPages(input, 'SecurityGroupRules', (page) => client.send(new ec2.DescribeSecurityGroupRulesCommand(page), options)),
			AuthorizeSecurityGroupIngress: (input, options) => client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input), options),
			RevokeSecurityGroupIngress: (input, options) => client.send(new ec2.RevokeSecurityGroupIngressCommand(input), options),
			DescribeKeyPairs: (input, options) => client.send(new ec2.DescribeKeyPairsCommand(input), options),
			ImportKeyPair: (input, options) => client.send(new ec2.ImportKeyPairCommand(input), options),
			DeleteKeyPair: (input, options) => client.send(new ec2.DeleteKeyPairCommand(input), options),
			DescribeInstances: (input, options) => allPages(input, 'Reservations', (page) => client.send(new ec2.DescribeInstancesCommand(page), options)),
			RunInstances: (input, options) => client.send(new ec2.RunInstancesCommand(input), options),
			StartInstances: (input, options) => client.send(new ec2.StartInstancesCommand(input), options),
			StopInstances: (input, options) => client.send(new ec2.StopInstancesCommand(input), options),
			TerminateInstances: (input, options) => client.send(new ec2.TerminateInstancesCommand(input), options),
			CreateTags: (input, options) => client.send(new ec2.CreateTagsCommand(input), options),
			DeleteTags: (input, options) => client.send(new ec2.DeleteTagsCommand(input), options),
			GetEbsDefaultKmsKeyId: (input, options) => client.send(new ec2.GetEbsDefaultKmsKeyIdCommand(input), options),
			GetConsoleOutput: (input, options) => client.send(new ec2.GetConsoleOutputCommand(input), options),
			DescribeSpotPriceHistory: (input, options) =>
				allPages(input, 'SpotPriceHistory', (page) => client.send(new ec2.DescribeSpotPriceHistoryCommand(page), options)),
			DescribeSpotInstanceRequests: (input, options) =>
				allPages(input, 'SpotInstanceRequests', (page) => client.send(new ec2.DescribeSpotInstanceRequestsCommand(page), options)),
			CancelSpotInstanceRequests: (input, options) => client.send(new ec2.CancelSpotInstanceRequestsCommand(input), options),
			DescribeVolumes: (input, options) => allPages(input, 'Volumes', (page) => client.send(new ec2.DescribeVolumesCommand(page), options)),
			DeleteVolume: (input, options) => client.send(new ec2.DeleteVolumeCommand(input), options),
			ModifyInstanceMetadataOptions: (input, options) => client.send(new ec2.ModifyInstanceMetadataOptionsCommand(input), options),
			DescribeIamInstanceProfileAssociations: (input, options) =>
				allPages(input, 'IamInstanceProfileAssociations', (page) => client.send(new ec2.DescribeIamInstanceProfileAssociationsCommand(page), options)),
			AssociateIamInstanceProfile: (input, options) => client.send(new ec2.AssociateIamInstanceProfileCommand(input), options),
			ReplaceIamInstanceProfileAssociation: (input, options) => client.send(new ec2.ReplaceIamInstanceProfileAssociationCommand(input), options),
			CreateLaunchTemplate: (input, options) => client.send(new ec2.CreateLaunchTemplateCommand(input), options),
			CreateLaunchTemplateVersion: (input, options) => client.send(new ec2.CreateLaunchTemplateVersionCommand(input), options),
			DescribeLaunchTemplates: (input, options) =>
				allPages(input, 'LaunchTemplates', (page) => client.send(new ec2.DescribeLaunchTemplatesCommand(page), options)),
			DescribeLaunchTemplateVersions: (input, options) =>
				allPages(input, 'LaunchTemplateVersions', (page) => client.send(new ec2.DescribeLaunchTemplateVersionsCommand(page), options)),
			DeleteLaunchTemplate: (input, options) => client.send(new ec2.DeleteLaunchTemplateCommand(input), options),
		},
	};
}

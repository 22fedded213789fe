import type {ActionId} from '../../panel/actions.ts';

/** Where a group launches its workers, and as what. */
type LaunchPlace = {types: readonly string[]; zones: readonly string[]; region: string};

/** Why a group's launch came to nothing. */
export type LaunchFailure = {
	code: string;
	/** What it means, as a sentence without its full stop. */
	says: string;
	/** What to do about it, as sentences. */
	advice: string;
	/** What to do about it in the panel. */
	key: ActionId;
	/** It passes by itself. */
	passes: boolean;
};

type KnownLaunchFailure = Omit<LaunchFailure, 'says' | 'passes'> & {
	pattern: RegExp;
	says(matched: RegExpExecArray, place: LaunchPlace): string;
	passes?: true;
};

const some = (names: readonly string[]): string => (names.length > 2 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(' and '));
const whereOf = ({types, zones, region}: LaunchPlace): string => `${some(types) || 'workers'} in ${some(zones) || region}`;

const repair = 'Run the same `setup` again: it makes a new version of the launch template.';

/**
 * What Auto Scaling says of launches that fail (AWS, "Troubleshoot Amazon EC2 Auto Scaling: EC2 instance launch failures", and people's reports of mixed
 * instances policies). Its words are matched in part, since it puts its own before and behind them; the first that fits counts.
 */
const known: readonly KnownLaunchFailure[] = [
	{
		pattern: /Authentication Failure/,
		code: 'scaling-role-young',
		says: () => "Auto Scaling's role was made only just now, and launches by it are refused for about a minute",
		advice: 'It passes by itself.',
		key: 'wait',
		passes: true,
	},
	{
		pattern: /Max ?spot ?instance ?count ?exceeded/i,
		code: 'MaxSpotInstanceCountExceeded',
		says: (_, {region}) => `The account's quota of spot vCPUs in ${region} is used up`,
		advice: 'Lower `--limit`, use `--no-spot`, or ask AWS for more (quota L-34B43A08).',
		key: 'commands',
	},
	{
		pattern: /VcpuLimitExceeded(?:.*?vCPU limit of (\d+))?/s,
		code: 'VcpuLimitExceeded',
		says: ([, allowed], {region}) => `The account's quota of ${allowed === undefined ? '' : `${allowed} `}on-demand vCPUs in ${region} is used up`,
		advice: 'Lower `--limit`, choose smaller `--worker-types`, or ask AWS for more (quota L-1216C47A).',
		key: 'commands',
	},
	{
		pattern: /Spot request price of ([\d.]+) is lower than the minimum required Spot request fulfillment price of (\d+(?:\.\d+)?)/,
		code: 'SpotMaxPriceTooLow',
		says: ([, cap, needed]) => `The highest spot price is $${cap}, and AWS asks $${needed}`,
		advice: 'Raise `--spot-price`, or use `--spot-price on-demand`, which sets none.',
		key: 'move',
	},
	{
		pattern: /ServiceLinkedRoleCreationNotPermitted/,
		code: 'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
		says: () => 'The account has no role AWSServiceRoleForEC2Spot, without which it gets no spot instance',
		advice: 'Run `aws iam create-service-linked-role --aws-service-name spot.amazonaws.com`.',
		key: 'repair',
	},
	{
		pattern: /instance type \(([^)]+)\) is not supported in your requested Availability Zone \(([^)]+)\)/,
		code: 'type-not-in-zone',
		says: ([, type, zone]) => `EC2 doesn't offer ${type} in ${zone}`,
		advice: 'Leave that zone out with `--worker-subnets`, or choose other `--worker-types`.',
		key: 'move',
	},
	{
		pattern: /(?:launch Spot Instances\. (?:UnfulfillableCapacity|InsufficientInstanceCapacity)|UnfulfillableCapacity|no Spot capacity available)/i,
		code: 'no-spot-capacity',
		says: (_, place) => `EC2 has no spot capacity for ${whereOf(place)}`,
		advice: 'Add types with `--worker-types`, zones with `--worker-subnets`, or a share on demand with `--on-demand-share`.',
		key: 'move',
		passes: true,
	},
	{
		pattern: /do not have sufficient (\S+) capacity in the Availability Zone you requested \(([^)]+)\)/,
		code: 'InsufficientInstanceCapacity',
		says: ([, type, zone]) => `EC2 has no capacity for ${type} in ${zone}`,
		advice: 'Add types with `--worker-types`, or zones with `--worker-subnets`.',
		key: 'move',
		passes: true,
	},
	{
		pattern: /InsufficientInstanceCapacity/,
		code: 'InsufficientInstanceCapacity',
		says: (_, place) => `EC2 has no capacity for ${whereOf(place)}`,
		advice: 'Add types with `--worker-types`, or zones with `--worker-subnets`.',
		key: 'move',
		passes: true,
	},
	{
		pattern: /not eligible for Free Tier/,
		code: 'free-plan',
		says: (_, {types}) => `The account is on AWS's free plan, which doesn't allow ${some(types) || 'this type'}`,
		advice: "Upgrade the account's plan, or choose a type that the free plan has.",
		key: 'move',
	},
	{
		pattern: /quota for maximum Fleet Requests/,
		code: 'fleet-quota',
		says: () => "The account's quota of fleet requests is used up, as it is on new accounts",
		advice: 'Ask AWS Support to raise it.',
		key: 'commands',
	},
	{
		pattern: /InsufficientFreeAddressesInSubnet|not have enough free addresses/,
		code: 'InsufficientFreeAddressesInSubnet',
		says: () => "The workers' subnets have no free address",
		advice: 'Add others with `--worker-subnets`.',
		key: 'move',
	},
	{
		pattern: /(security group|key pair|image id|subnet ID) '?\[?([\w-]*)\]?'? does not exist/i,
		code: 'template-stale',
		says: ([, what = '', name]) => `The launch template names something that is gone: ${what.replace(/ id$/i, '')} ${name}`.trimEnd(),
		advice: repair,
		key: 'repair',
	},
	{
		pattern: /specified launch template.*does not exist/,
		code: 'template-gone',
		says: () => "The group's launch template is gone",
		advice: repair,
		key: 'repair',
	},
	{
		pattern: /Invalid IAM Instance Profile/,
		code: 'profile-unseen',
		says: () => "EC2 doesn't know the workers' instance profile: it is gone, or was made only just now",
		advice: repair,
		key: 'repair',
	},
	{
		pattern: /Client\.InvalidKMSKey|Client error on launch|Client\.InternalError/,
		code: 'kms-key',
		says: () => "The workers' disks are encrypted by a KMS key that Auto Scaling's role may not use",
		advice: "Allow AWSServiceRoleForAutoScaling to use the key (a grant, or the key's policy), or set the account's default back to `alias/aws/ebs`.",
		key: 'commands',
	},
	{
		pattern: /Invalid device name|block device mappings? (?:is|are)?\s*not supported/i,
		code: 'device-name',
		says: () => "The launch template's disk isn't one that the workers' image has",
		advice: repair,
		key: 'repair',
	},
	{
		pattern: /requested configuration is currently not supported/,
		code: 'configuration-unsupported',
		says: (_, place) => `EC2 doesn't launch the workers' image as ${whereOf(place)}: architecture or type don't fit`,
		advice: 'Choose another `--worker-image` or other `--worker-types`.',
		key: 'config',
	},
	{
		pattern: /not authorized|UnauthorizedOperation|AccessDenied/,
		code: 'UnauthorizedOperation',
		says: () => 'A policy of the account or the organization (SCP) keeps Auto Scaling from launching workers',
		advice: 'Look at the policies of AWSServiceRoleForAutoScaling and of the organization.',
		key: 'commands',
	},
	{
		pattern: /(\d+) instance\(s\) are already running/,
		code: 'group-full',
		says: ([, count]) => `The group has ${count} instances already, which is the most that it may have`,
		advice: 'Raise `--limit`.',
		key: 'raise-limit',
	},
];

/** Codes of all failures that are known. */
export const launchFailureCodes: readonly string[] = [...new Set(known.map(({code}) => code))];

/** What AWS's words on a launch of a group's mean; those that nobody knows are told as they are. */
export function launchFailure(status: string, place: LaunchPlace): LaunchFailure {
	for (const {pattern, says, passes = false, ...failure} of known) {
		const matched = pattern.exec(status);
		if (matched) return {...failure, passes, says: says(matched, place)};
	}
	const words = status
		.replace(/\s+/g, ' ')
		.replace(/ ?Launching EC2 instance failed\.?$/, '')
		.replace(/\.$/, '');
	return {
		code: 'launch-failed',
		says: `Auto Scaling can't launch ${whereOf(place)} (${words.length > 240 ? `${words.slice(0, 239)}…` : words})`,
		advice: "Look at the group's activities in AWS's console.",
		key: 'commands',
		passes: false,
	};
}

import {Problem} from '../../problem.ts';
import type {TestMachineOutcome} from './scripts/test-machine.ts';

type KnownFailure = {pattern: RegExp; code?: string; message(matched: RegExpExecArray): string; advice: string; again?: boolean};

/** docker-machine's and AWS's own words, and what they mean for a worker (docs/facts.md, "docker-machine: failures"). The first that matches counts. */
const known: readonly KnownFailure[] = [
	{
		pattern: /MaxSpotInstanceCountExceeded/,
		code: 'MaxSpotInstanceCountExceeded',
		message: () => 'The quota of vCPUs on spot is used up in this account and region.',
		advice: 'Lower `--limit`, use `--no-spot`, or ask AWS for more (quota L-34B43A08).',
	},
	{
		pattern: /VcpuLimitExceeded.*?limit of (\d+)?/s,
		code: 'VcpuLimitExceeded',
		message: ([, limit]) => `The quota of vCPUs on demand${limit ? `, ${limit},` : ''} is used up in this account and region.`,
		advice: 'Lower `--limit`, choose a smaller `--worker-type`, or ask AWS for more (quota L-1216C47A).',
	},
	{
		pattern: /SpotMaxPriceTooLow.*?price of ([\d.]+).*?price of ([\d.]+)/s,
		code: 'SpotMaxPriceTooLow',
		message: ([, ours, least]) => `The spot price is capped at ${ours} USD an hour, and AWS wants at least ${least?.replace(/\.$/, '')} now.`,
		advice: 'Raise `--spot-price`, or use `--spot-price on-demand`.',
	},
	{
		pattern: /InsufficientInstanceCapacity|UnfulfillableCapacity/,
		code: 'InsufficientInstanceCapacity',
		message: () => 'AWS has no machine of this type left in this zone now.',
		advice: 'Run the same command again in some minutes, or choose another `--worker-type`, `--subnet` or `--no-spot`.',
	},
	{
		pattern: /ServiceLinkedRoleCreationNotPermitted/,
		code: 'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
		message: () => "The account lacks EC2's role for spot, and the manager may not make it.",
		advice: 'Run `aws iam create-service-linked-role --aws-service-name spot.amazonaws.com`, then the same command again.',
	},
	{
		pattern: /InsufficientFreeAddressesInSubnet/,
		code: 'InsufficientFreeAddressesInSubnet',
		message: () => 'The subnet has no free address for a worker.',
		advice: 'Choose another one with `--subnet`.',
	},
	{
		pattern: /(?:UnauthorizedOperation|AccessDenied)(?:.*?perform: ?([\w-]+:\w+))?|not authorized to perform/s,
		code: 'UnauthorizedOperation',
		message: ([, action]) => `The manager may not make a worker: AWS refuses ${action ? `\`${action}\`` : 'what its role asks for'}.`,
		advice: 'Check the role of `--access`, and the policies of the organization.',
	},
	{
		pattern: /requires AWS credentials configured with|NoCredentialProviders|AuthFailure|InvalidClientTokenId/,
		code: 'AuthFailure',
		message: () => "AWS doesn't accept the manager's credentials yet, or it has none.",
		advice: 'A fresh role needs up to a minute; run the same command again. Else check `--access`.',
		again: true,
	},
	{
		pattern:
			/SubnetId: (\S+) does not belong to VpcId: (\S+)|unable to find a subnet|desired subnet could not be located|for parameter availabilityZone is invalid/,
		code: 'subnet-mismatch',
		message: () => "docker-machine doesn't find the workers' subnet in its VPC and zone.",
		advice: 'Choose another one with `--subnet`.',
	},
	{
		pattern: /[Ii]nvalid region|region .* (is not|isn't) (valid|known|supported)|MissingRegion/,
		code: 'region-not-supported',
		message: () => "This version of docker-machine doesn't know the region, and no option of it leads there.",
		advice: 'Take this fleet away with `gitlab-runner-aws destroy`, and set it up in another region.',
	},
	{
		pattern: /InvalidAMIID|is not supported in your requested|architecture .* does not match|InvalidInstanceType|InvalidBlockDeviceMapping|TagPolicyViolation/,
		code: 'launch-refused',
		message: ([matched]) => `AWS refuses to launch the worker as it is asked for (${matched}).`,
		advice: 'Choose another `--worker-type` or `--worker-image`.',
	},
	{
		pattern: /Too many retries waiting for SSH|Error waiting for SSH|waiting for SSH to be available/,
		code: 'worker-ssh',
		message: () => "The worker's SSH isn't reached from the manager.",
		advice: "Check `--worker-ssh-user`, and that the workers' group lets 22 and 2376 in from the manager's group.",
	},
	{
		pattern: /conflicts with curl provided by curl|Unsupported distribution 'amzn'/,
		code: 'image-not-supported',
		message: () => "docker-machine can't set up Docker on Amazon Linux, which the workers' image is.",
		advice: 'Choose another `--worker-image`, such as ubuntu-24.04.',
	},
	{
		pattern: /error installing docker|Error detecting OS|Error running provisioning|Could not resolve host/i,
		code: 'worker-docker',
		message: () => "Docker can't be installed on the worker: its system isn't supported, or it doesn't reach the internet.",
		advice: 'Check `--worker-image`, and that the subnet has a way to the internet (public, or a NAT gateway).',
	},
	{
		pattern: /Error checking the host|Unable to verify the Docker daemon|bad certificate|certificate signed by unknown/,
		code: 'worker-docker-unreachable',
		message: () => "The worker's Docker doesn't answer the manager on 2376.",
		advice: "Check that the workers' group lets 2376 in from the manager's group.",
	},
	{
		pattern: /pull access denied|toomanyrequests|manifest unknown|unauthorized|no basic auth/,
		code: 'worker-image-pull',
		message: ([matched]) => `The worker can't fetch the test's container image (${matched}).`,
		advice: 'Choose another `--docker-image`, or add a mirror with `--machine-options engine-registry-mirror=…`.',
	},
];

const removal = (removed: boolean): string => (removed ? 'It was taken away again.' : 'It may still run: `gitlab-runner-aws orphans` shows it.');

const lastLine = (detail: string): string =>
	detail
		.split('\n')
		.findLast((line) => line.trim() !== '')
		?.trim()
		.slice(0, 300) ?? 'docker-machine says nothing.';

/** Why a test machine didn't come up, told: what is known of docker-machine's words, else its last one. */
export function machineProblem({stage, detail, removed}: Extract<TestMachineOutcome, {is: 'failed'}>): Problem {
	if (stage === 'removal') {
		return new Problem({
			code: 'worker-not-removed',
			message: `The test machine works, but docker-machine can't take it away: ${lastLine(detail)}`,
			advice: 'Run the same command again: it begins with taking it away.',
		});
	}
	for (const {advice, again, code, message, pattern} of known) {
		const matched = pattern.exec(detail);
		if (!matched) continue;
		return new Problem({
			code: code ?? 'test-machine-failed',
			fault: 'outside',
			again,
			advice,
			message: `The test machine doesn't come up (${stage}): ${message(matched)} ${removal(removed)}`,
		});
	}
	return new Problem({
		code: 'test-machine-failed',
		fault: 'outside',
		message: `The test machine doesn't come up (${stage}): ${lastLine(detail)} ${removal(removed)}`,
		advice: 'Press `l` for its log. Run the same command again once the cause is gone.',
	});
}

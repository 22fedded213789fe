import type {Context, Report, Settling} from '../engine/step.ts';
import {isProblem, type Problem} from '../problem.ts';
import {retried, until} from '../world/laptop/clock.ts';

/**
 * Milliseconds that AWS may take until what was just made is known everywhere: usually some seconds, and two minutes at most
 * (terraform-provider-aws waits as long: `propagationTimeout` of IAM, `ec2PropagationTimeout`, `bucketPropagationTimeout`).
 */
export const longestLateness = 120_000;

/** Checks look again for as long, after an apply. */
export const spreading: Settling = {tries: longestLateness / 2000 + 2, seconds: 2};

/** Milliseconds until the next try: soon at first, then every 3 s. */
const pauseAfter = (turn: number): number => Math.min(3000, 1000 * turn);

/** What a service doesn't know or hasn't ended yet, though it began a moment ago. */
function lateFor({code, message}: Problem): string | undefined {
	const about: Record<string, readonly [RegExp, string][]> = {
		InvalidParameterValue: [
			[/Invalid IAM Instance Profile|has no associated IAM Roles/i, 'EC2 knows the instance profile'],
			[/is not in state 'running'/, 'EC2 knows everywhere that the instance has stopped'],
		],
		'InvalidSnapshot.InUse': [[/./, 'EC2 has let the snapshot go']],
		NoSuchEntity: [
			[/role/i, 'IAM knows the role'],
			[/./, 'IAM knows the instance profile'],
		],
		'InvalidKeyPair.NotFound': [[/./, 'EC2 knows the key pair']],
		'InvalidGroup.NotFound': [[/./, 'EC2 knows the security group']],
		// Auto Scaling's one code for nearly everything that it doesn't take, with EC2's words in it.
		ValidationError: [
			[/launch template.*(?:does not exist|Could not find)/is, 'Auto Scaling knows the launch template'],
			[/Invalid IAM Instance Profile/i, 'EC2 knows the instance profile'],
			[/key pair.*does not exist/is, 'EC2 knows the key pair'],
			[/security group.*does not exist/is, 'EC2 knows the security group'],
		],
		NoSuchBucket: [[/./, 'S3 knows the bucket']],
		OperationAborted: [[/./, 'S3 has ended what it does to the bucket']],
	};
	return about[code]?.find(([words]) => words.test(message))?.[1];
}

/** Makes a call that names what was made a moment ago, again and again while the service doesn't know it yet, and says so. */
export const whenKnown = <Result>(context: Pick<Context, 'clock' | 'signal'>, report: Report, call: () => Promise<Result>): Promise<Result> =>
	retried(
		context,
		{pause: pauseAfter, longest: longestLateness},
		call,
		(error) => {
			const late = isProblem(error) ? lateFor(error) : undefined;
			return late && `waiting until ${late}`;
		},
		report,
	);

/** Looks again and again until something that is there, or was just made, can be seen; undefined where it can't in the longest time. `look` looks anew. */
export const untilSeen = <Seen>(
	context: Pick<Context, 'clock' | 'signal'>,
	look: () => Promise<Seen | undefined>,
	says: (seconds: number) => void,
): Promise<Seen | undefined> =>
	until(
		context,
		{pause: pauseAfter, longest: longestLateness},
		look,
		(seen) => seen !== undefined,
		(_seen, waited) => says(Math.round(waited / 1000)),
	);

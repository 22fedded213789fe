import type {Output} from '../world/cloud/port.ts';

type Activity = NonNullable<Output<'DescribeScalingActivities'>['Activities']>[number];

/** A launch by an Auto Scaling group that is over: when it began (milliseconds since 1970), and AWS's words where it came to nothing. */
export type EndedLaunch = {at: number; failed: string | undefined};

function endOf({StartTime, StatusCode, StatusMessage}: Activity): EndedLaunch[] {
	const at = StartTime?.getTime() ?? 0;
	if (StatusCode === 'Successful') return [{at, failed: undefined}];
	// Cancelled: the instance ended before it was in service.
	return (StatusCode === 'Failed' || StatusCode === 'Cancelled') && StatusMessage !== undefined ? [{at, failed: StatusMessage}] : [];
}

/** What a group's launches came to, the newest first, of its activities in any order. */
export const endedLaunches = (activities: readonly Activity[]): EndedLaunch[] =>
	activities
		.filter(({Description = ''}) => Description.startsWith('Launching'))
		.flatMap(endOf)
		.toSorted((one, other) => other.at - one.at);

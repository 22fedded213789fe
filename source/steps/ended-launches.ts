import type {Output} from '../world/cloud/port.ts';

type Activity = NonNullable<Output<'DescribeScalingActivities'>['Activities']>[number];

/**
 * A launch by an Auto Scaling group that is over: when it began and ended (milliseconds since 1970), AWS's words where it came to nothing, and else the instance,
 * which is in service from its end on.
 */
export type EndedLaunch = {at: number; endedAt: number | undefined; failed: string | undefined; instanceId: string | undefined};

function endOf({Description = '', EndTime, StartTime, StatusCode, StatusMessage}: Activity): EndedLaunch[] {
	const over = {at: StartTime?.getTime() ?? 0, endedAt: EndTime?.getTime(), instanceId: /: (i-[0-9a-f]+)/.exec(Description)?.[1]};
	if (StatusCode === 'Successful') return [{...over, failed: undefined}];
	// Cancelled: the instance ended before it was in service.
	return (StatusCode === 'Failed' || StatusCode === 'Cancelled') && StatusMessage !== undefined ? [{...over, failed: StatusMessage}] : [];
}

/** What a group's launches came to, the newest first, of its activities in any order. */
export const endedLaunches = (activities: readonly Activity[]): EndedLaunch[] =>
	activities
		.filter(({Description = ''}) => Description.startsWith('Launching'))
		.flatMap(endOf)
		.toSorted((one, other) => other.at - one.at);

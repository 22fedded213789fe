import type {Activity} from '@aws-sdk/client-auto-scaling';
import type {AwsRefusal} from '../refusal.ts';
import type {ActivityState, ScalingGroupState} from './state.ts';

const failed = 'Launching EC2 instance failed.';

/** Auto Scaling's own form of a time in a sentence. */
export const stamp = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** Auto Scaling tells the end of an activity in whole seconds. */
const wholeSeconds = (time: number): number => Math.floor(time / 1000) * 1000;

/** Refusals of a launch that are told without the market before them. */
const plain = /^Invalid(Group|KeyPair|AMIID|SubnetID)/;

/**
 * What an activity says of a launch that EC2 refused: the words of a fleet's launch, as people have met them
 * (AWS, "Troubleshoot Amazon EC2 Auto Scaling: EC2 instance launch failures"). `pools`: how many types and zones it could have been.
 */
export function launchStatus({message, name}: AwsRefusal, isSpot: boolean, pools: number): string {
	const market = isSpot ? 'Could not launch Spot Instances.' : 'Could not launch On-Demand Instances.';
	const said = message.endsWith('.') ? message : `${message}.`;
	const [, type, zone] = /instance type \(([^)]+)\) is not supported in your requested Availability Zone \(([^)]+)\)/.exec(message) ?? [];
	if (plain.test(name) || /IAM Instance Profile/.test(message)) return `${said} ${failed}`;
	if (/does not match the architecture/.test(message))
		return `The requested configuration is currently not supported. Please check the documentation for supported configurations. ${failed}`;
	if (type !== undefined)
		return `${market} InvalidFleetConfiguration - Your requested instance type (${type}) is not supported in your requested Availability Zone (${zone}). ${failed}`;
	if (isSpot && name === 'InsufficientInstanceCapacity' && pools > 1)
		return `${market} UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration. Please adjust your request and try again. ${failed}`;
	return `${market} ${name} - ${said} ${failed}`;
}

/** What an activity says of a launch by a role that was made less than a minute ago. */
export const roleTooYoung = `Authentication Failure. ${failed}`;

/** Writes down that a group began something. */
export function begin(
	group: ScalingGroupState,
	id: string,
	fields: Pick<ActivityState, 'cause' | 'description' | 'startedAt'> & Partial<ActivityState>,
): ActivityState {
	const activity: ActivityState = {id, group: group.name, groupArn: group.arn, ...fields};
	group.activities.push(activity);
	return activity;
}

/** An activity as Auto Scaling tells of it at a time. */
export function activityShown(activity: ActivityState, now: number, isDeleted = false): Activity {
	const {cause, description, endsAt, group, groupArn, id, place, startedAt} = activity;
	const isOver = endsAt !== undefined && endsAt <= now;
	const came = activity.failed;
	const launches = description.startsWith('Launching');
	return {
		ActivityId: id,
		AutoScalingGroupName: group,
		AutoScalingGroupARN: groupArn,
		Description: came ? `${description}${launches ? '  ' : ' '}Status Reason: ${came.message}` : description,
		Cause: cause,
		StartTime: new Date(startedAt),
		...(isOver ? {EndTime: new Date(wholeSeconds(endsAt))} : {}),
		StatusCode: isOver ? (came?.code ?? 'Successful') : 'InProgress',
		...(came && isOver ? {StatusMessage: came.message} : {}),
		Progress: isOver ? 100 : launches ? 30 : 50,
		Details: JSON.stringify(place === undefined ? {} : {'Subnet ID': place.subnetId, 'Availability Zone': place.zone}),
		...(isDeleted ? {AutoScalingGroupState: 'Deleted'} : {}),
	};
}

import {type Fleet, type Given, names} from '../../fleet.ts';
import {Problem, unless} from '../../problem.ts';
import {readRecord} from '../../steps/looks/record.ts';
import {changesBetween} from '../../steps/recorded.ts';
import type {Cloud} from '../../world/cloud/port.ts';
import type {RecordVersion} from '../snapshot.ts';

/** Who is meant by the ARN that wrote a version: a user's name, or an assumed role's session. */
const whoOf = (arn: string | undefined): string => (arn === 'N/A' ? undefined : arn?.split(/[/:]/).at(-1)) || 'somebody';

/** A version that a later release wrote can't be compared, but it still says who and when. */
function answersIn(fleet: Fleet, value: string | undefined): Given | undefined {
	try {
		return readRecord(fleet, value ?? '');
	} catch (error) {
		if (error instanceof Problem) return undefined;
		throw error;
	}
}

/** The record's versions, newest first, each with what it changed; none where there is no record. */
export async function lookAtRecord(cloud: Cloud, fleet: Fleet): Promise<RecordVersion[]> {
	const {Parameters = []} = (await unless(cloud.call('GetParameterHistory', {Name: names.record(fleet)}), 'ParameterNotFound')) ?? {};
	const versions = Parameters.toSorted((one, other) => (one.Version ?? 0) - (other.Version ?? 0));
	const answers = versions.map(({Value}) => answersIn(fleet, Value));
	return versions
		.map(({Version, LastModifiedDate, LastModifiedUser, Description}, index) => {
			const [before, after] = [answers[index - 1], answers[index]];
			return {
				version: Version ?? 0,
				at: LastModifiedDate?.getTime() ?? 0,
				by: whoOf(LastModifiedUser),
				// A description stays until another one is written.
				...(Description === undefined || Description === versions[index - 1]?.Description ? {} : {note: Description}),
				changes: before && after ? changesBetween(before, after).map(({what, from, to}) => ({what, from, to})) : [],
			};
		})
		.reverse();
}

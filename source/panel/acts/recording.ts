import {followed} from '../../answers/all.ts';
import {type Given, names} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {noteText} from '../../steps/history-note.ts';
import {readRecord, recordLook} from '../../steps/looks/record.ts';
import type {Reaching} from '../../steps/reaching.ts';
import {recordValue} from '../../steps/recorded.ts';

/** Other answers on top of those that were decided; one that goes along with another isn't decided by that. */
export function decided(standing: Given, changed: Given): Given {
	const all = {...standing, ...changed};
	const goesAlong = ([key, value]: [string, unknown]): boolean => {
		const other = followed(key);
		return other !== undefined && !(key in standing) && value === all[other];
	};
	return {...standing, ...Object.fromEntries(Object.entries(changed).filter((entry) => !goesAlong(entry)))};
}

/** Writes the fleet's record anew; its history keeps who. Throws a Problem when there is no record, when it gets too long, or somebody wrote meanwhile. */
export async function recordAnswers(context: Reaching, change: (standing: Given) => Given, description?: string): Promise<void> {
	const {cloud, fleet} = context;
	context.forget(recordLook);
	const record = await context.look(recordLook);
	const name = names.record(fleet);
	if (!record) throw new Problem({code: 'no-record', message: `The fleet's record ${name} isn't there, so nothing can be recorded.`});
	const value = recordValue(change(record.answers), record.born);
	const {Version} = await cloud.call('PutParameter', {
		Name: name,
		Value: value,
		Overwrite: true,
		Tier: 'Standard',
		...(description === undefined ? {} : {Description: description}),
	});
	context.forget(recordLook);
	if (Version !== undefined && Version !== record.version + 1) {
		throw new Problem({
			code: 'record-written-meanwhile',
			message: `Somebody else wrote version ${Version - 1} of the record at the same moment; version ${Version} holds these answers.`,
			advice: 'Look at the config view, and do it again if theirs is gone.',
		});
	}
}

/** Records that something was done which changes no answer: the same answers, and what it was as the version's description. */
export const recordNote = (context: Reaching, done: string, who: string): Promise<void> =>
	recordAnswers(context, (standing) => standing, noteText({done, who}, context.clock.now()));

/** The answers before the record's last change of answers; undefined where there was none. */
export async function answersBefore({cloud, fleet}: Reaching): Promise<Given | undefined> {
	const {Parameters = []} = await cloud.call('GetParameterHistory', {Name: names.record(fleet)});
	const values = Parameters.toSorted((one, other) => (other.Version ?? 0) - (one.Version ?? 0)).map(({Value = ''}) => Value);
	const earlier = values.find((value) => value !== values[0]);
	return earlier === undefined ? undefined : readRecord(fleet, earlier);
}

import * as z from 'zod';
import {isKey, questions} from '../../answers/all.ts';
import {wrongShape} from '../../answers/value.ts';
import type {Look, Looking} from '../../engine/step.ts';
import {unnamedExecutor} from '../../executors/offered.ts';
import {type Fleet, type Given, names} from '../../fleet.ts';
import {isProblem, Problem, unless} from '../../problem.ts';
import {aws} from '../aws-cli.ts';
import {tagsOf} from '../tags.ts';

/** What a fleet's record holds, and which version of the parameter it is. */
export type FleetRecord = {
	version: number;
	answers: Given;
	/** When the fleet's first record was made (ISO 8601): the same for as long as the fleet stands. Earlier releases wrote none. */
	born?: string | undefined;
	/** When this version was written, in milliseconds since 1970. */
	at?: number | undefined;
};

/** The form of the record that this release writes. */
export const recordForm = 1;

const envelope = z.object({version: z.number(), born: z.string().optional(), answers: z.record(z.string(), z.unknown())});

const unreadable = (fleet: Fleet, why: string): Problem =>
	new Problem({
		code: 'record-unreadable',
		message: `The fleet's record ${names.record(fleet)} can't be read: ${why}`,
		advice: `Look at it with \`${aws(fleet, 'ssm', 'get-parameter-history', '--name', names.record(fleet))}\`, and write an earlier value back.`,
	});

function parsed(fleet: Fleet, value: string): unknown {
	try {
		return JSON.parse(value);
	} catch (cause) {
		throw unreadable(fleet, `it isn't JSON (${cause instanceof Error ? cause.message : String(cause)}).`);
	}
}

/** The answers in a record's value; throws a Problem for a later form, an unknown key and a value of another shape. */
export const readRecord = (fleet: Fleet, value: string): Given => contentOf(fleet, value).answers;

function contentOf(fleet: Fleet, value: string): Pick<FleetRecord, 'answers' | 'born'> {
	const judged = envelope.safeParse(parsed(fleet, value));
	if (!judged.success) throw unreadable(fleet, 'it holds no version and answers.');
	const {version, born, answers} = judged.data;
	const unknown = Object.keys(answers).filter((key) => !isKey(key));
	if (version !== recordForm || unknown.length > 0) {
		throw new Problem({
			code: 'record-newer',
			message: `The fleet's record ${names.record(fleet)} was written by a newer release: ${version === recordForm ? `it holds ${unknown.join(', ')}` : `its form is ${version}`}, which this one doesn't know.`,
			advice: 'Run the release that made it, or a later one.',
		});
	}
	const wrong = Object.keys(answers).flatMap((key) => {
		const says = isKey(key) ? wrongShape(key, answers[key]) : undefined;
		return says === undefined ? [] : [`${key} holds something else than it should. ${says}`];
	});
	if (wrong.length > 0) throw unreadable(fleet, wrong.join(' '));
	// Every key and every value has passed its own shape just now; what says how a laptop works, such as where its SSH goes, is never others' to say.
	const ours = Object.fromEntries(Object.entries(answers).filter(([key]) => isKey(key) && questions[key].change !== undefined)) as Given;
	return {answers: {executor: unnamedExecutor, ...ours}, born};
}

/** The fleet's record, or undefined when there is none. */
export const recordLook: Look<FleetRecord | undefined> = {
	name: 'record',
	async load({cloud, fleet}: Looking) {
		const name = names.record(fleet);
		const answer = await unless(cloud.call('GetParameter', {Name: name}), 'ParameterNotFound');
		if (!answer?.Parameter) return undefined;
		const {Value = '', Version = 0, LastModifiedDate} = answer.Parameter;
		return {version: Version, ...contentOf(fleet, Value), at: LastModifiedDate?.getTime()};
	},
};

/** What a record holds as far as it can be read, and why it can't: for what goes by the mark, such as taking the fleet away. Whether the session works is another matter. */
export async function recordRead(context: Looking): Promise<{answers: Given; stands: boolean; unread?: Problem}> {
	try {
		const record = await context.look(recordLook);
		return {answers: record?.answers ?? {}, stands: record !== undefined};
	} catch (error) {
		if (isProblem(error, 'record-unreadable', 'record-newer', 'not-allowed')) return {answers: {}, stands: true, unread: error};
		throw error;
	}
}

/** Tags of a parameter; undefined where it isn't there, and where AWS doesn't let its tags be seen. */
export const parameterTagsLook = (name: string): Look<Record<string, string> | undefined> => ({
	name: `tags of ${name}`,
	async load({cloud}) {
		const answer = await unless(cloud.call('ListTagsForResource', {ResourceType: 'Parameter', ResourceId: name}), 'InvalidResourceId', 'not-allowed');
		return answer && tagsOf(answer.TagList);
	},
});

import {type Ask, type Asked, type Asking, nothingAround} from '../../source/answers/question.ts';
import type {Given} from '../../source/fleet.ts';
import {Problem} from '../../source/problem.ts';
import type {Cloud, OperationName} from '../../source/world/cloud/port.ts';

/** What an interview may look at, with a cloud that refuses every call: an interview that makes one where it mustn't fails. */
export function asking({
	profiles = [],
	profileRegion,
	cloud = nothingAround.cloud,
}: {
	profiles?: string[];
	profileRegion?: string;
	cloud?: Cloud;
} = {}): (given: Given) => Asking {
	return (given) => ({
		cloud,
		cloudAt: () => cloud,
		given,
		profiles: async () => profiles,
		profileRegion: async () => profileRegion,
		timeZone: () => 'Europe/Berlin',
		now: () => Date.parse('2026-11-24T09:00:00Z'),
	});
}

/** A cloud in which each call ends with this problem; it counts them. */
export function cloudRefusing(problem: Problem): Cloud & {called: OperationName[]} {
	const called: OperationName[] = [];
	return {
		region: 'us-east-2',
		ahead: () => 0,
		called,
		async call(name) {
			called.push(name);
			throw problem;
		},
	};
}

/** A cloud in which nothing is: every list is empty. */
export const emptyCloud = (): Cloud & {called: OperationName[]} => {
	const called: OperationName[] = [];
	return {
		region: 'us-east-2',
		ahead: () => 0,
		called,
		async call(name) {
			called.push(name);
			return JSON.parse('{}');
		},
	};
};

/** Answers by key from a script; keeps what was put. A key that isn't in the script gets its default, as Enter would. */
export function scripted(script: Record<string, unknown[]>): Ask & {put: Asked[]} {
	const put: Asked[] = [];
	const left = new Map(Object.entries(script).map(([key, answers]) => [key, [...answers]]));
	const ask = async (asked: Asked) => {
		put.push(asked);
		const answers = left.get(asked.question.id);
		return answers?.length ? answers.shift() : asked.default?.value;
	};
	return Object.assign(ask, {put});
}

/** The problem that something ends with. */
export async function problemOf(work: () => unknown): Promise<Problem> {
	try {
		await work();
	} catch (error) {
		if (error instanceof Problem) return error;
		throw error;
	}
	throw new Error('It ended without a problem');
}

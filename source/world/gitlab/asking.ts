import * as z from 'zod';
import {type Answer, type Request, send} from '../request.ts';
import type {RunnerSeen} from './port.ts';
import {type Calling, refusal, strange, unreachable} from './problems.ts';

/** Milliseconds that one request may take. */
const limit = 15_000;

/** One request to GitLab's API; `what` completes "may not …" and "its answer to …". */
type ApiRequest = {
	method?: string;
	path: string;
	what: string;
	token?: string;
	fields?: object;
	signal?: AbortSignal | undefined;
	scope?: Calling['scope'];
};

/** How one GitLab is asked: every answer that isn't a success, and every one of another shape, is thrown as a Problem. */
export type GitlabApi = {
	ask(request: ApiRequest): Promise<Answer>;
	read<Shape>(answer: Answer, shape: z.ZodType<Shape>, what: string): Shape;
};

/** Asks one GitLab; the token travels in a header, fields in the body. `env` is for proxies. */
export function askingAt({url, ca, env}: {url: string; ca: string | undefined; env: Request['env']}): GitlabApi {
	const calling = (what: string): Calling => ({url, what});
	return {
		async ask({method = 'GET', path, what, token, fields, signal, scope}) {
			const headers = {
				accept: 'application/json',
				...(token === undefined ? {} : {'private-token': token}),
				...(fields ? {'content-type': 'application/json'} : {}),
			};
			let answer: Answer;
			try {
				answer = await send({url: `${url}/api/v4${path}`, method, headers, ...(fields ? {body: JSON.stringify(fields)} : {}), ca, env, limit, signal});
			} catch (error) {
				throw unreachable(error, calling(what), signal);
			}
			if (answer.status >= 300) throw refusal(answer, {...calling(what), scope});
			return answer;
		},
		read(answer, shape, what) {
			try {
				return shape.parse(JSON.parse(answer.text));
			} catch (error) {
				throw strange(calling(what), error instanceof z.ZodError ? error : undefined);
			}
		},
	};
}

/** A text that GitLab leaves out or gives as null where there is none. */
export const absent = z
	.string()
	.nullish()
	.transform((value) => value ?? undefined);

/** What is read of a runner's details. */
export const runnerShape = z.object({
	id: z.int(),
	description: absent,
	online: z.boolean().nullish(),
	paused: z.boolean().nullish(),
	contacted_at: absent,
	tag_list: z.array(z.string()).default([]),
	run_untagged: z.boolean().default(true),
	maintenance_note: absent,
});

/** A runner as the port tells it. */
export function runnerSeen(runner: z.infer<typeof runnerShape>): RunnerSeen {
	return {
		id: runner.id,
		description: runner.description ?? '',
		...(typeof runner.online === 'boolean' ? {online: runner.online} : {}),
		paused: runner.paused ?? false,
		...(runner.contacted_at === undefined ? {} : {contactedAt: runner.contacted_at}),
		tags: runner.tag_list,
		runUntagged: runner.run_untagged,
		...(runner.maintenance_note === undefined ? {} : {maintenanceNote: runner.maintenance_note}),
	};
}

import type {HostFacts} from '../executors/scripts.ts';
import {readPrometheus} from '../world/host/prometheus.ts';
import type {WorkerMaking} from './worker-making.ts';

/** What `gitlab-runner verify` says of one runner: by its text, since it exits 0 when GitLab can't be reached (docs/facts.md, "gitlab-runner: verify"). */
export type VerifyVerdict = {is: 'valid'} | {is: 'refused'; line: string} | {is: 'unreachable'; line: string} | {is: 'silent'};

/** What stands before the secret part of a runner's token; the panel's script has left the kind out already. */
const prefixes = /^(?:glrtr-|GR1348941|(?:glrt-)?(?:t\d_)?)/;

/** The first nine characters after the kind: GitLab Runner's name for a token in logs and metrics. */
export const shortToken = (token: string): string =>
	token
		.replace(prefixes, '')
		.replace(/\u2026$/, '')
		.slice(0, 9);

/** The same with the token's partition, `t3_`: by its version the runner keeps that in its lines, metrics and names of machines or not. */
export const partitionedOf = (token: string): string => token.replace(/^(?:glrt-|glrtr-|GR1348941)/, '').slice(0, 9);

const namesOurs = (line: string, token: string): boolean => line.includes(shortToken(token)) || line.includes(partitionedOf(token));

/** What the runner says in a line, without its fields. */
export const sentenceOf = (line: string): string => /Verifying runner\.\.\. .*?(?= {2}| +\w+=|$)/.exec(line)?.[0] ?? line;

/** What the lines say of the runner with this token; a line without a runner's name speaks for the only one. */
export function verdictOf(verify: HostFacts['verify'], token: string): VerifyVerdict {
	const lines = verify?.lines.filter((line) => /Verifying runner\.\.\./.test(line)) ?? [];
	const line = lines.find((one) => namesOurs(one, token)) ?? (lines.length === 1 ? lines[0] : undefined);
	if (line === undefined) return {is: 'silent'};
	if (/is (valid|alive)/.test(line)) return {is: 'valid'};
	if (/is (not valid|removed)/.test(line)) return {is: 'refused', line};
	return {is: 'unreachable', line};
}

/** Whether a runner gets answers from GitLab, by what it counts itself: 201 a job, 204 none, 403 its token is refused. */
export type Online = {is: 'online'} | {is: 'refused'} | {is: 'making machines'} | {is: 'not yet'};

/** How the names of metrics begin that are read: the runner's own, and those of the library that scales workers in newer executors. */
export const metricsRead = ['gitlab_runner_', 'fleeting_'];

/** Reads it from the text of `/metrics`. With idle machines wanted, the runner asks for jobs only once one is there. */
export function onlineIn(metrics: string, token: string, {counted}: Pick<WorkerMaking, 'counted'>): Online {
	const read = readPrometheus(metrics, metricsRead);
	const names = [...new Set([shortToken(token), partitionedOf(token)])];
	const answers = names.map((runner) => read.by('gitlab_runner_api_request_statuses_total', 'status', {endpoint: 'request_job', runner}));
	const count = (status: string) => answers.reduce((total, {[status]: one = 0}) => total + one, 0);
	if (count('201') + count('204') > 0) return {is: 'online'};
	if (count('403') > 0) return {is: 'refused'};
	const {states} = counted(read);
	return {is: states && states.creating + states.idle + states.used + states.acquired > 0 ? 'making machines' : 'not yet'};
}

import {readPrometheus} from '../world/host/prometheus.ts';
import {partitionedOf, shortToken} from './verify-lines.ts';
import type {WorkerMaking} from './worker-making.ts';

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

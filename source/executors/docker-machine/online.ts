import {partitionedOf, shortToken} from './verify-lines.ts';

/** Whether a runner gets answers from GitLab, by what it counts itself (facts §6): 201 a job, 204 none, 403 its token is refused. */
export type Online = {is: 'online'} | {is: 'refused'} | {is: 'making machines'} | {is: 'not yet'};

const labelsOf = (text: string): Record<string, string> =>
	Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));

/** The series of one metric: labels and value. */
export function seriesOf(metrics: string, name: string): {labels: Record<string, string>; value: number}[] {
	return [...metrics.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? ([-+.\\deE]+)$`, 'gm'))].map(([, labels = '', value]) => ({
		labels: labelsOf(labels),
		value: Number(value),
	}));
}

const sum = (values: {value: number}[]): number => values.reduce((total, {value}) => total + value, 0);

/** Reads it from the text of `/metrics`. With idle machines wanted, the runner asks for jobs only once one is there (facts §4.5). */
export function onlineIn(metrics: string, token: string): Online {
	const ours = ({labels}: {labels: Record<string, string>}) =>
		labels.endpoint === 'request_job' && [shortToken(token), partitionedOf(token)].includes(labels.runner ?? '');
	const answers = seriesOf(metrics, 'gitlab_runner_api_request_statuses_total').filter(ours);
	const count = (...statuses: string[]) => sum(answers.filter(({labels}) => statuses.includes(labels.status ?? '')));
	if (count('201', '204') > 0) return {is: 'online'};
	if (count('403') > 0) return {is: 'refused'};
	const machines = seriesOf(metrics, 'gitlab_runner_autoscaling_machine_states').filter(({labels}) =>
		['creating', 'idle', 'used', 'acquired'].includes(labels.state ?? ''),
	);
	return {is: sum(machines) > 0 ? 'making machines' : 'not yet'};
}

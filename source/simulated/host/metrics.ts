import {paths} from '../../world/host/scripts/paths.ts';
import type {Job} from '../gitlab/gitlab.ts';
import type {Hosts} from './machine.ts';
import {type Machine, runnerProgram, systemIdOf, systemIdPath, textOf, versionOf} from './machine.ts';
import {shortToken} from './runner-config.ts';

/** Labels of a metric as the runner writes them. */
export const labels = (pairs: Record<string, string | number>) =>
	`{${Object.entries(pairs)
		.sort(([one], [other]) => (one < other ? -1 : 1))
		.map(([key, value]) => `${key}="${value}"`)
		.join(',')}}`;

/** Text of `/metrics`, or undefined when nothing answers there (docs/facts.md, "gitlab-runner: metrics"). */
export function metricsOf(machine: Machine): string | undefined {
	const {process} = machine;
	if (!process?.config?.listens || machine.faults.metricsPort === 'taken') return undefined;
	const {config, totals, answers, failed, queued} = process;
	const systemId = systemIdOf(machine);
	const perEntry = config.entries.flatMap((entry) => {
		const who = {runner: shortToken(entry.token), runner_name: entry.name, system_id: systemId};
		const mine = process.jobs.filter(({id}) => process.takenBy.get(id) === who.runner);
		const onMachines = mine.filter(isPrepared).length;
		const jobs = (count: number, stages: {executor_stage: string; stage: string; state: string}) =>
			count > 0 ? [`gitlab_runner_jobs${labels({...stages, ...who})} ${count}`] : [];
		const left = queued.get(who.runner);
		return [
			`gitlab_runner_limit${labels(who)} ${entry.limit}`,
			`gitlab_runner_jobs_total${labels(who)} ${totals.jobs}`,
			...jobs(onMachines, {executor_stage: 'docker_run', stage: 'step_script', state: 'running'}),
			...jobs(mine.length - onMachines, {executor_stage: '', stage: '', state: 'pending'}),
			// Neither is there before a first job was received.
			...(left === undefined ? [] : [`gitlab_runner_job_queue_depth${labels(who)} 1`, `gitlab_runner_job_queue_size${labels(who)} ${left}`]),
			...[...failed].map(
				([reason, count]) =>
					`gitlab_runner_failed_jobs_total${labels({failure_reason: reason, mode: 'traditional', runner: who.runner, runner_name: who.runner_name})} ${count}`,
			),
			`gitlab_runner_request_concurrency_hard_limit${labels({runner: who.runner, system_id: systemId})} ${entry.requestConcurrency}`,
			...[...(answers.get(who.runner) ?? [])].map(
				([status, count]) =>
					`gitlab_runner_api_request_statuses_total${labels({endpoint: 'request_job', method: 'POST', runner: who.runner, status, system_id: systemId})} ${count}`,
			),
		];
	});
	return [
		`gitlab_runner_concurrent ${config.concurrent}`,
		`gitlab_runner_configuration_loaded_total ${totals.loads}`,
		...perEntry,
		...process.metrics(),
		`gitlab_runner_process_state_info${labels({state: process.ending ? 'graceful-shutdown' : 'running'})} 1`,
		`gitlab_runner_version_info${labels({architecture: machine.image.architecture === 'arm64' ? 'arm64' : 'amd64', name: 'gitlab-runner', os: 'linux', version: versionOf(machine, runnerProgram) ?? ''})} 1`,
		`process_start_time_seconds ${Math.floor(process.startedAt / 1000)}`,
		'',
	].join('\n');
}

/** Whether a job has its machine: until then the runner calls it pending, and names no stage. */
const isPrepared = ({worker}: Job): boolean => worker !== undefined;

/** Text of `/debug/jobs/list`, one line a job (gitlab-runner, commands/builds_helper.go). */
export function jobsList({clock, gitlab}: Hosts, machine: Machine): string | undefined {
	const {process} = machine;
	if (!process?.config?.listens || machine.faults.metricsPort === 'taken') return undefined;
	return process.jobs
		.map((job) => {
			const stages = isPrepared(job) ? 'state=running stage=step_script executor_stage=docker_run' : 'state=pending stage= executor_stage=';
			const seconds = Math.floor((clock.now() - (job.startedAt ?? clock.now())) / 1000);
			return `url=${gitlab.url}/${job.project}/-/jobs/${job.id} ${stages} duration=${seconds}s\n`;
		})
		.join('');
}

/** What `gitlab-runner verify` prints, and how it ends (docs/facts.md, "gitlab-runner: verify"). */
export function verifyLines(
	{gitlab}: Hosts,
	machine: Machine,
	entries: readonly {url: string; token: string; caPath: string | undefined}[],
): {lines: string[]; code: number} {
	const lines = [
		`Runtime platform                                    arch=amd64 os=linux pid=2211 revision=1f1c5a9d version=${versionOf(machine, runnerProgram)}`,
	];
	const isNew = !machine.files.has(systemIdPath);
	const by = {systemId: systemIdOf(machine), version: versionOf(machine, runnerProgram) ?? ''};
	if (isNew) lines.push(`Created missing unique system ID                    system_id=${by.systemId}`);
	let refused = false;
	for (const {url, token, caPath} of entries) {
		const {status, runner} = gitlab.verify(url, token, textOf(machine, caPath ?? paths.gitlabCa));
		if (runner) gitlab.hear(runner, by);
		refused ||= status === 403;
		lines.push(lineOf(status, token));
	}
	if (refused) lines.push('FATAL: Failed to verify runners');
	return {lines, code: refused ? 1 : 0};
}

function lineOf(status: number, token: string): string {
	const fields = `runner=${shortToken(token)}`;
	const created = token.startsWith('glrt-');
	if (status === 200) return `Verifying runner... is ${created ? 'valid' : 'alive'}                        ${fields}`;
	if (status === 403)
		return created ? `Verifying runner... is not valid                    ${fields}` : `ERROR: Verifying runner... is removed                      ${fields}`;
	if (status === -100)
		return `ERROR: Verifying runner... client error                    ${fields} status=couldn't execute POST against GitLab: dial tcp: i/o timeout`;
	return `ERROR: Verifying runner... failed                          ${fields} status=${status}`;
}

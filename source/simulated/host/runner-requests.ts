import type {Job, JobAnswer} from '../gitlab/gitlab.ts';
import {runnerProgram, systemIdOf, textOf, versionOf} from './machine.ts';
import type {Runner} from './runner.ts';
import {type RunnerEntry, shortToken} from './runner-config.ts';

/** Requests of an entry that fail one after another before it is switched off: `unhealthy_requests_limit`, 3 by default. */
const unhealthyLimit = 3;
/** How long it is switched off, in milliseconds. */
const unhealthyFor = 3_600_000;
/** How long the runner waits for a connection, in milliseconds. */
const dialling = 30_000;

/** GitLab's statuses as the log has them. */
const statusTexts: Record<number, string> = {403: '403 Forbidden', 429: '429 Too Many Requests', 502: '502 Bad Gateway'};

type Health = {failures: number; checkedAt: number};

/** A runner's requests for jobs. */
type Requests = {
	/** Requests under way: an entry's, or all. */
	underWay(entry?: RunnerEntry): number;
	/** Whether an entry is switched off as unhealthy; after an hour it isn't any more, and the log says so. */
	isOff(entry: RunnerEntry): boolean;
	/** Asks GitLab for one job. */
	ask(entry: RunnerEntry, answered: (job: Job | undefined) => void): void;
	/** config.toml was loaded: what was unhealthy is forgotten. */
	forget(): void;
};

/** Makes the part of a runner that asks for jobs: at most `request_concurrency` requests of an entry at a time, each as long as GitLab takes. */
export function requestsOf(runner: Runner): Requests {
	const {hosts, machine, process, note} = runner;
	const {clock, gitlab} = hosts;
	const health = new Map<string, Health>();
	const going = new Map<string, number>();
	const add = ({token}: RunnerEntry, more: number) => void going.set(token, (going.get(token) ?? 0) + more);
	const idOf = ({url, token}: RunnerEntry) => `${url}${shortToken(token)}`;

	function mark(entry: RunnerEntry, healthy: boolean): void {
		const known = health.get(entry.token) ?? {failures: 0, checkedAt: clock.now()};
		const failures = healthy ? 0 : known.failures + 1;
		health.set(entry.token, {failures, checkedAt: healthy ? clock.now() : known.checkedAt});
		if (failures >= unhealthyLimit)
			note('error', `Runner "${idOf(entry)}" is unhealthy and will be disabled for 1h0m0s seconds!`, {
				unhealthy_requests: failures,
				unhealthy_requests_limit: unhealthyLimit,
			});
	}

	function tell(entry: RunnerEntry, {status, detail}: JobAnswer): void {
		const about = {runner: shortToken(entry.token), runner_name: entry.name};
		if (status === 403) note('error', 'Checking for jobs... forbidden', {...about, status: statusTexts[403] ?? ''});
		else if (status === -100) {
			const at = `${entry.url}/api/v4/jobs/request`;
			note('error', 'Checking for jobs... client error', {...about, status: `couldn't execute POST against ${at}: Post "${at}": ${detail ?? 'EOF'}`});
		} else if (status >= 400) note('warning', 'Checking for jobs... failed', {...about, status: statusTexts[status] ?? String(status)});
	}

	return {
		underWay: (entry) => (entry ? (going.get(entry.token) ?? 0) : [...going.values()].reduce((sum, one) => sum + one, 0)),
		isOff(entry) {
			const known = health.get(entry.token);
			if (!known || known.failures < unhealthyLimit) return false;
			if (clock.now() - known.checkedAt <= unhealthyFor) return true;
			note('warning', `Runner "${idOf(entry)}" is not healthy, but check for a new job will be forced!`, {unhealthy_requests: known.failures});
			health.set(entry.token, {failures: 0, checkedAt: clock.now()});
			return false;
		},
		forget: () => health.clear(),
		ask(entry, answered) {
			const isSilent = (gitlab.managersMeet ?? gitlab.health) === 'unreachable';
			add(entry, 1);
			clock.at(clock.now() + (isSilent ? dialling : gitlab.latency), () => {
				add(entry, -1);
				// A process that ends breaks its requests off, and one that was killed has none.
				if (!runner.lives() || process.ending) return answered(undefined);
				const by = {systemId: systemIdOf(machine), version: versionOf(machine, runnerProgram) ?? ''};
				const answer: JobAnswer = isSilent
					? {status: -100, detail: 'dial tcp 172.65.251.78:443: i/o timeout'}
					: gitlab.request(entry.url, entry.token, textOf(machine, entry.caPath ?? ''), by);
				count(runner, entry, answer.status);
				tell(entry, answer);
				mark(entry, answer.status !== 403 && answer.status !== -100);
				answered(answer.job);
			});
		},
	};
}

function count({process}: Runner, {token}: RunnerEntry, status: number): void {
	if (status < 0) return;
	const counts = process.answers.get(shortToken(token)) ?? new Map<number, number>();
	counts.set(status, (counts.get(status) ?? 0) + 1);
	process.answers.set(shortToken(token), counts);
}

import type {Job, RunnerKept, SimulatedGitlab} from './state.ts';

/** Whether a runner may have a job: it waits, each of its tags is the runner's, and its branch is protected where it must be. */
const fits = (runner: RunnerKept, job: Job, {protectedRefs}: SimulatedGitlab): boolean =>
	job.state === 'pending' &&
	(job.trial === undefined || job.trial.pipeline.project.runners.has(runner.id)) &&
	(job.tags.length === 0 ? runner.runUntagged : job.tags.every((tag) => runner.tags.includes(tag))) &&
	(runner.accessLevel !== 'ref_protected' || protectedRefs.has(job.ref ?? 'main'));

/** Why no answer comes, as Go tells it; undefined where one comes. */
function silence({url, ca: trusted, health, managersMeet}: SimulatedGitlab, asked: string, ca: string | undefined): string | undefined {
	if (asked !== url) return `dial tcp: lookup ${asked.replace(/^https?:\/\//, '')}: no such host`;
	const met = managersMeet ?? health;
	if (met === 'unreachable') return 'dial tcp 172.65.251.78:443: i/o timeout';
	if (met === 'certificate' || (trusted !== undefined && ca !== trusted))
		return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
	return undefined;
}

/** What managers ask of GitLab. */
export function requests(
	known: () => SimulatedGitlab,
	now: () => number,
	newToken: () => string,
): Pick<SimulatedGitlab, 'verify' | 'serves' | 'waitingFor' | 'request' | 'hear' | 'renew'> {
	const verify: SimulatedGitlab['verify'] = (asked, token, ca) => {
		const gitlab = known();
		if (silence(gitlab, asked, ca) !== undefined) return {status: -100};
		const met = gitlab.managersMeet ?? gitlab.health;
		if (met === 'failing') return {status: 502};
		if (met === 'throttled') return {status: 429};
		const runner = [...gitlab.runners.values()].find((one) => one.token === token);
		return runner ? {status: 200, runner} : {status: 403};
	};
	const hear: SimulatedGitlab['hear'] = (runner, {systemId, version}) => {
		runner.contactedAt = now();
		runner.managers = [...(runner.managers ?? []).filter((one) => one.systemId !== systemId), {systemId, version, contactedAt: now()}];
	};
	return {
		verify,
		hear,
		renew(asked, token) {
			const {runner} = verify(asked, token, known().ca);
			if (!runner) return undefined;
			runner.token = newToken();
			if (runner.tokenSeconds !== undefined) runner.tokenExpiresAt = now() + runner.tokenSeconds * 1000;
			return {token: runner.token, expiresAt: runner.tokenExpiresAt};
		},
		serves(asked, token) {
			const {runner} = verify(asked, token, known().ca);
			return runner && !runner.paused ? runner : undefined;
		},
		waitingFor(asked, token) {
			const gitlab = known();
			const {runner} = verify(asked, token, gitlab.ca);
			return runner ? gitlab.jobs.filter((one) => fits(runner, one, gitlab)) : [];
		},
		request(asked, token, ca, by) {
			const gitlab = known();
			const detail = silence(gitlab, asked, ca);
			if (detail !== undefined) return {status: -100, detail};
			const {status, runner} = verify(asked, token, ca);
			if (!runner) return {status};
			hear(runner, by);
			// A runner that is paused is heard, and told that there is no job.
			const job = runner.paused ? undefined : gitlab.jobs.find((one) => fits(runner, one, gitlab));
			return job ? {status: 201, job} : {status: 204};
		},
	};
}

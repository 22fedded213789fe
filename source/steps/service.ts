import type {Change, Context, Finding, Found, Removal, Report, Step, StepName} from '../engine/step.ts';
import {type HostFacts, panelScript, serviceScript} from '../executors/scripts.ts';
import {isProblem, Problem, toProblem} from '../problem.ts';
import {crashed, crashWords} from '../world/host/fatal.ts';
import {type RunningJob, readJobList} from '../world/host/job-list.ts';
import type {Connection} from '../world/host/port.ts';
import {endJobsScript} from '../world/host/scripts/draining.ts';
import type {ServiceOutcome} from '../world/host/scripts/service.ts';
import {unitIs} from '../world/host/unit.ts';
import {retried} from '../world/laptop/clock.ts';
import {standingToken} from './config/standing.ts';
import {accountLook, type Instance, managersOf, workersOf} from './looks/account.ts';
import {forgetHost, lookAtHost, managerOf} from './looks/host.ts';
import {type Online, onlineIn} from './online.ts';
import {connectTo, connectToChange, type Reaching, reachingActions, untilVerified} from './reaching.ts';
import type {WorkerMaking} from './worker-making.ts';

declare module '../engine/step.ts' {
	interface Found {
		service: {since?: string | undefined};
	}
}

type ServiceNeeds = 'manager' | 'connection' | 'host-key' | 'software' | 'runner';

/** Seconds that running jobs may take to end when a change needs the runner to start anew. */
export const drainSeconds = 3600;

const onlineOf = (context: Context, making: WorkerMaking, facts: HostFacts): Online => {
	const {answers, fleet} = context;
	const token = facts.config && standingToken(facts.config.text, {answers, fleet, config: making.config})?.token;
	return token === undefined || facts.metrics === undefined ? {is: 'not yet'} : onlineIn(facts.metrics, token, making);
};

const change = (what: string, from: string, to: string, how: Change['how'] = 'live'): Change => ({what, from, to, how});

async function check(context: Context, making: WorkerMaking, found: Pick<Found, ServiceNeeds>): Promise<Finding<Found['service']>> {
	const facts = await lookAtHost(context, await managerOf(context, found));
	const {active, enabled, since, log = []} = facts.service;
	const resource = {since};
	const running = active === 'active';
	if (unitIs(facts.service) === 'crashed') {
		const from = `crashed${crashWords(facts.service, log)}`;
		return {is: 'different', resource, changes: [change('service', from, 'active')], says: `gitlab-runner has ${from}`};
	}
	if (!running && !enabled.startsWith('enabled')) return {is: 'missing', says: 'gitlab-runner, started with the machine'};
	const changes = [
		...(running ? [] : [change('service', active, 'active')]),
		...(enabled.startsWith('enabled') ? [] : [change('start with the machine', enabled, 'enabled')]),
	];
	if (changes.length > 0) return {is: 'different', resource, changes, says: `gitlab-runner is ${active}, ${enabled}`};
	if (facts.metrics === undefined) {
		return {
			is: 'different',
			resource,
			says: "the runner doesn't serve its metrics",
			changes: [change('listen_address', 'no answer on 127.0.0.1:9252', 'answers', 'drain')],
		};
	}
	const online = onlineOf(context, making, facts);
	if (online.is === 'online') return {is: 'ready', resource, says: 'online: GitLab answers when it asks for jobs'};
	if (online.is === 'making machines') return {is: 'ready', resource, says: 'running: it asks for jobs as soon as its first idle machine is there'};
	if (online.is === 'refused') return {is: 'blocked', problem: refused(context)};
	return {is: 'different', resource, says: 'running, and GitLab has not answered yet', changes: [change('online', 'not yet', 'online')]};
}

const refused = ({answers}: Context): Problem =>
	new Problem({
		code: 'runner-token-refused',
		message: `${answers.gitlabUrl} refuses the runner's token when it asks for jobs (403): it's deleted, or paused for good.`,
		advice: 'Make a new runner token in GitLab and run the same command with `--token-file`.',
	});

function failed(outcome: Exclude<ServiceOutcome, {is: 'done'}>): Problem {
	if (outcome.is === 'still-busy')
		return new Problem({
			code: 'still-busy',
			message: `${outcome.jobs === 1 ? '1 job still runs' : `${outcome.jobs} jobs still run`} on the manager. It takes no new one meanwhile.`,
			advice: 'Run the same command again later; it goes on.',
		});
	if (outcome.crash) return crashed(outcome.crash.unit, outcome.crash.log);
	return new Problem({
		code: outcome.code,
		message: `The service gitlab-runner doesn't start: ${outcome.detail}`,
		advice: 'Look at `journalctl -u gitlab-runner` there with `gitlab-runner-aws ssh`.',
	});
}

/** A runner that runs and doesn't serve its metrics read its config.toml before `listen_address` was in it: that key takes a restart. */
async function apply(context: Context, found: Pick<Found, ServiceNeeds>, finding: Finding<Found['service']>, report: Report): Promise<void> {
	const instance = await managerOf(context, found);
	const changes = finding.is === 'different' ? finding.changes : [];
	const connection = await connectToChange(context, instance);
	if (changes.some(({what}) => what === 'online')) return forgetHost(context, instance);
	const restart = changes.some(({how}) => how === 'drain');
	report({says: restart ? 'starting anew once its jobs have ended' : 'starting'});
	const outcome = await hurried({hurry: restart ? context.hurry : undefined, drainSeconds}, connection, report, (seconds) =>
		connection.script(serviceScript, {do: restart ? 'restart' : 'start', drainSeconds: seconds}, report),
	).finally(() => forgetHost(context, instance));
	if (outcome.is !== 'done') throw failed(outcome);
}

/** Does work that waits for jobs so many seconds, which end once somebody no longer wants to wait: at once where they don't want to from the beginning. */
export async function hurried<Result>(
	{hurry, drainSeconds}: {hurry: AbortSignal | undefined; drainSeconds: number},
	connection: Connection,
	report: Report,
	work: (drainSeconds: number) => Promise<Result>,
): Promise<Result> {
	if (hurry?.aborted) return work(0);
	// A connection that is lost fails the work too, which then tells it.
	const endJobs = (): void =>
		void connection.script(endJobsScript, {}).then(
			({jobs}) => report({says: jobs === 1 ? 'its job ends now' : `${jobs} jobs end now`}),
			() => undefined,
		);
	hurry?.addEventListener('abort', endJobs, {once: true});
	return work(drainSeconds).finally(() => hurry?.removeEventListener('abort', endJobs));
}

/**
 * Ends a manager's service without ending a job, then takes its machines away, and those of the names given: for removing a fleet, and for a runner
 * that would no longer know them. 0 seconds end running jobs now, and so does the context's `hurry` later. Gives how many machines went, and how many jobs were waited
 * for. Throws `still-busy`, and what `reach` throws.
 */
export async function drainManager(
	context: Reaching,
	instance: Instance,
	seconds: number,
	report: Report,
	names: readonly string[] = [],
): Promise<{machines: number; jobs: number}> {
	// Whoever says that the jobs have ended has to be the manager.
	if (seconds > 0) await untilVerified(context, instance, report);
	const connection = await connectToChange(context, instance);
	const outcome = await hurried({hurry: context.hurry, drainSeconds: seconds}, connection, report, (left) =>
		connection.script(serviceScript, {do: 'drain', drainSeconds: left, fleet: context.fleet.name, names: [...names]}, report),
	).finally(() => forgetHost(context, instance));
	if (outcome.is === 'done') return {machines: outcome.machines, jobs: outcome.jobs};
	throw failed(outcome);
}

/** Seconds after which a review no longer waits for a manager to say which jobs run. */
const reviewPatience = 15;

/** The jobs that run on a fleet's managers, as far as each can be asked soon; else why not. Changes nothing there. */
export async function jobsRunning(context: Reaching): Promise<({jobs: RunningJob[]} | {unknown: string})[]> {
	const {clock} = context;
	const managers = managersOf(context.fleet, await context.look(accountLook)).filter(({state}) => state === 'running');
	const asked = async (manager: Instance) => {
		const {host} = await (await connectTo(context, manager)).script(panelScript, {host: true});
		// A service that was stopped has no job, and tells nothing.
		if (host?.service.active === 'inactive') return {jobs: []};
		if (host?.jobs === undefined) return {unknown: host?.silent ?? 'the runner is silent'};
		return {jobs: readJobList(host.jobs).jobs};
	};
	return Promise.all(
		managers.map(async (manager) => {
			const over = new AbortController();
			const late = clock.sleep(reviewPatience * 1000, AbortSignal.any([over.signal, context.signal])).then(
				() => ({unknown: `the manager has not answered within ${reviewPatience} s`}),
				() => ({unknown: 'it was stopped'}),
			);
			const answer = asked(manager).catch((error: unknown) => ({unknown: toProblem(error).message}));
			return Promise.race([answer, late]).finally(() => over.abort());
		}),
	);
}

const busyAtRemoval = (problem: Problem, seconds: number): Problem =>
	new Problem({
		code: 'still-busy',
		message: `${problem.message.split('.')[0]} after ${Math.round(seconds / 60)} minutes.`,
		advice: 'Run the same command again to wait on, or with `--now` to end running jobs.',
	});

/** Tries to reach a manager again whose connection was lost while its jobs ended, this far apart. */
const drainPatience = {tries: 6, pause: 10_000};

/** A setup lets this machine's address in and tells what else keeps it out. */
function notDrained({fleet}: Removal, manager: Instance, workers: number, cause: Problem): Problem {
	const way =
		cause.code === 'manager-private' && cause.advice
			? cause.advice
			: `Run \`gitlab-runner-aws setup --fleet ${fleet.name} --region ${fleet.region}\`, which lets this machine in, then the same command again.`;
	return new Problem({
		code: 'not-drained',
		message: `The manager ${manager.id} isn't reached, so jobs on its ${workers === 1 ? 'worker' : `${workers} workers`} can't be waited for. ${cause.message}`,
		advice: `${way} With \`--now\` running jobs are ended.`,
		cause,
	});
}

/** Drains a manager; a connection that is lost meanwhile is opened again, since the manager goes on draining. */
async function drainPatiently(removal: Removal, manager: Instance, report: Report): Promise<{machines: number; jobs: number}> {
	const {clock, options} = removal;
	const end = clock.now() + options.drainSeconds * 1000;
	// 0 would end running jobs.
	const left = (): number => (options.drainSeconds === 0 ? 0 : Math.max(1, Math.round((end - clock.now()) / 1000)));
	let lost = false;
	const passes = (error: unknown): string | undefined => {
		lost ||= isProblem(error, 'ssh-closed');
		return lost && isProblem(error) && error.again ? 'connection to the manager lost, opened again' : undefined;
	};
	return retried(removal, drainPatience, () => drainManager(removal, manager, left(), report), passes, report);
}

async function drainFor(removal: Removal, manager: Instance, report: Report): Promise<void> {
	const {drainSeconds: seconds} = removal.options;
	try {
		const {machines, jobs} = await drainPatiently(removal, manager, report);
		const waited = jobs === 0 ? 'no job was running' : `${jobs === 1 ? '1 job has' : `${jobs} jobs have`} ended`;
		report({says: `stopped, ${waited}${machines === 0 ? '' : `, ${machines === 1 ? '1 machine' : `${machines} machines`} taken away`}`});
	} catch (error) {
		if (isProblem(error, 'still-busy')) throw busyAtRemoval(error, seconds);
		if (!isProblem(error)) throw error;
		const workers = workersOf(removal.fleet, await removal.look(accountLook)).length;
		if (seconds > 0 && workers > 0) throw notDrained(removal, manager, workers, error);
		report({says: `not stopped, since the manager ${manager.id} isn't reached: ${error.message.replace(/\.$/, '')}`});
	}
}

/** Every manager of the fleet, since one that another takes over from still takes jobs. */
async function remove(removal: Removal, report: Report): Promise<void> {
	const running = managersOf(removal.fleet, await removal.look(accountLook)).filter(({state}) => state === 'running');
	if (running.length === 0) return report({says: 'no manager runs'});
	await Promise.all(running.map((manager) => drainFor(removal, manager, report)));
}

/** The runner's service: running, starting with the machine, online. */
export const serviceStep = (making: WorkerMaking): Step<'service', ServiceNeeds, StepName> => ({
	name: 'service',
	title: 'Service',
	needs: ['manager', 'connection', 'host-key', 'software', 'runner'],
	// A removal goes the other way round: the service is drained before workers go.
	after: ['security-group-rules', 'manager-profile', 'credentials', making.provenBy, making.removedBy],
	actions: reachingActions,
	settles: {tries: 40, seconds: 3},
	check: (context, found) => check(context, making, found),
	apply,
	remove,
	commands: () => ['sudo systemctl enable --now gitlab-runner', 'systemctl status gitlab-runner', 'curl -s http://127.0.0.1:9252/metrics | grep request_job'],
});

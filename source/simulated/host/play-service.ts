import type {ServiceOutcome, ServiceRequest} from '../../world/host/scripts/service.ts';
import type {Job} from '../gitlab/gitlab.ts';
import type {Hosts} from './machine.ts';
import {isGraceful, unitOf, type Work} from './machine.ts';
import {metricsOf} from './metrics.ts';
import type {ScriptRun} from './plays.ts';
import {locked} from './running.ts';
import {startService} from './unit.ts';
import type {RunnerProcess} from './worker.ts';

/** What is told while a service ends. */
function toldOf({gitlab}: Hosts, jobs: readonly Job[]): string {
	const [first] = jobs;
	if (!first) return 'service stopping';
	if (jobs.length === 1) return `1 job still runs: ${gitlab.url}/${first.project}/-/jobs/${first.id}`;
	const names = jobs.slice(0, 4).map(({id, project}) => `${project.split('/').at(-1)} #${id}`);
	return `${jobs.length} jobs still run: ${names.join(', ')}${jobs.length > 4 ? ` and ${jobs.length - 4} more` : ''}`;
}

/** Why a job failed whose runner was told to end now. */
const aborted = 'Job failed (system failure): aborted: terminated';

/** How much of its time a drain has left, in milliseconds. */
const leftOf = (ms: number): string => (ms >= 90_000 ? `, ${Math.round(ms / 60_000)} m left` : `, ${Math.floor(ms / 1000)} s left`);

/**
 * Stops the service as `draining` in source/world/host/scripts does: undefined once it has stopped, else how many jobs still run when the time is over.
 * Without the drop-in, or with 0 seconds, running jobs end now. `waited` hears which jobs it meets.
 */
export function* stopGracefully(seconds: number, {machine, hosts, say}: ScriptRun, waited = new Set<Job>()): Work<number | undefined> {
	if (!machine.process) return undefined;
	if (seconds === 0 || !isGraceful(machine)) {
		say({says: 'service stopping, running jobs end now'});
		for (const job of machine.process.jobs) waited.add(job);
		machine.process.abort(aborted);
		hosts.review();
		yield 1000;
		while (machine.process) yield 500;
		return undefined;
	}
	machine.process.quit();
	hosts.review();
	const until = hosts.clock.now() + seconds * 1000;
	let told: string | undefined;
	let toldAt = 0;
	while (machine.process) {
		const {jobs}: RunnerProcess = machine.process;
		for (const job of jobs) waited.add(job);
		if (hosts.clock.now() >= until) return jobs.length;
		const says = toldOf(hosts, jobs);
		const now = hosts.clock.now();
		if (says !== told || now - toldAt >= 60_000) {
			say({says: `${says}${jobs.length === 0 ? '' : leftOf(until - now)}`});
			toldAt = now;
		}
		told = says;
		yield 500;
	}
	return undefined;
}

/** The `end-jobs` script. */
// biome-ignore lint/correctness/useYield: It takes no time.
export function* endJobs(_given: object, {machine, hosts}: ScriptRun): Work<{jobs: number}> {
	const jobs = machine.process?.jobs.length ?? 0;
	machine.process?.abort(aborted);
	hosts.review();
	return {jobs};
}

/** The `service` script. */
export function* service(given: ServiceRequest, running: ScriptRun): Work<ServiceOutcome> {
	const work = doing(given, running);
	return yield* locked(running, given.do === 'drain' ? locked(running, work, 'test') : work);
}

function* doing(given: ServiceRequest, running: ScriptRun): Work<ServiceOutcome> {
	const {machine, hosts} = running;
	if (given.do === 'reload') {
		machine.process?.reload();
		machine.process?.dispatch();
		return {is: 'done', machines: 0, jobs: 0};
	}
	const waited = new Set<Job>();
	if (given.do !== 'start') {
		const jobs = yield* stopGracefully(given.drainSeconds, running, waited);
		if (jobs !== undefined) return {is: 'still-busy', jobs};
	}
	if (given.do === 'drain') return {is: 'done', machines: yield* takeAway(given, running), jobs: waited.size};
	if (machine.service.active === 'deactivating') return {is: 'still-busy', jobs: machine.process?.jobs.length ?? 0};
	yield 800;
	const begun = hosts.clock.now();
	machine.service.enabled = true;
	const started = startService(hosts, machine, 'restart');
	if (started !== true) return {is: 'failed', code: 'command-failed', detail: started};
	return (yield* watched(running, begun)) ?? {is: 'done', machines: 0, jobs: waited.size};
}

/** How a process ended that has just been started; undefined once it serves its metrics, or has stayed for as long as the real script looks. */
function* watched({machine, hosts}: ScriptRun, begun: number): Work<ServiceOutcome | undefined> {
	const until = hosts.clock.now() + 10_000;
	while (hosts.clock.now() < until) {
		yield 200;
		const {service} = machine;
		if (service.active === 'activating') {
			const log = machine.journal
				.filter(({at, message}) => at >= begun && message !== '')
				.map(({message}) => message)
				.slice(-40);
			return {is: 'failed', code: 'runner-crashed', detail: log.slice(-3).join(' '), crash: {unit: unitOf(machine.service), log}};
		}
		if (metricsOf(machine) !== undefined) return undefined;
	}
	return undefined;
}

/** What the executors leave behind goes. */
function* takeAway(given: ServiceRequest, running: ScriptRun): Work<number> {
	let count = 0;
	for (const one of running.plays) count += yield* one.takeAway(given, running);
	return count;
}

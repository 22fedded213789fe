import {paths} from '../scripts/paths.ts';
import type {Service, ServiceOutcome} from '../scripts/service.ts';
import {type DockerMachine, removeMachine} from './docker-machine.ts';
import {storeOf, textOf, type Work} from './machine.ts';
import {startService} from './runner-process.ts';
import {locked, type Running} from './running.ts';

const plural = (count: number) => (count === 1 ? '1 job still runs' : `${count} jobs still run`);

/**
 * Stops the service as `draining` in source/host/scripts does: undefined once it has stopped, else how many jobs still run when the time is over.
 * Without the drop-in, or with 0 seconds, running jobs end now.
 */
export function* stopGracefully(seconds: number, {machine, hosts, say}: Running): Work<number | undefined> {
	if (!machine.process) return undefined;
	const isGraceful = seconds > 0 && textOf(machine, paths.dropIn)?.includes('KillSignal=SIGQUIT') === true;
	if (!isGraceful) {
		say({says: 'service stopping, running jobs end now'});
		machine.process.kill('Job failed (system failure): aborted: terminated');
		hosts.review();
		yield 1000;
		return undefined;
	}
	machine.process.quit();
	hosts.review();
	const until = hosts.clock.now() + seconds * 1000;
	let told: number | undefined;
	while (machine.process) {
		const jobs: number = machine.process.jobs.length;
		if (hosts.clock.now() >= until) return jobs;
		if (jobs !== told) say({says: jobs > 0 ? plural(jobs) : 'service stopping'});
		told = jobs;
		yield 500;
	}
	return undefined;
}

/** The `service` script. */
export function* service(given: Service, running: Running): Work<ServiceOutcome> {
	return yield* locked(running, doing(given, running));
}

function* doing(given: Service, running: Running): Work<ServiceOutcome> {
	const {machine, hosts} = running;
	if (given.do !== 'start') {
		const jobs = yield* stopGracefully(given.drainSeconds, running);
		if (jobs !== undefined) return {is: 'still-busy', jobs};
	}
	if (given.do === 'drain') return {is: 'done', machines: yield* takeAway(given.fleet ?? '', running)};
	if (machine.service.active === 'deactivating') return {is: 'still-busy', jobs: machine.process?.jobs.length ?? 0};
	yield 800;
	machine.service.enabled = true;
	const started = startService(hosts, machine);
	if (started !== true) return {is: 'failed', code: 'command-failed', detail: started};
	yield 700;
	return {is: 'done', machines: 0};
}

/** Removes from store and EC2 the machines that this fleet's runner named. */
function* takeAway(fleet: string, {machine, hosts, say}: Running): Work<number> {
	const ours = new RegExp(`^runner-[a-z0-9-]{1,9}-${fleet}-\\d{9,11}-[0-9a-f]{8}$`);
	const names = storeOf(machine).filter(({name}) => ours.test(name));
	if (names.length > 0) say({says: names.length > 1 ? `${names.length} machines going` : '1 machine going'});
	let gone = 0;
	for (const {name} of names) {
		const docker: DockerMachine = {cloud: hosts.cloud, machine, now: hosts.clock.now, random: hosts.random, say: () => {}, givenUp: () => undefined};
		const removed = yield* removeMachine(docker, name);
		say({line: removed ? `${name} removed` : `${name} not removed`});
		gone += Number(removed);
	}
	return gone;
}

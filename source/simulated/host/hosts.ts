import type {SimulatedClock} from '../clock.ts';
import type {SimulatedCloud} from '../cloud/cloud.ts';
import {hasBooted} from '../cloud/launch.ts';
import type {Job, SimulatedGitlab} from '../gitlab/gitlab.ts';
import {nextJobId} from '../gitlab/state.ts';
import {type Hosts, isGraceful, isUp, type Machine, newMachine, runnerProgram, stoppedUnit, systemIdOf, textOf, versionOf} from './machine.ts';
import type {Plays} from './plays.ts';
import {startProcess} from './runner-process.ts';
import {startService} from './unit.ts';

/** How long a machine takes from one system to the next, in milliseconds. */
const rebootTakes = 25_000;

/** Makes the machines' side of the world; `plays` says how managers behave with each executor. */
export function simulatedHosts(cloud: SimulatedCloud, gitlab: SimulatedGitlab, clock: SimulatedClock, random: () => number, plays: readonly Plays[]): Hosts {
	const machines = new Map<string, Machine>();
	const tunnels = new Map<string, string>();
	let least = 0;
	let reviewing = false;

	const find = (matches: (instance: Machine['instance']) => boolean): Machine | undefined => {
		for (const region of cloud.account.regions.values()) {
			for (const instance of region.instances.values()) {
				if (matches(instance)) return hosts.machineOf(instance.id);
			}
		}
		return undefined;
	};

	function boot(machine: Machine): void {
		const {instance} = machine;
		if (machine.bootedFor === instance.runsFrom || instance.stopping) return;
		machine.bootedFor = instance.runsFrom;
		startEnabled(machine);
	}

	/** Starts what is enabled once the instance has booted. */
	function startEnabled(machine: Machine): void {
		const {instance} = machine;
		machine.service = stoppedUnit(machine.service.enabled);
		clock.at(instance.bootedAt, () => {
			if (machine.service.enabled && hasBooted(instance, clock.now())) startService(hosts, machine);
			hosts.review();
		});
	}

	function reviewOne(machine: Machine): void {
		boot(machine);
		const {process} = machine;
		if (!process) return;
		if (!isUp(machine, clock.now())) {
			process.kill('Job failed (system failure): the manager is gone');
			return;
		}
		process.review();
	}

	/** A manager sends what its running jobs print all the time, so GitLab has just heard from it. */
	function hear(machine: Machine): void {
		const {process} = machine;
		if (!process || process.jobs.length === 0) return;
		for (const {url, token, caPath} of process.config?.entries ?? []) {
			const {runner} = gitlab.verify(url, token, textOf(machine, caPath ?? ''));
			if (runner) gitlab.hear(runner, {systemId: systemIdOf(machine), version: versionOf(machine, runnerProgram) ?? ''});
		}
	}
	gitlab.whenAsked.push(() => {
		clock.settle();
		for (const machine of machines.values()) hear(machine);
	});

	gitlab.whenQueued.push(() => {
		clock.at(clock.now() + 500 + random() * 2500, () => {
			for (const {process} of machines.values()) process?.dispatch();
			hosts.review();
		});
	});

	/** What ran over SSH ends with its session. */
	function endSessions(machine: Machine): void {
		machine.reboots += 1;
		machine.locks.clear();
	}

	const hosts: Hosts = {
		cloud,
		gitlab,
		clock,
		random,
		mirrors: new Map(),
		dockerHubRefuses: false,
		jobsFail: undefined,
		tunnels,
		machineOf(instanceId) {
			const known = machines.get(instanceId);
			if (known) return known;
			for (const region of cloud.account.regions.values()) {
				const instance = region.instances.get(instanceId);
				const image = instance && region.images.get(instance.imageId);
				if (!instance || !image) continue;
				const machine = newMachine(instance, image, region.name, region.volumes.get(instance.volumeId)?.gib);
				machine.bootedFor = instance.runsFrom;
				machines.set(instanceId, machine);
				return machine;
			}
			return undefined;
		},
		machineAt(address, port) {
			const tunnel = tunnels.get(`${address}:${port}`);
			if (tunnel !== undefined) return hosts.machineOf(tunnel);
			return find((instance) => instance.publicIp === address && !instance.ending);
		},
		startProcess: (machine, ended) => startProcess(hosts, plays, machine, ended),
		review() {
			if (reviewing) return;
			reviewing = true;
			try {
				for (const machine of machines.values()) reviewOne(machine);
				least = Math.min(least, hosts.takers());
			} finally {
				reviewing = false;
			}
		},
		shutDown(machine, patience) {
			if (machine.shuttingDown) return;
			machine.shuttingDown = true;
			endSessions(machine);
			if (isGraceful(machine)) machine.process?.quit();
			else machine.process?.kill('Job failed (system failure): aborted: terminated');
			const until = clock.now() + patience;
			const look = (): void => {
				if (!machine.shuttingDown) return;
				if (!machine.process || clock.now() >= until) hosts.reboot(machine);
				else clock.at(clock.now() + 1000, look);
			};
			look();
		},
		reboot(machine) {
			machine.process?.crash({result: 'signal', status: 9});
			machine.shuttingDown = false;
			endSessions(machine);
			machine.instance.bootedAt = clock.now() + rebootTakes;
			startEnabled(machine);
			hosts.review();
		},
		queueJobs(count, {name = 'test', project = 'acme/app', seconds = 60, tags = [], ref = 'main', ...more} = {}) {
			// What was due before has happened by now: nobody runs a job before it is there.
			clock.settle();
			const made = Array.from(
				{length: count},
				(_, index): Job => ({id: nextJobId(gitlab.jobs, index), name, project, seconds, tags, ref, state: 'pending', queuedAt: clock.now(), ...more}),
			);
			for (const job of made) gitlab.queue(job);
			return made;
		},
		takers: () => [...machines.values()].filter(({process}) => process?.takes()).length,
		leastTakers() {
			const seen = least;
			least = hosts.takers();
			return seen;
		},
	};
	return hosts;
}

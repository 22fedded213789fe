import assert from 'node:assert/strict';
import {panelDriver} from '../../source/commands/panel.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import type {PanelAct} from '../../source/panel/acts/driver.ts';
import {nothingSeen} from '../../source/panel/snapshot.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt} from './at-laptop.ts';
import {prove, type SituationFleet} from './situation.ts';

/** Alice does something from the panel. */
async function acts({world}: SituationFleet, act: PanelAct): Promise<void> {
	const session = sessionAt(world, ['status'], hearing());
	const driver = panelDriver(session, await watchFleet(session, someFleet));
	const prepared = await driver.prepare(act, nothingSeen(someFleet.region, someFleet.name));
	await prepared.carryOut(() => undefined);
}

/** The worker that runs a job now. */
const busyWorker = ({world, region}: SituationFleet): string => {
	const name = world.jobs.find(({state}) => state === 'running')?.worker;
	return [...region.instances.values()].find(({keyName}) => keyName === name)?.id ?? assert.fail('no job runs');
};

const none = 'No job waits (GitLab, 1 project).';
const retry = '`retry: {max: 2, when: runner_system_failure}` in .gitlab-ci.yml runs such jobs again';

/** The runner's service isn't as it should be. */
prove({
	'the runner was killed': {
		async happens({world, manager, jobs, passes}) {
			jobs(1, {seconds: 3000});
			await passes(120);
			world.outside.crashRunner(manager);
		},
		watched: 40,
		asks: none,
		says: ['GitLab Runner crashed 42 s ago (killed by signal 9). systemd tries again by itself. [host: start]'],
		jobs: '0 running, 0 waiting',
		runner: 'crashed',
		verdict: 'trouble',
	},
	'the runner ended with an error': {
		happens: ({world, manager}) => world.outside.crashRunner(manager, {result: 'exit-code', status: 1}, {message: 'Something broke', error: 'no such thing'}),
		watched: 40,
		asks: none,
		says: ['GitLab Runner crashed 42 s ago (exit code 1): Something broke: no such thing. systemd tries again by itself. [host: start]'],
		runner: 'crashed',
		verdict: 'trouble',
	},
	'the runner crashes again and again': {
		async happens({world, manager, passes}) {
			for (let crash = 0; crash < 3; crash++) {
				if (crash > 0) await passes(130);
				world.outside.crashRunner(manager);
			}
		},
		watched: 20,
		asks: none,
		says: ['GitLab Runner has crashed 3 times, last 22 s ago (killed by signal 9). systemd tries again by itself. [host: start]'],
		verdict: 'trouble',
	},
	'the runner has crashed, and systemd has started it again': {
		async happens({world, manager, passes}) {
			world.outside.crashRunner(manager, {result: 'exit-code', status: 2}, {message: 'Something broke', error: 'no such thing'});
			await passes(150);
		},
		watched: 30,
		asks: none,
		says: ['GitLab Runner has crashed once and runs again for 62 s: Something broke: no such thing. [host: log]'],
		runner: 'online',
		verdict: 'trouble',
	},
	'another program has the port of the runner’s metrics': {
		async happens({world, manager, passes}) {
			world.outside.machineFaults(manager, {metricsPort: 'taken'});
			world.outside.crashRunner(manager);
			await passes(125);
		},
		watched: 20,
		asks: none,
		says: [
			"GitLab Runner can't start, so nothing runs, for 26 s: another program on the manager has the port of its metrics (Failed to create listener for metrics server: listen tcp 127.0.0.1:9252: bind: address already in use). `sudo ss -ltnp` there names it. [host: ssh]",
		],
		runner: 'crashed',
	},
	'config.toml is broken, and the service was restarted': {
		async happens({world, manager, edits, jobs, passes}) {
			edits((text) => text.replace('concurrent = 4', 'concurrent = '));
			await passes(20);
			world.outside.stopService(manager);
			world.outside.startService(manager);
			jobs(2);
		},
		watched: 40,
		asks: 'Why are 2 jobs waiting?',
		says: [
			"GitLab Runner can't read config.toml, so nothing runs, for 42 s: Service run failed: decoding configuration file: toml: line 1, column 14: invalid value. Mend it on the manager (s), then R starts it. [host: ssh]",
		],
		runner: 'crashed',
	},
	'somebody drained the fleet from the panel': {
		happens: (subject) => acts(subject, {do: 'drain'}),
		watched: 20,
		asks: none,
		says: [/^The fleet was drained by alice@laptop at 09:0\d UTC, so it takes no jobs\. \[record: resume\]$/],
		jobs: '0 running, 0 waiting',
		runner: 'drained',
		verdict: 'healthy',
	},
	'somebody drained the fleet, and jobs wait': {
		async happens(subject) {
			await acts(subject, {do: 'drain'});
			subject.jobs(2);
		},
		watched: 20,
		asks: 'Why are 2 jobs waiting?',
		says: [/^The fleet was drained by alice@laptop at 09:0\d UTC, so it takes no jobs\. \[record: resume\]$/],
		runner: 'drained',
		verdict: 'trouble',
	},
	'the fleet was drained and resumed from the panel, and stopped on the manager later': {
		async happens(subject) {
			await acts(subject, {do: 'drain'});
			await acts(subject, {do: 'resume'});
			await subject.passes(60);
			subject.world.outside.stopService(subject.manager);
			await subject.passes(60);
		},
		watched: 20,
		asks: none,
		says: ["GitLab Runner doesn't run on the manager: its service was stopped there 82 s ago, and no drain from here did it. [host: resume]"],
		runner: 'stopped',
		verdict: 'trouble',
	},
});

/** How many jobs wait, without any token for GitLab. */
prove({
	'a job waits for its machine, and nobody may ask GitLab': {
		withoutGitlab: true,
		async happens({jobs, passes}) {
			jobs(1, {seconds: 3000});
			await passes(150);
			jobs(1, {seconds: 3000});
		},
		watched: 20,
		asks: 'Why is 1 job waiting for its machine, 18 s so far?',
		says: [
			/^The idle count is 0, so a job waits for a machine of its own: 1 is being made, which usually takes about \d+ s; the first began \d+ s ago\. \[runner: idle\]$/,
		],
		jobs: '1 running, 1 waiting for its machine 18 s (usually 50 s), 0 waiting in GitLab',
	},
	'GitLab has had no job for a runner that has just started': {
		withoutGitlab: true,
		happens: () => undefined,
		watched: 20,
		asks: 'No job waits (the runner asks, and GitLab has none for it; runner metrics, 0 s old).',
		says: [],
		jobs: '0 running, 0 waiting',
		verdict: 'healthy',
	},
	'the runner asks for nothing, since it has switched itself off': {
		withoutGitlab: true,
		happens({runner, jobs}) {
			runner.token = 'glrt-t3_somebody-reset-it';
			jobs(3);
		},
		watched: 60,
		asks: 'Not known how many jobs wait: the runner has switched itself off, and asks GitLab for none. Give GITLAB_TOKEN to see them.',
		says: [
			"GitLab refuses the runner's token (403), for 60 s: the runner is deleted there, or its token was reset. [journal: repair]",
			'The runner switched itself off as unhealthy 54 s ago and asks again in 59 m. Once GitLab answers it, R has it ask at once. [journal: ask-again]',
		],
		jobs: '0 running, waiting not known',
	},
	'GitLab takes the token again, and the runner has switched itself off': {
		async happens({world, runner, jobs, passes}) {
			runner.token = 'glrt-t3_somebody-reset-it';
			await passes(120);
			runner.token = world.tokens.runner;
			jobs(3);
		},
		watched: 60,
		asks: 'Why are 3 jobs waiting?',
		says: [
			'The runner switched itself off as unhealthy 3 m ago and asks again in 57 m, though GitLab takes its token by now. R has it ask at once. [journal: ask-again]',
		],
	},
});

/** Jobs fail though nothing is wrong with them. */
prove({
	'jobs fail one after the other, since no container can be started': {
		fleet: {limit: 1, concurrent: 1},
		happens({world, jobs}) {
			world.outside.failJobs({
				reason: 'Cannot start the container: OCI runtime create failed: unable to start container process (exec.go:57:0s)',
				why: 'runner_system_failure',
			});
			jobs(3);
		},
		watched: 100,
		asks: none,
		says: [
			'The last 3 jobs failed through the runner, the newest 40 s ago: Cannot start the container: OCI runtime create failed: unable to start container process (runner_system_failure). [journal: jobs]',
		],
		verdict: 'trouble',
	},
	'a job’s image can’t be pulled': {
		happens({world, jobs}) {
			world.outside.failJobs({
				reason:
					'failed to pull image "registry.acme.example/build:1" with specified policies [always]: Error response from daemon: connection refused (manager.go:250:1s)',
				why: 'runner_external_dependency_failure',
			});
			jobs(1);
		},
		watched: 100,
		asks: none,
		says: [
			'Job #9000 of acme/app failed through the runner 46 s ago: failed to pull image "registry.acme.example/build:1" with specified policies [always]: Error response from daemon: connection refused (runner_external_dependency_failure). [journal: jobs]',
		],
		verdict: 'trouble',
	},
	'jobs fail by their own doing': {
		happens({world, jobs}) {
			world.outside.failJobs({reason: 'exit code 1', why: 'script_failure'});
			jobs(3);
		},
		watched: 100,
		asks: none,
		says: [],
		verdict: 'healthy',
	},
	'jobs failed through the runner, and the next one passed': {
		async happens({world, jobs, passes}) {
			world.outside.failJobs({reason: 'Cannot start the container', why: 'runner_system_failure'});
			jobs(2);
			await passes(90);
			world.outside.failJobs(undefined);
			jobs(1, {seconds: 10});
		},
		watched: 60,
		asks: none,
		says: [],
		verdict: 'healthy',
	},
});

/** A job's machine goes while it runs there. */
prove({
	'AWS takes a spot machine back, and no job waits': {
		async happens(subject) {
			subject.jobs(1, {seconds: 3000});
			await subject.passes(120);
			subject.world.outside.interruptSpot(busyWorker(subject));
		},
		watched: 50,
		asks: none,
		says: [
			`Job #9000 of acme/app lost its machine 40 s ago: spot interruption, since AWS needs its capacity. ${retry}; other types or zones, or on demand, are taken back less. [ec2: move]`,
		],
		verdict: 'trouble',
	},
	'AWS takes a spot machine back, and only the spot request says why': {
		async happens(subject) {
			subject.jobs(1, {seconds: 3000});
			await subject.passes(120);
			subject.world.outside.interruptSpot(busyWorker(subject), 'by its request');
		},
		watched: 50,
		asks: none,
		says: [
			`Job #9000 of acme/app lost its machine 40 s ago: spot interruption, since AWS needs its capacity. ${retry}; other types or zones, or on demand, are taken back less. [ec2: move]`,
		],
	},
	'somebody ends a machine on which a job runs': {
		async happens(subject) {
			subject.jobs(2, {seconds: 3000});
			await subject.passes(120);
			subject.world.outside.terminateInstance(busyWorker(subject));
		},
		watched: 50,
		asks: none,
		says: [
			new RegExp(
				`^Job #9000 of acme/app lost its machine 4\\d s ago: somebody ended i-[0-9a-f]+, and who isn't known here \\(Client\\.UserInitiatedShutdown\\)\\. ${retry.replaceAll('.', '\\.')}\\. \\[ec2: jobs\\]$`,
			),
		],
		jobs: '1 running, 0 waiting',
		verdict: 'trouble',
	},
	'a machine ends on which a job runs, and nobody says why': {
		async happens(subject) {
			subject.jobs(1, {seconds: 3000});
			await subject.passes(120);
			subject.world.outside.terminateInstance(busyWorker(subject), {code: 'Client.Unknown', message: ''});
		},
		watched: 50,
		asks: none,
		says: [
			new RegExp(
				`^Job #9000 of acme/app lost its machine 4\\d s ago: i-[0-9a-f]+ was ended, by whom isn't known\\. ${retry.replaceAll('.', '\\.')}\\. \\[ec2: jobs\\]$`,
			),
		],
	},
	'a second job of the day loses its machine, and a job passed in between': {
		async happens(subject) {
			subject.jobs(1, {seconds: 3000});
			await subject.passes(120);
			subject.world.outside.interruptSpot(busyWorker(subject));
			await subject.passes(1200);
			subject.jobs(1, {seconds: 20});
			await subject.passes(120);
			subject.jobs(1, {seconds: 3000});
			await subject.passes(100);
			subject.world.outside.interruptSpot(busyWorker(subject));
		},
		watched: 30,
		asks: none,
		says: [
			`Job #9002 of acme/app lost its machine 20 s ago: spot interruption, since AWS needs its capacity; 2 jobs lost theirs today. ${retry}; other types or zones, or on demand, are taken back less. [ec2: move]`,
		],
	},
});

/** Machines that nobody wants. */
prove({
	'the runner’s token was rotated, and its machines of before are nobody’s': {
		fleet: {idleTime: 3000},
		async happens({world, manager, jobs, passes}) {
			jobs(2, {seconds: 30});
			await passes(150);
			world.outside.rotateToken(manager, world.tokens.runner, 'glrt-t3_rotated-by-the-runner');
			jobs(1, {seconds: 3000});
			await passes(4000);
		},
		watched: 20,
		asks: none,
		says: [
			/^2 machines are managed by no runner any more, about \$0\.\d+ an hour: the runner's token or MachineName has changed since\. \[host: remove-leftovers\]$/,
		],
		jobs: '0 running, 0 waiting',
		verdict: 'trouble',
	},
	'the limit is lowered while machines are busy': {
		async happens({edits, jobs, passes}) {
			jobs(4, {seconds: 3000});
			await passes(120);
			edits((text) => text.replace('limit = 4', 'limit = 1'));
		},
		watched: 20,
		asks: none,
		says: ['4 machines run, 3 more than the limit of 1 allows: 4 busy. Those that are busy go once their jobs have ended. [ec2: wait]'],
		verdict: 'trouble',
	},
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {jobWords} from '../../source/faces/words/status-words.ts';
import {eventsOf, readRefusal} from '../../source/panel/live/executors.ts';
import {whyWaiting} from '../../source/panel/live/why-waiting.ts';
import {good} from '../../source/panel/seen.ts';
import type {RunnerSees, Snapshot} from '../../source/panel/snapshot.ts';
import {gitlabSees, healthy, host, journal, machine, minutes, nameAt, now, pending, refused, runnerSees, served} from './seeing.ts';

const ids = (more: Partial<Snapshot>): string[] => whyWaiting(healthy(more), now).causes.map(({id}) => id);
const log = (...events: Parameters<typeof journal>): Partial<Snapshot> => ({journal: good(journal(...events), now - 1000)});
const silentFor = (ago: number) => good(gitlabSees([pending(1)], {runner: served({contactedAt: new Date(now - minutes(ago)).toISOString()})}), now);
const unanswered = (ago: number, error = 'dial tcp 10.0.0.1:443: i/o timeout') =>
	({is: 'gitlab-unreachable', error, runner: 'ab12cd', at: now - minutes(ago)}) as const;
const off = (ago: number) => ({is: 'unhealthy', seconds: 3600, runner: 'ab12cd', at: now - minutes(ago)}) as const;

test('a request that GitLab didn’t answer is over once no other has failed for a while, unless the runner is switched off', () => {
	assert.deepEqual(ids(log(unanswered(2))), ['gitlab-unreachable']);
	assert.deepEqual(ids(log(unanswered(5))), []);
	assert.deepEqual(ids(log(unanswered(2), off(2))), ['gitlab-unreachable', 'switched-off']);
	assert.deepEqual(ids(log(unanswered(5), off(5))), ['switched-off']);
	assert.deepEqual(ids(log(unanswered(5, 'x509: certificate signed by unknown authority'), off(5))), ['gitlab-certificate', 'switched-off']);
});

test('the log is known up to when it was last read: what it told then isn’t over since', () => {
	assert.deepEqual(ids({journal: good(journal(unanswered(20)), now - minutes(19))}), ['gitlab-unreachable']);
});

test('a config.toml that was loaded makes the runner forget that it switched itself off', () => {
	assert.deepEqual(ids(log(unanswered(5), off(5), {is: 'config-loaded', at: now - minutes(4)})), []);
});

test('a runner that GitLab doesn’t hear is told of where nothing else says why', () => {
	assert.deepEqual(ids({gitlab: silentFor(30)}), ['runner-offline']);
	assert.deepEqual(ids({gitlab: silentFor(30), host: good(host([], {service: {active: 'failed', since: undefined, restarts: 0}}), now)}), ['service-crashed']);
	assert.deepEqual(ids({gitlab: silentFor(30), ...log(unanswered(1))}), ['gitlab-unreachable']);
	assert.deepEqual(ids({gitlab: silentFor(30), ...log(refused('InsufficientInstanceCapacity: no capacity', 1))}), ['no-capacity']);
});

test('Docker Hub’s refusal is over once a job ends well, not once a machine comes up', () => {
	const refusal = eventsOf({
		at: now - minutes(5),
		message: 'WARNING: Job failed: failed to pull image "a": Error response from daemon: toomanyrequests: You have reached your limit  job=7 name=x',
	});
	const cameUp = {is: 'machine-created', machine: nameAt(4), seconds: 90, at: now - minutes(2)} as const;
	assert.deepEqual(ids(log(...refusal, cameUp)), ['docker-hub']);
	assert.deepEqual(ids(log(...refusal, {is: 'job-ended', job: 8, machine: 'x', ok: true, error: undefined, at: now - minutes(1)})), []);
});

test('a machine that is tried again and again isn’t told of as being made; one that has its instance is', () => {
	const creating = (instanceId: string) => ({
		...log(refused('InsufficientInstanceCapacity: no capacity', 1), {
			is: 'machine-stage',
			machine: nameAt(0.5),
			stage: 'launching',
			part: 'EC2',
			at: now - 30_000,
		}),
		runner: good(runnerSees({creating: 1}), now - 1000),
		host: good(host([machine(nameAt(0.5), {instanceId})]), now - 1000),
	});
	assert.deepEqual(ids(creating('')), ['no-capacity']);
	assert.deepEqual(ids(creating('i-1')), ['no-capacity', 'being-made']);
});

test('MaxGrowthRate is no cause where no more machines are wanted than it lets be made', () => {
	const sees = (creating: number, idleCount: number) => ({
		runner: good(runnerSees({creating}), now - 1000),
		host: good(host([], {}, {maxGrowthRate: 2, idleCount}), now - 1000),
	});
	assert.deepEqual(ids(sees(2, 0)), ['cold-start']);
	assert.deepEqual(ids(sees(3, 0)), ['growth-rate', 'cold-start']);
	assert.deepEqual(ids(sees(2, 2)), ['being-made']);
	assert.deepEqual(ids(sees(2, 3)), ['growth-rate', 'being-made']);
});

test('jobs that the runner has taken and that have no machine yet wait, too', () => {
	const list: RunnerSees['jobs'] = [
		{id: 1, url: '', project: 'acme/api', seconds: 20, state: 'pending', stage: '', executorStage: ''},
		{id: 2, url: '', project: 'acme/api', seconds: 90, state: 'running', stage: 'step_script', executorStage: 'docker_run'},
	];
	const seen = healthy({
		gitlab: good(gitlabSees([]), now),
		runner: good(runnerSees({creating: 1, jobs: 2, preparing: 1}, list), now - 2000),
		host: good(host([], {}, {idleCount: 0}), now),
	});
	const why = whyWaiting(seen, now);
	assert.deepEqual([why.asks, why.jobs.running, why.causes.map(({id}) => id)], ['Why is 1 job waiting for its machine, 22 s so far?', 1, ['cold-start']]);
	assert.equal(jobWords(why, true), '1 running (runner metrics), 1 waiting for its machine 22 s, 0 waiting in GitLab (GitLab)');
});

test('machines that are going count for the limit, and one machine is told of as one', () => {
	const says = (figures: Parameters<typeof runnerSees>[0]) => whyWaiting(healthy({runner: good(runnerSees(figures), now)}), now).causes[0]?.says;
	assert.equal(says({limit: 2, used: 1, removing: 1}), 'The limit is 2 and all 2 machines are busy, being made or being removed.');
	assert.equal(says({limit: 1, used: 1}), 'The limit is 1 and its one machine is busy or being made.');
});

test('docker-machine’s wrapping words don’t hide what was wrong', () => {
	const wrapped: Record<string, string> = {
		'Error detecting OS: Too many retries waiting for SSH to be available.  Last error: Maximum number of retries (60) exceeded': 'ssh-never',
		'Error checking the host: Error checking and/or regenerating the certs: There was an error validating certificates for host "10.0.0.5:2376": dial tcp 10.0.0.5:2376: i/o timeout':
			'docker-never',
		'Error checking the host: Error checking and/or regenerating the certs: There was an error validating certificates for host "10.0.0.5:2376": remote error: tls: bad certificate':
			'certificates',
		'Error saving host to store before attempting creation: open /root/.docker/machine/machines/x: no space left on device': 'disk-full',
		'signal: killed': 'killed',
	};
	for (const [text, code] of Object.entries(wrapped)) assert.equal(readRefusal(text)?.code, code, text);
});

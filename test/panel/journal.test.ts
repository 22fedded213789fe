import assert from 'node:assert/strict';
import {test} from 'node:test';
import {stripVTControlCharacters} from 'node:util';
import type {LogEvent} from '../../source/panel/journal/events.ts';
import {noHistory, remember} from '../../source/panel/journal/history.ts';
import {noSpans, spansAfter} from '../../source/panel/journal/spans.ts';
import {eventsOf, eventTexts} from '../../source/panel/live/executors.ts';
import {readLogLine} from '../../source/world/host/log-line.ts';
import {coloured, machine, made, told} from './log-lines.ts';

test('fields of the runner’s own format are unquoted, and one with spaces and signs of equality stays whole', () => {
	const line = readLogLine('ERROR: Machine creation failed                             error=exit status 1 a=b name=runner-x time=1m2.5s');
	assert.deepEqual(line, {level: 'error', message: 'Machine creation failed', fields: {error: 'exit status 1 a=b', name: 'runner-x', time: '1m2.5s'}});
});

test('trouble with GitLab is told apart: refused, not reached, unhealthy, and over again', () => {
	assert.equal(
		told(`ERROR: ${coloured('Checking for jobs... forbidden', {runner: 'ab12cd', status: 'POST https://gitlab.com/api/v4/jobs/request: 403 Forbidden'})}`)[0]
			?.is,
		'forbidden',
	);
	const [lost] = told(
		`ERROR: ${coloured('Checking for jobs... client error', {runner: 'ab12cd', status: 'couldn’t execute POST: x509: certificate signed by unknown authority'})}`,
	);
	assert.ok(lost?.is === 'gitlab-unreachable' && lost.error.includes('x509'));
	assert.deepEqual(told('ERROR: Runner "https://gitlab.com/ab12cd" is unhealthy and will be disabled for 1h0m0s seconds!  unhealthy_requests=3'), [
		{is: 'unhealthy', seconds: 3600, runner: undefined, at: made},
	]);
	assert.deepEqual(
		told(coloured('Checking for jobs... received', {job: '9', repo_url: 'https://gitlab.com/acme/api.git', runner: 'ab12cd'})).map(({is}) => is),
		['job-received', 'gitlab-answered'],
	);
});

test('each line that is understood holds a word by which the manager picks it', () => {
	const lines = [
		coloured('Using existing docker-machine', {job: '1', name: machine}),
		coloured('Machine created', {name: machine, duration: '1m'}),
		coloured('Requesting machine removal', {name: machine, reason: 'too many idle machines'}),
		coloured('Waiting for SSH to be available...', {name: machine, operation: 'create'}),
		JSON.stringify({msg: 'Launching instance...', operation: 'create', name: machine}),
		'Configuration loaded  builds=0',
		'ERROR: Failed to load config /etc/gitlab-runner/config.toml: toml: line 3  error=x',
		coloured('Starting multi-runner from /etc/gitlab-runner/config.toml...', {builds: '0'}),
		coloured('Job succeeded', {job: '1', duration_s: '3'}),
	].map((line) => stripVTControlCharacters(line));
	for (const line of lines) {
		assert.ok(eventsOf({at: 0, message: line}).length > 0, line);
		assert.ok(
			eventTexts.some((word) => line.includes(word)),
			line,
		);
	}
});

test('lines that tell nothing give nothing', () => {
	const entry = (message: string) => ({at: 0, message});
	for (const message of ['', '{', '{"level":1}', 'Feeding runners to channel  builds=0', '  a=b', 'Machine created'])
		assert.deepEqual(eventsOf(entry(message)), []);
});

test('history keeps a machine’s story from launch to removal, and the job that runs on it', () => {
	const events: LogEvent[] = [
		{is: 'machine-stage', machine, stage: 'launching', part: 'EC2', at: made},
		{is: 'machine-created', machine, seconds: 90, at: made + 90_000},
		{is: 'job-on-machine', job: 1, project: 'acme/api', machine, runner: 'ab12cd', uses: 1, at: made + 95_000},
		{is: 'job-ended', job: 1, machine: undefined, ok: true, error: undefined, at: made + 200_000},
		{is: 'job-on-machine', job: 2, project: undefined, machine, runner: 'ab12cd', uses: 2, at: made + 210_000},
	];
	const history = remember(noHistory(made - 1000), events, made + 220_000);
	const story = history.machines.get(machine);
	assert.equal(story?.job, 2);
	assert.equal(story?.jobEndedAt, undefined);
	assert.equal(story?.uses, 2);
	assert.deepEqual(history.creations, [90]);
	const gone = remember(history, [{is: 'machine-removed', machine, at: made + 300_000}], made + 300_000);
	assert.equal(gone.machines.size, 0);
	assert.equal(history.machines.size, 1);
});

test('a state that the log tells of holds until GitLab gives a job or the service starts anew', () => {
	const refused = remember(
		noHistory(0),
		[
			{is: 'forbidden', runner: 'a', at: 10},
			{is: 'forbidden', runner: 'a', at: 20},
			{is: 'unhealthy', seconds: 3600, runner: 'a', at: 21},
		],
		30,
	);
	assert.deepEqual([refused.forbidden?.since, refused.forbidden?.last, refused.unhealthy?.until], [10, 20, 3_600_021]);
	assert.equal(remember(refused, [{is: 'service-started', at: 40}], 41).unhealthy, undefined);
	assert.equal(remember(refused, [{is: 'job-received', job: 1, project: undefined, runner: 'a', at: 40}], 41).forbidden, undefined);
});

test('after six hours refusals and machines are forgotten, but not one whose job still runs', () => {
	const refusal = {
		code: 'Unsupported',
		text: '',
		type: undefined,
		zone: undefined,
		allowed: undefined,
		neededPrice: undefined,
		requestId: undefined,
		encoded: undefined,
	};
	const history = remember(
		noHistory(0),
		[
			{is: 'machine-refused', machine: 'a', refusal, at: 1},
			{is: 'job-on-machine', job: 1, project: undefined, machine: 'b', runner: undefined, uses: 1, at: 2},
		],
		3,
	);
	const later = remember(history, [], 7 * 3_600_000);
	assert.deepEqual([...later.machines.keys()], ['b']);
	assert.deepEqual(later.refused, []);
});

test('of ten thousand machines that come and go no more is kept than when, and of last month’s nothing', () => {
	let history = noHistory(made);
	// Fifty a look.
	for (let first = 0; first < 10_000; first += 50) {
		const seen = Array.from({length: 50}, (_, index) => made + (first + index) * 1000).flatMap((at): LogEvent[] => {
			const name = `runner-ab12cd-x-${Math.floor(at / 1000)}-0123abcd`;
			return [
				{is: 'machine-created', machine: name, seconds: 1, at},
				{is: 'machine-removing', machine: name, reason: 'x', uses: 1, at},
				{is: 'machine-removed', machine: name, at: at + 500},
			];
		});
		history = remember(history, seen, made + (first + 49) * 1000);
	}
	assert.equal(history.machines.size, 0);
	assert.equal(history.spans.open.size, 0);
	assert.equal(history.spans.closed.size, 10_000);
	const later = made + 40 * 86_400_000;
	const next = `runner-ab12cd-x-${later / 1000}-0123abcd`;
	const month = remember(history, [{is: 'machine-created', machine: next, seconds: 1, at: later}], later);
	assert.deepEqual([[...month.spans.open.keys()], month.spans.closed.size], [[next], 0]);
	assert.ok(history.creations.length <= 50 && history.removals.length <= 50);
});

test('machine time is reckoned from the name to the removal, over midnight, and a refused machine costs nothing', () => {
	const midnight = Date.UTC(2026, 10, 24);
	const name = `runner-ab12cd-x-${midnight / 1000 - 1800}-0123abcd`;
	const spans = spansAfter(noSpans(midnight - 7_200_000), [
		{is: 'machine-created', machine: name, seconds: 60, at: midnight - 1_740_000},
		{is: 'machine-stage', machine: 'runner-ab12cd-x-1764201601-0123abcd', stage: 'launching', part: 'EC2', at: midnight},
		{
			is: 'machine-refused',
			machine: 'runner-ab12cd-x-1764201601-0123abcd',
			refusal: {
				code: 'VcpuLimitExceeded',
				text: '',
				type: undefined,
				zone: undefined,
				allowed: 1,
				neededPrice: undefined,
				requestId: undefined,
				encoded: undefined,
			},
			at: midnight,
		},
		{is: 'machine-removed', machine: name, at: midnight + 1_800_000},
	]);
	assert.deepEqual([...spans.closed], [[name, {from: midnight - 1_800_000, to: midnight + 1_800_000}]]);
	assert.equal(spans.open.size, 0);
});

test('a machine that was made before the log begins is reckoned from its name, and one of which only its removal is told, since it was refused, not at all', () => {
	const since = made + 3_600_000;
	const refused = `runner-ab12cd-x-${since / 1000 + 60}-0123abcd`;
	const spans = spansAfter(noSpans(since), [
		{is: 'machine-removed', machine, at: since + 1000},
		{is: 'machine-removed', machine: refused, at: since + 90_000},
	]);
	assert.deepEqual([...spans.closed], [[machine, {from: made, to: since + 1000}]]);
});

test('a job that ends without its machine’s name ended on the machine that it came to', () => {
	const onMachine = (job: number, name: string): LogEvent => ({
		is: 'job-on-machine',
		job,
		project: 'acme/api',
		machine: name,
		runner: undefined,
		uses: undefined,
		at: made,
	});
	const ended = (job: number, error?: string): LogEvent => ({is: 'job-ended', job, machine: undefined, ok: error === undefined, error, at: made + 1000});
	const began = remember(noHistory(0), [onMachine(7, 'i-7')], made);
	const history = remember(began, [ended(7), onMachine(8, 'i-8'), ended(8, 'error during connect: EOF')], made);
	assert.deepEqual(
		['i-7', 'i-8'].map((name) => history.machines.get(name)?.jobEndedAt),
		[made + 1000, made + 1000],
	);
	assert.deepEqual(
		history.jobs.lost.map(({job, machine: name}) => [job, name]),
		[[8, 'i-8']],
	);
});

test('of machines that are gone the last are remembered, with their time and whether a job came to them', () => {
	const events: LogEvent[] = [
		{is: 'job-on-machine', job: 7, project: undefined, machine: 'i-7', runner: undefined, uses: undefined, at: made},
		{is: 'machine-lost', machine: 'i-7', uses: 1, at: made + 1000},
		{is: 'machine-removed', machine: 'i-7', seconds: 90, at: made + 2000},
		{is: 'machine-removed', machine: 'i-8', at: made + 3000},
	];
	const {gone, lost, machines} = remember(noHistory(0), events, made);
	assert.deepEqual(
		gone.map(({machine: name, seconds, worked}) => [name, seconds, worked]),
		[
			['i-7', 90, true],
			['i-8', undefined, false],
		],
	);
	assert.deepEqual([lost.map(({machine: name}) => name), machines.size], [['i-7'], 0]);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Happening} from '../../source/engine/events.ts';
import {summary} from '../../source/faces/ui/face.tsx';
import {beginning, inLine, logKept, reduce, stamped, stepIn, toGo} from '../../source/faces/words/run-state.ts';
import {everything, goodEnd, refused, untilTestMachine, untilTheEnd} from './recorded.ts';
import {start, stateAfter} from './states.ts';

test('the same events give the same state, however often they are replayed', () => {
	assert.deepEqual(stateAfter(everything), stateAfter(everything));
});

test('steps keep their order and go from what was found to done', () => {
	const {steps, phase, doing} = stateAfter(untilTestMachine);
	assert.equal(phase, 'run');
	assert.equal(doing, 'apply');
	assert.deepEqual(
		steps.map(({name, state}) => [name, state]),
		[
			['bucket', 'done'],
			['key-pair', 'done'],
			['manager', 'done'],
			['software', 'done'],
			['test-machine', 'working'],
			['runner', 'working'],
			['service', 'pending'],
		],
	);
});

const withLeftover = (found: Omit<Extract<Happening, {event: 'step.found'}>, 'event' | 'step'>): [number, Happening][] => [
	[
		0,
		{
			event: 'plan.started',
			steps: [
				{name: 'runner', title: 'Runner'},
				{name: 'old-machines', title: 'Old machines', leftover: true},
				{name: 'bucket', title: 'Cache bucket'},
			],
		},
	],
	[1, {event: 'step.looking', step: 'old-machines'}],
	[2, {event: 'step.found', step: 'old-machines', ...found}],
];

test('what is left of something has a row where something is, in its place, and none where nothing is', () => {
	const shown = (happenings: [number, Happening][]) => stateAfter(happenings).steps.map(({name}) => name);
	assert.deepEqual(shown(withLeftover({is: 'ready', says: 'none'})), ['runner', 'bucket']);
	assert.deepEqual(shown(withLeftover({is: 'waiting', says: '', for: ['runner']})), ['runner', 'bucket']);
	const left = withLeftover({is: 'extra', says: '2 machines: no job runs there'});
	assert.deepEqual(shown(left), ['runner', 'old-machines', 'bucket']);
	const run: Happening = {event: 'run.started', doing: 'apply', steps: [{name: 'old-machines', title: 'Old machines', leftover: true, needs: []}]};
	const gone: [number, Happening][] = [
		[3, run],
		[4, {event: 'step.started', step: 'old-machines'}],
		[5, {event: 'step.found', step: 'old-machines', is: 'ready', says: 'none'}],
		[6, {event: 'step.done', step: 'old-machines', says: 'none', seconds: 2}],
	];
	assert.deepEqual(shown([...left, ...gone]), ['old-machines']);
});

test('stages of a worker that is tried begin and end with the next one', () => {
	assert.deepEqual(stepIn(stateAfter(untilTestMachine), 'test-machine').stages, [
		{stage: 'create', from: start + 43_000, until: start + 49_000},
		{stage: 'running', from: start + 49_000, until: start + 68_000},
		{stage: 'ssh', from: start + 68_000},
	]);
});

test('the last stage ends with its step', () => {
	assert.equal(stepIn(stateAfter([...untilTestMachine, ...untilTheEnd]), 'test-machine').stages.at(-1)?.until, start + 90_000);
});

test('a download grows and stays one', () => {
	assert.deepEqual(stepIn(stateAfter(untilTestMachine), 'software').downloads, [{what: 'gitlab-runner 19.3.0', bytes: 43_000_000, of: 86_000_000}]);
});

test('the log keeps the last lines only', () => {
	const lines = Array.from({length: logKept + 50}, (_, at): [number, Happening] => [at, {event: 'step.line', step: 'software', line: `line ${at}`}]);
	const {log} = stepIn(stateAfter(lines), 'software');
	assert.equal(log.length, logKept);
	assert.equal(log.at(-1), `line ${logKept + 49}`);
});

test('a failed step has its problem, and it goes when the step starts again', () => {
	const failed = stateAfter([...untilTestMachine, ...untilTheEnd]);
	assert.deepEqual(failed.problems, [{step: 'runner', problem: refused}]);
	const again = stateAfter([...untilTestMachine, ...untilTheEnd, [95_000, {event: 'step.started', step: 'runner'}]]);
	assert.deepEqual(again.problems, []);
	assert.equal(stepIn(again, 'runner').state, 'working');
});

test('a step that its check finds so during the run is done without having started', () => {
	const {steps} = stateAfter([
		[0, {event: 'run.started', doing: 'apply', steps: [{name: 'bucket', title: 'Cache bucket', needs: []}]}],
		[9, {event: 'step.found', step: 'bucket', is: 'ready', says: 'there already'}],
	]);
	assert.deepEqual(
		steps.map(({state, says}) => [state, says]),
		[['done', 'there already']],
	);
});

test('time to go is the longest chain of what is left, by earlier runs', () => {
	// The test machine has run for 30 of its usual 100 seconds, and the service comes after it with 10.
	assert.equal(toGo(stateAfter(untilTestMachine), start + 72_200), 80);
});

test('time to go is not told where no step has run before', () => {
	assert.equal(toGo(stateAfter([[0, {event: 'run.started', doing: 'apply', steps: [{name: 'bucket', title: 'Cache bucket', needs: []}]}]]), start), undefined);
});

test('a note is kept once', () => {
	const note: [number, Happening] = [1, {event: 'note', says: 'A newer version is there.'}];
	assert.equal(stateAfter([note, note]).notes.length, 1);
});

test('the end is known with the commands that come next', () => {
	const state = stateAfter(goodEnd);
	assert.equal(state.phase, 'over');
	assert.equal(state.ended?.next[0]?.command, 'gitlab-runner-aws destroy --fleet gitlab-runners');
	assert.equal(state.job?.status, 'success');
});

test('a title begins small in the middle of a line, and a name stays as it is', () => {
	assert.deepEqual(['Cache bucket', 'Launch template', 'SSH', 'Auto Scaling group'].map(inLine), [
		'cache bucket',
		'launch template',
		'SSH',
		'Auto Scaling group',
	]);
});

test('what is left on the normal screen names the steps of an earlier run by their titles, and its leftovers not at all', () => {
	const profile = {name: 'manager-profile', title: 'Manager’s profile', needs: []};
	const old = {name: 'old-manager', title: 'Replaced manager', needs: [], leftover: true as const};
	const events = (
		[
			{event: 'plan.started', steps: [profile, old]},
			{event: 'run.started', doing: 'apply', steps: [profile]},
			{event: 'step.done', step: 'manager-profile', says: 'the manager has it', seconds: 1},
			{event: 'step.skipped', step: 'old-manager', because: ['manager-profile']},
			{event: 'run.started', doing: 'remove', steps: [{name: 'service', title: 'Service', needs: []}]},
		] satisfies Happening[]
	).map((happening) => stamped(happening, 0));
	const lines = summary(events, events.reduce(reduce, beginning)).map(({text}) => text);
	assert.deepEqual(lines, ['manager’s profile: the manager has it, 1 s']);
});

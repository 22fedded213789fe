import assert from 'node:assert/strict';
import {test} from 'node:test';
import {jobCells, jobColumns, lookOf, workerCells, workerColumns} from '../../source/faces/words/cells.ts';
import {cellsOf, cursorAfter, fit, headOf, windowOf} from '../../source/faces/words/columns.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import {age, money, priceline, sparkline, takes} from '../../source/panel/formats.ts';
import type {WorkerRow} from '../../source/panel/rows.ts';
import {now} from './seeing.ts';

const row: WorkerRow = {
	key: 'runner-ab12cd-gitlab-runners-1764201600-0123abcd',
	name: 'runner-ab12cd-gitlab-runners-1764201600-0123abcd',
	executor: 'docker+machine',
	state: 'busy',
	detail: undefined,
	job: {id: 8812, name: 'test-unit', project: 'acme/team/api', stage: 'step_script', url: undefined},
	type: 'c5.large',
	zone: 'us-east-2a',
	instanceId: 'i-0ab12cd34ef567890',
	instanceState: 'running',
	address: '10.0.0.5',
	spot: true,
	createdAt: now - 720_000,
	paid: {
		name: '',
		instanceId: 'i-1',
		from: now - 720_000,
		to: undefined,
		type: 'c5.large',
		zone: 'us-east-2a',
		spot: true,
		diskGib: 0,
		publicAddress: false,
		hourly: [0.034],
	},
	usdPerHour: 0.034,
};
const line = (width: number, one: WorkerRow = row): string => cellsOf(workerCells(one, now), fit(workerColumns, width)).join('  ');

test('columns go by rank as it gets narrow, and name and state never', () => {
	const shown = (width: number) => fit(workerColumns, width).map(({column}) => column.id);
	assert.deepEqual(shown(200), ['name', 'state', 'job', 'type', 'zone', 'age', 'usdPerHour', 'spent', 'market', 'instance', 'address']);
	assert.deepEqual(shown(120), ['name', 'state', 'job', 'type', 'zone', 'age', 'usdPerHour', 'spent', 'market']);
	assert.deepEqual(shown(80), ['name', 'state', 'job', 'age', 'usdPerHour']);
	assert.deepEqual(shown(60), ['name', 'state', 'job']);
	assert.deepEqual(shown(20), ['name', 'state']);
});

test('the id of an instance, as many workers are called, is whole at every width that has its state and its job', () => {
	const one = {...row, key: 'i-0ab12cd34ef567890', name: 'i-0ab12cd34ef567890'};
	// What the panel and lines have for it at 60, 80, 100 and 120 columns.
	for (const width of [55, 58, 75, 78, 95, 98, 115, 118]) assert.match(line(width, one), /^i-0ab12cd34ef567890 +busy +api #8812/, String(width));
});

test('a line is as wide as the window at every width, head and row alike', () => {
	for (const width of [40, 60, 80, 100, 120, 200]) {
		const layout = fit(workerColumns, width);
		assert.equal(displayWidth(line(width)), width);
		assert.equal(displayWidth(headOf(layout).join('  ')), width);
	}
});

test('a row at 80 columns: the name is cut in its middle, numbers stand right', () => {
	assert.equal(line(80), 'runner-ab12cd-…1600-0123abcd  busy       api #8812 test-unit        12 m   0.034');
});

test('wide letters are counted as two columns and cut with a sign', () => {
	const wide = {...row, job: {id: 1, name: '統合テストと配布と報告', project: 'acme/試験', stage: undefined, url: undefined}};
	for (const width of [60, 80, 120]) assert.equal(displayWidth(line(width, wide)), width);
	assert.match(line(80, wide), /…/);
});

test('what is not known is a dash, and a machine without a job says what it does', () => {
	const cells = workerCells(
		{
			...row,
			state: 'unknown',
			job: undefined,
			detail: 'busy or idle',
			type: undefined,
			zone: undefined,
			createdAt: undefined,
			paid: undefined,
			usdPerHour: undefined,
			spot: undefined,
			instanceId: undefined,
			address: undefined,
		},
		now,
	);
	assert.deepEqual(cells, {
		name: row.name,
		state: 'not known',
		job: 'busy or idle',
		type: '–',
		zone: '–',
		age: '–',
		usdPerHour: '–',
		spent: '–',
		market: '–',
		instance: '–',
		address: '–',
	});
});

test('each state’s word fits its column', () => {
	const states = ['creating', 'idle', 'busy', 'removing', 'failed', 'stopped', 'orphan', 'unknown'] as const;
	for (const state of states) {
		assert.ok(workerCells({...row, state}, now).state.length <= 9);
		assert.ok(lookOf({...row, state}, now));
	}
});

test('a job’s row names its project, stage, time and machine', () => {
	const job = {id: 8812, url: '', project: 'acme/team/api', state: 'running', stage: 'prepare_executor', executorStage: 'docker_pulling_image', seconds: 62};
	assert.deepEqual(jobCells(job, row), {
		job: 'api #8812 test-unit',
		state: 'running',
		stage: 'docker pulling image',
		age: '62 s',
		machine: row.name,
		project: 'acme/team/api',
	});
	assert.equal(displayWidth(cellsOf(jobCells(job, undefined), fit(jobColumns, 100)).join('  ')), 100);
});

test('a window holds the cursor and moves only when it must', () => {
	const rows = Array.from({length: 5000}, (_, index) => index);
	assert.deepEqual({...windowOf(rows, 0, 30), shown: 0}, {top: 0, shown: 0, above: 0, below: 4970});
	assert.equal(windowOf(rows, 29, 30, 0).top, 0);
	assert.equal(windowOf(rows, 30, 30, 0).top, 1);
	assert.equal(windowOf(rows, 4999, 30, 1).top, 4970);
	assert.equal(windowOf(rows, 10, 30, 20).top, 10);
	assert.equal(windowOf(rows.slice(0, 3), 2, 30, 20).top, 0);
	assert.equal(windowOf(rows, 4999, 30, 0).shown.length, 30);
});

test('the cursor stays on its row while others come and go, and near it when it goes', () => {
	const rows = (...keys: string[]) => keys.map((key) => ({key}));
	assert.equal(cursorAfter(rows('new', 'a', 'b'), 'b', 1), 2);
	assert.equal(cursorAfter(rows('a', 'c'), 'b', 1), 1);
	assert.equal(cursorAfter(rows('a'), 'b', 5), 0);
	assert.equal(cursorAfter([], 'b', 5), 0);
});

test('ages, times and sums are short, and not known is not 0', () => {
	assert.deepEqual([0, 40, 99, 100, 720, 5940, 11_520, 1_036_800].map(age), ['0 s', '40 s', '99 s', '2 m', '12 m', '99 m', '3.2 h', '12 d']);
	assert.equal(age(undefined), '–');
	assert.deepEqual([40, 100, 120].map(takes), ['40 s', '1 m 40 s', '2 m']);
	assert.deepEqual([0, 0.0041, 0.41, 6.1, 1234.5].map(money), ['$0.00', '$0.004', '$0.41', '$6.10', '$1,234.50']);
	assert.equal(money(undefined), '–');
});

test('a sparkline shows the last values against the greatest, and leaves a place for what is not known', () => {
	assert.equal(sparkline([9, 0, 1, undefined, 4, 8], 5), '▁▁ ▄█');
	assert.equal(sparkline([0, 0], 5), '▁▁');
	assert.equal(sparkline([1, 8], 5, true), '.@');
	assert.equal(sparkline([], 5), '');
});

test('a sparkline against what there may be at most draws half of it half as high, and no more than the top', () => {
	assert.equal(sparkline([0, 2, 4, 6], 5, false, {from: 0, to: 4}), '▁▄██');
	assert.equal(sparkline([0, 2, 4, 6], 5, true, {from: 0, to: 4}), '.=@@');
});

test('a price that stays is a low line, one that rises by half is full, and one that moves a little moves a little', () => {
	assert.equal(priceline([0.034, 0.034, 0.034], 5), '▁▁▁');
	assert.equal(priceline([0.03, 0.045], 5), '▁█');
	assert.equal(priceline([0.03, 0.033], 5), '▁▂');
	assert.equal(priceline([0.03, 0.09], 5), '▁█');
	assert.equal(priceline([], 5), '');
});

test('why a machine goes or failed is said in words where its code is known, else by the message or as it stands', () => {
	const told = (state: WorkerRow['state'], detail: string): string => workerCells({...row, state, job: undefined, detail}, now).job;
	assert.equal(told('removing', 'Client.UserInitiatedShutdown: User initiated shutdown'), 'ended on request');
	assert.equal(told('removing', 'Server.SpotInstanceTermination: Spot instance termination'), 'AWS took it back (spot)');
	assert.equal(told('failed', 'InsufficientInstanceCapacity'), 'EC2 has no capacity');
	assert.equal(told('removing', 'Client.Novel: It was Tuesday'), 'It was Tuesday');
	for (const asItStands of ['waiting for SSH', 'InvalidAMIID.NotFound', 'constructor', 'not managed']) assert.equal(told('failed', asItStands), asItStands);
});

test('a job without a known name shows its stage as a stage, and no stage is the name of a program’s part', () => {
	const stage = (name: string): string => workerCells({...row, job: {id: 8812, project: 'acme/api', stage: name}}, now).job;
	assert.equal(stage('step_script'), 'api #8812 (step script)');
	assert.equal(stage('docker_machine_use_machine'), 'api #8812 (getting its machine)');
	assert.equal(workerCells({...row, job: {id: 8812}}, now).job, '#8812');
});

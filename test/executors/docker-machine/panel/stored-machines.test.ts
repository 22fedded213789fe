import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readMachines} from '../../../../source/executors/docker-machine/panel/stored-machines.ts';

test('machines that were picked are read, others are named', () => {
	const {machines, unread} = readMachines([
		{name: 'runner-ab12cd-x-1764201600-0123abcd', instanceId: 'i-1', diskGib: 20, SecretKey: 'no'},
		{name: 'odd', instanceId: 4},
		null,
	]);
	assert.equal(machines[0]?.createdAt, 1_764_201_600_000);
	assert.equal(machines[0]?.instanceId, 'i-1');
	assert.ok(!JSON.stringify(machines).includes('SecretKey'));
	assert.deepEqual(unread, ['odd', 'a machine without a name']);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dockerMachine} from '../../source/executors/docker-machine/executor.ts';
import type {World} from '../../source/simulated/world.ts';
import {drive, found, region, sentence, world} from './drive.ts';

const alive = (at: World) => [...at.outside.region(region).instances.values()].filter(({ending}) => !ending).map(({type}) => type);
const whole = (at: World, over = {}) => drive(at, over, {runnerToken: at.tokens.runner}, dockerMachine.steps);

test('a fleet with one manager has none that was replaced', async () => {
	const at = world();
	const {failed, plan} = await whole(at).setUp();
	assert.deepEqual(failed, []);
	assert.equal(sentence(plan, 'old-manager'), 'none');
});

test('a replaced manager is drained and terminated once the new one takes jobs', async () => {
	const at = world();
	await whole(at).setUp();
	const {events, failed, plan} = await whole(at, {managerType: 't3.medium'}).setUp();
	assert.deepEqual(failed, []);
	assert.deepEqual(
		Object.entries(found(plan)).filter(([, is]) => is !== 'ready'),
		[],
	);
	assert.deepEqual(alive(at), ['t3.medium']);
	const done = events.flatMap((event) => (event.event === 'step.done' ? [event.step] : []));
	assert.ok(done.indexOf('service') < done.indexOf('old-manager'));
	assert.ok(events.some((event) => event.event === 'step.says' && /^i-\w+ draining, running jobs end first$/.test(event.says)));
});

test('a run that was stopped between the two managers goes on with the old one', async () => {
	const whole1 = world();
	await whole(whole1).setUp();
	const first = whole1.acts.length;
	await whole(whole1, {managerType: 't3.medium'}).setUp();
	for (let nth = first + 1; nth <= whole1.acts.length; nth += 3) {
		const at = world();
		await whole(at).setUp();
		at.faults.dieAt(nth);
		await whole(at, {managerType: 't3.medium'})
			.setUp()
			.catch(() => undefined);
		const rebooted = {...at, ...at.reboot()};
		const {failed} = await whole(rebooted, {managerType: 't3.medium'}).setUp();
		assert.deepEqual([nth, failed, alive(at)], [nth, [], ['t3.medium']]);
	}
});

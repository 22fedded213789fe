import assert from 'node:assert/strict';
import {test} from 'node:test';
import {realPace} from '../../source/simulated/pace.ts';
import {callsInARow, criticalPath, timedSetup} from './setup-time.ts';

for (const executor of ['docker+machine', 'docker-autoscaler'] as const) {
	test(`a setup of ${executor} from nothing takes at most 1.1 times as long as what can't be shortened`, async () => {
		const setup = await timedSetup(executor);
		const {path, seconds} = criticalPath(executor, setup);
		assert.ok(setup.whole <= 1.1 * seconds, `${setup.whole.toFixed(1)} s, and the longest chain takes ${seconds.toFixed(1)} s: ${path.join(' → ')}`);
		assert.ok(setup.whole >= seconds, `${setup.whole.toFixed(1)} s are fewer than ${seconds.toFixed(1)} s, so the chain isn't right: ${path.join(' → ')}`);
	});

	test(`a plan of ${executor} is at most four calls deep, and so are the security groups with their rules`, async () => {
		const {planned, spans, world} = await timedSetup(executor);
		const begun = world.calls[0]?.at ?? 0;
		const looks = world.calls.filter(({at}) => at < begun + planned * 1000);
		assert.ok(callsInARow(looks) <= 4, `${callsInARow(looks)} calls in a row: ${looks.map(({at, name}) => `${at - begun} ${name}`).join(', ')}`);
		const of = (name: string) => spans.find(({step}) => step === name);
		const [groups, rules] = [of('security-groups'), of('security-group-rules')];
		assert.ok(groups && rules);
		const taken = (rules.to - groups.from) / (realPace.call / 1000);
		assert.ok(taken < 4.5, `groups and rules take as long as ${taken.toFixed(1)} calls in a row`);
	});
}

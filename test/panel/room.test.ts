import assert from 'node:assert/strict';
import {test} from 'node:test';
import {panelDriver} from '../../source/commands/panel.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import type {PanelDriver} from '../../source/panel/acts/driver.ts';
import {hasSettled} from '../../source/panel/live/verdict.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import type {World} from '../../source/simulated/world.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt, standing} from './at-laptop.ts';

/** The panel of somebody at a laptop, and what it shows first. */
async function opened(world: World): Promise<{driver: PanelDriver; seen: Snapshot}> {
	const session = sessionAt(world, ['status'], hearing());
	const driver = await panelDriver(session, await watchFleet(session, someFleet));
	const stop = new AbortController();
	let seen: Snapshot | undefined;
	await driver.watch((snapshot) => {
		if (!hasSettled(snapshot)) return;
		seen = snapshot;
		stop.abort();
	}, stop.signal);
	return {driver, seen: seen ?? assert.fail('It never settled.')};
}

/** The line on the quota that the panel shows before a limit is raised. */
async function quotaLine(world: World, limit: number): Promise<string | undefined> {
	const {driver, seen} = await opened(world);
	const {proposal} = await driver.prepare({do: 'scale', limit}, seen);
	return proposal.details.find((line) => line.startsWith('Quota'));
}

test('a limit that others leave no room for now is said before it is raised, in the words of setup', async () => {
	const world = await standing(4);
	assert.equal(await quotaLine(world, 20), 'Quota      40 of 64 vCPUs on spot for 20 workers of c5.large');
	for (const spotRequestId of ['sir-a', 'sir-b']) world.outside.addInstance(someFleet.region, {type: 'c5.4xlarge', spotRequestId});
	assert.equal(await quotaLine(world, 8), 'Quota      16 of 64 vCPUs on spot for 8 workers of c5.large; others use 32 now');
	assert.equal(await quotaLine(world, 20), 'Quota    ! Others use 32 of 64 vCPUs on spot now, so 16 of 20 workers fit until those end.');
	assert.equal(await quotaLine(world, 40), 'Quota    ! 80 of 64 vCPUs on spot for 40 workers of c5.large: AWS will refuse those that are too many');
});

test('ways to move new workers say what others use of the quota there', async () => {
	const world = await standing(4);
	world.outside.addInstance(someFleet.region, {type: 'c5.4xlarge', spotRequestId: 'sir-a'});
	const {driver, seen} = await opened(world);
	const moves = await driver.moves(seen);
	assert.match(moves.find(({label}) => label === 'zone us-east-2b')?.says ?? '', / 8 of 64 vCPUs for 4 workers, others use 16 now,/);
	assert.match(moves.find(({label}) => label === 'on demand instead')?.says ?? '', / 8 of 64 vCPUs for 4 workers, [\d,]+ addresses/);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {lookingAt} from '../../source/commands/open.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {accountLook, managersOf} from '../../source/steps/looks/account.ts';
import {connectTo} from '../../source/steps/reaching.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {name, region, standingFleet} from './fleet.ts';

/** What a command has of a fleet that stands, and how it connects to the manager. */
async function opened(world: World) {
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
	const context = lookingAt(sessionAt(world, ['status', '--region', region], hearing()), {name, region});
	const [manager] = managersOf(context.fleet, await context.look(accountLook));
	assert.ok(manager);
	return {context, connect: () => connectTo(context, manager)};
}

test('a connection is shared while it is held, and closed with what holds it', async () => {
	const world = simulatedWorld();
	const {context, connect} = await opened(world);
	await Promise.all([connect(), connect()]);
	assert.equal(world.connections(), 1);
	await context.close();
	assert.equal(world.connections(), 0);
});

test('whoever still looks while it is being closed opens nothing that stays', async () => {
	const world = simulatedWorld();
	const {context, connect} = await opened(world);
	const opening = connect();
	await context.close();
	await opening;
	await assert.rejects(connect(), {name: 'Stopped'});
	assert.equal(world.connections(), 0);
});

test('two that meet a lost connection at once hold one new one, and leave none behind', async () => {
	const world = simulatedWorld();
	const {context, connect} = await opened(world);
	const connection = await connect();
	world.faults.cutConnections();
	const again = async (): Promise<void> => {
		await assert.rejects(connection.run('true'), {code: 'ssh-closed'});
		await (await connect()).run('true');
	};
	await again();
	await again();
	await Promise.all([again(), again()]);
	assert.equal(world.connections(), 1);
	await context.close();
	assert.equal(world.connections(), 0);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {lookingAt} from '../../source/commands/open.ts';
import {pausing} from '../../source/engine/pausing.ts';
import {livePlan} from '../../source/engine/plan.ts';
import {runPlan} from '../../source/engine/run.ts';
import {executorOf} from '../../source/executors/list.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {accountLook, managersOf} from '../../source/steps/looks/account.ts';
import {connectTo} from '../../source/steps/reaching.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {name, planned, region, standingFleet, unlike} from './fleet.ts';

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

test('what the checks beside the questions opened outlives their round: other answers are looked at, looked at again, and carried out over it', async () => {
	const world = simulatedWorld();
	const {context} = await opened(world);
	const {answers, sources} = await planned(world, {}, async (now) => now);
	const {steps} = executorOf(answers);
	const allowed = {replaceManager: false};
	const plan = livePlan({stepsOf: () => steps, open: () => context, allowed, emit: () => {}});
	plan.change({answers, sources});
	assert.deepEqual(unlike((await plan.ended())?.plan ?? new Map()), {});
	plan.change({answers: {...answers, idleTime: answers.idleTime + 60}, sources});
	await plan.ended();
	plan.again(true);
	const ended = await plan.ended();
	assert.ok(ended);
	assert.equal(ended.plan.get('runner')?.is, 'different');
	assert.equal(world.connections(), 1);
	const result = await runPlan(steps, ended.context, ended.plan, () => {}, allowed);
	assert.deepEqual([result.stopped, result.problems, result.counts.done], [false, [], result.counts.of]);
	await context.close();
});

test('a run that was left takes the connection that it opened along, and whoever looks next opens another', async () => {
	const world = simulatedWorld();
	const {context, connect} = await opened(world);
	const [manager] = managersOf(context.fleet, await context.look(accountLook));
	assert.ok(manager);
	const left = new AbortController();
	const running = pausing(context, {signal: left.signal, emit: () => {}, onLook: () => {}});
	const its = await connectTo(running, manager);
	left.abort();
	await assert.rejects(its.run('true'), {name: 'Stopped'});
	await (await connect()).run('true');
	assert.equal(world.connections(), 1);
	await context.close();
});

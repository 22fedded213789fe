import assert from 'node:assert/strict';
import {test} from 'node:test';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {changesIn, name, planned, planOf, problemsIn, region, type SetupWish, setUp, standingFleet, unlike} from './fleet.ts';
import {actsSince, jobStates, managers, onlyManager, startedAt} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

/** An instance profile that somebody made, whose role may do this. */
function addProfile(world: World, called: string, actions: readonly string[]): void {
	const call = world.outside.call;
	const statement = (Action: unknown, more: object) => JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action, ...more}]});
	call('CreateRole', region, {RoleName: called, AssumeRolePolicyDocument: statement('sts:AssumeRole', {Principal: {Service: 'ec2.amazonaws.com'}})});
	call('PutRolePolicy', region, {RoleName: called, PolicyName: 'all', PolicyDocument: statement(actions, {Resource: '*'})});
	call('CreateInstanceProfile', region, {InstanceProfileName: called});
	call('AddRoleToInstanceProfile', region, {InstanceProfileName: called, RoleName: called});
}

const profileNow = (world: World): string | undefined => managers(world)[0]?.profileName;

test('another instance profile is given to the manager that runs: no other manager, no new start, and jobs go on', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const started = startedAt(world, manager);
	addProfile(world, 'managers', ['ec2:*', 's3:*']);
	world.outside.queueJobs(2, {seconds: 300});
	await world.clock.sleep(60_000);
	const acts = world.acts.length;
	const flags = {access: 'managers'};
	assert.deepEqual(
		changesIn(await planOf(world, {flags})).filter((change) => !change.startsWith('record')),
		['manager-profile: access, live'],
	);
	assert.deepEqual(problemsIn(await setUp(world, {flags})), []);
	assert.deepEqual(actsSince(world, acts), ['PutParameter', 'ReplaceIamInstanceProfileAssociation']);
	assert.deepEqual([onlyManager(world), profileNow(world), startedAt(world, manager)], [manager, 'managers', started]);
	await world.clock.sleep(900_000);
	world.outside.queueJobs(1, {seconds: 60});
	await world.clock.sleep(600_000);
	assert.deepEqual(jobStates(world), {success: 3});
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('the next machine is made with the rights of the new profile', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	addProfile(world, 'idle', ['s3:*']);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {access: 'idle'}})), []);
	world.outside.queueJobs(1, {seconds: 60});
	await world.clock.sleep(1_800_000);
	assert.deepEqual(jobStates(world), {failed: 1});
	assert.deepEqual(problemsIn(await setUp(world, {flags: {access: 'create'}})), []);
	world.outside.queueJobs(1, {seconds: 60});
	await world.clock.sleep(600_000);
	assert.deepEqual(jobStates(world), {failed: 1, success: 1});
});

test('the fleet’s own profile takes the place of somebody’s again', async () => {
	const world = simulatedWorld();
	addProfile(world, 'managers', ['ec2:*', 's3:*']);
	await world.clock.sleep(60_000);
	const manager = await standingFleet(world, {...withToken(world), flags: {access: 'managers'}});
	assert.deepEqual(problemsIn(await setUp(world, {flags: {access: 'create'}})), []);
	assert.deepEqual([onlyManager(world), profileNow(world)], [manager, `${name}-${region}-manager`]);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a manager with access keys keeps the profile that it had, and says so', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const accessKey = {id: 'AKIASIMULATED0000000', secret: 'a-secret-that-no-event-says'};
	assert.deepEqual(problemsIn(await setUp(world, {flags: {access: 'access-keys'}, secrets: {accessKey}})), []);
	assert.equal(profileNow(world), `${name}-${region}-manager`);
	const notes = await planned(world, {}, async (_context, plan) => plan.get('manager-profile')?.notes?.map(({says}) => says));
	assert.deepEqual(notes, [`The manager keeps its instance profile ${name}-${region}-manager, beside the access keys.`]);
});

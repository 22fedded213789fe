import assert from 'node:assert/strict';
import {suite, test} from 'node:test';
import {destroy} from '../../source/commands/destroy.ts';
import {lookingAt} from '../../source/commands/open.ts';
import {plan} from '../../source/commands/plan.ts';
import {presets} from '../../source/commands/presets.ts';
import type {Command} from '../../source/commands/session.ts';
import {setup} from '../../source/commands/setup.ts';
import {status} from '../../source/commands/status.ts';
import type {Refusals} from '../../source/simulated/disk.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {accountLook} from '../../source/steps/looks/account.ts';
import {connectTo} from '../../source/steps/reaching.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {commandAt} from './command.ts';
import {codesIn, name, problemsIn, region, type SetupWish, setUp, standingFleet, takeAway} from './fleet.ts';
import {config, noneAtAll, oneGroup, oneOfEach, onlyManager, standing} from './seen.ts';

/** What a disk may refuse, and whether what was kept there before can still be read. */
const disks: readonly Refusals[] = [
	{writing: 'EROFS'},
	{writing: 'ENOSPC'},
	{writing: 'EDQUOT'},
	{writing: 'EACCES', reading: 'EACCES'},
	{writing: 'ENOENT', reading: 'ENOENT'},
	{writing: 'ENOTDIR', reading: 'ENOTDIR'},
	{writing: 'EMFILE', reading: 'EMFILE'},
];

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});
const fleet = ['--region', region, '--fleet', name];

for (const refusals of disks) {
	const what = refusals.reading === undefined ? `${refusals.writing} for writing` : `${refusals.writing} for all`;

	suite(`a disk that says ${what}`, () => {
		test('a fleet that needs a new private key is refused before anything is made, with what to do', async () => {
			const world = simulatedWorld();
			world.disk.refuse(refusals);
			for (const command of [setup, plan]) {
				const {code, problems} = await commandAt(world, world, command, ['setup', '--yes', ...fleet]);
				assert.deepEqual([code, problems.map((one) => one.code)], [1, ['private-key-unkept']]);
				assert.match(problems[0]?.message ?? '', new RegExp(`keys/.*\\(${refusals.writing}\\)`));
				assert.match(problems[0]?.advice ?? '', /`XDG_DATA_HOME`.*`--key-pair`.*`--private-key`/);
			}
			assert.deepEqual(world.acts, []);
			assert.deepEqual(standing(world), noneAtAll);
		});

		test('with a key pair of the person’s own every command works to its end, and what is not kept is a note', async () => {
			const world = simulatedWorld();
			const key = makeSshKey('work');
			world.disk.files.set('/home/alice/.ssh/id', {text: key.privateKey, mode: 0o600});
			world.outside.call('ImportKeyPair', region, {KeyName: 'work', PublicKeyMaterial: new TextEncoder().encode(key.publicKey)});
			world.time.advance(5000);
			world.disk.refuse(refusals);
			const pair = ['--key-pair', 'work', '--private-key', '/home/alice/.ssh/id'];
			const ran: Record<string, number> = {};
			const said = async (command: Command, args: readonly string[]): Promise<void> => {
				const {code, notes, problems} = await commandAt(world, world, command, args);
				ran[args.join(' ')] = code;
				assert.ok(notes.length >= 1 && notes.length <= 2, notes.join('\n'));
				for (const note of notes) assert.match(note, /can't be (written|read): .* \(E[A-Z]+\)\. It goes on without/);
				assert.deepEqual(problems, []);
			};
			await said(setup, ['setup', '--yes', ...fleet, ...pair]);
			assert.deepEqual(standing(world), {...oneGroup, keyPairs: 1});
			await said(plan, ['plan', ...fleet, ...pair]);
			await said(status, ['status', ...fleet, ...pair]);
			await said(setup, ['setup', '--yes', ...fleet, ...pair, '--limit', '4']);
			assert.match(config(world, onlyManager(world)), /limit = 4\n/);
			await said(destroy, ['destroy', '--yes', '--with-cache', ...fleet, ...pair]);
			assert.deepEqual([...new Set(Object.values(ran))], [0], JSON.stringify(ran));
			assert.deepEqual(standing(world), noneAtAll);
		});

		test('a fleet that stands is looked at, changed and taken away from it, whoever set it up', async () => {
			for (const from of ['the same laptop', 'another one']) {
				const world = simulatedWorld();
				await standingFleet(world, withToken(world));
				const authorized = world.outside.file(onlyManager(world), '/home/ubuntu/.ssh/authorized_keys')?.text;
				const ports = from === 'another one' ? world.another({address: '203.0.113.7'}) : world;
				ports.disk.refuse(refusals);
				const codes = [
					await commandAt(world, ports, plan, ['plan', ...fleet]),
					await commandAt(world, ports, status, ['status', ...fleet]),
					await commandAt(world, ports, setup, ['setup', '--yes', ...fleet, '--limit', '4']),
				].map(({code}) => code);
				assert.deepEqual([from, codes], [from, [0, 0, 0]]);
				assert.match(config(world, onlyManager(world)), /limit = 4\n/);
				assert.equal(
					world.outside.file(onlyManager(world), '/home/ubuntu/.ssh/authorized_keys')?.text,
					authorized,
					'a key that this laptop could not keep is let in for the moment only',
				);
				assert.equal((await commandAt(world, ports, destroy, ['destroy', '--yes', '--with-cache', ...fleet])).code, 0);
				assert.deepEqual(standing(world), noneAtAll);
			}
		});
	});
}

test('a preset that can’t be saved is a problem, with its path and what to do', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const {code, problems} = await commandAt(world, world, presets, ['presets', 'save', 'mine', ...fleet]);
	assert.deepEqual([code, problems.map((one) => one.code)], [1, ['file-unwritable']]);
	assert.match(problems[0]?.message ?? '', /presets\/mine\.json can't be written: a part of its path is no folder \(ENOTDIR\)\./);
	assert.match(problems[0]?.advice ?? '', /XDG_CONFIG_HOME/);
});

test('the own key of a fleet that can’t be deleted is told with its path, and the fleet is gone all the same', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.disk.refuse({writing: 'EROFS'});
	const {code, notes} = await commandAt(world, world, destroy, ['destroy', '--yes', '--with-cache', ...fleet]);
	assert.equal(code, 0);
	assert.match(notes.join('\n'), /The private key \/home\/alice\/.*\.pem stays on this laptop: the disk is read-only \(EROFS\)\./);
	assert.deepEqual(standing(world), noneAtAll);
});

test('a disk that fills up after the plan ends the key pair’s step, told with its path; the same command goes on once there is room', async () => {
	const world = simulatedWorld();
	const filling: SetupWish = {
		...withToken(world),
		heard: (event) => {
			if (event.event === 'step.started' && event.step === 'key-pair') world.disk.refuse({writing: 'ENOSPC'});
		},
	};
	const made = await setUp(world, filling);
	assert.deepEqual(codesIn(made), ['file-unwritable']);
	assert.match(problemsIn(made).join(), /keys\/.*the disk is full \(ENOSPC\)/);
	assert.equal(world.outside.region(region).keyPairs.size, 0, 'no pair is imported whose private key is lost');
	assert.equal(world.connections(), 0);
	world.disk.refuse({});
	assert.deepEqual(problemsIn(await setUp(world, withToken(world))), []);
	assert.deepEqual(standing(world), oneOfEach);
});

test('without anybody who goes on without it, a pin that can’t be kept still leaves no connection open', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.disk.refuse({writing: 'EROFS'}, 'pins');
	const session = sessionAt(world, ['plan', ...fleet], hearing());
	const context = Object.assign(lookingAt({...session, world: {...session.world, disk: world.disk}}, {name, region}), {answers: {image: 'unknown'}});
	const instance = (await context.look(accountLook)).instances.find(({id}) => id === manager);
	assert.ok(instance);
	await assert.rejects(connectTo(context, instance), {code: 'file-unwritable'});
	assert.equal(world.connections(), 0);
	assert.deepEqual((await takeAway(world, {withCache: true})).result.problems, []);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {panelDriver} from '../../source/commands/panel.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import type {Given} from '../../source/fleet.ts';
import type {PanelAct, Prepared} from '../../source/panel/acts/driver.ts';
import {nothingSeen} from '../../source/panel/snapshot.ts';

import type {Ports, World} from '../../source/simulated/world.ts';
import {readRecord} from '../../source/steps/looks/record.ts';
import {recordValue} from '../../source/steps/recorded.ts';
import {planOf, setUp, unlike} from '../engine/fleet.ts';
import {onlyManager} from '../engine/seen.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt, standing} from './at-laptop.ts';

const {region} = someFleet;
const path = '/etc/gitlab-runner/config.toml';
const name = '/gitlab-runner-aws/gitlab-runners';

const configOn = (world: World): string => world.outside.file(onlyManager(world), path)?.text ?? '';
const edit = (world: World, change: (text: string) => string): void => world.outside.setFile(onlyManager(world), path, change(configOn(world)));
const recordIn = (world: World): Given => readRecord(someFleet, world.outside.call('GetParameter', region, {Name: name}).Parameter?.Value ?? '');
/** Somebody else, or an earlier release, writes the record. */
const record = (world: World, change: (answers: Given) => Given): void =>
	void world.outside.call('PutParameter', region, {Name: name, Value: recordValue(change(recordIn(world)), undefined), Overwrite: true});
const changing = (world: World, from: number): string[] => world.acts.slice(from).filter((act) => !act.includes('authorize'));

/** Readies an act at a laptop where nothing has been seen yet. */
async function readied(world: Ports, act: PanelAct, flags: readonly string[] = []): Promise<Prepared> {
	const session = sessionAt(world, ['status', ...flags], hearing());
	return panelDriver(session, await watchFleet(session, someFleet)).prepare(act, nothingSeen(region, someFleet.name));
}

const done = async (world: Ports, act: PanelAct): Promise<string> => (await readied(world, act)).carryOut(() => undefined);
const detailsOf = async (world: Ports, act: PanelAct): Promise<string> => (await readied(world, act)).proposal.details.join('\n');

test('an act looks only at the steps that it may change and at what those need, makes no test machine, and leaves the fleet as its answers say', async () => {
	const world = await standing(4);
	const calls = world.calls.length;
	assert.equal(
		await done(world, {do: 'scale', limit: 6}),
		"limit 4 → 6, concurrent 4 → 6: in config.toml, and the runner's metrics say so. u, or `status undo`, undoes it.",
	);
	const asked = new Set(world.calls.slice(calls).map((call) => call.name));
	for (const one of ['GetRole', 'HeadBucket', 'GetServiceQuota', 'SimulatePrincipalPolicy'] as const) assert.ok(!asked.has(one), [...asked].join());
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('what the plan finds is shown in its own words, with what follows from the answers', async () => {
	const world = await standing(3);
	const details = await detailsOf(world, {do: 'scale', limit: 4});
	assert.match(details, /^Record: limit 3 → 4, concurrent 3 → 4$/m);
	assert.match(details, /^Runner: concurrent 3 → 4, limit 3 → 4, runners\.request_concurrency 3 → 4$/m);
});

test('a limit that was changed by hand in config.toml is shown as it stands there, and so is what else was', async () => {
	const world = await standing(4);
	edit(world, (text) => text.replace('\nlimit = 4', '\nlimit = 5').replace('IdleTime = 300', 'IdleTime = 900'));
	const details = await detailsOf(world, {do: 'scale', limit: 6});
	assert.match(details, /^Runner: .*limit 5 → 6/m);
	assert.match(details, /^Runner: .*idle time 900 → 300/m);
	await done(world, {do: 'scale', limit: 6});
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('the same limit again is nothing to change', async () => {
	const world = await standing(4);
	await assert.rejects(readied(world, {do: 'scale', limit: 4}), {code: 'nothing-to-change', message: 'The limit is 4 already.'});
});

test('more idle machines than the limit allows are refused, with the key that raises it', async () => {
	const world = await standing(4);
	await assert.rejects(readied(world, {do: 'idle', count: 5}), {code: 'idle-above-limit', advice: 'Raise the limit with `+` first.'});
});

test('a limit is raised though something that it has nothing to do with isn’t as wanted', async () => {
	const world = await standing(4);
	world.outside.region(region).groups.forEach((group) => {
		if (group.name === 'gitlab-runners-workers') group.tags = {};
	});
	assert.notDeepEqual(unlike(await planOf(world)), {});
	assert.match(await done(world, {do: 'scale', limit: 6}), /the runner's metrics say so/);
});

test('options that no test machine has proven never reach config.toml by a raised limit: the fleet is repaired first', async () => {
	const world = await standing(4);
	record(world, (answers) => ({...answers, workerType: 'm5.large'}));
	await assert.rejects(readied(world, {do: 'scale', limit: 6}), {
		code: 'more-to-change',
		message: "The fleet isn't as its answers say in other places, too: instance profile, test machine, earlier rights.",
		advice: 'Press `r` to repair it first.',
	});
});

test('an answer that goes along with another stays undecided', async () => {
	const world = await standing(4);
	record(world, ({concurrent: _concurrent, ...answers}) => answers);
	assert.match(await done(world, {do: 'scale', limit: 6}), /^limit 4 → 6, concurrent 4 → 6: in config\.toml/);
	assert.match(configOn(world), /^concurrent = 6$/m);
	assert.deepEqual([recordIn(world).limit, recordIn(world).concurrent], [6, undefined]);
	await done(world, {do: 'undo'});
	assert.match(configOn(world), /^concurrent = 4$/m);
	assert.deepEqual([recordIn(world).limit, recordIn(world).concurrent], [4, undefined]);
});

test('flags of the command that opened the panel change no answer of the fleet', async () => {
	const world = await standing(4);
	const {proposal} = await readied(world, {do: 'idle', count: 1}, ['--worker-type', 'm5.large', '--limit', '7']);
	assert.match(proposal.details.join('\n'), /^Record: idle count 0 → 1$/m);
});

test('what a teammate decides meanwhile stays; where it is the same answer, nothing is done before it was shown', async () => {
	const world = await standing(4);
	const one = await readied(world, {do: 'scale', limit: 6});
	record(world, (answers) => ({...answers, idleTime: 600}));
	edit(world, (text) => text.replace('IdleTime = 300', 'IdleTime = 600'));
	await one.carryOut(() => undefined);
	assert.deepEqual([recordIn(world).limit, recordIn(world).idleTime], [6, 600]);

	const other = await readied(world, {do: 'scale', limit: 8});
	await done(world, {do: 'scale', limit: 7});
	const from = world.acts.length;
	await assert.rejects(
		other.carryOut(() => undefined),
		{code: 'changed-meanwhile', advice: 'Do it again, which shows that first.'},
	);
	assert.deepEqual(changing(world, from), []);
});

test('undoing again brings back what was undone', async () => {
	const world = await standing(4);
	await done(world, {do: 'scale', limit: 6});
	const raised = configOn(world);
	assert.equal(
		await done(world, {do: 'undo'}),
		"Undone, limit 6 → 4, concurrent 6 → 4: in config.toml, and the runner's metrics say so. u, or `status undo`, undoes it.",
	);
	assert.equal(
		await done(world, {do: 'undo'}),
		"Undone, limit 4 → 6, concurrent 4 → 6: in config.toml, and the runner's metrics say so. u, or `status undo`, undoes it.",
	);
	assert.equal(configOn(world), raised);
});

test('what was done and changed no answer is passed over by an undo', async () => {
	const world = await standing(4);
	await done(world, {do: 'idle', count: 1});
	await done(world, {do: 'drain'});
	await done(world, {do: 'resume'});
	assert.match(await done(world, {do: 'undo'}), /^Undone, idle count 1 → 0/);
});

test('what others wrote since stays when a change is undone: another runner, a comment, a rotated token', async () => {
	const world = await standing(4);
	await done(world, {do: 'scale', limit: 6});
	const other = '\n# registered on Monday\n[[runners]]\nname = "other"\ntoken = "glrt-other"\nexecutor = "shell"\n';
	edit(
		world,
		(text) => `${text.replace('limit = 6', 'limit = 6 # as agreed').replace('[runners.docker]', '# do not touch\n[runners.docker]\nshm_size = 64')}${other}`,
	);
	const before = configOn(world);
	assert.match(await detailsOf(world, {do: 'undo'}), /^Yours in config\.toml, and kept: \[\[runners\]\] other, runners\.docker\.shm_size\.$/m);
	await done(world, {do: 'undo'});
	assert.equal(configOn(world), before.replace('limit = 6', 'limit = 4').replace('concurrent = 6', 'concurrent = 4'));
});

test('no secret stands in what an act shows', async () => {
	const world = await standing(4);
	edit(world, (text) => text.replace('MachineOptions = [', 'MachineOptions = ["amazonec2-secret-key=wJalrXUtnFEMI", "amazonec2-access-key=AKIAIOSFODNN7",'));
	assert.doesNotMatch(await detailsOf(world, {do: 'scale', limit: 6}), /wJalr|AKIA/);
});

test('an undo of what workers are is proven by a test machine, as every change of it', async () => {
	const world = await standing(4);
	await done(world, {do: 'move', to: {spot: false}, label: 'on demand instead'});
	const {proposal, carryOut} = await readied(world, {do: 'undo'});
	assert.match(proposal.details.join('\n'), /^Test machine: .*\n[\s\S]*A test machine is made so first, runs a container and goes/m);
	assert.match(await carryOut(() => undefined), /^Undone, spot no → yes, and a machine made so came up and ran a container, .*: in config\.toml/);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('an undo of what the panel doesn’t change names the command that does', async () => {
	const world = await standing(4);
	await setUp(world, {flags: {cacheDays: 30, limit: 6}});
	await assert.rejects(readied(world, {do: 'undo'}), {
		code: 'more-to-change',
		message: "The fleet isn't as its answers say in other places, too: cache bucket.",
		advice: 'Run `gitlab-runner-aws setup --fleet gitlab-runners --region us-east-2 --cache-days 90 --limit 4`, which shows what that changes first.',
	});
	await setUp(world, {flags: {managerType: 't3.medium'}, replaceManager: true});
	await assert.rejects(readied(world, {do: 'undo'}), {
		code: 'not-from-panel',
		message: "manager type t3.medium → t3.small: that isn't changed from the panel.",
		advice:
			'Run `gitlab-runner-aws setup --fleet gitlab-runners --region us-east-2 --manager-type t3.small --replace-manager`, which shows what that changes first.',
	});
});

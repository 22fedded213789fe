import assert from 'node:assert/strict';
import {test} from 'node:test';
import {executorOf} from '../../source/executors/list.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {readRecord} from '../../source/steps/looks/record.ts';
import {recordValue} from '../../source/steps/recorded.ts';
import {planOf} from '../engine/fleet.ts';
import {someAnswers} from '../executors/docker-machine/some-answers.ts';
import {changesSince, differences, drive, found, notes, problem, region, sentence, world} from './drive.ts';

const name = '/gitlab-runner-aws/gitlab-runners';
const parameterIn = (at: ReturnType<typeof world>) => at.outside.region(region).parameters.get(name);
const valueIn = (at: ReturnType<typeof world>) => JSON.parse(parameterIn(at)?.versions.at(-1)?.value ?? '{}');

test('the record holds the answers, and nothing that is only this laptop’s or another executor’s', async () => {
	const at = world();
	at.disk.files.set('/home/alice/key', {text: '', mode: 0o600});
	await drive(at, {profile: 'acme', privateKey: '/home/alice/key', sshAddress: '127.0.0.1:2222'}).setUp('record');
	const {profile, privateKey, sshAddress, ...fleet} = someAnswers({profile: 'acme', privateKey: '/home/alice/key', sshAddress: '127.0.0.1:2222'});
	assert.deepEqual([profile, privateKey, sshAddress], ['acme', '/home/alice/key', '127.0.0.1:2222']);
	const {workerSubnets, onDemandBase, onDemandShare, capacityPerInstance, fleetingPluginVersion, ...answers} = fleet;
	assert.deepEqual([workerSubnets, onDemandBase, onDemandShare, capacityPerInstance, fleetingPluginVersion], [['all'], 0, 0, 1, '1.1.0']);
	const born = new Date(at.calls.find((call) => call.name === 'PutParameter')?.at ?? 0).toISOString();
	assert.deepEqual(valueIn(at), {version: 1, born, answers});
	assert.equal(parameterIn(at)?.tier, 'Standard');
	assert.deepEqual(parameterIn(at)?.tags, {'gitlab-runner-aws:fleet': 'gitlab-runners', 'gitlab-runner-aws:part': 'record'});
});

test('a flag, or a preset’s answer, that changes nothing beside the others is told, by what its question says of when it means anything; one that counts isn’t', async () => {
	const flags = {executor: 'docker+machine', workerTypes: ['c5.large'], onDemandBase: 2, spot: false, spotPrice: 0.05, runnerName: 'builds', limit: 3} as const;
	const {notes: told} = (await planOf(simulatedWorld(), {flags: {...flags, workerTypes: [...flags.workerTypes]}})).get('record') ?? assert.fail();
	assert.deepEqual(told?.map(({says}) => says).toSorted(), [
		'--on-demand-base changes nothing here: only docker-autoscaler goes by it, and the executor is docker+machine.',
		'--spot-price changes nothing here: it means nothing beside the other answers.',
		'--worker-types changes nothing here: only docker-autoscaler goes by it, and the executor is docker+machine.',
	]);
	const {notes: other} =
		(await planOf(simulatedWorld(), {flags: {executor: 'docker-autoscaler', dockerMachineVersion: '0.16.2-gitlab.48'}})).get('record') ?? assert.fail();
	assert.match(other?.[0]?.says ?? '', /^--docker-machine-version changes nothing here: only docker\+machine goes by it/);
	const preset = {workerTypes: ['c5.large'], onDemandBase: 2, spot: false, spotPrice: 0.05, limit: 3};
	const {notes: ofPreset} = (await planOf(simulatedWorld(), {preset, flags: {executor: 'docker+machine'}})).get('record') ?? assert.fail();
	assert.deepEqual(
		ofPreset?.map(({says}) => says),
		[
			"The preset's `spotPrice` changes nothing here: it means nothing beside the other answers.",
			"The preset's `workerTypes`, `onDemandBase` change nothing here: only docker-autoscaler goes by them, and the executor is docker+machine.",
		],
	);
});

test('a record that names no executor is one of docker+machine, and stays as it is', async () => {
	const at = world();
	await drive(at).setUp('record');
	const {executor, ...answers} = valueIn(at).answers;
	assert.equal(executor, 'docker+machine');
	const Value = JSON.stringify({version: 1, born: valueIn(at).born, answers});
	at.outside.call('PutParameter', region, {Name: name, Value, Overwrite: true});
	const given = readRecord({name: 'gitlab-runners', region}, Value);
	assert.deepEqual([given.executor, executorOf(given).name], ['docker+machine', 'docker+machine']);
	assert.deepEqual(found(await drive(at).plan('record')), {record: 'ready'});
});

test('an address of my own is recorded as my-ip, and an image by the name it was given', async () => {
	const at = world();
	await drive(at).setUp('record');
	assert.equal(valueIn(at).answers.sshFrom, 'my-ip');
	assert.equal(valueIn(at).answers.image, 'ubuntu-24.04');
});

test('a changed answer is a live change, and only it is told', async () => {
	const at = world();
	await drive(at).setUp('record');
	const {plan, setUp} = drive(at, {limit: 12});
	assert.deepEqual(differences(await plan('record'), 'record'), [{what: 'limit', from: '10', to: '12', how: 'live'}]);
	assert.deepEqual(found((await setUp('record')).plan), {record: 'ready'});
	assert.equal(sentence(await plan('record'), 'record'), 'version 2');
	assert.equal(valueIn(at).answers.limit, 12);
});

test('objects and lists are compared by what they hold', async () => {
	const at = world();
	await drive(at, {tags: {a: '1', b: '2'}, runnerTags: ['x']}).setUp('record');
	const before = at.calls.length;
	const {plan} = await drive(at, {tags: {b: '2', a: '1'}, runnerTags: ['x']}).setUp('record');
	assert.deepEqual([found(plan), changesSince(at, before)], [{record: 'ready'}, []]);
});

test('of two laptops that make it at once the second is told what the first decided', async () => {
	const at = world();
	const [one, other] = await Promise.all([drive(at).setUp('record'), drive(at.another(), {limit: 4}).setUp('record')]);
	const failed = [...one.failed, ...other.failed];
	assert.equal(failed.length, 1);
	assert.match(failed[0] ?? '', /record \/gitlab-runner-aws\/gitlab-runners is already there with other answers: limit is \d+ there and \d+ here/);
	assert.equal(parameterIn(at)?.versions.length, 1);
});

test('two laptops with the same answers both find it so', async () => {
	const at = world();
	const both = await Promise.all([drive(at).setUp('record'), drive(at.another()).setUp('record')]);
	assert.deepEqual(
		both.map(({failed}) => failed),
		[[], []],
	);
	assert.equal(parameterIn(at)?.versions.length, 1);
});

test('a name that was removed a moment ago is waited for, and the waiting is said', async () => {
	const at = world();
	await drive(at).setUp('record');
	await drive(at).destroy();
	const {events, plan} = await drive(at).setUp('record');
	assert.deepEqual(found(plan), {record: 'ready'});
	assert.ok(events.some((event) => event.event === 'step.says' && /waiting, since AWS gives a name free 30 s after/.test(event.says)));
});

test('a change that somebody else made meanwhile is told', async () => {
	const at = world();
	await drive(at).setUp('record');
	const write = (limit: number) => at.outside.call('PutParameter', region, {Name: name, Value: recordValue(someAnswers({limit}), undefined), Overwrite: true});
	let raced = false;
	const racing = {
		...at,
		cloudAt: (where: string, signal?: AbortSignal) => {
			const cloud = at.cloudAt(where, signal);
			const call: typeof cloud.call = (operation, input) => {
				if (operation === 'PutParameter' && !raced) {
					raced = true;
					write(20);
				}
				return cloud.call(operation, input);
			};
			return {...cloud, call};
		},
	};
	const {events, plan} = await drive(racing, {limit: 12}).setUp('record');
	assert.deepEqual(found(plan), {record: 'ready'});
	assert.ok(events.some((event) => event.event === 'step.says' && /user\/bob wrote version 2 meanwhile; version 3 holds these answers/.test(event.says)));
});

test('other answers that somebody wrote a moment ago, with no manager yet, are their run, and block', async () => {
	const at = world();
	at.outside.call('PutParameter', region, {Name: name, Value: recordValue(someAnswers({limit: 4}), undefined), Type: 'String'});
	const {advice, code, message} = problem(await drive(at).plan(), 'record');
	assert.equal(code, 'record-other-answers');
	assert.match(message, /already there with other answers: limit is 4 there and 10 here\./);
	assert.match(advice, /Run the same command again once they are done/);
	await at.clock.sleep(11 * 60_000);
	assert.deepEqual(
		differences(await drive(at).plan(), 'record').map(({what}) => what),
		['limit'],
	);
});

test('a record of a newer release is not written over', async () => {
	const at = world();
	for (const value of [
		{version: 2, answers: {}},
		{version: 1, answers: {hologram: true}},
	]) {
		at.outside.call('PutParameter', region, {Name: name, Value: JSON.stringify(value), Type: 'String', Overwrite: true});
		assert.equal(problem(await drive(at).plan('record'), 'record').code, 'record-newer');
	}
});

test('a record that was spoilt by hand says how', async () => {
	const at = world();
	at.outside.call('PutParameter', region, {Name: name, Value: '{"version": 1, "answers": {"limit": "many"}}', Type: 'String'});
	assert.match(
		problem(await drive(at).plan('record'), 'record').message,
		/can't be read: limit holds something else than it should\. It takes a whole number from 1 to 5,000 machines\./,
	);
});

test('answers that are too long for the record name the longest', async () => {
	const at = world();
	const plan = await drive(at, {runnerConfig: 'x'.repeat(4000)}).plan('record');
	assert.match(problem(plan, 'record').message, /record holds 4,096\. The longest are runnerConfig \(4,002\)/);
	assert.deepEqual(notes(plan, 'record'), []);
});

test('another answer that would make the record too long is told, and writes nothing', async () => {
	const at = world();
	const runnerConfig = (length: number) => 'x'.repeat(length);
	const room = 4096 - Buffer.byteLength(recordValue(someAnswers({runnerConfig: ''}), new Date(0).toISOString()));
	assert.deepEqual(found((await drive(at, {runnerConfig: runnerConfig(room)}).setUp('record')).plan), {record: 'ready'});
	await drive(at, {runnerConfig: runnerConfig(room), limit: 11}).setUp('record');
	assert.match(
		problem((await drive(at, {runnerConfig: runnerConfig(room), limit: 100}).setUp('record')).plan, 'record').message,
		/The answers are 4,097 bytes, and the fleet's record holds 4,096\. The longest are runnerConfig/,
	);
	assert.deepEqual([parameterIn(at)?.versions.length, valueIn(at).answers.limit], [2, 11]);
});

test('the token beside the record goes with it', async () => {
	const at = world();
	await drive(at).setUp('record');
	at.outside.call('PutParameter', region, {Name: `${name}/token`, Value: 'glrt-secret', Type: 'SecureString'});
	const {left} = await drive(at).destroy();
	assert.deepEqual(left, []);
	assert.deepEqual(
		[...at.outside.region(region).parameters.keys()].filter((one) => one.startsWith(name)),
		[],
	);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {World} from '../../source/simulated/world.ts';
import {usedBeside} from '../../source/steps/quota-room.ts';
import {drive, found, notes, problem, region, sentence, world} from './drive.ts';

const spotQuota = 'L-34B43A08';
const onDemandQuota = 'L-1216C47A';

type Type = 'c5.large' | 'm5.large' | 'c5.4xlarge' | 't3.small';

/** Somebody's machines that run since long. */
function addOthers(at: World, count: number, type: Type, market: 'spot' | 'on demand'): string[] {
	return Array.from(
		{length: count},
		(_, index) => at.outside.addInstance(region, {type, ...(market === 'spot' ? {spotRequestId: `sir-other${index}`} : {})}).id,
	);
}

const adviceOn = async (at: World, answers: Parameters<typeof drive>[1] = {}) =>
	((await drive(at, answers).plan('network', 'quota')).get('quota')?.notes ?? []).map(({advice}) => advice);

test('what others use of the quota is a note where it leaves too little now, with the limit that fits, and never a block', async () => {
	const at = world();
	at.outside.setQuota(spotQuota, 64);
	addOthers(at, 3, 'c5.4xlarge', 'spot');
	const plan = await drive(at).plan('network', 'quota');
	assert.deepEqual(found(plan), {network: 'ready', quota: 'ready'});
	assert.deepEqual(notes(plan, 'quota'), ['Others use 48 of 64 vCPUs on spot now, so 8 of 10 workers fit until those end.']);
	assert.equal(sentence(plan, 'quota'), '20 of 64 vCPUs for 10 workers of c5.large on spot');
	const [advice] = await adviceOn(at);
	assert.match(advice ?? '', /^Add `--limit 8`, or ask AWS for more: `aws service-quotas request-service-quota-increase .*L-34B43A08 --desired-value 68`\.$/);
	assert.deepEqual(notes(await drive(at, {limit: 8}).plan('network', 'quota'), 'quota'), []);
});

test('one worker is one, in what is found and in what is too much', async () => {
	const at = world();
	assert.equal(sentence(await drive(at, {limit: 1}).plan('network', 'quota'), 'quota'), '2 of 64 vCPUs for 1 worker of c5.large on spot');
	at.outside.setQuota(spotQuota, 1);
	assert.match(problem(await drive(at, {limit: 1}).plan('network', 'quota'), 'quota').message, /^1 worker of c5\.large needs 2 vCPUs, /);
});

test('where others leave enough the sentence says what they use, and nothing of those who use none', async () => {
	const at = world();
	assert.equal(sentence(await drive(at).plan('network', 'quota'), 'quota'), '20 of 64 vCPUs for 10 workers of c5.large on spot');
	addOthers(at, 2, 'm5.large', 'spot');
	const plan = await drive(at).plan('network', 'quota');
	assert.equal(sentence(plan, 'quota'), '20 of 64 vCPUs for 10 workers of c5.large on spot; others use 4 now');
	assert.deepEqual(notes(plan, 'quota'), []);
});

test('where others leave room for none, no limit would do', async () => {
	const at = world();
	addOthers(at, 4, 'c5.4xlarge', 'spot');
	assert.deepEqual(notes(await drive(at).plan('network', 'quota'), 'quota'), [
		'Others use 64 of 64 vCPUs on spot now, so none of 10 workers fits until those end.',
	]);
	assert.deepEqual(notes(await drive(at, {limit: 1}).plan('network', 'quota'), 'quota'), [
		"Others use 64 of 64 vCPUs on spot now, so the one worker doesn't fit until those end.",
	]);
	assert.match((await adviceOn(at)).join(), /^Ask AWS for more: /);
});

test('only machines that run, of the same family and market, and of others, count', async () => {
	const at = world();
	addOthers(at, 3, 'c5.4xlarge', 'on demand');
	for (const id of addOthers(at, 3, 'c5.4xlarge', 'spot')) at.outside.stopInstance(id);
	await at.clock.sleep(60_000);
	assert.equal(sentence(await drive(at).plan('network', 'quota'), 'quota'), '20 of 64 vCPUs for 10 workers of c5.large on spot');
	assert.deepEqual(notes(await drive(at, {spot: false}).plan('network', 'quota'), 'quota'), [
		'Others use 48 of 64 vCPUs on demand now, so 7 of 10 workers fit until those end.',
	]);
});

test('the fleet’s own manager and workers aren’t others', async () => {
	const at = world();
	await drive(at, {spot: false}).setUp();
	const group = [...at.outside.region(region).groups.values()].find(({name}) => name === 'gitlab-runners-workers')?.id ?? '';
	for (const hex of ['0000000a', '0000000b'])
		at.outside.addInstance(region, {type: 'c5.4xlarge', groupIds: [group], keyName: `runner-abcdefgh-gitlab-runners-1764000000-${hex}`});
	const plan = await drive(at, {spot: false}).plan('network', 'quota');
	assert.equal(sentence(plan, 'quota'), '22 of 64 vCPUs for 10 workers of c5.large on demand');
	assert.deepEqual(notes(plan, 'quota'), []);
});

test('a manager that is to be made and doesn’t fit beside others’ machines is a note, and one that stands fits', async () => {
	const at = world();
	const others = addOthers(at, 4, 'c5.4xlarge', 'on demand');
	assert.deepEqual(notes(await drive(at).plan('network', 'quota'), 'quota'), [
		"Others use 64 of 64 vCPUs on demand now, so the manager's t3.small doesn't fit until some of those end.",
	]);
	for (const id of others) at.outside.region(region).instances.delete(id);
	await drive(at).setUp();
	addOthers(at, 4, 'c5.4xlarge', 'on demand');
	assert.deepEqual(notes(await drive(at).plan('network', 'quota'), 'quota'), []);
});

test('machines that may not be counted, or whose vCPUs nobody tells, stay unknown and quiet', async () => {
	const own = new Set(['i-ours']);
	const one = {id: 'i-1', type: 'c5.large', spot: true, vcpus: 2};
	assert.equal(usedBeside(spotQuota, undefined, own), undefined);
	assert.equal(usedBeside(spotQuota, [one, {...one, id: 'i-2', vcpus: undefined}], own), undefined);
	assert.equal(usedBeside(spotQuota, [one, {...one, id: 'i-ours'}, {...one, id: 'i-3', type: 'p5.48xlarge', vcpus: undefined}], own), 2);
	assert.equal(usedBeside(onDemandQuota, [one], own), 0);
	const at = world();
	addOthers(at, 4, 'c5.4xlarge', 'spot');
	// The account's own looks are the first two.
	at.faults.failNth('DescribeInstances', 3, {name: 'UnauthorizedOperation', message: 'You are not authorized to perform this operation.', status: 403});
	const plan = await drive(at).plan('network', 'quota');
	assert.deepEqual([found(plan).quota, notes(plan, 'quota')], ['ready', []]);
	const refused = at.calls.filter((call) => call.refused !== undefined).map(({input}) => input);
	assert.deepEqual(refused, [{Filters: [{Name: 'instance-state-name', Values: ['pending', 'running']}]}]);
});

test('what was too much before anybody else is still blocked, and nothing is said of others', async () => {
	const at = world();
	addOthers(at, 4, 'c5.4xlarge', 'spot');
	const plan = await drive(at, {limit: 40}).plan('network', 'quota');
	assert.equal(problem(plan, 'quota').message, '40 workers of c5.large need 80 vCPUs, and this account may run 64 on spot here.');
});

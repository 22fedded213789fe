import assert from 'node:assert/strict';
import {test} from 'node:test';
import {markKeys} from '../../../../source/fleet.ts';
import type {AskedManager, Region} from '../../../../source/panel/leftovers.ts';
import {askedManager, judgeLeftovers} from '../../../../source/panel/orphans/managers.ts';
import {failing, good, unseen} from '../../../../source/panel/seen.ts';
import type {Leftovers} from '../../../../source/steps/looks/leftovers.ts';
import {host, instance, machine, minutes, nameAt, now} from '../../../panel/seeing.ts';

const asked = (names: readonly string[] = [], more: Partial<AskedManager> = {}): AskedManager => ({
	id: 'i-manager',
	fleet: 'gitlab-runners',
	store: {names: new Set(names), instanceIds: new Set()},
	shortTokens: ['ab12cd'],
	...more,
});
const silent = (more: Partial<AskedManager> = {}): AskedManager => ({id: 'i-silent', store: undefined, shortTokens: [], ...more});
const nothing: Leftovers = {keyPairs: [], spotRequests: [], volumes: []};
const region = (more: Partial<Region>): Region => ({
	region: 'us-east-2',
	fleets: ['gitlab-runners'],
	managers: [asked()],
	instances: [],
	leftovers: nothing,
	now,
	...more,
});
const pair = (name: string, more = {}) => ({id: `key-${name.slice(-4)}`, name, fingerprint: '', tags: {}, ...more});
const told = (more: Partial<Region>) => judgeLeftovers(region(more)).map(({id, is, because}) => `${id} ${is}: ${because}`);

const old = nameAt(200, '0000000a');
const busy = nameAt(100, '0000000b');
const foreign = nameAt(200, '0000000c', 'zz99').replace('gitlab-runners', 'builders');

test('a worker that its manager does not know is an orphan, and one that it knows is not', () => {
	assert.deepEqual(told({managers: [asked([busy])], instances: [instance('i-old', old), instance('i-busy', busy)]}), [
		"i-old orphan: manager i-manager doesn't know it",
		'i-busy known: manager i-manager knows it',
	]);
});

test('a stranger’s worker is not known, and what no runner made is not looked at', () => {
	assert.deepEqual(told({instances: [instance('i-foreign', foreign), instance('i-web', 'web', {keyName: 'alice'})]}), [
		'i-foreign not-known: made by a runner that no manager here has',
	]);
});

test('a manager that can’t be asked makes what may be its own not known, never an orphan', () => {
	assert.deepEqual(told({managers: [silent()], fleets: [], instances: [instance('i-old', old)]}), ["i-old not-known: manager i-silent can't be asked"]);
	assert.deepEqual(told({managers: [asked(), silent({fleet: 'gitlab-runners'})], instances: [instance('i-old', old)]}), [
		"i-old not-known: manager i-silent can't be asked",
	]);
	assert.deepEqual(told({managers: [asked([], {store: undefined})], instances: [instance('i-old', old)], leftovers: {...nothing, keyPairs: [pair(old)]}}), [
		"i-old not-known: manager i-manager can't be asked",
		'key-000a known: a live instance uses it',
	]);
});

test('another fleet’s manager that can’t be asked does not stand in the way', () => {
	assert.deepEqual(told({managers: [asked(), silent({fleet: 'builders'})], instances: [instance('i-old', old)]}), [
		"i-old orphan: manager i-manager doesn't know it",
	]);
});

test('a fleet without a live manager leaves orphans behind', () => {
	assert.deepEqual(told({managers: [], instances: [instance('i-old', old)]}), ['i-old orphan: fleet gitlab-runners has no live manager']);
	const marked = instance('i-marked', 'x', {keyName: 'x', tags: {[markKeys.fleet]: 'gone', [markKeys.part]: 'worker'}, launchedAt: now - minutes(90)});
	assert.deepEqual(told({managers: [], fleets: [], instances: [marked]}), ['i-marked orphan: fleet gone has neither a record nor a live manager here']);
});

test('what was launched a moment ago may not be in the store yet', () => {
	assert.deepEqual(told({instances: [instance('i-new', nameAt(2))]}), ['i-new not-known: launched less than 5 m ago']);
});

test('terminated workers are nobody’s', () => {
	assert.deepEqual(told({instances: [instance('i-1', old, {state: 'terminated'}), instance('i-2', busy, {state: 'shutting-down'})]}), []);
});

test('key pairs that no live instance uses are leftovers after an hour, whoever made them', () => {
	const young = nameAt(20, '0000000d');
	const dead = instance('i-dead', old, {state: 'terminated'});
	assert.deepEqual(
		told({
			managers: [asked([busy])],
			instances: [dead],
			leftovers: {...nothing, keyPairs: [pair(old), pair(busy), pair(young), pair(foreign), pair('alice'), pair('runner-key')]},
		}),
		[
			"key-000a orphan: manager i-manager doesn't know it",
			'key-000b known: manager i-manager knows it',
			'key-000d not-known: its machine may still be in the making',
			'key-000c orphan: no live instance uses it',
		],
	);
});

test('ten key pairs made outside are found, and one that a stopped instance uses is not', () => {
	const pairs = Array.from({length: 10}, (_, index) => pair(nameAt(300 + index, `000000${10 + index}`)));
	const judged = judgeLeftovers(
		region({
			instances: [instance('i-stopped', busy, {state: 'stopped'})],
			managers: [asked([busy])],
			leftovers: {...nothing, keyPairs: [...pairs, pair(busy)]},
		}),
	);
	assert.equal(judged.filter(({kind, is}) => kind === 'key pair' && is === 'orphan').length, 10);
	assert.equal(judged.find(({name, kind}) => kind === 'key pair' && name === busy)?.is, 'known');
});

test('a spot request goes with its instance; an open one of a dead fleet is an orphan', () => {
	const tags = {[markKeys.fleet]: 'gitlab-runners'};
	assert.deepEqual(
		told({
			managers: [asked([busy])],
			instances: [instance('i-busy', busy)],
			leftovers: {
				...nothing,
				spotRequests: [
					{id: 'sir-busy', state: 'active', instanceId: 'i-busy', tags: {}},
					{id: 'sir-open', state: 'open', tags, createdAt: now - minutes(120)},
					{id: 'sir-new', state: 'open', tags, createdAt: now - minutes(1)},
					{id: 'sir-lost', state: 'active', instanceId: 'i-lost', tags},
					{id: 'sir-closed', state: 'closed', tags},
					{id: 'sir-foreign', state: 'open', tags: {}, createdAt: now - minutes(120)},
				],
			},
		}),
		[
			'i-busy known: manager i-manager knows it',
			'sir-busy known: its instance is known',
			"sir-open orphan: manager i-manager doesn't know it",
			'sir-new not-known: it may still be filled',
			"sir-lost not-known: its instance i-lost isn't in the list",
		],
	);
});

test('a loose volume of a worker is an orphan, one of somebody else’s is not looked at', () => {
	const volume = {state: 'available', sizeGib: 20, createdAt: now - minutes(120), instanceId: undefined};
	assert.deepEqual(
		told({
			leftovers: {
				...nothing,
				volumes: [
					{...volume, id: 'vol-1', tags: {Name: old}},
					{...volume, id: 'vol-2', tags: {Name: 'data'}},
					{...volume, id: 'vol-3', tags: {Name: busy}, state: 'in-use', instanceId: 'i-9'},
				],
			},
		}),
		["vol-1 orphan: manager i-manager doesn't know it"],
	);
});

test('a manager whose last look failed, or whose store is not there, can’t be asked', () => {
	const seen = good(host([machine(busy, {instanceId: 'i-busy'})], {unreadMachines: [old]}), now);
	assert.deepEqual(
		askedManager('i-manager', 'gitlab-runners', seen),
		asked([busy, old], {store: {names: new Set([busy, old]), instanceIds: new Set(['i-busy']), groups: new Set()}}),
	);
	for (const silence of [unseen, failing(seen, {code: 'ssh-closed', message: 'gone'}, now), good(host([], {hasStore: false}), now)])
		assert.equal(askedManager('i-manager', undefined, silence).store, undefined);
});

test('where its manager was asked after EC2, what is young and not in its store is an orphan all the same; of an unknown runner it is not', () => {
	const young = nameAt(2, '0000000e');
	const strange = nameAt(2, '0000000f', 'zz99').replace('gitlab-runners', 'builders');
	const volume = {id: 'vol-1', state: 'available', sizeGib: 20, createdAt: now - minutes(2), instanceId: undefined, tags: {Name: young}};
	assert.deepEqual(
		told({
			askedAfter: true,
			managers: [asked([busy])],
			instances: [instance('i-young', young), instance('i-busy', busy)],
			leftovers: {...nothing, keyPairs: [pair(nameAt(3, '0000001a')), pair(strange)], volumes: [volume]},
		}),
		[
			"i-young orphan: manager i-manager doesn't know it",
			'i-busy known: manager i-manager knows it',
			"key-001a orphan: manager i-manager doesn't know it",
			'key-000f not-known: its machine may still be in the making',
			"vol-1 orphan: manager i-manager doesn't know it",
		],
	);
});

test('what bears a fleet’s mark is judged by that fleet’s managers, whatever else can’t be asked', () => {
	const tags = {Name: old, [markKeys.fleet]: 'gitlab-runners', [markKeys.part]: 'worker'};
	const managers = [asked(), silent()];
	assert.deepEqual(told({managers, instances: [instance('i-old', old, {tags})]}), ["i-old orphan: manager i-manager doesn't know it"]);
});

test('a fleet’s name with its runner’s token is as good as its mark; with another token it may be the machine of one that can’t be asked', () => {
	const managers = [asked(), silent()];
	const other = nameAt(200, '0000001c', 'zz99');
	assert.deepEqual(told({managers, instances: [instance('i-old', old), instance('i-other', other)], leftovers: {...nothing, keyPairs: [pair(nameAt(200))]}}), [
		"i-old orphan: manager i-manager doesn't know it",
		"i-other not-known: manager i-silent can't be asked",
		"key-abcd orphan: manager i-manager doesn't know it",
	]);
});

test('a name tells the age of what was launched again or imported anew', () => {
	const restarted = instance('i-old', old, {launchedAt: now - minutes(1)});
	const imported = pair(nameAt(300, '0000001b'), {createdAt: now - minutes(1)});
	assert.deepEqual(told({instances: [restarted], leftovers: {...nothing, keyPairs: [imported]}}), [
		"i-old orphan: manager i-manager doesn't know it",
		"key-001b orphan: manager i-manager doesn't know it",
	]);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {AskedManager, Region} from '../../../../source/panel/leftovers.ts';
import {askedManager, judgeLeftovers} from '../../../../source/panel/orphans/managers.ts';
import {good} from '../../../../source/panel/seen.ts';
import type {ScalingLeft} from '../../../../source/steps/looks/leftovers.ts';
import {host, instance, minutes, nameAt, now} from '../../../panel/seeing.ts';
import {groupName, idOf, scalingHost, worker} from './seeing.ts';

const marked = (part: string) => ({'gitlab-runner-aws:fleet': 'gitlab-runners', 'gitlab-runner-aws:part': part});
const created = now - minutes(90);

const scaling: ScalingLeft = {
	groups: [{id: groupName, name: groupName, createdAt: created, tags: marked('group'), instanceIds: [idOf(1)]}],
	templates: [{id: 'lt-1', name: groupName, createdAt: created, tags: marked('launch-template')}],
	keyPairs: [{id: 'key-1', name: groupName, fingerprint: '', createdAt: created, tags: marked('worker-key')}],
};

const asked = (more: Partial<AskedManager> = {}): AskedManager => ({
	id: 'i-manager',
	fleet: 'gitlab-runners',
	store: {names: new Set(), instanceIds: new Set(), groups: new Set([groupName])},
	shortTokens: ['ab12cd'],
	...more,
});

const region = (more: Partial<Region> = {}): Region => ({
	region: 'us-east-2',
	fleets: ['gitlab-runners'],
	managers: [asked()],
	instances: [worker(1, 60)],
	leftovers: {keyPairs: [], spotRequests: [], volumes: [], scaling},
	now,
	askedAfter: true,
	...more,
});

const judged = (more: Partial<Region> = {}): unknown[] => judgeLeftovers(region(more)).map(({kind, is, because}) => [kind, is, because]);

test('what a live manager has is known: its group, template and key, and the instances in the group', () => {
	assert.deepEqual(judged(), [
		['instance', 'known', 'manager i-manager has its group'],
		['Auto Scaling group', 'known', 'fleet gitlab-runners has the manager i-manager'],
		['launch template', 'known', 'fleet gitlab-runners has the manager i-manager'],
		['key pair', 'known', 'fleet gitlab-runners has the manager i-manager'],
	]);
});

test('instances in service of a group whose manager is gone are orphans, though the record stands, and end by their group', () => {
	const [left, ...things] = judgeLeftovers(region({managers: []}));
	assert.deepEqual([left?.is, left?.because, left?.group], ['orphan', 'fleet gitlab-runners has no live manager', groupName]);
	assert.deepEqual(
		things.map(({is, because}) => [is, because]),
		Array.from({length: 3}, () => ['known', 'fleet gitlab-runners has a record']),
	);
});

test('where neither record nor manager is there, group, template and key are orphans, too', () => {
	assert.deepEqual(
		judgeLeftovers(region({managers: [], fleets: []})).map(({kind, is}) => [kind, is]),
		['instance', 'Auto Scaling group', 'launch template', 'key pair'].map((kind) => [kind, 'orphan']),
	);
});

test('a manager that can’t be asked may have the group: nothing of it is an orphan', () => {
	assert.deepEqual(
		judgeLeftovers(region({managers: [asked({store: undefined})]})).map(({is}) => is),
		['not-known', 'known', 'known', 'known'],
	);
});

test('an instance of a group that no runner on its manager has is an orphan once it isn’t young, and a test worker within its hour isn’t', () => {
	const without = asked({store: {names: new Set(), instanceIds: new Set(), groups: new Set()}});
	const verdict = (minutesAgo: number, tags: Record<string, string> = {}) =>
		judgeLeftovers(region({managers: [without], instances: [worker(1, minutesAgo, {tags})], leftovers: {keyPairs: [], spotRequests: [], volumes: []}})).map(
			({is, because}) => [is, because],
		);
	assert.deepEqual(verdict(60), [['orphan', 'no runner on manager i-manager has its group']]);
	assert.deepEqual(verdict(2), [['not-known', 'launched less than 5 m ago']]);
	assert.deepEqual(verdict(20, {'aws:autoscaling:groupName': `${groupName}-test`}), [['not-known', 'a setup may be trying it']]);
});

test('things that were made just now, and those that bear no mark, are nobody’s orphans', () => {
	const young = {...scaling, groups: [{...scaling.groups[0], id: groupName, name: groupName, createdAt: now - 60_000, tags: marked('group'), instanceIds: []}]};
	assert.deepEqual(
		judgeLeftovers(
			region({
				managers: [],
				fleets: [],
				instances: [],
				leftovers: {keyPairs: [], spotRequests: [], volumes: [], scaling: {...young, templates: [], keyPairs: []}},
			}),
		).map(({is}) => is),
		['not-known'],
	);
	const unmarked = {groups: [{id: 'web', name: 'web', createdAt: created, tags: {}, instanceIds: []}], templates: [], keyPairs: []};
	assert.deepEqual(judged({instances: [], leftovers: {keyPairs: [], spotRequests: [], volumes: [], scaling: unmarked}}), []);
});

test('one instance is claimed by one executor: a marked one of a group isn’t docker-machine’s, nor a machine of docker-machine’s this one’s', () => {
	const machine = instance('i-0abc0abc0abc0abc0', nameAt(90), {tags: {Name: nameAt(90), ...marked('worker')}});
	const all = judgeLeftovers(region({managers: [], instances: [worker(1, 60), machine], leftovers: {keyPairs: [], spotRequests: [], volumes: []}}));
	assert.deepEqual(all.map(({id}) => id).sort(), [idOf(1), 'i-0abc0abc0abc0abc0'].sort());
});

test('a manager with runners of both executors counts as asked only where each of them can be told', () => {
	const both = scalingHost();
	assert.deepEqual(askedManager('i-1', 'x', good(both, now)).store?.groups, new Set([groupName]));
	const facts = both.config?.facts;
	assert.ok(facts);
	const mixed = {...both, config: {hash: '', text: '', facts: {...facts, runners: [...facts.runners, ...(host().config?.facts?.runners ?? [])]}}};
	assert.equal(askedManager('i-1', 'x', good(mixed, now)).store, undefined);
	assert.deepEqual(askedManager('i-1', 'x', good({...mixed, hasStore: true}, now)).store?.groups, new Set([groupName]));
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {OperationName} from '../../source/world/cloud/port.ts';
import {drive, region, world} from './drive.ts';

/** The changing calls of a whole set-up or removal, each once. */
async function operations(doing: 'setUp' | 'destroy'): Promise<OperationName[]> {
	const at = world();
	await drive(at).setUp();
	const before = doing === 'setUp' ? 0 : at.calls.length;
	if (doing === 'destroy') await drive(at).destroy({withCache: true});
	const named = at.calls.slice(before, undefined).filter(({changing}) => changing);
	return [...new Set(named.map(({name}) => name))];
}

/** RunInstances is called as a dry run first. */
const nth = (name: OperationName): number => (name === 'RunInstances' || name === 'CreateSecurityGroup' || name === 'ImportKeyPair' ? 2 : 1);

function counts(at: ReturnType<typeof world>) {
	const {groups, instances, keyPairs, parameters} = at.outside.region(region);
	const {buckets, profiles, roles} = at.outside.account;
	const own = [...parameters.keys()].filter((name) => !name.startsWith('/aws/'));
	return {
		groups: groups.size - 1,
		instances: instances.size,
		keyPairs: keyPairs.size,
		parameters: own.length,
		buckets: buckets.size,
		profiles: profiles.size,
		roles: roles.size,
	};
}

const one = {groups: 2, instances: 1, keyPairs: 1, parameters: 1, buckets: 1, profiles: 1, roles: 1};

test('whichever answer gets lost after its call was carried out, nothing is doubled', async () => {
	for (const name of await operations('setUp')) {
		const at = world();
		at.faults.dropAfter(name, nth(name));
		const first = await drive(at).setUp();
		const second = await drive(at).setUp();
		assert.deepEqual([name, second.failed, counts(at)], [name, [], one], `first: ${first.failed.join()}`);
	}
});

test('whichever call is lost on its way, the run goes on by itself', async () => {
	for (const name of await operations('setUp')) {
		const at = world();
		at.faults.dropBefore(name, nth(name));
		const {failed} = await drive(at).setUp();
		assert.deepEqual([name, failed, counts(at)], [name, [], one]);
	}
});

test('whichever answer of a removal gets lost, everything goes', async () => {
	for (const name of await operations('destroy')) {
		const at = world();
		await drive(at).setUp();
		at.faults.dropAfter(name);
		await drive(at).destroy({withCache: true});
		const {failed, left} = await drive(at).destroy({withCache: true});
		assert.deepEqual([name, failed, left], [name, [], []]);
	}
});

test('an account that is throttled takes longer and ends the same', async () => {
	const at = world();
	for (const name of await operations('setUp')) at.faults.throttle(name, 2);
	const {failed} = await drive(at).setUp();
	assert.deepEqual([failed, counts(at)], [[], one]);
});

test('a cloud that shows new things late is waited for', async () => {
	const at = world({lagMs: 15_000});
	const {failed} = await drive(at).setUp();
	assert.deepEqual([failed, counts(at)], [[], one]);
	assert.deepEqual((await drive(at).destroy({withCache: true})).left, []);
});

test('two laptops that destroy at once both end well', async () => {
	const at = world();
	await drive(at).setUp();
	const both = await Promise.all([drive(at).destroy({withCache: true}), drive(at.another()).destroy({withCache: true})]);
	assert.deepEqual(
		both.map(({failed, left}) => [failed, left]),
		[
			[[], []],
			[[], []],
		],
	);
});

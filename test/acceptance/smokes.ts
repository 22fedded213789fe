import assert from 'node:assert/strict';
import type {PeerWorld} from '../peers/world.ts';
import {fleet} from './begin.ts';
import {ended, type LaptopOnPeers} from './laptop.ts';

const smoke = ['smoke', '--yes', ...fleet];
/** Requests by which something of a trial's own is made or deleted in GitLab. */
const changing = /^(POST|DELETE) \/api\/v4\/projects/;
/** After which of its changes each run is killed, and which that is. A run deletes first what the one before it left, and after those alone makes anything. */
const killedAfter = [
	[1, 'POST projects'],
	[4, 'POST projects/0/runners'],
	[5, 'POST projects/0/repository/commits'],
	[2, 'DELETE projects/0'],
	[4, 'DELETE projects/0'],
] as const;

/**
 * Tries a standing fleet with `smoke` from a laptop, killed at each of its changes in GitLab, and then to its end: both jobs pass, and GitLab has neither their
 * project nor their jobs afterwards.
 */
export async function smokes({gitlab}: PeerWorld, laptop: LaptopOnPeers): Promise<void> {
	const env = {GITLAB_TOKEN: gitlab.personalToken('api')};
	const changes = (): string[] =>
		gitlab.requests().flatMap(({method, path}) => {
			const line = `${method} ${path}`;
			return changing.test(line) ? line.replace('/api/v4/', '').replace(/\d+/, '0') : [];
		});
	for (const [nth, change] of killedAfter) {
		gitlab.forget();
		const ran = await laptop.built(smoke, {env, started: (pid) => gitlab.fault({on: changing, kill: {pid, nth}})});
		gitlab.fault();
		assert.deepEqual([ran.signal, changes().at(-1)], ['SIGKILL', change], `killed after ${nth}: ${changes().join()}\n${ran.stdout}\n${ran.stderr}`);
	}
	gitlab.forget();
	const ran = await laptop.json(smoke, {env});
	ended(ran, 0);
	assert.deepEqual([...new Set(changes())].toSorted(), [...new Set(killedAfter.map(([, change]) => change))].toSorted(), 'it was killed at each');
	const done = ran.lines.flatMap((line) => (line.event === 'step.done' ? [line.step] : []));
	assert.deepEqual(done, ['smoke-project', 'smoke-make', 'smoke-use', 'smoke-cleanup']);
	assert.ok(ran.stdout.includes('Successfully extracted cache'), 'the second job found the cache');
	// What was marked for deletion already is GitLab's to delete.
	const left = [...gitlab.store.trials.values()].filter(({marked}) => !marked);
	assert.deepEqual([left.map(({path}) => path), gitlab.store.jobs.filter(({trial}) => trial)], [['peers/demo'], []]);
}

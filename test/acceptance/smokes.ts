import assert from 'node:assert/strict';
import type {PeerWorld} from '../peers/world.ts';
import {fleet} from './begin.ts';
import {ended, type LaptopOnPeers} from './laptop.ts';

/** Tries a standing fleet with `smoke` from a laptop: both jobs pass, and GitLab has neither their project nor their jobs afterwards. */
export async function smokes({gitlab}: PeerWorld, laptop: LaptopOnPeers): Promise<void> {
	const ran = await laptop.json(['smoke', '--yes', ...fleet], {env: {GITLAB_TOKEN: gitlab.personalToken('api')}});
	ended(ran, 0);
	const done = ran.lines.flatMap((line) => (line.event === 'step.done' ? [line.step] : []));
	assert.deepEqual(done, ['smoke-project', 'smoke-make', 'smoke-use', 'smoke-cleanup']);
	assert.ok(ran.stdout.includes('Successfully extracted cache'), 'the second job found the cache');
	assert.deepEqual([[...gitlab.store.trials.values()].map(({path}) => path), gitlab.store.jobs.filter(({trial}) => trial)], [['peers/demo'], []]);
}

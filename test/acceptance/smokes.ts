import assert from 'node:assert/strict';
import {project} from '../peers/gitlab-store.ts';
import type {PeerWorld} from '../peers/world.ts';
import {fleet} from './begin.ts';
import {ended, type LaptopOnPeers} from './laptop.ts';

/** A trial's own words, and after which of its changes each run of it is killed, with what that change is. */
type KilledTrial = {words: readonly string[]; killedAfter: readonly (readonly [nth: number, change: string])[]};

/** Requests by which something of a trial's own is made or deleted in GitLab. */
const changing = /^(POST|DELETE) \/api\/v4\/projects/;

// A run deletes first what the one before it left, by the same calls as what it made itself at its end: killed there already, it runs no jobs for that.
const inOwnProject: KilledTrial = {
	words: [],
	killedAfter: [
		[1, 'POST projects'],
		[1, 'DELETE projects/0'],
		[2, 'POST projects/0/runners'],
		[5, 'POST projects/0/repository/commits'],
		[2, 'DELETE projects/0'],
	],
};
const onBranch: KilledTrial = {
	words: [project.path_with_namespace],
	killedAfter: [
		[1, 'POST projects/0/repository/commits'],
		[1, 'DELETE projects/0/pipelines/0'],
		[1, 'DELETE projects/0/repository/branches/gitlab-runner-aws-smoke-gitlab-runners-0'],
	],
};

/** Branches of others in the project that is named, each with a pipeline of its own: one like ours, but for its number. */
const others = ['main', 'feature/new', 'gitlab-runner-aws-smoke-gitlab-runners', 'gitlab-runner-aws-smoke-gitlab-runners-1'];

/**
 * Tries a standing fleet with `smoke` from a laptop, in a project of the trial's own and on a branch of one that is named; each killed at each of its changes
 * in GitLab, and then to its end: both jobs pass, and GitLab has afterwards what it had before.
 */
export async function smokes({gitlab}: PeerWorld, laptop: LaptopOnPeers): Promise<void> {
	const {jobs, trials} = gitlab.store;
	const named = trials.get(project.id) ?? assert.fail('no project');
	const theirs = new Map([['.gitlab-ci.yml', '{"stages": []}']]);
	others.forEach((branch, at) => {
		named.branches.set(branch, theirs);
		named.pipelines.push({id: at + 1, sha: `${at + 1}`.padStart(40, '0'), branch, jobs: []});
	});
	// What was marked for deletion already is GitLab's to delete.
	const standing = () => ({
		projects: [...trials.values()]
			.filter(({marked}) => !marked)
			.map(({branches, path, pipelines}) => ({path, branches: [...branches], pipelines: [...pipelines]})),
		jobs: jobs.filter(({trial}) => trial),
	});
	const before = standing();
	await passes({gitlab}, laptop, inOwnProject);
	assert.deepEqual(standing(), before);
	await passes({gitlab}, laptop, onBranch);
	assert.deepEqual(standing(), before);
}

/** Runs a trial, killed after each of these changes, and then to its end, which makes all of them and no other. */
async function passes({gitlab}: Pick<PeerWorld, 'gitlab'>, laptop: LaptopOnPeers, {killedAfter, words}: KilledTrial): Promise<void> {
	const smoke = ['smoke', ...words, '--yes', ...fleet];
	const env = {GITLAB_TOKEN: gitlab.personalToken('api')};
	const changes = (): string[] =>
		gitlab.requests().flatMap(({method, path}) => {
			const line = `${method} ${path}`;
			return changing.test(line) ? line.replace('/api/v4/', '').replaceAll(/\d+/g, '0') : [];
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
}

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {status} from '../../source/commands/status.ts';
import {isProblem} from '../../source/problem.ts';
import {hearing, sessionAt, standing} from './at-laptop.ts';

test('what a key of the panel does, a word of `status` does too, once it is agreed to; what is wrong with it is said before anything is looked at', async () => {
	const world = await standing(2);
	const told = async (...words: string[]) => {
		const face = hearing();
		const session = sessionAt(world, ['status', ...words, '--fleet', 'gitlab-runners', '--region', 'us-east-2', '--yes'], face, {
			gitlabToken: world.tokens.gitlab,
		});
		const code = await status(session);
		return {code, says: face.events.flatMap((event) => (event.event === 'ended' ? [event.says] : []))};
	};
	const acts = [['limit', '5'], ['idle', '1'], ['undo'], ['pause'], ['unpause'], ['drain'], ['resume']];
	const said: string[] = [];
	for (const words of acts) {
		const {code, says} = await told(...words);
		assert.equal(code, 0);
		said.push(...says);
	}
	assert.match(said.join('\n'), /^limit 2 → 5, concurrent 2 → 5: .*\nidle count 0 → 1.*\nUndone, idle count 1 → 0.*\n.*paused.*\n.*\n.*\n/);
	assert.match((await told('move', 'on demand')).says[0] ?? '', /^New workers, on demand instead/);
	world.outside.queueJobs(1, {seconds: 7200});
	await world.clock.sleep(120_000);
	const begun = world.clock.now();
	assert.match((await told('drain', 'now')).says[0] ?? '', /^The fleet is drained/);
	assert.equal(world.jobs[0]?.state, 'failed', 'it was not waited for');
	assert.ok(world.clock.now() - begun < 600_000);
	const calls = world.calls.length;
	for (const [words, says] of [
		[['limit'], /`limit` takes a number of workers, 1 or more: `limit 5`/],
		[['limit', '0'], /1 or more/],
		[['idle', 'some'], /0 or more/],
		[['limit', 'now'], /a number of workers/],
		[['pause', 'now'], /"now" is more than `pause` takes/],
		[['remove'], /name of a worker/],
	] as const)
		await assert.rejects(told(...words), (error) => isProblem(error, 'usage') && says.test(error.message));
	assert.equal(world.calls.length, calls);
	await assert.rejects(
		told('move', 'moon'),
		(error) => isProblem(error, 'which-move') && /moon is none/.test(error.message) && /`move zone /.test(error.advice ?? ''),
	);
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {HomeChoice, HomeSeen} from '../../source/faces/face.ts';
import {plainUnderTest} from './streams.ts';

const seen: HomeSeen = {
	who: '123456789012, alice',
	regions: 17,
	looked: 16,
	refused: [{region: 'sa-east-1', says: 'alice may not list parameters there.'}],
	fleets: [
		{name: 'ci', region: 'eu-west-1', is: 'ready', says: '3 of 8 machines busy'},
		{name: 'gitlab-runners', region: 'us-east-2', is: 'note', says: 'no manager: r makes it again'},
	],
	presets: [{name: 'small', says: 'A few jobs at a time.'}],
	draft: '9 answers of 10:42',
};

/** Home in lines, with what is typed there; gives what was chosen, and all that was said. */
async function chosen(...typed: readonly string[]): Promise<{choice: HomeChoice; out: string}> {
	const {face, input, out} = plainUnderTest({interactive: true});
	input.write(typed.map((line) => `${line}\n`).join(''));
	const choice = await face.show.home(async (tell) => {
		tell(seen);
		return undefined;
	});
	return {choice, out: out()};
}

test('home in lines says fleets by their number, regions that refused, what was left and the presets', async () => {
	const {out} = await chosen('leave');
	for (const right of [
		/^Account 123456789012, alice$/m,
		/^ {2}✔ 1 ci in eu-west-1: 3 of 8 machines busy$/m,
		/^ {2}! 2 gitlab-runners in us-east-2: no manager/m,
		/^! sa-east-1: alice may not list parameters there\.$/m,
		/^Left unfinished: 9 answers of 10:42; `resume` goes on with it\.$/m,
		/^ {2}small {2}A few jobs at a time\.$/m,
	])
		assert.match(out, right);
});

for (const [typed, right] of [
	['1', {do: 'open', fleet: {name: 'ci', region: 'eu-west-1'}}],
	['repair 2', {do: 'repair', fleet: {name: 'gitlab-runners', region: 'us-east-2'}}],
	['r 2', {do: 'repair', fleet: {name: 'gitlab-runners', region: 'us-east-2'}}],
	['destroy 1', {do: 'destroy', fleet: {name: 'ci', region: 'eu-west-1'}}],
	['setup', {do: 'setup'}],
	['setup small', {do: 'setup', preset: 'small'}],
	['resume', {do: 'setup', draft: true}],
	['demo', {do: 'demo'}],
	['', {do: 'again'}],
	['leave', {do: 'quit'}],
] as const)
	test(`"${typed}" at home leads where it says`, async () => {
		assert.deepEqual((await chosen(typed)).choice, right);
	});

test('what means nothing at home is said, and ? says what does', async () => {
	const {choice, out} = await chosen('3', 'setup large', '?', 'leave');
	assert.equal(out.match(/is nothing that can be done here; \? says what can\./g)?.length, 2);
	assert.match(out, /destroy N +takes that fleet away/);
	assert.deepEqual(choice, {do: 'quit'});
});

test('where there is one thing to do, nobody is asked', async () => {
	const {face} = plainUnderTest({interactive: true});
	assert.deepEqual(await face.show.home(async () => ({do: 'setup'})), {do: 'setup'});
});

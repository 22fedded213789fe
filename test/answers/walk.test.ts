import assert from 'node:assert/strict';
import test from 'node:test';
import {before, begin, pathOf, type WalkMove, type WalkState, walk} from '../../source/answers/walk.ts';
import type {AnswerKey, Given} from '../../source/fleet.ts';
import {asking} from './stub.ts';

const fresh = (everything = false) => begin({layers: {}, everything, left: [], asking: asking({profileRegion: 'us-east-2'})});

/** The walk after these moves, each after going on to what comes next. */
async function after(start: WalkState, ...moves: WalkMove[]): Promise<WalkState> {
	let state = await walk(start, {do: 'on'});
	for (const move of moves) state = await walk(await walk(state, move), {do: 'on'});
	return state;
}

const keyAt = ({at}: WalkState): AnswerKey | 'next' | 'review' => (at.on === 'question' ? at.key : at.on);
const value = (of: unknown): WalkMove => ({do: 'answer', value: of});
/** The first two answers. */
const begun = [value('eu-west-1'), value('docker+machine')];

test('an answer leads to the next question, and nothing that was before is changed by it', async () => {
	const start = await walk(await fresh(), {do: 'on'});
	const told = structuredClone({settled: start.settled, at: start.at, layers: start.walk.layers});
	const next = await after(start, value('eu-west-1'));
	assert.deepEqual([keyAt(start), keyAt(next)], ['region', 'executor']);
	assert.equal(next.settled.given.region, 'eu-west-1');
	assert.deepEqual({settled: start.settled, at: start.at, layers: start.walk.layers}, told);
});

test('answers of before are gone on with at the first question that is open; what a flag says now stands, and all can be gone back over', async () => {
	const flagged = await begin({layers: {flag: {fleet: 'ci'}}, everything: false, left: [], asking: asking({profileRegion: 'us-east-2'})});
	const kept: Given = {region: 'eu-west-1', fleet: 'other', executor: 'docker+machine', image: 'debian-13', gitlabUrl: 'https://gitlab.example.com'};
	const resumed = await after(flagged, {do: 'resume', answers: kept, left: ['securityGroup']});
	assert.equal(keyAt(resumed), 'keyPair');
	const {fleet, region, image} = resumed.settled.given;
	assert.deepEqual([fleet, region, image], ['ci', 'eu-west-1', 'debian-13']);
	assert.equal(resumed.settled.sources.securityGroup, 'default');
	assert.equal(await before(resumed), 'securityGroup');
});

test('the same moves lead to the same place, whoever makes them', async () => {
	const moves = [...begun, value('ubuntu-24.04'), value('create')];
	const [one, other] = [await after(await fresh(), ...moves), await after(await fresh(), ...moves)];
	assert.deepEqual([keyAt(one), one.settled.given], [keyAt(other), other.settled.given]);
});

test('back leads to the last question that was answered here, and forward again asks it with its answer', async () => {
	const back = await after(await fresh(), ...begun, value('debian-13'), {do: 'back'});
	assert.equal(keyAt(back), 'image');
	assert.equal(back.settled.given.image, 'debian-13');
	assert.equal(await before(back), 'executor');
	assert.equal(keyAt(await after(back, {do: 'back'}, {do: 'back'}, {do: 'back'})), 'region', 'there is nothing before the first');
});

test('an answer that makes another one meaningful is followed by that', async () => {
	const state = await after(await fresh(), ...begun, value('ubuntu-24.04'), value('create'), value('my-pair'));
	assert.equal(keyAt(state), 'privateKey');
	assert.ok((await pathOf(state)).includes('privateKey'));
});

test('an answer that is changed from the review leads back to it', async () => {
	let state = await fresh();
	for (state = await after(state); keyAt(state) !== 'review'; )
		state = await after(state, value(state.at.on === 'question' ? state.settled.given[state.at.key] : undefined));
	const reached = await walk(state, {do: 'review', reached: true});
	const changing = await walk(reached, {do: 'change', key: 'limit'});
	assert.deepEqual(changing.at, {on: 'question', key: 'limit', change: true});
	const changed = await after(changing, value(20));
	assert.equal(keyAt(changed), 'review');
	assert.equal(changed.settled.given.limit, 20);
	assert.equal(keyAt(await after(changing, {do: 'back'})), 'review');
});

test('answers that mend something are taken where the walk stands, and what they answer isn’t asked again', async () => {
	const state = await after(await fresh(), ...begun, {do: 'mend', answers: {workerType: 'c7g.large'}});
	assert.equal(keyAt(state), 'image');
	assert.equal(state.settled.given.workerType, 'c7g.large');
	assert.equal(state.settled.sources.workerType, 'typed');
});

test('a record answers what nobody did, and is gone with another fleet', async () => {
	const named = await walk(await after(await fresh()), value('eu-west-1'));
	const recorded = await after(await walk(named, {do: 'record', answers: {limit: 33, executor: 'docker+machine', image: 'debian-12'}}));
	assert.equal(keyAt(recorded), 'securityGroup');
	assert.deepEqual([recorded.settled.given.limit, recorded.settled.sources.limit], [33, 'record']);
	const other = await walk(recorded, {do: 'record', answers: undefined});
	assert.deepEqual([other.settled.given.limit, other.settled.sources.limit], [10, 'default']);
});

test('whoever asks for everything is asked from the first question on, but for what was answered', async () => {
	const state = await after(await fresh(), value('eu-west-1'), {do: 'everything'});
	assert.equal(keyAt(state), 'profile');
	assert.ok((await pathOf(state)).includes('maxBuilds'));
});

test('answers that are given up are asked again', async () => {
	const state = await after(await fresh(), ...begun, value('ubuntu-22.04'));
	const less = await walk(state, {do: 'forget', keys: ['image']});
	assert.equal(less.settled.sources.image, 'default');
});

test('Enter on a default leaves it a default: it is asked once, and follows an answer that comes later', async () => {
	let state = await walk(await fresh(true), {do: 'on'});
	while (keyAt(state) !== 'review') state = await after(state, value(state.at.on === 'question' ? state.settled.given[state.at.key] : undefined));
	assert.deepEqual(state.walk.layers.typed, {});
	const {given, sources} = (await walk(await walk(state, {do: 'change', key: 'limit'}), value(3))).settled;
	assert.deepEqual([given.limit, given.concurrent, sources.concurrent], [3, 3, 'default']);
});

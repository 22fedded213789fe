import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {eventShapes} from '../../source/engine/events.ts';
import {jsonFace} from '../../source/faces/json/face.ts';
import {lineShape, schemaText} from '../../source/faces/json/schema.ts';
import {isProblem, Problem} from '../../source/problem.ts';
import {limit, runnerToken} from './asked.ts';
import {everything} from './recorded.ts';
import {handClock, replay, textOf} from './streams.ts';

function underTest(yes = false) {
	const out = textOf();
	const clock = handClock();
	return {
		face: jsonFace({out: out.stream, yes, clock}),
		clock,
		lines: () =>
			out
				.text()
				.trimEnd()
				.split('\n')
				.map((line) => JSON.parse(line)),
	};
}

test('every event there is comes out as one line that the schema takes', () => {
	const {face, clock, lines} = underTest();
	replay(face, clock, everything);
	assert.deepEqual(
		lines().map((line) => lineShape.parse(line).event),
		everything.map(([, {event}]) => event),
	);
	assert.deepEqual(new Set(everything.map(([, {event}]) => event)), new Set(Object.keys(eventShapes)));
});

test('each line bears the time it happened', () => {
	const {face, clock, lines} = underTest();
	clock.at(1500);
	face.emit({event: 'step.started', step: 'bucket'});
	assert.deepEqual(lines(), [{event: 'step.started', at: '2026-11-24T12:00:01.500Z', step: 'bucket'}]);
});

test('the schema refuses a field that no event declares', () => {
	assert.equal(lineShape.safeParse({event: 'step.started', at: '2026-11-24T12:00:00.000Z', step: 'bucket'}).success, true);
	assert.equal(lineShape.safeParse({event: 'step.started', at: '2026-11-24T12:00:00.000Z', step: 'bucket', secret: 'x'}).success, false);
});

test('the committed schema is the one the events declare', () => {
	assert.equal(readFileSync(new URL('../../source/faces/json/events.schema.json', import.meta.url), 'utf8'), schemaText());
});

test('a question ends with exit 2 and the flag that answers it', async () => {
	const {face} = underTest();
	await assert.rejects(face.ask(limit()), (error) => isProblem(error, 'unanswered') && error.exit === 2 && /`--limit`/.test(error.advice ?? ''));
});

test('a secret is never asked for by a flag that holds it', async () => {
	const {face} = underTest(true);
	await assert.rejects(
		face.ask(runnerToken()),
		(error) => isProblem(error) && error.exit === 2 && /GITLAB_RUNNER_TOKEN.*--token-file -/.test(error.advice ?? ''),
	);
});

test('with --yes the default is the answer, unless the validator refuses it', async () => {
	const {face} = underTest(true);
	assert.equal(await face.ask(limit()), 10);
	await assert.rejects(face.ask({...limit(), default: {value: 0}}), (error) => isProblem(error, 'unanswered'));
});

test('only --yes agrees, and the agreement is told', async () => {
	const proposal = {says: 'The fleet is taken away.', details: []};
	await assert.rejects(underTest().face.agree(proposal), (error) => isProblem(error, 'unagreed') && error.exit === 2 && /--yes/.test(error.advice ?? ''));
	const {face, lines} = underTest(true);
	assert.equal(await face.agree(proposal), true);
	assert.deepEqual(
		lines().map(({event, agreed, by}) => [event, agreed, by]),
		[['agreement.asked', true, 'flag']],
	);
});

test('a problem that ends the command is a line as well', () => {
	const {face, lines} = underTest();
	face.fail(new Problem({code: 'no-fleet', message: 'There is no fleet gitlab-runners in us-east-2.', advice: 'Run `gitlab-runner-aws setup`.'}));
	const [line] = lines();
	assert.equal(lineShape.parse(line).event, 'problem');
	assert.equal(line.code, 'no-fleet');
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {destroy} from '../../source/commands/destroy.ts';
import {setup} from '../../source/commands/setup.ts';
import type {Happening} from '../../source/engine/events.ts';
import type {StepName} from '../../source/engine/step.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {commandAt} from './command.ts';
import {name, region, standingFleet} from './fleet.ts';
import {jobStates, managers, noneAtAll, oneOfEach, standing} from './seen.ts';

const fleet = ['--region', region, '--fleet', name];
const setUp = ['setup', '--yes', '--executor', 'docker+machine', ...fleet];
const takeAway = ['destroy', '--yes', '--with-cache', ...fleet];

/** The session expires as soon as a step begins. */
const expiresAt =
	(world: World, step: StepName) =>
	(happening: Happening): void => {
		if (happening.event === 'step.started' && happening.step === step) world.outside.credentials('expired');
	};

/** Steps that began after the first one that met the expired session. */
function begunAfter(events: readonly Happening[], step: StepName): string[] {
	const names = events.flatMap((event) => (event.event === 'step.started' ? [event.step] : []));
	return names.slice(names.indexOf(step) + 1);
}

/** Steps that wait for the manager: none of them begins once the session has expired before it. */
const after: readonly string[] = ['connection', 'software', 'test-machine', 'runner', 'service'];

for (const step of ['record', 'bucket', 'security-groups', 'instance-profile', 'manager', 'connection', 'test-machine'] as const) {
	test(`nobody is there and the session expires at ${step}: setup ends with one problem that says what stands, how to renew it and how to go on; then it does`, async () => {
		const world = simulatedWorld();
		const {code, events, problems} = await commandAt(world, world, setup, setUp, expiresAt(world, step));
		assert.deepEqual([code, problems.map((one) => one.code)], [1, ['session-expired']]);
		assert.deepEqual(
			begunAfter(events, step).filter((other) => after.includes(other)),
			[],
		);
		for (const {advice = '', message} of problems) {
			assert.match(message, /session .*has expired \(\w+\)\. \d+ of \d+ steps are done\. What was made stays, and an instance that runs costs\.$/);
			assert.match(advice, /^(Run|Renew) .*\nTo go on: `gitlab-runner-aws setup --fleet gitlab-runners --region us-east-2`\./);
		}
		assert.ok(managers(world).length <= 1);
		world.outside.credentials('good');
		assert.equal((await commandAt(world, world, setup, setUp)).code, 0);
		assert.deepEqual(standing(world), oneOfEach);
	});
}

test('a session that expires while the manager is worked on ends setup where AWS is asked next: the fleet runs by then, and setup again finishes it', async () => {
	const world = simulatedWorld();
	const {code, events, problems} = await commandAt(world, world, setup, setUp, expiresAt(world, 'runner'));
	assert.deepEqual([code, problems.map((one) => one.code)], [1, ['session-expired']]);
	assert.deepEqual(begunAfter(events, 'runner'), []);
	assert.deepEqual(standing(world), oneOfEach);
	world.outside.credentials('good');
	assert.equal((await commandAt(world, world, setup, setUp)).code, 0);
	assert.deepEqual(standing(world), oneOfEach);
});

for (const step of ['service', 'workers', 'manager', 'security-groups', 'instance-profile', 'record'] as const) {
	test(`nobody is there and the session expires at ${step}: destroy ends with one problem, no running job is cut off, and the same command goes on`, async () => {
		const world = simulatedWorld();
		await standingFleet(world, {secrets: {runnerToken: world.outside.token()}});
		world.outside.queueJobs(1, {seconds: 120});
		await world.clock.sleep(90_000);
		const {code, problems} = await commandAt(world, world, destroy, takeAway, expiresAt(world, step));
		assert.deepEqual([code, problems.map((one) => one.code)], [1, ['session-expired']]);
		assert.match(problems[0]?.message ?? '', /has expired \(\w+\)\. \d+ of \d+ steps are done\. What is left still stands, and may cost\.$/);
		assert.match(problems[0]?.advice ?? '', /\nTo go on: `gitlab-runner-aws destroy --fleet gitlab-runners --region us-east-2`\.$/);
		assert.notEqual(standing(world).parameters, 0, 'the record goes last');
		world.outside.credentials('good');
		assert.equal((await commandAt(world, world, destroy, takeAway)).code, 0);
		assert.deepEqual([standing(world), jobStates(world)], [noneAtAll, {success: 1}]);
	});
}

test('a session that has expired before anything is looked at is told once, though each service says it in words of its own', async () => {
	const world = simulatedWorld();
	world.outside.credentials('expired');
	for (const [command, args] of [
		[setup, setUp],
		[destroy, takeAway],
	] as const) {
		const {code, problems} = await commandAt(world, world, command, args);
		assert.deepEqual([code, problems.map((one) => one.code)], [1, ['session-expired']]);
	}
	assert.deepEqual(world.acts, []);
});

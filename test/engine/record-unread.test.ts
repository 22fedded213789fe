import assert from 'node:assert/strict';
import {test} from 'node:test';
import {destroy} from '../../source/commands/destroy.ts';
import {setup} from '../../source/commands/setup.ts';
import {status} from '../../source/commands/status.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {commandAt} from './command.ts';
import {name, region, type SetupWish, standingFleet} from './fleet.ts';
import {jobStates, noneAtAll, onlyManager, standing} from './seen.ts';

const fleet = ['--region', region, '--fleet', name];
const record = `/gitlab-runner-aws/${name}`;

const fleetIn = async (world: World, wish: SetupWish = {}): Promise<void> => {
	await standingFleet(world, {secrets: {runnerToken: world.outside.token()}, ...wish});
};

const write = (world: World, Value: string): void => void world.outside.call('PutParameter', region, {Name: record, Value, Overwrite: true});

const unread: readonly {what: string; befalls(world: World): void; says: RegExp}[] = [
	{what: 'is no JSON', befalls: (world) => write(world, 'mistyped'), says: /can't be read: it isn't JSON/},
	{what: 'holds no answers', befalls: (world) => write(world, '{"limit": 4}'), says: /can't be read: it holds no version and answers/},
	{what: 'holds a wrong value', befalls: (world) => write(world, '{"version": 1, "answers": {"limit": "many"}}'), says: /can't be read: .*limit/},
	{what: 'is of a newer release', befalls: (world) => write(world, '{"version": 9, "answers": {}}'), says: /written by a newer release/},
	{what: 'may not be read', befalls: (world) => world.outside.deny('ssm:GetParameter'), says: /may not do `ssm:GetParameter`/},
];

for (const {what, befalls, says} of unread) {
	test(`a record that ${what}: destroy goes by the mark, lets jobs end first, and says what it can't know`, async () => {
		const world = simulatedWorld();
		await fleetIn(world);
		world.outside.queueJobs(2, {seconds: 200});
		await world.clock.sleep(90_000);
		befalls(world);
		const {code, events, problems} = await commandAt(world, world, destroy, ['destroy', '--yes', '--with-cache', ...fleet]);
		assert.deepEqual([code, problems], [0, []]);
		assert.deepEqual([standing(world), jobStates(world)], [noneAtAll, {success: 2}]);
		const notes = events.flatMap((event) => (event.event === 'note' ? [event.says] : []));
		assert.match(notes.join('\n'), says);
		assert.match(notes.join('\n'), new RegExp(`goes by the mark.*\`gitlab-runner-aws-${name}\``));
	});

	test(`a record that ${what}: a laptop that has never seen the fleet still gets in, and status looks at the manager`, async () => {
		const world = simulatedWorld();
		await fleetIn(world);
		befalls(world);
		const {code, problems} = await commandAt(world, world.another({address: '203.0.113.7'}), status, ['status', ...fleet]);
		assert.deepEqual([code, problems], [0, []]);
		assert.equal(onlyManager(world).slice(0, 2), 'i-');
	});
}

test('destroy without a record that can be read unregisters the manager of either executor, whatever its runner is called', async () => {
	for (const executor of ['docker+machine', 'docker-autoscaler'] as const) {
		const world = simulatedWorld();
		await fleetIn(world, {flags: {executor, runnerName: 'builds of acme'}, secrets: {runnerToken: world.outside.token()}});
		write(world, 'mistyped');
		const {code, events} = await commandAt(world, world, destroy, ['destroy', '--yes', '--with-cache', ...fleet]);
		const said = events.flatMap((event) => (event.event === 'step.says' ? [event.says] : []));
		assert.deepEqual(
			[executor, code, said.filter((one) => one.startsWith('this manager'))],
			[executor, 0, ['this manager is unregistered from https://gitlab.com']],
		);
	}
});

test('setup over a record that can’t be read changes nothing, and its advice works as it is printed: it names the region', async () => {
	const world = simulatedWorld();
	await fleetIn(world);
	write(world, 'mistyped');
	const acts = world.acts.length;
	const {code, problems} = await commandAt(world, world, setup, ['setup', '--yes', ...fleet]);
	assert.deepEqual([code, problems.map((one) => one.code)], [1, ['record-unreadable']]);
	assert.match(problems[0]?.advice ?? '', new RegExp(`\`aws --region ${region} ssm get-parameter-history --name ${record}\``));
	assert.equal(world.acts.length, acts);
});

test('a session that has expired is never taken for a record that can’t be read', async () => {
	const world = simulatedWorld();
	await fleetIn(world);
	world.outside.credentials('expired');
	const {code, problems} = await commandAt(world, world, destroy, ['destroy', '--yes', ...fleet]);
	assert.deepEqual([code, problems.map((one) => one.code)], [1, ['session-expired']]);
});

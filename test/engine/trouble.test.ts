import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {StepName} from '../../source/engine/step.ts';
import {machineStages} from '../../source/executors/docker-machine/scripts/test-machine.ts';
import type {MachineFaults} from '../../source/simulated/host/machine.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {refusedWith} from '../simulated/refused-with.ts';
import {changesIn, codesIn, planOf, problemsIn, region, type SetUp, type SetupWish, saidIn, setUp, standingFleet, takeAway, unlike, zone} from './fleet.ts';
import {config, managers, oneOfEach, onlyManager, standing} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

/** Sets a fleet up; something befalls the fresh manager when a step begins. */
const setUpWith = (world: World, step: StepName, befalls: (id: string) => void, wish: SetupWish = {}): Promise<SetUp> =>
	setUp(world, {
		...withToken(world),
		...wish,
		heard: (event) => {
			if (event.event === 'step.started' && event.step === step) befalls(onlyManager(world));
		},
	});

/** What doesn't depend on the manager is made whatever becomes of it. */
const independent: readonly StepName[] = [
	'record',
	'spot-role',
	'bucket',
	'security-groups',
	'security-group-rules',
	'key-pair',
	'instance-profile',
	'manager',
];

async function goesOnWell(world: World, wish: SetupWish = {}): Promise<void> {
	const again = await setUp(world, {...withToken(world), ...wish});
	assert.deepEqual(problemsIn(again), []);
	assert.deepEqual(standing(world), oneOfEach);
	assert.deepEqual(unlike(await planOf(world)), {});
	assert.equal(world.takers(), 1);
}

type Befalls = {
	what: string;
	step: StepName;
	faults?: MachineFaults;
	befalls?(world: World, id: string): void;
	heals?(world: World, id: string): void;
	code: string;
	says: RegExp;
	advice?: RegExp;
	/** What the step says while it waits longer than usual. */
	waits?: RegExp;
};

const befalling: readonly Befalls[] = [
	{
		what: 'SSH is refused',
		step: 'connection',
		faults: {ssh: 'refused'},
		code: 'ssh-refused',
		says: /refuses SSH/,
		waits: /longer than usual: refused at least \d+ times\. Its console/,
	},
	{
		what: 'SSH doesn’t answer',
		step: 'connection',
		faults: {ssh: 'silent'},
		code: 'ssh-no-answer',
		says: /doesn't answer SSH/,
		waits: /longer than usual: no answer at least \d+ times\. Is port 22 out of your network open/,
	},
	{
		what: 'the first boot fails',
		step: 'docker-machine',
		faults: {cloudInit: 'error'},
		code: 'boot-failed',
		says: /first boot failed/,
		advice: /terminate-instances --instance-ids i-/,
	},
	{what: 'the first boot takes too long', step: 'docker-machine', faults: {cloudInit: 'slow'}, code: 'boot-slow', says: /10 minutes/},
	{
		what: 'a download is unreachable',
		step: 'docker-machine',
		faults: {downloads: 'unreachable'},
		code: 'download-failed',
		says: /download/,
		advice: /--downloads/,
	},
	{what: 'the runner’s checksum is wrong', step: 'software', faults: {checksum: 'gitlab-runner'}, code: 'checksum-wrong', says: /wasn't installed/},
	{what: 'docker-machine’s checksum is wrong', step: 'docker-machine', faults: {checksum: 'docker-machine'}, code: 'checksum-wrong', says: /wasn't installed/},
	{
		what: 'the manager’s disk is full',
		step: 'software',
		befalls: (world, id) => world.outside.setDiskFree(id, 0.01),
		heals: (world, id) => world.outside.setDiskFree(id, 5),
		code: 'disk-full',
		says: /disk is full/,
		advice: /gitlab-runner-aws ssh/,
	},
];

for (const {what, step, faults = {}, befalls, heals, code, says, advice = /./, waits} of befalling) {
	test(`${what}: it is told, all that doesn’t need it is made, and the same command goes on`, async () => {
		const world = simulatedWorld();
		const made = await setUpWith(world, step, (id) => {
			world.outside.machineFaults(id, faults);
			befalls?.(world, id);
		});
		assert.deepEqual(codesIn(made), [code]);
		if (waits) assert.ok(made.events.some((one) => one.event === 'step.says' && waits.test(one.says)));
		const [problem] = made.result?.problems ?? [];
		assert.match(problem?.message ?? '', says);
		assert.match(problem?.advice ?? '', advice);
		assert.deepEqual(made.result?.failed, [step]);
		assert.deepEqual(
			independent.filter((one) => !made.result?.done.includes(one)),
			[],
		);
		assert.deepEqual(standing(world), oneOfEach);
		const id = onlyManager(world);
		world.outside.machineFaults(id, {});
		heals?.(world, id);
		await goesOnWell(world);
		assert.equal(onlyManager(world), id);
	});
}

for (const {name: stage} of machineStages.filter(({name}) => name !== 'removal')) {
	test(`a test machine that fails at the stage ${stage} is told with its stage, leaves no worker, and is tried again by the same command`, async () => {
		const world = simulatedWorld();
		const made = await setUpWith(world, 'test-machine', (id) =>
			world.outside.machineFaults(id, {stage: {name: stage, detail: 'Error creating machine: something went wrong', times: 1}}),
		);
		assert.equal(codesIn(made).length, 1);
		assert.match(problemsIn(made).join(), new RegExp(`\\(${stage}\\)`));
		assert.deepEqual(made.result?.failed, ['test-machine']);
		assert.deepEqual(made.result?.skipped.sort(), ['earlier-rights', 'old-group', 'old-manager', 'service'], 'the runner is registered meanwhile');
		assert.deepEqual(standing(world), oneOfEach);
		await goesOnWell(world);
	});
}

test('spot is refused for its price: told with what AWS wants, and a higher cap goes on', async () => {
	const world = simulatedWorld();
	world.outside.spotPrice('c5.large', zone, 0.2);
	const made = await setUp(world, {...withToken(world), flags: {spotPrice: 0.05}});
	assert.deepEqual(codesIn(made), ['SpotMaxPriceTooLow']);
	assert.match(problemsIn(made).join(), /0\.05.*0\.2/);
	assert.deepEqual(standing(world), oneOfEach);
	await goesOnWell(world, {flags: {spotPrice: 0.3}});
});

test('no capacity for spot: told, and on demand goes on', async () => {
	const world = simulatedWorld();
	world.outside.capacity('c5.large', zone, 'none-on-spot');
	const made = await setUp(world, withToken(world));
	assert.deepEqual(codesIn(made), ['InsufficientInstanceCapacity']);
	assert.deepEqual(standing(world), oneOfEach);
	await goesOnWell(world, {flags: {spot: false}});
});

test('no capacity for the manager: told, all that doesn’t need it stands, and the same command goes on once there is some', async () => {
	const world = simulatedWorld();
	world.outside.capacity('t3.small', zone, 'none');
	const made = await setUp(world, withToken(world));
	assert.deepEqual(codesIn(made), ['InsufficientInstanceCapacity']);
	assert.deepEqual(made.result?.failed, ['manager']);
	assert.deepEqual(standing(world), {...oneOfEach, managers: 0});
	world.outside.capacity('t3.small', zone, 'some');
	await goesOnWell(world);
});

for (const script of ['facts', 'install', 'test-machine', 'write-config', 'service']) {
	test(`a connection that drops in the middle of ${script} is opened again, and the run ends well`, async () => {
		const world = simulatedWorld();
		world.faults.cutAtScript(1, script);
		await goesOnWell(world);
	});
}

test('a host key that changed on a manager that stands blocks before anything is changed, with how to compare it', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.changeHostKey(manager);
	const acts = world.acts.length;
	const refused = await setUp(world, {flags: {limit: 4, concurrent: 4}});
	assert.deepEqual(codesIn(refused), ['host-key-changed']);
	assert.match(refused.blocked[0]?.message ?? '', new RegExp(world.outside.hostKey(manager).replace(/[+/]/g, '\\$&')));
	assert.match(refused.blocked[0]?.advice ?? '', new RegExp(`get-console-output.*terminate-instances --instance-ids ${manager}`));
	assert.equal(world.acts.length, acts);
	world.outside.call('TerminateInstances', region, {InstanceIds: [manager]});
	await goesOnWell(world);
	assert.notEqual(onlyManager(world), manager);
});

test('a fresh manager that shows another host key than its console prints later gets software, a worker to try and no secret; then it is told, and only another manager goes on', async () => {
	const world = simulatedWorld();
	const made = await setUpWith(world, 'connection', (id) => world.outside.changeHostKey(id));
	const [problem] = made.result?.problems ?? [];
	assert.ok(
		codesIn(made).every((code) => code === 'host-key-changed'),
		codesIn(made).join(),
	);
	assert.match(
		problem?.message ?? '',
		/the first boot's console output says SHA256:\S+.*: it was somebody else\. No secret went there, but nothing that was installed over it is trusted/,
	);
	assert.ok(made.result?.failed.includes('host-key'));
	const manager = onlyManager(world);
	assert.doesNotMatch(config(world, manager), /runners|token/, 'only what `gitlab-runner install` wrote');
	assert.deepEqual([...new Set(world.scripts.map((script) => script.name))], ['software-facts', 'install', 'test-machine']);
	world.outside.changeHostKey(manager, 0);
	const again = await setUp(world, withToken(world));
	assert.ok(codesIn(again).includes('host-key-changed'), 'also when the manager itself answers: what was installed before is not trusted');
	assert.match(again.blocked[0]?.advice ?? '', new RegExp(`terminate-instances --instance-ids ${manager}`));
	assert.deepEqual([...new Set(world.scripts.map((script) => script.name))], ['software-facts', 'install', 'test-machine']);
	world.outside.call('TerminateInstances', region, {InstanceIds: [manager]});
	await goesOnWell(world);
	assert.notEqual(onlyManager(world), manager);
});

test('no secret goes to a manager before its console tells the host key; the software is installed meanwhile, and a worker tried unless that takes a secret', async () => {
	for (const access of ['create', 'access-keys'] as const) {
		const world = simulatedWorld();
		world.outside.account.consoles = {latest: [120_000, 120_000], buffered: [1_200_000, 1_200_000]};
		const keys = access === 'create' ? {} : {accessKey: {id: 'AKIAIOSFODNN7EXAMPLE', secret: 'x'.repeat(40)}};
		const made = await setUp(world, {flags: {access}, secrets: {runnerToken: world.outside.token(), ...keys}});
		assert.deepEqual(problemsIn(made), []);
		const told = (world.outside.region(region).instances.get(onlyManager(world))?.runsFrom ?? 0) + 120_000;
		const before = new Set(world.scripts.flatMap((script) => (script.at < told ? [script.name] : [])));
		assert.deepEqual([...before], ['software-facts', 'install', ...(access === 'create' ? ['test-machine'] : [])]);
		assert.ok(world.scripts.some((script) => script.name === (access === 'create' ? 'write-config' : 'write-credentials') && script.at >= told));
		assert.ok(saidIn(made.events).some((said) => /waiting for the console of i-\w+ to tell its host key: no secret goes there before/.test(said)));
		assert.deepEqual(unlike(await planOf(world)), {});
	}
});

test('a type whose console tells nothing for ten minutes is trusted on first use then, and not a minute sooner', async () => {
	const world = simulatedWorld();
	world.outside.account.consoles = {latest: 'unsupported', buffered: [1_200_000, 1_200_000]};
	const made = await setUp(world, withToken(world));
	assert.deepEqual(problemsIn(made), []);
	const launched = world.outside.region(region).instances.get(onlyManager(world))?.launchedAt ?? 0;
	const first = world.calls.filter(({name: call}) => call === 'GetConsoleOutput').at(-1)?.at ?? 0;
	assert.ok(first - launched >= 599_000, `${first - launched} ms after the launch`);
	assert.ok(saidIn(made.events).some((said) => /silent for 10 minutes, so SHA256:\S+ is trusted on first use/.test(said)));
	assert.match((await planOf(world)).get('host-key')?.notes?.[0]?.says ?? '', /console doesn't tell the manager's host key/);
	await world.clock.sleep(1_200_000);
	assert.deepEqual(changesIn(await planOf(world.another({address: '203.0.113.7'}))), ['host-key: host key, live'], 'another laptop learns it from the console');
});

test('a console that can’t be asked, since AWS doesn’t answer, is none that is silent: nothing is trusted for that', async () => {
	const world = simulatedWorld();
	const refused = {name: 'InternalError', message: 'An internal error has occurred', status: 500};
	const made = await setUpWith(world, 'connection', () => {
		for (let nth = 1; nth <= 200; nth++) world.faults.failNth('GetConsoleOutput', nth, refused);
	});
	assert.deepEqual([...new Set(codesIn(made))], ['InternalError']);
	assert.ok(!world.scripts.some((script) => script.name === 'write-config'));
	while ((await refusedWith(world.cloudAt(region).call('GetConsoleOutput', {InstanceId: onlyManager(world)}))) !== 'nothing');
	await goesOnWell(world);
});

test('on a laptop whose clock is twenty minutes ahead a fresh manager isn’t trusted any sooner', async () => {
	const world = simulatedWorld();
	world.outside.setClock(20 * 60_000);
	const made = await setUp(world, withToken(world));
	assert.deepEqual(problemsIn(made), []);
	assert.equal((await planOf(world)).get('host-key')?.notes?.length, 0);
	assert.ok(!saidIn(made.events).some((said) => /first use/.test(said)));
});

test('a bucket that fails doesn’t keep the manager from coming up, and the runner waits for both', async () => {
	const world = simulatedWorld();
	world.faults.failNth('CreateBucket', 1, {name: 'TooManyBuckets', message: 'You have attempted to create more buckets than allowed.'});
	const made = await setUp(world, withToken(world));
	assert.deepEqual(codesIn(made), ['TooManyBuckets']);
	assert.deepEqual(made.result?.failed, ['bucket']);
	assert.deepEqual(made.result?.skipped.sort(), ['earlier-rights', 'old-group', 'old-manager', 'runner', 'service']);
	assert.deepEqual(standing(world), {...oneOfEach, buckets: 0});
	await goesOnWell(world);
});

test('a session that expires in the middle is told as such, keeps what stands, and the same command goes on', async () => {
	for (const step of ['security-groups', 'instance-profile', 'manager', 'connection', 'host-key', 'test-machine'] as const) {
		const world = simulatedWorld();
		const made = await setUp(world, {
			...withToken(world),
			heard: (event) => {
				if (event.event === 'step.started' && event.step === step) world.outside.credentials('expired');
			},
		});
		assert.deepEqual([step, [...new Set(codesIn(made))]], [step, ['session-expired']]);
		assert.match(made.result?.problems[0]?.advice ?? '', /aws sso login|same command/);
		assert.ok(managers(world).length <= 1);
		world.outside.credentials('good');
		await goesOnWell(world);
	}
});

test('a wish to stop ends with the call under way: nothing more is begun, what was made stands, and the same command goes on', async () => {
	for (const step of ['record', 'manager', 'software', 'test-machine', 'runner'] as const) {
		const world = simulatedWorld();
		const stop = new AbortController();
		let then = 0;
		const made = await setUp(world, {
			...withToken(world),
			signal: stop.signal,
			heard: (event) => {
				if (event.event !== 'step.started' || event.step !== step) return;
				stop.abort();
				then = world.calls.length;
			},
		});
		assert.deepEqual([step, codesIn(made), made.result?.stopped], [step, [], true]);
		assert.equal(world.calls.length, then);
		// The step under way is told, and what is counted is what the run set out to do.
		assert.ok(made.events.some((one) => one.event === 'step.skipped' && one.step === step && one.because.length === 0));
		const started = made.events.find((one) => one.event === 'run.started');
		const {of = 0, done = 0, failed = 0, skipped = 0} = made.result?.counts ?? {};
		const todo = started?.event === 'run.started' ? started.steps.map(({name}) => name) : [];
		assert.equal(of, todo.length);
		assert.equal(done + failed + skipped, of);
		const told = made.events.flatMap((one) => (one.event === 'step.skipped' ? [one.step] : []));
		assert.deepEqual(
			told.filter((name) => !todo.includes(name)),
			[],
		);
		assert.equal(told.length, skipped);
		await goesOnWell(world);
	}
});

test('a stop in the middle of a destroy leaves the rest standing, and the same command goes on', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const stop = new AbortController();
	const first = await takeAway(world, {
		signal: stop.signal,
		heard: (event) => {
			if (event.event === 'step.started' && event.step === 'manager') stop.abort();
		},
	});
	assert.ok(first.result.stopped);
	assert.ok(first.left.some(({step}) => step === 'record'));
	const second = await takeAway(world);
	assert.deepEqual([second.result.problems, second.left.filter(({goes}) => goes)], [[], []]);
	assert.equal(world.outside.region(region).keyPairs.size, 0);
});

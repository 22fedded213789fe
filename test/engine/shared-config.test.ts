import assert from 'node:assert/strict';
import {test} from 'node:test';
import {planExit} from '../../source/engine/plan.ts';
import type {Finding, Found} from '../../source/engine/step.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {changesIn, codesIn, planOf, problemsIn, type SetupWish, saidIn, setUp, standingFleet, unlike} from './fleet.ts';
import {config, jobStates, managers, onlyManager, startedAt} from './seen.ts';

const withToken = (world: World): SetupWish => ({secrets: {runnerToken: world.outside.token()}});

/** Another runner that somebody made in GitLab. */
function anotherRunner(world: World, id = 77): string {
	const token = `glrt-t3_another-${id}-runner`;
	world.outside.gitlab.runners.set(id, {id, token, description: 'another', tags: [], runUntagged: true, note: '', paused: false});
	return token;
}

const notesOf = (finding: Finding<Found[keyof Found]> | undefined): string => (finding?.notes ?? []).map(({says}) => says).join('\n');

/** Somebody writes their own into config.toml: a comment, keys, an option, another runner. */
function madeTheirs(world: World, manager: string): void {
	const text = config(world, manager)
		.replace('concurrent = 10', '# agreed with ops\nconcurrent = 10')
		.replace('[runners.docker]', '[runners.docker]\nshm_size = 268435456')
		.replace('MachineOptions = [ ', 'MachineOptions = [ "engine-registry-mirror=http://10.0.0.9:6000", ')
		.concat('\n# somebody\'s own\n[[runners]]\nname = "somebody\'s own"\nurl = "https://gitlab.com"\ntoken = "glrt-t3_theirs"\nexecutor = "shell"\n');
	world.outside.setFile(manager, paths.config, `log_level = "debug"\n${text}`);
}

test('a replaced manager takes over all that others wrote into config.toml, and GitLab knows it as the one manager that it knew', async () => {
	const world = simulatedWorld();
	const old = await standingFleet(world, withToken(world));
	madeTheirs(world, old);
	// The person's own options are proven by a machine, too.
	assert.deepEqual(problemsIn(await setUp(world)), []);
	const systemId = world.outside.file(old, '/etc/gitlab-runner/.runner_system_id')?.text;
	const before = config(world, old);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {managerType: 't3.medium'}, replaceManager: true})), []);
	const fresh = onlyManager(world);
	assert.notEqual(fresh, old);
	assert.equal(config(world, fresh), before);
	assert.equal(world.outside.file(fresh, '/etc/gitlab-runner/.runner_system_id')?.text, systemId);
	await world.clock.sleep(30_000);
	assert.deepEqual(
		world.outside.gitlab.runners.get(41)?.managers?.map((one) => one.systemId),
		[systemId],
	);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('another runner that is registered on the manager by hand, and unregistered, changes nothing of ours: plan has nothing to do', async () => {
	const world = simulatedWorld();
	const wish = {flags: {schedule: [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 0, idleTime: 600}]}};
	const manager = await standingFleet(world, {...withToken(world), ...wish});
	const token = anotherRunner(world);
	assert.equal(world.outside.registerRunner(manager, {name: 'second', token}), true);
	assert.match(config(world, manager), /connection_max_age = "15m0s"[\s\S]*name = "second"/);
	const plan = await planOf(world);
	assert.deepEqual([planExit(plan), unlike(plan)], [0, {}]);
	assert.equal(notesOf(plan.get('runner')), 'Yours in config.toml, and kept: [[runners]] second.');
	world.outside.unregisterRunner(manager, 'second');
	assert.doesNotMatch(config(world, manager), /second/);
	const after = await planOf(world);
	assert.deepEqual([planExit(after), notesOf(after.get('runner'))], [0, '']);
});

test("a runner that GitLab deleted goes with verify --delete, and the fleet's own stays as it is", async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.registerRunner(manager, {name: 'second', token: anotherRunner(world)});
	world.outside.gitlab.runners.delete(77);
	world.outside.verifyDelete(manager);
	assert.doesNotMatch(config(world, manager), /second/);
	assert.equal(planExit(await planOf(world)), 0);
});

test('comments stay through a change; where they can’t, the plan says that they go', async () => {
	const world = simulatedWorld();
	const week = (count: number) => Array.from({length: count}, (_, index) => ({periods: [`* * ${index} * * * *`], timezone: 'UTC', idleCount: 0, idleTime: 60}));
	const manager = await standingFleet(world, {...withToken(world), flags: {schedule: week(1)}});
	madeTheirs(world, manager);
	const changed = await setUp(world, {flags: {limit: 6}});
	assert.deepEqual(problemsIn(changed), []);
	assert.match(config(world, manager), /# agreed with ops\nconcurrent = 6\n/);
	assert.doesNotMatch(saidIn(changed.events).join('\n'), /comments/);
	// A text that looks like a runner's beginning leads what is added astray, so that the file is written anew.
	const [own = '', theirs = ''] = config(world, manager).split("# somebody's own");
	const odd = theirs.replace('executor = "shell"', 'executor = "shell"\npre_build_script = """\n[[runners]]\n"""');
	world.outside.setFile(manager, paths.config, own.replace('[[runners]]', `# somebody's own${odd}\n[[runners]]`));
	const plan = await planOf(world, {flags: {schedule: week(2)}});
	assert.match(notesOf(plan.get('runner')), /The comments in config\.toml go with this change/);
});

test("a secret among the person's own options is never shown", async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.setFile(
		manager,
		paths.config,
		config(world, manager).replace('MachineOptions = [ ', 'MachineOptions = [ "amazonec2-secret-key=wJalrXUtnFEMI", "amazonec2-access-key=AKIAIOSFODNN7", '),
	);
	const plan = await planOf(world);
	assert.equal(plan.get('runner')?.is, 'ready');
	assert.match(notesOf(plan.get('runner')), /MachineOptions amazonec2-secret-key=…/);
	assert.doesNotMatch(JSON.stringify([...plan]), /wJalr|AKIA/);
});

test('the token of another runner, given to a fleet that stands, is a change: planned, told, made once running jobs have ended', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.queueJobs(2, {seconds: 400});
	await world.clock.sleep(150_000);
	assert.deepEqual(jobStates(world), {running: 2});
	const machines = world.outside.machine(manager).process?.workers.size;
	assert.equal(machines, 2);
	const given: SetupWish = {secrets: {runnerToken: anotherRunner(world)}};
	const plan = await planOf(world, given);
	assert.deepEqual([planExit(plan), changesIn(plan)], [3, ['runner: runner, drain', 'runner: machines, drain']]);
	const finding = plan.get('runner');
	assert.match(
		finding?.is === 'different' ? finding.says : '',
		/^runner #41 → #77, machines runner-simulated-gitlab-runners-.*: no runner of config\.toml manages them, and they cost about \$0\.\d{3} an hour → removed$/,
	);
	const changed = await setUp(world, given);
	assert.deepEqual(problemsIn(changed), []);
	assert.deepEqual(jobStates(world), {success: 2});
	assert.match(config(world, manager), /id = 77\n[\s\S]*glrt-t3_another-77-runner/);
	assert.deepEqual(world.outside.machine(manager).process?.workers.size, 0);
	assert.equal(world.takers(), 1);
	assert.deepEqual(unlike(await planOf(world, given)), {});
});

test('a file that gitlab-runner refuses leaves the runner going by the one that stands, even where it was stopped for the change', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	const before = config(world, manager);
	const refused = await setUp(world, {flags: {runnerConfig: 'no_such_key = 1'}, secrets: {runnerToken: anotherRunner(world)}});
	assert.deepEqual(codesIn(refused), ['config-refused']);
	assert.equal(config(world, manager), before);
	assert.equal(world.takers(), 1);
});

test('a token that was given in vain is told, and the one that the manager has is kept', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	const plan = await planOf(world, {secrets: {runnerToken: world.tokens.unknown}});
	assert.equal(planExit(plan), 0);
	assert.match(notesOf(plan.get('runner')), /GitLab refuses the runner token that was given/);
});

test('a runner to be created and the token of another one at once is a conflict: told, and nothing is made', async () => {
	const world = simulatedWorld();
	const both: SetupWish = {flags: {runner: 'create', project: 'acme/app'}, secrets: {runnerToken: world.tokens.runner, gitlabToken: world.tokens.gitlab}};
	const refused = await setUp(world, both);
	assert.deepEqual(
		refused.blocked.map(({code}) => code),
		['runner-conflict'],
	);
	assert.match(refused.blocked[0]?.advice ?? '', /--runner token/);
	assert.equal(world.acts.length, 0);
	const made: SetupWish = {flags: {runner: 'create', project: 'acme/app'}, secrets: {gitlabToken: world.tokens.gitlab}};
	await standingFleet(world, made);
	assert.deepEqual(
		(await setUp(world, {secrets: {runnerToken: world.tokens.runner}})).blocked.map(({code}) => code),
		['runner-conflict'],
	);
});

test('a token that GitLab refuses is told with what verify says, not as a missing one', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.gitlab.runners.delete(41);
	const [problem] = (await setUp(world)).blocked;
	assert.equal(problem?.code, 'runner-token-refused');
	assert.equal(problem?.message, "GitLab refuses the runner's token in the manager's config.toml: `Verifying runner... is not valid`.");
	assert.match(problem?.advice ?? '', /--token-file/);
});

test('a GitLab that fails is told as such when only the manager meets it', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	world.outside.setGitlab('failing', 'managers');
	const [problem] = (await setUp(world)).blocked;
	assert.equal(problem?.code, 'gitlab-failing-at-manager');
	assert.equal(problem?.message, 'https://gitlab.com answers the manager with 502 when it asks about its token.');
	assert.doesNotMatch(problem?.advice ?? '', /subnet|gitlab-ca/);
});

/** A fleet whose runner's tokens end after an hour, with an idle machine of the first one. */
async function rotated(world: World, flags: SetupWish['flags'] = {}): Promise<{manager: string; machine: string}> {
	const runner = world.outside.gitlab.runners.get(41);
	if (runner) Object.assign(runner, {tokenSeconds: 3600, tokenExpiresAt: world.clock.now() + 3_600_000});
	const manager = await standingFleet(world, {...withToken(world), flags: {idleTime: 86_400, ...flags}});
	world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(400_000);
	const [machine = ''] = [...(world.outside.machine(manager).process?.workers.keys() ?? [])];
	assert.match(machine, /^runner-simulated-/);
	await world.clock.sleep(2_700_000);
	assert.doesNotMatch(config(world, manager), new RegExp(world.tokens.runner));
	assert.equal(runner?.token === world.tokens.runner, false);
	return {manager, machine};
}

test('machines of a token that the runner replaced by itself are no runner’s any more: setup tells them, and removes them once running jobs have ended', async () => {
	const world = simulatedWorld();
	const {machine, manager} = await rotated(world);
	const plan = await planOf(world);
	assert.deepEqual(changesIn(plan), ['runner: machines, drain']);
	const finding = plan.get('runner');
	assert.match(
		finding?.is === 'different' ? finding.says : '',
		new RegExp(`^machines ${machine}: no runner of config\\.toml manages it, and it costs about \\$0\\.\\d{3} an hour → removed$`),
	);
	world.outside.queueJobs(1, {seconds: 300});
	await world.clock.sleep(120_000);
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.deepEqual(jobStates(world), {success: 2});
	assert.deepEqual(
		[...world.outside.machine(manager).files.keys()].filter((path) => path.includes(machine)),
		[],
	);
	assert.equal(world.takers(), 1);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('machines of another MachineName than the file is to have go before it is written', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, {...withToken(world), flags: {idleTime: 86_400}});
	world.outside.setFile(manager, paths.config, config(world, manager).replace('"gitlab-runners-%s"', '"mine-gitlab-runners-%s"'));
	await world.clock.sleep(5000);
	world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(400_000);
	const store = () => [...world.outside.machine(manager).files.keys()].filter((path) => path.startsWith('/root/.docker/machine/machines/'));
	assert.match(store().join(), /runner-simulated-mine-gitlab-runners-/);
	assert.deepEqual(changesIn(await planOf(world)), ['runner: runners.machine.MachineName, drain', 'runner: machines, drain']);
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.deepEqual(store(), []);
	assert.equal(world.takers(), 1);
});

test('creates that failed under a MachineName that the role has no key pairs for leave nothing in docker-machine’s store', async () => {
	const world = simulatedWorld();
	const manager = await standingFleet(world, withToken(world));
	world.outside.setFile(manager, paths.config, config(world, manager).replace('"gitlab-runners-%s"', '"mine-%s"'));
	await world.clock.sleep(5000);
	world.outside.queueJobs(1, {seconds: 30});
	await world.clock.sleep(400_000);
	const store = () => [...world.outside.machine(manager).files.keys()].filter((path) => path.startsWith('/root/.docker/machine/machines/'));
	assert.match(store().join(), /runner-simulated-mine-/);
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.deepEqual(store(), []);
	assert.equal(world.takers(), 1);
});

test('a token that SSM keeps is brought up to date after the runner replaced it, and a manager never begins with a dead one', async () => {
	const world = simulatedWorld();
	const {manager} = await rotated(world, {tokenStore: 'ssm'});
	const kept = () => [...world.outside.region('us-east-2').parameters.values()].find(({type}) => type === 'SecureString')?.versions.at(-1)?.value;
	assert.equal(kept(), world.tokens.runner);
	assert.ok(changesIn(await planOf(world)).includes('runner: tokenStore, live'));
	world.outside.terminateInstance(manager);
	// The manager died before anybody ran setup: what SSM keeps is of no more use.
	const [problem] = (await setUp(world)).blocked;
	assert.deepEqual([problem?.code, /that SSM keeps/.test(problem?.message ?? '')], ['runner-token-refused', true]);
	const given: SetupWish = {secrets: {runnerToken: anotherRunner(world)}};
	assert.deepEqual(problemsIn(await setUp(world, given)), []);
	assert.equal(kept(), 'glrt-t3_another-77-runner');
	const fresh = onlyManager(world);
	assert.ok(startedAt(world, fresh) !== undefined && managers(world).length === 1);
});

test('a token that SSM keeps is another one after a setup that follows the rotation', async () => {
	const world = simulatedWorld();
	await rotated(world, {tokenStore: 'ssm'});
	assert.deepEqual(problemsIn(await setUp(world)), []);
	const kept = [...world.outside.region('us-east-2').parameters.values()].find(({type}) => type === 'SecureString')?.versions.at(-1)?.value;
	assert.equal(kept, world.outside.gitlab.runners.get(41)?.token);
	assert.notEqual(kept, world.tokens.runner);
});

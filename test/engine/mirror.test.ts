import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Given} from '../../source/fleet.ts';
import {simulatedWorld, type World} from '../../source/simulated/world.ts';
import {mirror} from '../../source/world/host/scripts/mirror-paths.ts';
import {atEachAct} from './deaths.ts';
import {changesIn, planOf, problemsIn, region, setUp, standingFleet, takeAway, unlike} from './fleet.ts';
import {actsSince, config, depth, launchedManagers, managers, noneAtAll, oneGroup, oneOfEach, onlyManager, rules, standing} from './seen.ts';

const mirrored: Given = {registryMirror: 'create'};
const scaled: Given = {executor: 'docker-autoscaler'};
const withToken = (world: World) => ({secrets: {runnerToken: world.outside.token()}});
const rule = `gitlab-runners-manager ${mirror.port} gitlab-runners-workers`;

const addressOf = (world: World): string => `http://${managers(world)[0]?.privateIp}:${mirror.port}`;

/** What workers of an Auto Scaling group are told at their first boot, by the newest version of their launch template. */
function userData(world: World): string {
	const [template] = [...world.outside.region(region).templates.values()];
	return Buffer.from(template?.versions.at(-1)?.data.UserData ?? '', 'base64').toString();
}

/** Where new workers take Docker Hub's images from, as it's written. */
const mirrorsOfWorkers = (world: World): string[] => [
	...(config(world, managers(world).at(-1)?.id ?? '').match(/engine-registry-mirror=[^"]+/g) ?? []).map((option) => option.split('=')[1] ?? ''),
	...[...userData(world).matchAll(/^python3 - (\S+)/gm)].map(([, url]) => url ?? ''),
];

/** What of a mirror is on a manager. */
const leftOn = (world: World, id: string) => ({
	files: [...world.outside.machine(id).files.keys()].filter((path) => path.includes('mirror')),
	disk: world.outside.machine(id).mirror,
});

for (const [executor, whole] of [
	[{}, oneOfEach],
	[scaled, oneGroup],
] as const) {
	const flags = {...mirrored, ...executor};
	const how = executor === scaled ? 'docker-autoscaler' : 'docker+machine';

	test(`${how}: with a mirror the manager has a registry that workers alone reach, and workers ask it first`, async () => {
		const world = simulatedWorld();
		const made = await setUp(world, {flags, ...withToken(world)});
		assert.deepEqual([problemsIn(made), standing(world)], [[], whole]);
		assert.ok(rules(world).includes(rule), rules(world).join());
		assert.deepEqual(mirrorsOfWorkers(world), [addressOf(world)]);
		const {files, mirror: state} = world.outside.machine(onlyManager(world));
		assert.deepEqual([state?.service.active, state?.diskGib], ['active', 20]);
		assert.ok(files.get(mirror.config)?.text.includes(`addr: ${addressOf(world).slice('http://'.length)}\n`));
		const [acts, calls] = [world.acts.length, world.calls.length];
		const again = await setUp(world);
		assert.deepEqual([unlike(again.plan), actsSince(world, acts)], [{}, []]);
		assert.ok(depth(world.calls.slice(calls)) <= 4, `${depth(world.calls.slice(calls))} round trips`);
	});

	test(`${how}: a mirror that is wanted no more goes with its rule, its room and what workers know of it; destroy leaves nothing`, async () => {
		const world = simulatedWorld();
		const id = await standingFleet(world, {flags, ...withToken(world)});
		const made = await setUp(world, {flags: {registryMirror: 'none'}});
		assert.deepEqual([problemsIn(made), unlike(await planOf(world))], [[], {}]);
		assert.deepEqual([leftOn(world, id), mirrorsOfWorkers(world), rules(world).includes(rule)], [{files: [], disk: undefined}, [], false]);
		assert.deepEqual(problemsIn(await setUp(world, {flags: mirrored})), []);
		const {left, result} = await takeAway(world, {withCache: true});
		assert.deepEqual([result.problems, left, standing(world)], [[], [], noneAtAll]);
	});

	test(`${how}: a laptop that dies at any act of bringing a mirror, or of taking it away, leaves what the same command ends`, async () => {
		const changes: [from: Given, to: Given][] = [
			[executor, flags],
			[flags, {registryMirror: 'none'}],
		];
		for (const [from, to] of changes) {
			const wanted = to.registryMirror === 'create';
			const acts = await atEachAct({
				async begin(world) {
					await standingFleet(world, {flags: from, ...withToken(world)});
					return undefined;
				},
				run: (ports) => setUp(ports, {flags: to}),
				async holds(made, ports, world, at) {
					assert.deepEqual([at, problemsIn(made), unlike(await planOf(ports)), standing(world)], [at, [], {}, whole]);
					assert.deepEqual([at, mirrorsOfWorkers(world), rules(world).includes(rule)], [at, wanted ? [addressOf(world)] : [], wanted]);
				},
			});
			assert.ok(acts >= 4, `${acts} acts`);
		}
	});

	test(`${how}: a laptop that dies at any act of a setup with a mirror leaves what the same command makes whole, with one of each`, async () => {
		const acts = await atEachAct({
			run: (ports, world) => setUp(ports, {flags, ...withToken(world)}),
			async holds(made, ports, world, at) {
				assert.deepEqual([at, problemsIn(made), unlike(await planOf(ports)), standing(world), launchedManagers(world)], [at, [], {}, whole, 1]);
				assert.deepEqual([at, mirrorsOfWorkers(world), rules(world).filter((one) => one === rule)], [at, [addressOf(world)], [rule]]);
				assert.equal(world.outside.machine(onlyManager(world)).mirror?.service.active, 'active', at);
			},
		});
		assert.ok(acts > 20, `${acts} acts`);
	});

	test(`${how}: a laptop that dies at any act of removing a fleet with a mirror leaves what the same command takes away`, async () => {
		const acts = await atEachAct({
			async begin(world) {
				await standingFleet(world, {flags, ...withToken(world)});
				return undefined;
			},
			run: (ports) => takeAway(ports, {withCache: true}),
			async holds({left, result}, _ports, world, at) {
				assert.deepEqual([at, result.problems, left, standing(world)], [at, [], [], noneAtAll]);
			},
		});
		assert.ok(acts > 8, `${acts} acts`);
	});

	test(`${how}: a manager that is replaced takes its mirror with it, and workers are pointed at the new one`, async () => {
		const world = simulatedWorld();
		await standingFleet(world, {flags, ...withToken(world)});
		const before = addressOf(world);
		const made = await setUp(world, {flags: {managerType: 't3.medium'}, replaceManager: true});
		assert.deepEqual([problemsIn(made), unlike(await planOf(world))], [[], {}]);
		assert.notEqual(addressOf(world), before);
		assert.deepEqual([mirrorsOfWorkers(world), world.outside.machine(onlyManager(world)).mirror?.service.active], [[addressOf(world)], 'active']);
	});
}

test('a mirror of somebody is named, asked once from the manager, and workers are pointed at it; the manager gets none', async () => {
	const world = simulatedWorld();
	world.outside.setMirror('https://mirror.example.com', 200);
	const made = await setUp(world, {flags: {registryMirror: 'https://mirror.example.com/'}, ...withToken(world)});
	assert.deepEqual([problemsIn(made), mirrorsOfWorkers(world)], [[], ['https://mirror.example.com']]);
	assert.deepEqual([leftOn(world, onlyManager(world)), rules(world).includes(rule)], [{files: [], disk: undefined}, false]);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('a mirror that doesn’t answer, or wants a login, blocks with the way out', async () => {
	const world = simulatedWorld();
	await standingFleet(world, withToken(world));
	for (const [answers, code] of [
		[undefined, 'mirror-silent'],
		[401, 'mirror-refuses'],
	] as const) {
		world.outside.setMirror('https://mirror.example.com', answers);
		const finding = (await planOf(world, {flags: {registryMirror: 'https://mirror.example.com'}})).get('registry-mirror');
		assert.ok(finding?.is === 'blocked');
		assert.deepEqual([finding.problem.code, finding.fix?.answers], [code, {registryMirror: 'none'}]);
	}
});

test('a standing manager gives the mirror what its disk has free, says so, and a mirror that has crashed is started again', async () => {
	const world = simulatedWorld();
	const id = await standingFleet(world, withToken(world));
	const machine = world.outside.machine(id);
	const saysBefore = async () => (await planOf(world, {flags: mirrored})).get('registry-mirror')?.notes?.map(({says}) => says);
	const free = machine.diskFreeGib;
	assert.deepEqual(await saysBefore(), [`${free} GiB of the manager's disk are free, and 2 of them stay so: the mirror gets 3 GiB, not 20.`]);
	world.outside.setDiskFree(id, 2.5);
	assert.match((await saysBefore())?.join() ?? '', /that's no room for a mirror, which needs 1 GiB at least\.$/);
	world.outside.setDiskFree(id, 30);
	assert.deepEqual(await saysBefore(), []);
	world.outside.setDiskFree(id, free);
	await setUp(world, {flags: mirrored});
	assert.equal(machine.mirror?.diskGib, 3);
	const finding = (await planOf(world)).get('registry-mirror');
	assert.match(finding?.notes?.[0]?.says ?? '', /3 GiB of the 20 that are wanted/);
	if (machine.mirror) machine.mirror.service.active = 'failed';
	assert.deepEqual(changesIn(await planOf(world)), ["registry-mirror: the mirror's service, live"]);
	assert.deepEqual(problemsIn(await setUp(world)), []);
	assert.equal(machine.mirror?.service.active, 'active');
});

test('a manager without room for a mirror, a download that fails and a registry that doesn’t start are told as such, and mended by the same command', async () => {
	const world = simulatedWorld();
	const id = await standingFleet(world, withToken(world));
	const codes = async () => (await setUp(world, {flags: mirrored})).result?.problems.map(({code}) => code);
	world.outside.setDiskFree(id, 2.5);
	assert.deepEqual(await codes(), ['disk-full']);
	world.outside.setDiskFree(id, 5.4);
	world.outside.machineFaults(id, {checksum: 'registry'});
	world.outside.removeFile(id, mirror.program);
	assert.deepEqual(await codes(), ['checksum-wrong']);
	world.outside.machineFaults(id, {mirror: 'listen tcp: bind: address already in use'});
	assert.deepEqual(await codes(), ['mirror-silent']);
	world.outside.machineFaults(id, {});
	assert.deepEqual([await codes(), unlike(await planOf(world))], [[], {}]);
});

test('Docker Hub’s login is on the manager alone, for root: it isn’t asked for twice, goes with another user’s, and is nowhere in the record', async () => {
	const world = simulatedWorld();
	const flags: Given = {...mirrored, registryMirrorUser: 'acme-ci'};
	const token = 'dckr_pat_it\'s$"\\`';
	const refused = await setUp(world, {flags, ...withToken(world)});
	assert.deepEqual(
		refused.blocked.map(({code}) => code),
		['docker-hub-token-missing'],
	);
	const made = await setUp(world, {flags, secrets: {runnerToken: world.outside.token(), dockerHubToken: token}});
	assert.deepEqual(problemsIn(made), []);
	const id = onlyManager(world);
	const login = world.outside.file(id, mirror.login);
	assert.deepEqual([login?.mode, login?.text.split('\n')[0]], [0o600, '# acme-ci']);
	const [, password = ''] = /^REGISTRY_PROXY_PASSWORD="(.*)"$/m.exec(login?.text ?? '') ?? [];
	// systemd undoes its double quotes, then the registry YAML's single ones.
	assert.equal(
		password
			.replace(/\\(["\\`$])/g, '$1')
			.slice(1, -1)
			.replaceAll("''", "'"),
		token,
	);
	assert.deepEqual(unlike(await planOf(world)), {});
	assert.ok(!JSON.stringify([made.events, [...world.outside.region(region).parameters.values()]]).includes('dckr_pat'));
	assert.deepEqual(changesIn(await planOf(world, {secrets: {dockerHubToken: 'dckr_pat_other'}})), ['registry-mirror: registryMirrorUser, live']);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {managerType: 't3.medium'}, replaceManager: true})), []);
	const next = onlyManager(world);
	assert.deepEqual([next === id, world.outside.file(next, mirror.login)], [false, login]);
	const other = await setUp(world, {flags: {registryMirrorUser: 'acme'}});
	assert.deepEqual(
		other.blocked.map(({code}) => code),
		['docker-hub-token-missing'],
	);
	assert.deepEqual(problemsIn(await setUp(world, {flags: {registryMirror: 'none'}})), []);
	assert.equal(world.outside.file(next, mirror.login), undefined);
});

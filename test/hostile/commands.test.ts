import assert from 'node:assert/strict';
import {test} from 'node:test';
import {stringify} from 'smol-toml';
import {destroy} from '../../source/commands/destroy.ts';
import {lookAround} from '../../source/commands/home.ts';
import {orphans} from '../../source/commands/orphans.ts';
import {plan} from '../../source/commands/plan.ts';
import {presets} from '../../source/commands/presets.ts';
import type {Command} from '../../source/commands/session.ts';
import {status} from '../../source/commands/status.ts';
import {jsonFace} from '../../source/faces/json/face.ts';
import {toProblem} from '../../source/problem.ts';
import type {World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {parseConfig, tablesAt} from '../../source/world/host/toml.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {handClock, plainUnderTest, textOf} from '../faces/streams.ts';
import {sessionAt, standing} from '../panel/at-laptop.ts';
import {assertInert, source} from './texts.ts';

const seed = Number(process.env.FUZZ_SEED ?? 20_261_125);
const {name: fleet, region} = someFleet;
const mark = {'gitlab-runner-aws:fleet': fleet};
const minute = 60_000;

/** Somebody in the account, in GitLab and on the manager writes what they may, everywhere. */
function write(world: World, next: () => string): void {
	const {outside} = world;
	const {instances, keyPairs, parameters} = outside.region(region);
	const manager = [...instances.values()].find(({tags}) => tags['gitlab-runner-aws:part'] === 'manager') ?? assert.fail('There is no manager.');
	for (const at of [1, 2, 3]) {
		const named = `runner-abc123def-${fleet}-170000000${at}-deadbeef`;
		outside.addInstance(region, {keyName: next(), tags: {Name: `runner-simulated-${next()}-1700000000-deadbeef`, [next()]: next()}});
		outside.addInstance(region, {keyName: named, tags: {...mark, 'gitlab-runner-aws:part': 'worker', Name: next()}});
		const gone = outside.addInstance(region, {keyName: named, tags: {...mark, Name: named}});
		outside.terminateInstance(gone.id, {code: 'Client.X', message: next()});
		keyPairs.set(`runner-${next()}`, {
			id: `key-${at}${next()}`,
			name: `runner-${next()}`,
			publicKey: 'ssh-ed25519 AAAA',
			tags: {...mark, x: next()},
			seenFrom: 0,
		} as never);
		outside.addGroup(region, next(), {description: next(), tags: mark});
		const job = {name: next(), tags: [next()], ref: next(), project: `acme/${at}`, queuedAt: world.clock.now() - minute, seconds: 60} as const;
		outside.gitlab.jobs.push(
			{...job, tags: [...job.tags], id: 7000 + at, state: 'pending'},
			{...job, tags: [], id: 7100 + at, state: 'running', runnerId: 41, startedAt: world.clock.now()},
		);
	}
	const [runner] = outside.gitlab.runners.values();
	Object.assign(runner ?? {}, {description: next(), tags: [next()], managers: [{systemId: next(), version: next(), contactedAt: world.clock.now()}]});
	outside.gitlab.projects.add(next());
	const record = parameters.get(`/gitlab-runner-aws/${fleet}`) ?? assert.fail('There is no record.');
	const last = record.versions.at(-1) ?? assert.fail('It has no version.');
	record.versions.push({...last, version: last.version + 1, by: `arn:aws:sts::1:assumed-role/a/${next()}`, description: next()});
	parameters.set(`/gitlab-runner-aws/${next()}`, {...record, name: `/gitlab-runner-aws/${next()}`});

	const machine = outside.machine(manager.id);
	const config = parseConfig(machine.files.get(paths.config)?.text ?? '', 'config.toml');
	const [ours = {}] = tablesAt(config, 'runners');
	Object.assign(ours, {output_limit: 5n, environment: [next()], [next()]: next(), builds_dir: next()});
	config.runners = [ours, {name: next(), url: next(), token: `glrt-${next()}`, executor: next()}];
	config[next()] = next();
	outside.setFile(manager.id, paths.config, stringify(config, {numbersAsFloat: true}));
	for (const name of [next().replaceAll('/', ''), `runner-simulated-${next().replaceAll('/', '')}-1700000000-deadbeef`])
		machine.files.set(`/root/.docker/machine/machines/${name}/config.json`, {
			text: JSON.stringify({Driver: {InstanceId: next(), InstanceType: next()}}),
			mode: 0o600,
		});
	const said = (fields: object) =>
		machine.journal.push({number: (machine.journal.at(-1)?.number ?? 0) + 1, at: world.clock.now(), message: JSON.stringify(fields)});
	said({level: 'error', msg: next(), [next()]: next()});
	said({
		level: 'error',
		msg: `Job failed (system failure): ${next()}`,
		job: 7101,
		name: `runner-simulated-${fleet}-1700000000-deadbeef`,
		error: next(),
		project_full_path: next(),
	});
	said({
		level: 'error',
		msg: `Error launching instance: ${next()}: ${next()}`,
		operation: 'create',
		driver: next(),
		name: `runner-simulated-${fleet}-1700000000-deadbeef`,
	});
	world.faults.failNth('DescribeVolumes', 3, {name: 'UnauthorizedOperation', message: next()});
	world.faults.failNth('DescribeSpotInstanceRequests', 4, {name: 'InvalidParameterValue', message: next()});
}

/** Runs a command with both faces for lines at once, and gives all that they wrote. */
async function saidBy(world: World, command: Command, args: readonly string[]): Promise<string> {
	const {face, out, err} = plainUnderTest({yes: true});
	const json = textOf();
	const machine = jsonFace({out: json.stream, yes: true, clock: handClock()});
	const both = {
		...face,
		emit: (happening: Parameters<typeof face.emit>[0]) => [face, machine].forEach((one) => void one.emit(happening)),
		fail: (problem: Parameters<typeof face.fail>[0]) => [face, machine].forEach((one) => void one.fail(problem)),
	};
	const session = sessionAt(world, [...args, '--fleet', fleet, '--region', region, '--yes'], both, {gitlabToken: 'glpat-simulated'});
	try {
		await command(session);
	} catch (error) {
		const problem = toProblem(error);
		assert.notEqual(problem.fault, 'bug', String(error instanceof Error ? error.stack : error));
		both.fail(problem);
	}
	await face.close();
	return [out(), err(), json.text()].join('\n');
}

test('whatever stands in the account, in GitLab and on the manager, no command sends more than text to a terminal', async (t) => {
	const texts = source(seed + 2, 2000);
	let escaped = 0;
	for (let round = 0; round < 4; round += 1) {
		const world = await standing(4);
		write(world, texts.next);
		const home: unknown[] = [];
		await lookAround(sessionAt(world, [], plainUnderTest().face), (seen) => home.push(seen), new AbortController().signal);
		assertInert(JSON.stringify(home), 'home');
		for (const [command, ...args] of [
			[status, 'status', '--plain'],
			[status, 'status', '--json'],
			[status, 'status', '--report'],
			[plan, 'plan'],
			[orphans, 'orphans'],
			[presets, 'presets', 'list'],
			[destroy, 'destroy', '--now'],
		] as const) {
			const said = await saidBy(world, command, args);
			assertInert(said, args.join(' '));
			escaped += said.split('<U+').length - 1;
		}
	}
	assert.ok(escaped > 100, `only ${escaped} characters had to be shown by their number`);
	t.diagnostic(`${texts.given()} texts, ${escaped} characters shown by their number, seed ${seed}`);
});

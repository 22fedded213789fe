import assert from 'node:assert/strict';
import {suite, test} from 'node:test';
import {smoke} from '../../../source/commands/smoke.ts';
import {makeStops} from '../../../source/commands/world.ts';
import type {Happening} from '../../../source/engine/events.ts';
import {type Answers, names} from '../../../source/fleet.ts';
import type {World} from '../../../source/simulated/world.ts';
import {scaled} from '../../executors/docker-autoscaler/panel/scaled.ts';
import {someFleet} from '../../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt, standing} from '../../panel/at-laptop.ts';

const args = (...words: string[]): string[] => ['smoke', ...words, '--fleet', someFleet.name, '--region', someFleet.region];

/** What somebody at a laptop meets who tries the fleet; `code` is the exit code. */
async function tried(world: World, words: readonly string[] = [], more: Parameters<typeof sessionAt>[3] = {}) {
	const face = hearing();
	const {clock, ...ports} = world;
	const code = await smoke(sessionAt({...ports, clock}, args(...words), face, {gitlabToken: world.tokens.gitlab, ...more}));
	return {code, face};
}

const steps = (events: readonly Happening[], event: 'step.done' | 'step.failed'): string[] => events.flatMap((one) => (one.event === event ? [one.step] : []));
/** What trials left in the world's GitLab. */
const left = ({outside: {gitlab}}: World) => ({
	projects: [...gitlab.trials.values()].flatMap(({path, branches}) =>
		path.includes('smoke') ? [path] : [...branches].filter((branch) => branch.includes('smoke')),
	),
	pipelines: [...gitlab.trials.values()].reduce((sum, {pipelines}) => sum + pipelines.size, 0),
	jobs: gitlab.jobs.filter(({trial, state}) => trial && state === 'pending').length,
});
const nothing = {projects: [], pipelines: 0, jobs: 0};

for (const [executor, answers] of Object.entries({'docker+machine': {}, 'docker-autoscaler': scaled})) {
	suite(`${executor}: smoke`, () => {
		test('both jobs pass in a project of their own, what their time went into is told, and nothing is left', async () => {
			const world = await standing(2, {}, answers);
			const {code, face} = await tried(world);
			assert.deepEqual([code, face.problems.map(({message}) => message)], [0, []]);
			assert.deepEqual(steps(face.events, 'step.done'), ['smoke-project', 'smoke-make', 'smoke-use', 'smoke-cleanup']);
			const stages = (step: string) => face.events.flatMap((one) => (one.event === 'step.stage' && one.step === step ? [one.stage] : []));
			assert.deepEqual(stages('smoke-make'), ['queued', 'worker', 'images', 'sources', 'cache down', 'script', 'cache up', 'artifacts up']);
			assert.deepEqual(stages('smoke-use'), ['queued', 'worker', 'images', 'sources', 'cache down', 'artifacts down', 'script', 'cache up']);
			const said = face.events.flatMap((one) => (one.event === 'step.done' && one.step === 'smoke-make' ? [one.says] : [])).join();
			assert.match(said, /^(?:queued \d+ s, )?worker \d+ s, images 4 s, .*script \d+ s/);
			const lines = face.events.flatMap((one) => (one.event === 'step.line' ? [one.line] : []));
			assert.ok(lines.includes('Successfully extracted cache') && !lines.some((line) => /section_|^\d{4}-/.test(line)));
			assert.deepEqual(left(world), nothing);
		});

		test('killed after any of its calls it is run again, and leaves nothing', () => killedAtEachAct(answers));
	});
}

test('on a branch of a project that the person named, and that branch alone goes', async () => {
	const world = await standing(2);
	const {code} = await tried(world, ['acme/app']);
	const [project] = [...world.outside.gitlab.trials.values()];
	assert.deepEqual([code, project?.path, [...(project?.branches ?? [])], project?.pipelines.size], [0, 'acme/app', ['main'], 0]);
});

test('a runner that is locked to its project is told, with the way that is left, and nothing stays', async () => {
	const world = await standing(2);
	for (const runner of world.outside.gitlab.runners.values()) runner.locked = true;
	const {code, face} = await tried(world);
	assert.deepEqual([code, face.problems.map(({code: one}) => one)], [1, ['smoke-runner-locked']]);
	assert.match(face.problems[0]?.advice ?? '', /gitlab-runner-aws smoke group\/project/);
	assert.deepEqual(left(world), nothing);
});

test('a cache that the manager may not read fails the second job, and it says where', async () => {
	const world = await standing(2);
	const role = {RoleName: names.profile(someFleet), PolicyName: names.profile(someFleet)};
	const cloud = world.cloudAt(someFleet.region);
	const {PolicyDocument = ''} = await cloud.call('GetRolePolicy', role);
	const {Statement, ...rest}: {Statement: {Action: string | string[]}[]} = JSON.parse(decodeURIComponent(PolicyDocument));
	const without = Statement.filter(({Action}) => ![Action].flat().some((action) => action.startsWith('s3:')));
	await cloud.call('PutRolePolicy', {...role, PolicyDocument: JSON.stringify({...rest, Statement: without})});
	const {code, face} = await tried(world);
	assert.deepEqual([code, face.problems.map(({code: one}) => one), steps(face.events, 'step.failed')], [1, ['smoke-failed'], ['smoke-use']]);
	assert.deepEqual(left(world), nothing);
});

/** What is told and left where somebody stops it once it tells of this stage. */
async function stoppedAt(world: World, stage: string, meanwhile: () => void = () => undefined, demo = false) {
	const stops = makeStops();
	const face = hearing();
	const heard: typeof face = {
		...face,
		emit: (happening) => {
			face.emit(happening);
			if ((happening.event === 'step.stage' ? happening.stage : 'step' in happening ? happening.step : '') === stage) {
				stops.raise('SIGINT');
				meanwhile();
			}
		},
	};
	const code = await smoke(sessionAt(world, args(), heard, {gitlabToken: world.tokens.gitlab, stops, demo}));
	return {code, told: face.problems.map(({code: one, message}) => `${one}: ${message}`), advice: face.problems[0]?.advice ?? ''};
}

test('whoever stops it leaves nothing in GitLab either, and is told so', async () => {
	const world = await standing(2);
	const [runner] = world.outside.gitlab.runners.keys();
	const name = `acme/gitlab-runner-aws-smoke-${someFleet.name}-${runner}`;
	const stopped = await stoppedAt(world, 'worker');
	assert.deepEqual([stopped.code, stopped.told, left(world)], [130, [`stopped: The trial was stopped: ${name} is deleted.`], nothing]);
	assert.match(stopped.advice, /`gitlab-runner-aws smoke --fleet \S+ --region \S+` tries again\.$/);
	const early = await stoppedAt(world, 'smoke-project', undefined, true);
	assert.deepEqual([early.code, early.told, left(world)], [130, ['stopped: The trial was stopped before it made anything in GitLab.'], nothing]);
	assert.doesNotMatch(early.advice, /gitlab-runner-aws/, 'what a person pastes from the demo would be about their own account');
	const refused = await stoppedAt(world, 'worker', () => world.outside.gitlab.tokens.set(world.tokens.gitlab, ['read_api']));
	assert.deepEqual([refused.code, left(world).projects], [130, [name]]);
	assert.match(refused.told.join(), new RegExp(`^stopped: The trial was stopped, and ${name} still stands: `));
});

test('a token without the scope `api` is told that scope', async () => {
	const world = await standing(2);
	for (const scopes of [['create_runner'], ['read_api', 'manage_runner']]) {
		world.outside.gitlab.tokens.set(world.tokens.gitlab, scopes);
		const {code, face} = await tried(world);
		assert.equal(code, 1);
		assert.match(face.problems[0]?.advice ?? '', /^Make one with the scope `api` at /);
	}
	assert.deepEqual(left(world), nothing);
});

test('what a trial of this fleet has left goes, whichever runner it had; what others called so stays, also where the runner is the whole instance’s', async () => {
	const world = await standing(2);
	const {gitlab} = world.outside;
	for (const runner of gitlab.runners.values()) runner.type = 'instance_type';
	const name = `gitlab-runner-aws-smoke-${someFleet.name}`;
	const kept = (id: number, path: string, description: string) =>
		gitlab.trials.set(id, {id, path, description, runners: new Set(), branches: new Set(), pipelines: new Map()});
	const mark = (region: string) => `gitlab-runner-aws fleet=${someFleet.name} region=${region} account=123456789012`;
	kept(1, `acme/${name}-41`, `${mark(someFleet.region)}: made for a trial, and may be deleted.`);
	kept(2, `acme/${name}-42`, `${mark('eu-west-3')}: made for a trial, and may be deleted.`);
	kept(3, `bob/${name}`, 'mine');
	const {code} = await tried(world);
	assert.deepEqual([code, left(world).projects], [0, [`acme/${name}-42`, `bob/${name}`]]);
});

/** The laptop dies after each act of a trial in turn, which is run again then. */
async function killedAtEachAct(answers: Partial<Answers>): Promise<void> {
	for (const words of [[], ['acme/app']]) {
		const whole = await standing(2, {}, answers);
		const from = whole.acts.length;
		await tried(whole, words);
		const acts = whole.acts.slice(from).filter((act) => act.startsWith('gitlab '));
		assert.ok(acts.length > 2, acts.join());
		for (const [index, act] of acts.entries()) {
			const world = await standing(2, {}, answers);
			world.faults.dieAt(world.acts.length + whole.acts.slice(from).indexOf(act) + 1);
			assert.notEqual(
				await tried(world, words).then(
					({code}) => code,
					() => 1,
				),
				0,
				act,
			);
			const {code} = await tried({...world, ...world.reboot()}, words);
			assert.deepEqual([code, left(world)], [0, nothing], `${index} ${act}`);
		}
	}
}

test('nobody is asked: without a token, and without a word of agreement, it says what to give', async () => {
	const world = await standing(2);
	await assert.rejects(smoke(sessionAt(world, args(), hearing())), {code: 'secret-missing'});
});

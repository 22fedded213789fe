import assert from 'node:assert/strict';
import {cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test, {after, before} from 'node:test';
import {pathToFileURL} from 'node:url';
import type {Answers} from '../../source/fleet.ts';
import {good, unseen} from '../../source/panel/seen.ts';
import {healthy, instance, journal, manager, minutes, now} from '../panel/seeing.ts';
import {typeChecked} from '../type-checked.ts';
import {someAnswers} from './docker-machine/some-answers.ts';

/** A way to run jobs that is in no house: a pool of machines that stands and is never scaled. */
const folder: Readonly<Record<string, string>> = {
	'offered.ts': `import {count, question} from '../../answers/question.ts';

export const poolSize = question('poolSize', count(1, 100, 'machines'))({
	title: 'How many machines does the pool have?',
	help: 'They stand as long as the fleet does.',
	kind: 'number',
	unit: 'machines',
	change: 'live',
	default: 3,
	when: ({executor}) => executor === 'pool',
});

export const poolOffered = {
	name: 'pool',
	hint: 'never scaled',
	help: 'pool runs jobs on machines that stand.',
	limits: {
		region: () => undefined,
		zone: (_region: string, zone: string) =>
			zone.endsWith('b') ? {short: 'no pool stands there', message: \`No pool stands in \${zone}.\`, advice: 'Choose another zone.'} : undefined,
		image: () => undefined,
	},
	questions: {scaling: [], workers: [poolSize], software: []},
} as const;
`,
	'manager-part.ts': `const looks = \`
executors['pool'] = dict(keeps='/var/lib/pool', software=dict, facts=dict, panel=dict)
\`;

const acts = \`
executors['pool'].update(prepare=lambda stop: None, take_away=lambda: 0)
\`;

export const poolPart = {looks, acts, software: {}, facts: {}, panel: {}, secretOptions: '(?!)'};
`,
	'pool-step.ts': `import type {Step} from '../../engine/step.ts';

declare module '../../engine/step.ts' {
	interface Found {
		pool: {machines: number};
	}
}

export const poolStep: Step<'pool', 'network'> = {
	name: 'pool',
	title: 'Pool',
	needs: ['network'],
	actions: ['ec2:CreatePlacementGroup'],
	check: async ({answers}, {network}) => ({is: 'missing', says: \`\${answers.poolSize} machines in \${network.zone}\`}),
	async apply(_context, _found, _finding, report) {
		report({says: 'standing up'});
	},
};
`,
	'executor.ts': `import {identityStep} from '../../steps/identity.ts';
import {networkStep} from '../../steps/network.ts';
import {recordStep} from '../../steps/record.ts';
import {runnerStep} from '../../steps/runner.ts';
import type {WorkerMaking} from '../../steps/worker-making.ts';
import {whole} from '../../world/host/toml.ts';
import type {Executor} from '../executor.ts';
import {poolOffered} from './offered.ts';
import {causes, journal, leftovers, view} from './panel.ts';
import {poolStep} from './pool-step.ts';

const workers: WorkerMaking = {
	config: {
		executor: 'pool',
		rows: [{path: 'runners.pool.size', answer: 'poolSize', absent: [3n], write: ({answers}) => whole(answers.poolSize)}],
		workers: (_entry, number) => ({idleCount: number('runners.pool.size'), maxGrowthRate: undefined, options: {}, scheduled: false}),
	},
	provenBy: 'pool',
	madeBy: ['pool'],
	countedBy: [],
	removedBy: 'pool',
	wanted: async () => ({config: workers.config, notes: []}),
	stranded: () => ({left: [], drains: false}),
	going: async () => [],
	bakeParts: () => ({install: ''}),
	counted: () => ({states: undefined, made: undefined, failed: undefined}),
};

export const pool: Executor = {
	name: 'pool',
	steps: [identityStep, recordStep, networkStep(poolOffered.limits), poolStep, runnerStep(workers)],
	leaving: [],
	workers,
	view,
	leftovers,
	made: () => undefined,
	moved: (_to, given) => given,
	journal,
	refusals: [[/pool is dry/, 'pool-dry']],
	onWorker: async (_user, {name}, words = '') => \`ssh \${name} \${words}\`,
	causes,
};
`,
	'panel.ts': `import {type CauseRow} from '../../panel/causes/cause.ts';
import {refusalRow} from '../../panel/causes/refusals.ts';
import {type LogRule, numberOf, projectOf, textOf} from '../../panel/journal/rule.ts';
import {judge, type LeftoverView, ownerOf} from '../../panel/leftovers.ts';
import type {WorkerView} from '../../panel/workers.ts';

export const view: WorkerView = {
	hostSeen: () => ({}),
	noWay: (_host, worker) => \`No way leads to \${worker}.\`,
	groups: () => [],
	filters: ({fleet}) => (fleet ? [{name: 'tag:pool', values: [fleet.name]}] : []),
	nameOf: ({id, tags}) => (tags.pool === undefined ? undefined : id),
	isWorkerName: () => false,
	found: ({ec2}) =>
		(ec2.value?.instances ?? []).flatMap((instance) => {
			const name = view.nameOf(instance);
			return name === undefined ? [] : [{executor: 'pool', name, machine: undefined, instance, createdAt: undefined}];
		}),
	ended: () => [],
	foundBy: () => [],
	stateBy: () => ({busy}) => ({state: busy ? 'busy' : 'idle', detail: undefined}),
};

export const journal: readonly LogRule[] = [
	{
		tells: ['job-on-machine'],
		texts: ['Dialing pool'],
		reads: (line, at) => {
			const [job, machine] = [numberOf(line, 'job'), textOf(line, 'instance-id')];
			if (job === undefined || machine === undefined) return undefined;
			return {is: 'job-on-machine', job, machine, project: projectOf(line), runner: textOf(line, 'runner'), uses: undefined, at};
		},
	},
];

export const causes: readonly CauseRow[] = [
	refusalRow({id: 'pool-dry', rank: 'unmade', key: 'move', refusals: ['pool-dry'], says: ({count}, time) => \`The pool is dry\${time}: \${count} jobs found none.\`}),
];

export const leftovers: LeftoverView = {
	tool: 'the pool',
	makers: /pool/,
	isManager: () => false,
	kept: () => undefined,
	unmanaged: () => [],
	judge: (region) =>
		region.instances.flatMap((instance) => {
			const name = view.nameOf(instance);
			if (name === undefined) return [];
			return [{kind: 'instance', id: instance.id, name, ...judge(region, ownerOf(region, name, instance.tags), instance.id)}];
		}),
	keyPairOf: () => undefined,
	remove: async () => ({is: 'gone'}),
	afterCrash: 'Machines stand',
	removing: (name) => \`\${name} goes.\`,
	removed: (name) => \`\${name} is gone.\`,
};
`,
	'plays.ts': `import type {Plays} from '../../simulated/host/plays.ts';

export const poolPlays: Plays = {
	executor: 'pool',
	scripts: {},
	software: () => ({}),
	facts: () => ({}),
	panel: () => ({}),
	isSecretOption: () => false,
	*prepare() {
		yield 0;
		return undefined;
	},
	*takeAway() {
		return 0;
	},
	provider: () => ({
		workers: new Map(),
		canServe: () => false,
		isAble: () => false,
		adopt() {},
		keepIdle() {},
		acquire: () => undefined,
		review() {},
		drain: () => false,
		stop() {},
		metrics: () => [],
	}),
};
`,
};

/** Its line in each of the lists. */
const lines: readonly [list: string, what: string, from: string][] = [
	['list.ts', 'pool', './pool/executor.ts'],
	['offered.ts', 'poolOffered', './pool/offered.ts'],
	['scripts.ts', 'poolPart', './pool/manager-part.ts'],
	['simulated.ts', 'poolPlays', './pool/plays.ts'],
];

/** Those that stand in a list already. */
const already = /(?<=\[docker\w+, docker\w+)\]/;

/** A step of a fleet that is there already: its own file, and its place in the list of its executor. */
const step = {
	file: 'steps/time-zone.ts',
	text: `import type {Step} from '../engine/step.ts';

declare module '../engine/step.ts' {
	interface Found {
		'time-zone': {name: string};
	}
}

export const timeZoneStep: Step<'time-zone', 'network'> = {
	name: 'time-zone',
	title: 'Time zone',
	needs: ['network'],
	actions: [],
	check: async () => ({is: 'missing', says: 'UTC'}),
};
`,
	list: 'executors/docker-machine/executor.ts',
	before: '	earlierRightsStep(machineRights),\n',
	line: '	timeZoneStep,\n',
};

let copy = '';

before(async () => {
	copy = await mkdtemp(join(tmpdir(), 'gitlab-runner-aws-executor-'));
	for (const name of ['source', 'package.json', 'tsconfig.json']) await cp(resolve(name), join(copy, name), {recursive: true});
	await symlink(resolve('node_modules'), join(copy, 'node_modules'));
	const executors = join(copy, 'source/executors');
	await mkdir(join(executors, 'pool'));
	for (const [file, text] of Object.entries(folder)) await writeFile(join(executors, 'pool', file), text);
	for (const [list, what, from] of lines) {
		const text = await readFile(join(executors, list), 'utf8');
		assert.equal(text.split(already).length, 2, `${list} holds one list of executors`);
		await writeFile(join(executors, list), `import {${what}} from '${from}';\n${text.replace(already, `, ${what}]`)}`);
	}
	await writeFile(join(copy, 'source', step.file), step.text);
	const steps = await readFile(join(copy, 'source', step.list), 'utf8');
	assert.equal(steps.split(step.before).length, 2);
	await writeFile(join(copy, 'source', step.list), `import {timeZoneStep} from '../../${step.file}';\n${steps.replace(step.before, step.line + step.before)}`);
});

after(() => rm(copy, {recursive: true, force: true}));

/** A module of the copy, which is of the same type as the one here. */
const of = <Module>(path: string): Promise<Module> => import(pathToFileURL(join(copy, 'source', path)).href);

const list = () => of<typeof import('../../source/executors/list.ts')>('executors/list.ts');
const text = (value: unknown): string => JSON.stringify(value);

test('an executor is one folder, with a step of its own, and a line in each list; a step two files: types follow', async () => {
	await typeChecked(copy);
});

test('it can be answered, with its own question and its own limits', async () => {
	const {parse} = await of<typeof import('../../source/commands/line/argv.ts')>('commands/line/argv.ts');
	const {judge} = await of<typeof import('../../source/answers/value.ts')>('answers/value.ts');
	assert.equal(text(parse(['setup', '--executor', 'pool', '--pool-size', '7']).given), '{"executor":"pool","poolSize":7}');
	assert.throws(() => parse(['setup', '--executor', 'shell']), /It takes docker-autoscaler or docker\+machine or pool/);
	const given = JSON.parse('{"region": "us-east-2", "executor": "pool"}');
	assert.equal(judge('subnet', 'us-east-2b', given), 'No pool stands in us-east-2b. Choose another zone. Or add `--executor docker-autoscaler`, which can.');
	assert.equal(judge('subnet', 'us-east-2b', {...given, executor: 'docker+machine'}), undefined);
});

/** What each step of a fleet of these answers says in its plan. */
async function planned(answers: Answers): Promise<Record<string, string>> {
	const {executorOf} = await list();
	const {makePlan, says} = await of<typeof import('../../source/engine/plan.ts')>('engine/plan.ts');
	const {openLooking, withAnswers} = await of<typeof import('../../source/engine/context.ts')>('engine/context.ts');
	const {simulatedWorld} = await of<typeof import('../../source/simulated/world.ts')>('simulated/world.ts');
	const ports = simulatedWorld();
	const fleet = {name: answers.fleet, region: answers.region};
	const looking = openLooking({...ports, cloud: ports.cloudAt(fleet.region)}, {fleet, secrets: {}, signal: new AbortController().signal});
	const plan = await makePlan(executorOf(answers).steps, withAnswers(looking, {answers}), () => {}, {replaceManager: false});
	return Object.fromEntries([...plan].map(([name, finding]) => [name, says(finding)]));
}

const ofPool = (): Answers => ({...someAnswers(), ...JSON.parse('{"executor": "pool", "poolSize": 7}')});

test('its step is in the plan of its fleets, and in no other', async () => {
	assert.equal((await planned(ofPool())).pool, '7 machines in us-east-2a');
	assert.equal((await planned(someAnswers())).pool, undefined);
});

test('a step is its own file and a line in the list of its executor', async () => {
	assert.equal((await planned(someAnswers()))['time-zone'], 'UTC');
	assert.equal((await planned(ofPool()))['time-zone'], undefined);
});

test('whoever knows no answers goes by the steps of all, each once', async () => {
	const {allSteps} = await list();
	const names = allSteps.map(({name}) => `${name}`);
	assert.deepEqual([names.filter((name) => name === 'pool'), names.filter((name) => name === 'runner')], [['pool'], ['runner']]);
	const runner = allSteps.find(({name}) => name === 'runner');
	assert.deepEqual(
		['pool', 'test-machine'].map((name) => runner?.changesAfter?.some((one) => `${one}` === name)),
		[true, true],
	);
	const {wholePolicy} = await of<typeof import('../../source/commands/policy.ts')>('commands/policy.ts');
	assert.match(text(wholePolicy()), /ec2:CreatePlacementGroup/);
});

test('its rows are written into config.toml, and read there again', async () => {
	const {executors} = await list();
	const {mergeConfig} = await of<typeof import('../../source/steps/config/merge.ts')>('steps/config/merge.ts');
	const {readAnswers} = await of<typeof import('../../source/steps/config/answers.ts')>('steps/config/answers.ts');
	const config = executors.find(({name}) => `${name}` === 'pool')?.workers.config;
	assert.ok(config);
	const {text: written} = mergeConfig(undefined, {
		answers: ofPool(),
		fleet: {name: 'gitlab-runners', region: 'us-east-2'},
		bucket: undefined,
		config,
		token: {token: 'glrt-aaaaaaaaaaaaaaaaaaaa'},
	});
	assert.match(written, /^\[runners\.pool\]\nsize = 7$/m);
	assert.doesNotMatch(written, /runners\.machine/);
	assert.match(
		text(
			readAnswers(
				written,
				executors.map(({workers}) => workers.config),
			).answers,
		),
		/"poolSize":7/,
	);
});

test('the panel finds its workers, reads its lines, and tells its causes and what it leaves', async () => {
	const {eventsOf} = await of<typeof import('../../source/panel/live/executors.ts')>('panel/live/executors.ts');
	const {join: joined} = await of<typeof import('../../source/panel/live/join.ts')>('panel/live/join.ts');
	const {whyWaiting} = await of<typeof import('../../source/panel/live/why-waiting.ts')>('panel/live/why-waiting.ts');
	const {judgeLeftovers} = await of<typeof import('../../source/panel/orphans/managers.ts')>('panel/orphans/managers.ts');
	const instances = ['i-1', 'i-2'].map((id) => instance(id, 'worker', {tags: {pool: 'gitlab-runners'}}));
	const events = ['Dialing pool  instance-id=i-1 job=7 runner=ab12cd', 'Preparation failed  error=pool is dry job=8'].flatMap((message) =>
		eventsOf({at: now - minutes(2), message}),
	);
	const snapshot = healthy({ec2: good({manager: manager(), instances, otherManagers: []}, now), runner: unseen, journal: good(journal(...events), now)});
	assert.deepEqual(
		joined(snapshot, now).map(({name, state, job}) => [name, state, job?.id]),
		[
			['i-1', 'busy', 7],
			['i-2', 'idle', undefined],
		],
	);
	assert.deepEqual(
		whyWaiting(snapshot, now).causes.map(({says}) => says),
		['The pool is dry, for 2 m: 1 jobs found none.'],
	);
	const region = {region: 'us-east-2', fleets: [], managers: [], instances, leftovers: {keyPairs: [], spotRequests: [], volumes: []}, now};
	assert.deepEqual(
		judgeLeftovers(region).map(({id, is}) => [id, is]),
		[
			['i-1', 'not-known'],
			['i-2', 'not-known'],
		],
	);
});

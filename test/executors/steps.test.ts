import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {proofOf} from '../../source/executors/docker-machine/machine-options.ts';
import {paths} from '../../source/host/scripts/paths.ts';
import {type PeerWorld, startWorld} from '../peers/world.ts';
import {peersLaptop, unlike, type Wish} from './on-peers.ts';
import {someAnswers} from './some-answers.ts';

let world: PeerWorld;
let laptop: ReturnType<typeof peersLaptop>;
let token: string;

before(async () => {
	world = await startWorld();
	Object.assign(process.env, world.env);
	laptop = peersLaptop(world);
	token = world.gitlab.token();
});
after(async () => {
	laptop?.close();
	await world?.stop();
});

const wish = (over: Parameters<typeof someAnswers>[0] = {}, secrets: Wish['secrets'] = {}): Wish => ({
	answers: someAnswers({gitlabUrl: world.gitlab.url, downloads: {gitlabRunner: world.downloads.gitlabRunner, dockerMachine: world.downloads.dockerMachine}, limit: 2, concurrent: 2, ...over}),
	secrets,
});
const exec = async (command: string): Promise<string> => (await world.manager.exec(command)).stdout.trim();
const problems = (result: {problems: {code: string; message: string}[]}): string[] => result.problems.map(({code, message}) => `${code}: ${message}`);

test('before there is anything, a wrong token shows in the plan, and everything on the manager waits', async () => {
	const plan = await laptop.plan(wish({}, {runnerToken: 'glrt-t3_wrong'}));
	const runner = plan.get('runner');
	assert.ok(runner?.is === 'blocked' && runner.problem.code === 'runner-token-refused');
	assert.deepEqual(['connection', 'software', 'test-machine', 'service'].map((name) => unlike(plan)[name as 'service']), ['waiting', 'waiting', 'waiting', 'waiting']);
	const none = (await laptop.plan(wish())).get('runner');
	assert.ok(none?.is === 'blocked' && none.problem.code === 'runner-token-missing');
});

test('setup brings up a manager whose runner takes jobs', async () => {
	const result = await laptop.setup(wish({}, {runnerToken: token}));
	assert.deepEqual(problems(result), []);
	assert.deepEqual(unlike(await laptop.plan(wish())), {});
	assert.equal(await exec(`stat -c %a ${paths.config}`), '600');
	assert.ok(!JSON.stringify(laptop.happened).includes(token));
	world.gitlab.queue({seconds: 0.1});
	await exec('for i in $(seq 100); do curl -fsS http://127.0.0.1:9252/metrics | grep -q "^gitlab_runner_jobs_total.* 1" && break; sleep 0.1; done');
	assert.notEqual(world.gitlab.store.jobs.at(-1)?.status, 'pending');
});

import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {CreateTagsCommand, DeleteTagsCommand, TerminateInstancesCommand} from '@aws-sdk/client-ec2';
import type {StatusDocument} from '../../source/panel/live/status.ts';
import type {accountAt} from '../acceptance/account.ts';
import {changingCalls, onManager} from '../acceptance/laptop.ts';
import type {Ran} from '../peers/program.ts';
import {programHere} from '../peers/program-here.ts';
import type {PeerWorld} from '../peers/world.ts';
import {documentIn, type StatusWatching, watching} from './watching.ts';

/** A fleet on the peers whose workers all have jobs, two more of which wait, and a laptop that looks at it. */
export type BusyFleet = {
	world: PeerWorld;
	account: ReturnType<typeof accountAt>;
	/** Flags that name the fleet. */
	here: readonly string[];
	/** The laptop's surroundings. */
	env: Record<string, string>;
	count: number;
	/** Its workers are an Auto Scaling group's, which is a source of its own. */
	hasGroup: boolean;
};

/** The document in what `status --json` said. */
export function documentOf({code, stdout, stderr}: Ran): StatusDocument {
	const documents = stdout.split('\n').filter(Boolean).map(documentIn);
	return documents.find((one) => one !== undefined) ?? assert.fail(`exit ${code}\n${stdout}\n${stderr}`);
}

const runner = (signal: 'STOP' | 'CONT') => `kill -${signal} $(systemctl show gitlab-runner --property MainPID | cut -d= -f2)`;

/** What can be stopped, how, and which of the panel's sources fail for it; all others live on. No source fails for two in a row: one comes back meanwhile. */
const stoppable = ({world, hasGroup}: BusyFleet) => [
	{
		name: 'AWS',
		stop: async () => world.aws.faults([{drop: 'before'}]),
		heal: async () => world.aws.faults([]),
		fails: ['ec2', ...(hasGroup ? ['group'] : [])],
	},
	{name: 'sshd', stop: () => world.manager.stopSshd(), heal: () => world.manager.startSshd(), fails: ['host', 'runner', 'journal']},
	{
		name: 'GitLab',
		stop: async () => world.gitlab.fault({answer: 502, on: /^GET /}),
		heal: async () => world.gitlab.fault(),
		fails: ['gitlab'],
	},
	...(hasGroup
		? [
				{
					name: 'Auto Scaling',
					stop: async () => world.aws.faults([{service: 'autoscaling', drop: 'before'}]),
					heal: async () => world.aws.faults([]),
					fails: ['group'],
				},
			]
		: []),
	{
		name: "the runner's metrics",
		stop: async () => void (await onManager(world, runner('STOP'))),
		heal: async () => void (await onManager(world, runner('CONT'))),
		fails: ['runner'],
	},
];

/** Tests of what the panel shows of a fleet with many workers that nothing of this program has made, whichever executor made them. */
export function showsAll(fleet: BusyFleet): void {
	const {world, account, here, env, count, hasGroup} = fleet;
	const sources = ['ec2', 'host', 'runner', 'journal', 'gitlab', ...(hasGroup ? ['group'] : [])];
	const status = (args: readonly string[] = here): Promise<Ran> => programHere(['status', '--json', ...args], env);
	let watch: StatusWatching;
	after(() => watch?.stop());

	test(`from a laptop that has never seen the fleet, each of ${count} workers is listed with job, state, type, zone, age and price`, async () => {
		world.aws.forget();
		const ran = await status();
		const document = documentOf(ran);
		assert.equal(ran.code, 0, JSON.stringify(document.verdict));
		assert.equal(document.workers.length, count);
		for (const worker of document.workers) {
			assert.equal(worker.state, 'busy');
			assert.ok(worker.job && worker.job.id > 0 && worker.type === 'c5.large' && /^us-east-1[a-f]$/.test(worker.zone ?? ''), JSON.stringify(worker));
			assert.ok(
				worker.ageSeconds !== undefined && (worker.usdPerHour ?? 0) > 0 && worker.usdSoFar !== undefined && worker.market === 'spot',
				JSON.stringify(worker),
			);
		}
		assert.equal(new Set(document.workers.map(({job}) => job?.id)).size, count);
		assert.deepEqual([document.waiting.known, document.waiting.jobs], [true, 2]);
		assert.match(document.causes[0]?.says ?? '', new RegExp(`^The limit is ${count} and all ${count} machines are busy or being made`));
		assert.deepEqual(changingCalls(world), []);
	});

	test('one that is terminated outside vanishes within two rounds', async () => {
		watch = watching(here, env);
		const {workers: all} = await watch.until('all of them', ({workers}) => workers.length === count);
		const [worker] = all;
		await account.ec2.send(new TerminateInstancesCommand({InstanceIds: [worker?.instance ?? '']}));
		const terminated = new Date().toISOString();
		const looks = new Set<string>();
		await watch.until('the one that was terminated to vanish', ({workers, sources: {ec2}}) => {
			const {at = ''} = ec2 ?? {};
			if (at > terminated) looks.add(at);
			return !workers.some(({name}) => name === worker?.name);
		});
		assert.ok(looks.size <= 2, `${looks.size} looks at EC2 ended since, the one that was under way counted`);
		await watch.until(
			'a job that waited to run in the stead of the one that failed with it',
			({workers, waiting}) => waiting.jobs === 1 && workers.length === count && workers.every(({state}) => state === 'busy'),
		);
	});

	const isWell = ({sources: seen}: StatusDocument, one: string): boolean => seen[one]?.problem === undefined && seen[one]?.at !== undefined;

	for (const {name, stop, heal, fails} of stoppable(fleet))
		test(`while ${name} is stopped its last value stays with its age, and the rest stays live: what was stopped before comes back by itself`, async () => {
			const lives = sources.filter((one) => !fails.includes(one));
			const atOf = ({sources: seen}: StatusDocument, one: string): string => seen[one]?.at ?? '';
			const ageOf = ({sources: seen}: StatusDocument, one: string): number => seen[one]?.ageSeconds ?? 0;
			await stop();
			try {
				const failing = await watch.until(`${name} to fail`, ({sources: seen}) => fails.every((one) => seen[one]?.problem !== undefined));
				assert.equal(failing.workers.length, count, 'what was seen last is still shown');
				const older = await watch.until(
					'its age to count while the rest is looked at anew',
					(document) =>
						fails.every((one) => ageOf(document, one) > ageOf(failing, one)) &&
						lives.every((one) => isWell(document, one) && atOf(document, one) > atOf(failing, one)),
				);
				for (const one of fails) assert.equal(atOf(older, one), atOf(failing, one), `${one} still shows what it saw last`);
				assert.equal(older.workers.length, count);
			} finally {
				await heal();
			}
		});

	test('what was stopped last comes back by itself too', async () => {
		await watch.until('all to be well', (document) => sources.every((one) => isWell(document, one)));
	});

	test('the same through --manager on a manager without a mark, and nothing is changed: no call, no key, no tag', async () => {
		await watch.stop();
		const managerOf = async () => (await account.things()).find(({sort, tags}) => sort === 'instance' && tags['gitlab-runner-aws:part'] === 'manager');
		const {id = '', tags = {}} = (await managerOf()) ?? {};
		const ours = Object.keys(tags).filter((key) => key.startsWith('gitlab-runner-aws:'));
		await account.ec2.send(new DeleteTagsCommand({Resources: [id], Tags: ours.map((Key) => ({Key}))}));
		try {
			const keysOn = () => onManager(world, 'cat /home/ubuntu/.ssh/authorized_keys 2>/dev/null; true');
			const keys = await keysOn();
			world.aws.forget();
			const ran = await status(['--manager', id, '--region', 'us-east-1']);
			const document = documentOf(ran);
			assert.equal(document.fleet, undefined);
			assert.equal(document.workers.filter(({state, job}) => state === 'busy' && job !== undefined).length, count, JSON.stringify(document.sources));
			assert.match(ran.stdout, /is only looked at: nothing is changed there/);
			assert.deepEqual(changingCalls(world), []);
			assert.equal(await keysOn(), keys);
			const now = (await account.things()).find((thing) => thing.id === id)?.tags ?? {};
			assert.deepEqual(
				Object.keys(now).filter((key) => key.startsWith('gitlab-runner-aws:')),
				[],
			);
		} finally {
			await account.ec2.send(new CreateTagsCommand({Resources: [id], Tags: ours.map((Key) => ({Key, Value: tags[Key] ?? ''}))}));
		}
	});
}

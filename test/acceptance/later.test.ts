import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {until} from '../peers/poll.ts';
import type {Ran} from '../peers/program.ts';
import {wholeFleet} from './account.ts';
import {begin, fleet} from './begin.ts';
import {changingCalls, ended, onManager, problemsIn} from './laptop.ts';

const goesOn = /gitlab-runner-aws setup --fleet gitlab-runners --region us-east-1/;

const {world, account, laptop, setup, standing} = await begin();
after(() => world.stop());

/** Starts setup, and calls back once it looks for the manager's way in, which nothing opens yet. */
async function whileWaitingForSsh(work: (pid: number) => Promise<void> | void): Promise<Ran> {
	world.aws.forget();
	let pid = 0;
	const running = laptop.built(setup, {
		started: (started) => {
			pid = started;
		},
	});
	await until('setup to look for the way in', () => (world.aws.calls().some(({action}) => action === 'GetConsoleOutput') ? true : undefined));
	await work(pid);
	return running;
}

/** Runs setup into trouble on the manager: it is told with the command that goes on, and exactly one of each stands. */
async function fails(code: string, says: RegExp): Promise<void> {
	const ran = await laptop.json(setup);
	ended(ran, 1);
	assert.deepEqual(problemsIn(ran.lines), [code]);
	const problem = ran.lines.findLast((line) => line.event === 'problem');
	assert.ok(problem?.event === 'problem');
	assert.match(problem.message, says);
	assert.match(problem.advice ?? '', goesOn);
	const [before] = ran.lines.filter((line) => line.event === 'run.ended');
	assert.ok(before?.event === 'run.ended' && before.failed === 1 && before.skipped > 0);
	assert.deepEqual(await standing(), wholeFleet);
}

/** Starts a command, sends it a signal while AWS carries this call out, and gives how it ended; AWS takes its time with the answer. */
async function stopped(args: readonly string[], action: string, signal: NodeJS.Signals): Promise<Ran> {
	world.aws.forget();
	const signalled = Promise.withResolvers<void>();
	world.aws.faults([{action, until: signalled.promise, delayMs: 500}]);
	let pid = 0;
	const running = laptop.built(args, {
		started: (started) => {
			pid = started;
		},
	});
	await until(`${action} to be called`, () => (world.aws.calls().some((call) => call.action === action) ? true : undefined));
	process.kill(pid, signal);
	signalled.resolve();
	const ran = await running;
	world.aws.faults([]);
	return ran;
}

/** Ended by a signal, it says what stands, and the command that goes on. */
function saysHowToGoOn(ran: Ran, code: number): void {
	ended(ran, code);
	assert.match(ran.stderr, /Stopped after \d+ of \d+ steps/);
	assert.match(ran.stderr.replaceAll(/\s+/g, ' '), goesOn);
}

test('SIGINT while it looks ends it with 130: nothing was changed', async () => {
	const ran = await stopped(setup, 'DescribeImages', 'SIGINT');
	ended(ran, 130);
	assert.match(ran.stderr, /no change is under way/);
	assert.deepEqual(await standing(), []);
});

test('SIGTERM while it waits for SSH ends it with 143, saying what stands and the command that goes on', async () => {
	await world.manager.stopSshd();
	const ran = await whileWaitingForSsh(async (pid) => {
		// The manager gets its profile meanwhile; then nothing but the way in is waited for.
		await until('the manager to have its profile', () =>
			world.aws.calls().some(({action, code, ms}) => action === 'AssociateIamInstanceProfile' && code === undefined && ms > 0) ? true : undefined,
		);
		process.kill(pid, 'SIGTERM');
	});
	await world.manager.startSshd();
	saysHowToGoOn(ran, 143);
	assert.deepEqual(await standing(), wholeFleet);
});

for (const [signal, code] of [
	['SIGINT', 130],
	['SIGHUP', 129],
] as const) {
	test(`${signal} during a call lets the call end, starts none after it, and ends with ${code}`, async () => {
		await account.closePort('gitlab-runners-workers', 22);
		const ran = await stopped(setup, 'AuthorizeSecurityGroupIngress', signal);
		saysHowToGoOn(ran, code);
		assert.deepEqual(changingCalls(world), ['AuthorizeSecurityGroupIngress']);
		assert.deepEqual(await standing(), wholeFleet);
	});
}

test('a manager that does not let SSH in yet is waited for; a program whose checksum is wrong is not installed', async () => {
	world.downloads.wrongChecksums(true);
	await world.manager.stopSshd();
	const ran = await whileWaitingForSsh(() => world.manager.startSshd());
	ended(ran, 1);
	assert.match(ran.stderr, /isn't what its publisher says/);
	assert.match(ran.stderr.replaceAll(/\s+/g, ' '), goesOn);
	assert.equal((await onManager(world, 'ls -A /usr/local/bin')).trim(), '', 'not even half of a program is left');
	world.downloads.wrongChecksums(false);
	assert.deepEqual(await standing(), wholeFleet);
});

test('a manager whose disk is full is told, and what stood stays', async () => {
	await onManager(world, 'mount -t tmpfs -o size=16k tmpfs /usr/local/bin');
	await fails('disk-full', /disk is full: .*'\/usr\/local\/bin\/[\w-]+'; 0 MiB are free in \/usr\/local\/bin/);
	await onManager(world, 'umount /usr/local/bin');
});

test('a test machine that fails is told with its stage and taken away, and no service begins with what was not proven', async () => {
	await onManager(world, 'echo docker > /etc/docker-machine-fail');
	await fails('worker-docker', /Docker/);
	assert.match(await onManager(world, 'systemctl show gitlab-runner --property ActiveState'), /^ActiveState=(?:inactive|failed)$/m);
});

test('spot capacity that AWS refuses is told with what to do', async () => {
	await onManager(world, 'echo launch > /etc/docker-machine-fail');
	await fails('MaxSpotInstanceCountExceeded', /spot/);
	await onManager(world, 'rm /etc/docker-machine-fail');
});

test('once the trouble is over the same command ends well, and nothing is doubled', async () => {
	ended(await laptop.run(setup), 0);
	assert.deepEqual(await standing(), wholeFleet);
	world.aws.forget();
	ended(await laptop.run(setup), 0);
	assert.deepEqual(changingCalls(world), []);
});

test('a manager that shows another host key is not talked to, and nothing changes', async () => {
	await world.manager.reset();
	for (const args of [['plan', ...fleet], setup]) {
		world.aws.forget();
		const ran = await laptop.json(args);
		ended(ran, 1);
		assert.deepEqual(problemsIn(ran.lines), ['host-key-changed']);
		assert.deepEqual(changingCalls(world), []);
	}
	assert.deepEqual(await standing(), wholeFleet);
});

test('such a fleet can still be taken away', async () => {
	ended(await laptop.run(['destroy', '--yes', '--now', '--with-cache', ...fleet]), 0);
	assert.deepEqual(await standing(), []);
});

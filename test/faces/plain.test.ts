import assert from 'node:assert/strict';
import {test} from 'node:test';
import {placeNames} from '../../source/answers/account.ts';
import {plainText} from '../../source/faces/words/glyphs.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import {isProblem, Problem} from '../../source/problem.ts';
import {limit, runnerToken} from './asked.ts';
import {everything, goodEnd, refused, untilTestMachine, untilTheEnd} from './recorded.ts';
import {plainUnderTest, replay} from './streams.ts';

function told(options: Parameters<typeof plainUnderTest>[0], happenings = everything) {
	const under = plainUnderTest(options);
	replay(under.face, under.clock, happenings);
	return under;
}

test('findings are aligned lines with a glyph, a word and what was found', () => {
	const {lines} = told({});
	assert.ok(lines().includes('+ will be made   cache bucket  gitlab-runners-cache-123456789012-us-east-2'), lines().join('\n'));
	assert.ok(lines().includes('✔ ready          key pair      ed25519, made here'));
	assert.ok(lines().includes('· not yet known  software      after manager'));
});

test('a change says what it does to a fleet that stands, a note and a fix stand below their step', () => {
	const {out} = told({});
	assert.match(out(), /manager type: t3\.small → t3\.medium \(by a new manager\)/);
	assert.match(out(), / {4}! A newer image is there\. It comes with the next manager\./);
	assert.match(out(), /What would mend it: use another token\./);
});

test('nothing is said of what is left of something where nothing is, and in its place what is', () => {
	const steps = [
		{name: 'key-pair', title: 'Key pair'},
		{name: 'old-group', title: 'Old Auto Scaling group', leftover: true} as const,
		{name: 'runner', title: 'Runner'},
	];
	const lines = (is: 'ready' | 'extra', says: string): string[] => {
		const under = plainUnderTest();
		under.face.emit({event: 'plan.started', steps});
		for (const [step, finding] of [
			['runner', 'ready'],
			['old-group', is],
			['key-pair', 'ready'],
		] as const)
			under.face.emit({event: 'step.found', step, is: finding, says: step === 'old-group' ? says : 'there'});
		return under
			.lines()
			.slice(1)
			.map((line) => line.replace(/ +/g, ' '));
	};
	assert.deepEqual(lines('ready', 'none'), ['✔ ready key pair there', '✔ ready runner there']);
	assert.deepEqual(lines('extra', '1 worker'), ['✔ ready key pair there', '‹ will go Old Auto Scaling group 1 worker', '✔ ready runner there']);
});

test('the plan ends with its counts', () => {
	assert.ok(told({}).lines().includes('Plan: 1 ready, 1 will be made, 1 will change, 3 not yet known, 1 blocked.'));
});

test('what is done says so with its time', () => {
	const {lines} = told({});
	assert.ok(lines().includes('✔ cache bucket: made, 90-day lifecycle, 1.2 s'));
	assert.ok(lines().includes('5 done, 1 failed, 1 skipped in 1 m 29 s.'));
});

test('a download is said when it begins, not each time it grows', () => {
	assert.equal(
		told({})
			.lines()
			.filter((line) => line.includes('gitlab-runner 19.3.0 downloading')).length,
		1,
	);
});

test('a repeated text is said once', () => {
	const {face, lines} = plainUnderTest();
	for (let time = 0; time < 3; time++) face.emit({event: 'step.says', step: 'manager', says: 'waiting for SSH'});
	assert.deepEqual(lines(), ['· manager: waiting for SSH']);
});

test('a failure says what, why with the service’s code last, what to do, and the last lines of the tool below', () => {
	const under = told({}, untilTestMachine);
	under.clock.at(70_000);
	under.face.emit({event: 'step.failed', step: 'test-machine', problem: refused, seconds: 27.8});
	const at = under.lines().findIndex((line) => line.startsWith('✖ test machine, after 28 s'));
	assert.match(
		under
			.lines()
			.slice(at, at + 2)
			.join(' ')
			.replace(/ +/g, ' '),
		/ec2:RunInstances\. \(UnauthorizedOperation\)/,
	);
	assert.match(under.out(), /gitlab-runner-aws plan --fleet gitlab-runners/);
	assert.match(under.lines().slice(-2).join('\n'), /Launching instance.*\n.*Waiting for SSH to be available/);
});

test('lines of the tool below stay away while all is well', () => {
	assert.doesNotMatch(told({}, untilTestMachine).out(), /Launching instance/);
});

test('a long wait says what for, how long so far, how long it usually takes, and after a minute what can be looked at', () => {
	const under = told({}, untilTestMachine);
	under.clock.at(68_100 + 29_000);
	under.tick();
	assert.doesNotMatch(under.out(), /test machine: still/);
	under.clock.at(68_100 + 31_000);
	under.tick();
	under.tick();
	assert.equal(under.lines().filter((line) => line.startsWith('· test machine: still waiting for SSH, 56 s (usually about 1 m 40 s).')).length, 1, under.out());
	under.clock.at(68_100 + 92_000);
	under.tick();
	assert.match(under.lines().join(' ').replace(/ +/g, ' '), /still waiting for SSH, 1 m 57 s.*Its last line: Waiting for SSH to be available/);
});

test('at 60 columns nothing is wider, but for commands and addresses that must survive copying', () => {
	const tooWide = told({columns: 60})
		.lines()
		.filter((line) => displayWidth(line) > 60);
	assert.deepEqual(
		tooWide.filter((line) => !/`gitlab-runner-aws|https:|arn:|gitlab-runner-aws destroy/.test(line)),
		[],
	);
});

test('a command is never broken, however narrow it is', () => {
	assert.match(told({columns: 60}).out(), /`gitlab-runner-aws plan --fleet gitlab-runners`/);
	assert.match(told({columns: 60}).out(), /^ +gitlab-runner-aws destroy --fleet gitlab-runners$/m);
});

test('without colour there is no escape code, with it the state alone is coloured', () => {
	assert.ok(!told({}).out().includes('\u001b'));
	const colourful = told({colour: true}).out();
	assert.ok(colourful.includes(`\u001b[32m✔ ready${' '.repeat(10)}\u001b[39mkey pair`), colourful);
	assert.ok(colourful.includes('\u001b[31m✖ blocked'));
});

test('in a terminal without Unicode all is ASCII and the words stay', () => {
	const {out} = told({ascii: true});
	assert.match(out(), /^[\n -~]*$/);
	assert.match(out(), /\* ready +key pair/);
	const inAscii = (text: string): string => plainText(text, {colour: false, ascii: true});
	assert.ok(placeNames.length > 30 && placeNames.map(inAscii).every((name) => /^[ -~]+$/.test(name)));
	assert.equal(inAscii('sa-east-1, São Paulo'), 'sa-east-1, Sao Paulo');
	// What a command names is what is pasted.
	assert.equal(inAscii('--private-key /home/josé/São Tomé'), '--private-key /home/josé/São Tomé');
});

test('a good end names the commands that come next', () => {
	const {out} = told({}, goodEnd);
	assert.match(out(), /your first job passed, 1 m 52 s\n {4}https:\/\/gitlab\.com\/acme\/api\/-\/jobs\/8812/);
	assert.match(out(), /✔ The fleet gitlab-runners stands and takes jobs\.\n {4}gitlab-runner-aws destroy --fleet gitlab-runners\n {8}takes it all away again/);
});

test('a demo says that it is one', () => {
	const {out} = told({}, [[0, {event: 'fleet.known', fleet: 'f', region: 'us-east-2', account: '1', arn: 'a', stands: false, demo: true}]]);
	assert.match(out(), /^! This is a demo/);
});

test('the problem that ends a command goes to the error output, without a stack', () => {
	const {face, err, out} = plainUnderTest();
	face.fail(new Problem({code: 'no-fleet', message: 'There is no fleet ci in us-east-2.', advice: 'Run `gitlab-runner-aws setup --fleet ci`.'}));
	assert.equal(err(), '✖ There is no fleet ci in us-east-2.\n  Run `gitlab-runner-aws setup --fleet ci`.\n');
	assert.equal(out(), '');
});

test('a skipped step names what it needs', () => {
	assert.match(told({}, [...untilTestMachine, ...untilTheEnd]).out(), /- service: skipped, since it needs runner/);
});

test('what is left of something is skipped without a word where nobody was told of it', () => {
	const steps = [
		{name: 'service', title: 'Service', needs: []},
		{name: 'old-manager', title: 'Old manager', needs: ['service'], leftover: true as const},
	];
	const {out} = told({}, [
		[0, {event: 'plan.started', steps}],
		[1, {event: 'step.found', step: 'old-manager', is: 'waiting', says: 'after service'}],
		[2, {event: 'run.started', doing: 'apply', steps}],
		[3, {event: 'step.skipped', step: 'old-manager', because: ['service']}],
	]);
	assert.doesNotMatch(out(), /old manager/);
});

test('what stays of a fleet that is taken away, and costs, is no good news', () => {
	const standing = [{step: 'workers', id: 'i-1', says: 'worker without our mark, about $0.085 an hour', goes: false, costs: true}];
	assert.match(told({}, [[0, {event: 'standing.listed', when: 'after', standing}]]).out(), /^! stays +workers +i-1: worker without our mark/);
});

test('without a terminal a question ends with exit 2 and names its flag', async () => {
	await assert.rejects(
		plainUnderTest().face.ask(limit()),
		(error) => isProblem(error, 'unanswered') && error.exit === 2 && /no terminal/.test(error.message) && /`--limit`/.test(error.advice ?? ''),
	);
	await assert.rejects(plainUnderTest().face.ask(runnerToken()), (error) => isProblem(error, 'unanswered') && /GITLAB_RUNNER_TOKEN/.test(error.advice ?? ''));
});

test('with --yes the default is taken, and what was answered is said', async () => {
	const {face, out} = plainUnderTest({yes: true});
	assert.equal(await face.ask(limit()), 10);
	assert.match(out(), /How many workers at most\? 10 \(default, agreed by --yes\)/);
});

test('with --yes a proposal is shown whole and agreed to', async () => {
	const {face, out} = plainUnderTest({yes: true});
	assert.equal(await face.agree({says: 'This is going to be made.', details: ['Region   us-east-2', 'Cost     about $19 a month']}), true);
	assert.match(out(), /This is going to be made\. \(agreed by --yes\)\n {2}Region {3}us-east-2\n {2}Cost {5}about \$19 a month/);
});

test('without a terminal and without --yes nothing is agreed to', async () => {
	await assert.rejects(plainUnderTest().face.agree({says: 'All goes.', details: [], word: 'ci'}), (error) => isProblem(error, 'unagreed') && error.exit === 2);
});

test('work that is watched can be left with Enter, and its signal ends', async () => {
	const {face, input, out} = plainUnderTest({interactive: true});
	let ended: AbortSignal | undefined;
	const watched = face.watch('Waiting for the first job.', (signal) => {
		ended = signal;
		return new Promise<never>(() => {});
	});
	assert.match(out(), /Press Enter to leave it/);
	input.write('\n');
	assert.equal(await watched, undefined);
	assert.equal(ended?.aborted, true);
});

test('a removal in lines that waits for jobs ends them once now is typed, and hears nothing else', async () => {
	const {face, input, out} = plainUnderTest({interactive: true});
	const {result} = await face.run(undefined, async (helping) => {
		const ended = new Promise<void>((resolve) => helping?.hurry.addEventListener('abort', () => resolve(), {once: true}));
		face.emit({event: 'run.started', doing: 'remove', steps: [{name: 'service', title: 'Service', needs: []}]});
		face.emit({event: 'step.started', step: 'service'});
		assert.doesNotMatch(out(), /Type now/);
		face.emit({event: 'step.says', step: 'service', says: '2 jobs still run: #7 test, #8 build'});
		input.write('what?\nnow\n');
		await ended;
		face.emit({event: 'step.done', step: 'service', says: 'stopped', seconds: 3});
		return 'gone';
	});
	assert.equal(result, 'gone');
	assert.match(out(), /2 jobs still run: #7 test, #8 build\n! Jobs that run are waited for\. Type now and press Enter to end them, and they fail\.\n/);
	assert.match(out(), /"what\?" means nothing while jobs are waited for: only now does\./);
	// What is typed after it waits for the next question.
	input.write('yes\n');
	assert.equal(await face.agree({says: 'All goes.', details: []}), true);
});

test('work that is watched to its end gives its result', async () => {
	assert.equal(await plainUnderTest({interactive: true}).face.watch('Waiting.', async () => 'passed'), 'passed');
});

test('work that fails while it is watched tells its problem', async () => {
	const problem = new Problem({code: 'gitlab', message: 'gitlab.com answered 502.'});
	await assert.rejects(
		plainUnderTest({interactive: true}).face.watch('Waiting.', () => Promise.reject(problem)),
		problem,
	);
});

test('after a run in which something failed, whoever looks on says what comes next; leaving is no failure of its own', async () => {
	const after = async (typed: string) => {
		const under = plainUnderTest({interactive: true});
		under.input.write(typed);
		if (typed === '') under.input.end();
		const work = async () => {
			replay(under.face, under.clock, [...untilTestMachine, [70_000, {event: 'step.failed', step: 'test-machine', problem: refused, seconds: 27.8}]]);
			return 'ended';
		};
		const {result, choice} = await under.face.run(undefined, work);
		assert.equal(result, 'ended');
		return choice;
	};
	assert.deepEqual(await after('what?\nagain\n'), 'again');
	assert.deepEqual(await after('leave\n'), 'leave');
	assert.deepEqual(await after('worker type\n'), {change: 'workerType'});
	assert.deepEqual(await after(''), 'leave');
	const {face} = plainUnderTest({interactive: true});
	assert.deepEqual(await face.run(undefined, async () => 'all well'), {result: 'all well', choice: undefined});
});

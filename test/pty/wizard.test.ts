import assert from 'node:assert/strict';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {after, before, type TestContext, test} from 'node:test';
import {sizes} from '../faces/sizes.ts';
import {startWithoutManager} from '../peers/no-manager.ts';
import type {PeerWorld} from '../peers/world.ts';
import {framesIn, leftAsFound, openTerminal} from './terminal.ts';

const key = {enter: '\r', left: '\x1b[D', up: '\x1b[A', down: '\x1b[B', tab: '\t', escape: '\x1b', ctrlC: '\x03', ctrlF: '\x06'} as const;
const pasted = (text: string): string => `\x1b[200~${text}\x1b[201~`;

let world: PeerWorld;
before(async () => {
	world = await startWithoutManager();
	world.ownAddress('203.0.113.7');
});
after(() => world?.stop());

/** What every setup here needs: the GitLab and the download sites that stand in for the real ones. */
const given = (): string[] => [
	'--executor',
	'docker+machine',
	'--gitlab-url',
	world.gitlab.url,
	'--downloads',
	`gitlabRunner=${world.downloads.gitlabRunner},dockerMachine=${world.downloads.dockerMachine}`,
];

type Options = NonNullable<Parameters<typeof openTerminal>[2]>;

/** The program in a real terminal, keyboard only. */
function open(t: TestContext, args: string[], {env, ...options}: Options = {}) {
	const terminal = openTerminal('../../dist/cli.js', args, {columns: 120, rows: 40, env: {...world.env, ...env}, ...options});
	t.after(() => terminal.close());
	return {
		...terminal,
		/** Presses, then waits for words. */
		async and(keys: string, right: RegExp) {
			terminal.press(keys);
			await terminal.until(right);
		},
	};
}

test('three mistakes show as blocked while still choosing, and the key beside each mends it', async (t) => {
	const {until, and, press, text} = open(t, ['setup', '--fleet', 'mistaken', ...given()]);
	await until(/Which image[\s\S]*› ubuntu-24[\s\S]* al2023 /);
	for (let row = 0; row < 12; row++) press(key.down);
	await until(/› Another/);
	await and(key.enter, /back to the list/);
	press('ubuntu-24.04-arm64');
	await until(/arm64, but[\s\S]*t3\.small is x86_64[\s\S]*ctrl-f {2}use t4g\.small instead/);
	await and(key.ctrlF, /Done: use t4g\.small instead/);
	await until(/✔ images/);
	await until(/› ubuntu-24\.04-arm64/);
	await and(key.enter, /Which security group[\s\S]*default sg-/);
	await and(key.down, /› default sg-/);
	await until(/keeps[\s\S]*f {2}let in 203\.0\.113\.7\/32/);
	await and('f', /Done: let in 203\.0\.113\.7\/32/);
	await until(/\+ security groups/);
	await and(key.enter, /Which key pair opens/);
	press(key.enter);
	await until(/caches go/);
	press(key.enter);
	await until(/Which instance type are/);
	press(key.enter);
	await until(/spot instances/);
	press(key.enter);
	await until(/How many workers/);
	press('999');
	await until(/999 workers of c5\.large need[\s\S]*1998 vCPUs[\s\S]*ctrl-f {2}lower the limit to 320/);
	await and(key.ctrlF, /Done: lower the limit to 320/);
	await until(/✔ quota/);
	assert.doesNotMatch(text(), /✖/);
	assert.deepEqual(
		world.aws.calls().filter(({changing}) => changing),
		[],
		'nothing was made',
	);
});

test('a missing permission shows before anything is made', async (t) => {
	await world.aws.deny(['iam:CreateRole']);
	t.after(() => world.aws.deny([]));
	const {until, text} = open(t, ['setup', '--fleet', 'denied', ...given()]);
	await until(/✖ permissions/);
	assert.match(text().replace(/[│\s]+/g, ' '), /iam:CreateRole/);
});

test('a preset from a colleague goes straight to the review, which says all of it that doesn’t exist here', async (t) => {
	const preset = join(await world.newHome(), 'colleague.json');
	const answers = {
		region: 'us-east-1',
		image: 'ami-0123456789abcdef0',
		securityGroup: 'sg-0123456789abcdef0',
		keyPair: 'bob',
		privateKey: '/nowhere/bob.pem',
		limit: 3,
		runner: 'token',
	};
	await writeFile(preset, JSON.stringify({version: 1, description: "Bob's", answers}));
	const {until, text} = open(t, ['setup', '--fleet', 'colleague', '--preset', preset, ...given()], {env: {GITLAB_RUNNER_TOKEN: world.gitlab.token()}});
	await until(/Review: 3 things are blocked/);
	const left = text()
		.split('\n')
		.map((line) => line.split('│')[0] ?? '')
		.join(' ')
		.replace(/\s+/g, ' ');
	for (const named of [/has no image ami-0123456789abcdef0/, /sg-0123456789abcdef0 can't be used/, /bob/]) assert.match(left, named);
});

test('whoever leaves the questions is given the command that begins with the answers of before', async (t) => {
	const env = {XDG_CONFIG_HOME: await world.newHome()};
	const terminal = open(t, ['setup', '--fleet', 'left', ...given()], {env});
	await terminal.until(/Which image[\s\S]*› ubuntu-24[\s\S]* al2023 /);
	await terminal.and(key.down, /› ubuntu-22/);
	await terminal.and(key.enter, /Which security/);
	terminal.press(key.ctrlC);
	assert.equal(await terminal.ended(), 130);
	assert.match(
		terminal.text().replace(/\s+/g, ' '),
		/Nothing was made or changed\. 5 answers are kept, and `gitlab-runner-aws setup` goes on with them\. With these answers again: `gitlab-runner-aws setup .*--fleet left --executor docker\+machine --image ubuntu-22\.04/,
	);
	// Whoever comes back goes on at the question that was left.
	const again = open(t, ['setup', '--fleet', 'left', ...given()], {env});
	await again.until(/Go on where you left[\s\S]*5 answers of[\s\S]*› go on/);
	await again.and(key.enter, /✔ image: ubuntu-22\.04[\s\S]*Which security group/);
	again.press(key.ctrlC);
	assert.equal(await again.ended(), 130);
});

test('without credentials it says so and waits; nothing is lost, and r tries again', async (t) => {
	const {AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...env} = world.env;
	const terminal = openTerminal('../../dist/cli.js', ['setup', ...given()], {columns: 80, rows: 24, env});
	t.after(() => terminal.close());
	await terminal.until(/This has to be mended first[\s\S]*credentials/);
	terminal.press('r');
	await terminal.until(/This has to be mended first/);
	terminal.press(key.ctrlC);
	assert.equal(await terminal.ended(), 130);
	assert.match(terminal.text(), /Nothing was made or changed/);
});

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} question, plan, commands, token and review are whole, and each key of the hint line works`, async (t) => {
		// Whoever leaves at the end leaves a draft, which the next size isn't asked about.
		const env = {XDG_CONFIG_HOME: await world.newHome()};
		const {until, and, press, lines, raw} = open(t, ['setup', '--fleet', 'sized', ...given()], {columns, rows, env});
		await until(/Which image/);
		await until(/^(?!.*being looked at).*not yet known/s);
		assert.match(lines()[0] ?? '', /^ set up › image/);
		await until(() => /↵ take.*↑↓ choose.*\? help.*ctrl-c quit/.test(lines()[rows - 1] ?? ''));
		await and(key.tab, /ready +identity/);
		await and(key.tab, /Which image/);
		await and('?', /── help/);
		await and(key.escape, /↵ take {2}/);
		const before = raw().length;
		await and(key.down, /› ubuntu-22/);
		// What comes after it is what the checks find for it.
		const step = framesIn(raw().slice(before)).find((drawn) => drawn.includes('ubuntu-22'))?.length ?? Number.POSITIVE_INFINITY;
		assert.ok(step < 4 * columns + 2000, `${step} bytes for one step of the cursor`);
		await and(key.up, /› ubuntu-24/);
		for (const right of [/Which security/, /Which key pair/, /caches go/, /instance type are/, /spot inst/, /How many/]) await and(key.enter, right);
		await and(key.enter, /What is the runner's token/);
		const left = lines().map((line) => line.split('│')[0] ?? '');
		assert.match(left.join(' ').replace(/\s+/g, ' '), /Settings › CI\/CD › Runners › New runner.*Choose Linux.*begins with glrt-/);
		press(pasted(world.gitlab.token()));
		await until(/•{10}/);
		await and(key.enter, /Review: this is what Enter makes/);
		await until(/[Aa]t most\s+about\s+\$/);
		await until(() => /↵ make it.*\? help.*ctrl-c quit/.test(lines()[rows - 1] ?? ''));
		await and(key.down, /› runner token/);
		press(key.ctrlC);
	});
}

const screens: Record<string, {args: () => string[]; reach: (terminal: ReturnType<typeof open>) => Promise<void>}> = {
	home: {args: () => [], reach: async ({until}) => void (await until(/Fleets[\s\S]*Presets/))},
	question: {args: () => ['setup', '--fleet', 'ended', ...given()], reach: async ({until}) => void (await until(/Which image/))},
	'plan over a question': {
		args: () => ['setup', '--fleet', 'ended', ...given()],
		async reach({until, and}) {
			await until(/Which image/);
			await and(key.tab, /ready +identity/);
		},
	},
	'token field': {args: () => ['setup', '--fleet', 'ended', '--preset', 'small', ...given()], reach: async ({until}) => void (await until(/runner's token/))},
	review: {
		args: () => ['setup', '--fleet', 'ended', '--preset', 'small', ...given()],
		async reach({until, and, press}) {
			await until(/runner's token/);
			press(pasted(world.gitlab.token()));
			await until(/•{10}/);
			await and(key.enter, /Review: this/);
		},
	},
};

for (const [name, {args, reach}] of Object.entries(screens)) {
	for (const [end, code] of [
		['SIGTERM', 143],
		['SIGHUP', 129],
		['ctrl-c', 130],
	] as const) {
		test(`${end} at the ${name} ends with ${code}, and the terminal is as it was`, async (t) => {
			const terminal = open(t, args(), {shell: true, columns: 80, rows: 24});
			await reach(terminal);
			if (end === 'ctrl-c') terminal.press(key.ctrlC);
			else terminal.signal(end);
			await terminal.ended();
			leftAsFound(terminal, code);
		});
	}
}

test('a wizard resized at any moment draws itself anew, in two panes or in one', async (t) => {
	const {until, resize, lines} = open(t, ['setup', '--fleet', 'resized', ...given()]);
	await until(/│ Plan[\s\S]*Which image/);
	resize(60, 20);
	await until(() => /Plan .*/.test(lines()[18] ?? '') && /ctrl-c quit/.test(lines()[19] ?? ''));
	resize(200, 60);
	await until(() => /│ Plan/.test(lines()[1] ?? '') && /ctrl-c quit/.test(lines()[59] ?? ''));
	resize(50, 10);
	await until(/This needs 40 columns/);
	resize(80, 24);
	await until(/Which image/);
});

test('a screen reader hears the question, its choices and the plan’s counts; no frame is drawn', async (t) => {
	const {until, text} = open(t, ['setup', '--fleet', 'heard', ...given()], {env: {INK_SCREEN_READER: 'true'}, columns: 80, rows: 40});
	await until(/Which image[\s\S]*ubuntu-24\.04 [\s\S]*Plan/);
	assert.doesNotMatch(text(), /│|─{5}/);
});

test('without Unicode and without colour the walk is ASCII, and every state is a word', async (t) => {
	const {until, text, raw} = open(t, ['setup', '--fleet', 'plainly', ...given()], {env: {LANG: 'C', LC_ALL: 'C', NO_COLOR: '1'}, columns: 80, rows: 24});
	await until(/Which image[\s\S]*not yet known/);
	assert.match(text(), /^[\n -~]*$/);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for
	assert.doesNotMatch(raw(), /\x1b\[(1|2|[39]\d)m/);
});

test('home shows the presets and looks in every enabled region; where none has a fleet, setup opens by itself', async (t) => {
	const {until} = open(t, []);
	await until(/looked in \d+ of \d+ regions[\s\S]*Presets[\s\S]*small|Which executor/);
	await until(/Which executor/);
});

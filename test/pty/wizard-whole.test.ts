import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {program} from '../peers/program.ts';
import {type PeerWorld, startWorld} from '../peers/world.ts';
import {leftAsFound, openTerminal} from './terminal.ts';

const key = {enter: '\r', ctrlC: '\x03'} as const;
const pasted = (text: string): string => `\x1b[200~${text}\x1b[201~`;

let world: PeerWorld;
before(async () => {
	world = await startWorld();
	world.ownAddress('203.0.113.7');
});
after(() => world?.stop());

const given = (): string[] => [
	'--gitlab-url',
	world.gitlab.url,
	'--downloads',
	`gitlabRunner=${world.downloads.gitlabRunner},dockerMachine=${world.downloads.dockerMachine}`,
];

test('from nothing to the first job with ten answers, nine of them chosen by Enter; then a second fleet from the saved preset with no question but the review', async (t) => {
	const {AWS_REGION: _, ...nowhere} = world.env;
	const home = await world.newHome();
	const first = openTerminal('../../dist/cli.js', ['setup', ...given()], {columns: 120, rows: 40, env: {...nowhere, HOME: home}});
	t.after(() => first.close());
	let answers = 0;
	const answer = async (keys: string, right: RegExp): Promise<void> => {
		answers++;
		first.press(keys);
		await first.until(right);
	};
	await first.until(/Which region\?[\s\S]*us-east-1/);
	first.press('/');
	await first.until(/^ \/ /m);
	first.press('us-east-1');
	await first.until(/› us-east-1/);
	await answer(key.enter, /Which executor/);
	await answer(key.enter, /Which image/);
	await answer(key.enter, /Which security group/);
	await answer(key.enter, /Which key pair opens/);
	await answer(key.enter, /caches go/);
	await answer(key.enter, /Which instance type are/);
	await answer(key.enter, /spot instances/);
	await answer(key.enter, /How many workers/);
	await answer(key.enter, /runner's token[\s\S]*Settings › CI\/CD › Runners/);
	const token = world.gitlab.token();
	first.press(pasted(token));
	await first.until(/•{10}/);
	await answer(key.enter, /Review: this is what Enter makes/);
	assert.equal(answers, 10);
	await first.until(/[Aa]t most\s+about\s+\$\d+ a month/);
	first.press('p');
	await first.until(/What is the preset called/);
	first.press(key.enter);
	await first.until(/Preset gitlab-runners is saved/);
	first.press(key.enter);
	await first.until(/of \d+ done/);
	// What has been seen of it is a job that is still to come: from then on one counts.
	await first.until(/Waiting for the first job[\s\S]*\.gitlab-ci\.yml[\s\S]*waiting for a job/);
	world.gitlab.queue();
	await first.until(/gitlab-runners is set up[\s\S]*✔ Your first job passed[\s\S]*What comes next/);
	first.press('q');
	assert.equal(await first.ended(), 0);
	assert.equal(first.kind(), 'normal');
	assert.match(first.text(), /your first job passed, \d/);
	assert.ok(!first.raw().includes(token), 'the token is never on the screen');

	const folder = join(home, '.config', 'gitlab-runner-aws', 'presets');
	assert.deepEqual(await readdir(folder), ['gitlab-runners.json']);
	assert.ok(!(await readFile(join(folder, 'gitlab-runners.json'), 'utf8')).includes(token));

	const second = openTerminal('../../dist/cli.js', ['setup', '--preset', 'gitlab-runners', '--fleet', 'second', ...given()], {
		columns: 120,
		rows: 40,
		env: {...nowhere, HOME: home, GITLAB_RUNNER_TOKEN: world.gitlab.token()},
	});
	t.after(() => second.close());
	await second.until(/Review: this is what Enter makes/);
	assert.match(second.text(), /region +us-east-1 +\(preset\)/);
	await second.until(/[Aa]t most\s+about/);
	second.press(key.enter);
	await second.until(/of \d+ done/);
	second.press(key.ctrlC);
	assert.equal(await second.ended(), 130);
	assert.match(second.text(), /To go on: `gitlab-runner-aws setup --fleet second --region us-east-1`/);

	const ended = openTerminal('../../dist/cli.js', ['setup', '--preset', 'gitlab-runners', '--fleet', 'ended', ...given()], {
		columns: 80,
		rows: 24,
		shell: true,
		env: {...nowhere, HOME: home, GITLAB_RUNNER_TOKEN: world.gitlab.token()},
	});
	t.after(() => ended.close());
	await ended.until(/Review: this is what Enter makes/);
	await ended.until(/[Aa]t most\s+about/);
	ended.press(key.enter);
	await ended.until(/of \d+ done/);
	ended.signal('SIGTERM');
	await ended.ended();
	leftAsFound(ended, 143);
	assert.match(ended.raw(), /Stopped after \d+ of \d+ steps/);

	const manager = /\bi-[0-9a-f]{17}\b/.exec(first.raw())?.[0] ?? assert.fail('no manager was named');
	const copied = await program(['presets', 'save', 'copied', '--from', manager, '--plain'], {...world.env, HOME: home});
	assert.equal(copied.code, 0, copied.stderr);
	const {answers: read} = JSON.parse(await readFile(join(folder, 'copied.json'), 'utf8'));
	assert.deepEqual([read.executor, read.limit, read.gitlabUrl, read.runner], ['docker-autoscaler', 10, world.gitlab.url, 'token']);
	assert.ok(!JSON.stringify(read).includes(token));

	const third = openTerminal('../../dist/cli.js', [], {columns: 120, rows: 40, env: {...world.env, HOME: home}});
	t.after(() => third.close());
	await third.until(/gitlab-runners +us-east-1 +✔ running, about \$\d\.\d+\/h, \d of 10 machines busy/);
	await third.until(/Presets[\s\S]*gitlab-runners +used today/);
	third.press('q');
	assert.equal(await third.ended(), 0);
});

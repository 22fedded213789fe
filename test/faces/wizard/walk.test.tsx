import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup} from 'ink-testing-library';
import {Problem, Stopped} from '../../../source/problem.ts';
import {type Checks, keys, walk} from './walking.tsx';

afterEach(cleanup);

/** The region is known, and the executor has been chosen. */
const here = {environment: {region: 'us-east-2'}, flag: {executor: 'docker+machine'}} as const;
const token = 'glrt-abcdefghij';

/** Takes every default up to the token. */
async function toToken({and, until}: ReturnType<typeof walk>): Promise<void> {
	await until(/Which image/);
	await and(keys.enter, /Which security group/);
	await and(keys.enter, /Which key pair opens/);
	await and(keys.enter, /caches go/);
	await and(keys.enter, /Which instance type are/);
	await and(keys.enter, /spot instances/);
	await and(keys.enter, /How many workers/);
	await and(keys.enter, /runner's token/);
}

test('eight answers lead from nothing to the review, seven of them Enter, and Enter there agrees', async () => {
	const walked = walk({layers: here});
	await toToken(walked);
	assert.match(walked.frame(), /8 of 8/);
	walked.press(token);
	await walked.until(/•{15}/);
	assert.doesNotMatch(walked.frame(), /abcdef/);
	await walked.and(keys.enter, /Review: this is what Enter makes/);
	await walked.until(/Cost +The manager: about \$19/);
	walked.press(keys.enter);
	const {settled} = await walked.agreed();
	assert.equal(walked.given.get('runnerToken'), token);
	assert.deepEqual([settled.given.image, settled.given.limit, settled.given.runner], ['ubuntu-24.04', 10, 'token']);
	assert.equal(settled.sources.limit, 'default');
});

test('where the region isn’t known it is asked first, and nothing is looked at before', async () => {
	const walked = walk();
	await walked.until(/Which region\?/);
	assert.equal(walked.looked.length, 0);
	assert.match(walked.frame(), /1 of 10/);
	assert.match(walked.frame(), /begins once the region is known/);
	await walked.until(/us-east-2 +Ohio/);
	await walked.and(keys.down, /› us-east-2/);
	await walked.and(keys.enter, /Which executor[\s\S]*› docker-autoscaler/);
	await walked.and(keys.enter, /Which image/);
	await walked.until(() => walked.looked.length > 0);
	assert.match(walked.frame(), /✔ region: us-east-2/);
});

test('a session that is refused only once the question stands there is in the way as it would be before; r asks again, and a login that fails is told', async () => {
	const refusal = Promise.withResolvers<void>();
	let answer = refusal.promise;
	const login = {command: 'aws sso login', run: () => false};
	const walked = walk({answering: () => answer, login});
	await walked.until(/Which region\?[\s\S]*asking AWS what there is/);
	refusal.reject(new Problem({code: 'session-expired', message: 'The session has expired.', advice: 'Run `aws sso login`.'}));
	await walked.until(/mended first[\s\S]*The session has expired\.[\s\S]*r try again/);
	await walked.and('L', /`aws sso login` didn't log in/);
	answer = Promise.resolve();
	await walked.and('r', /Which region\?[\s\S]*us-east-2 +Ohio/);
});

test('a region where nothing answers is left again by the way back, with every answer kept', async () => {
	const walked = walk({
		layers: {typed: {image: 'debian-13'}},
		record: async ({region}) => {
			if (region === 'eu-west-1') throw new Problem({code: 'no-answer', message: "Systems Manager in eu-west-1 can't be reached."});
			return undefined;
		},
	});
	await walked.until(/› eu-west-1 +Ireland/);
	await walked.and(keys.enter, /mended first[\s\S]*eu-west-1 can't be reached[\s\S]*esc back/);
	await walked.and(keys.escape, /Which region\?/);
	await walked.and('G', /› us-east-2/);
	await walked.and(keys.enter, /Which executor/);
	assert.deepEqual([walked.looked.at(-1)?.answers.region, walked.looked.at(-1)?.answers.image], ['us-east-2', 'debian-13']);
});

test('where AWS has told which regions are enabled no other can be typed; G goes to the last of a list', async () => {
	const walked = walk();
	await walked.until(/us-east-2 +Ohio/);
	assert.doesNotMatch(walked.frame(), /Another|edit it/);
	await walked.and('G', /› us-east-2/);
	await walked.and('g', /› eu-west-1/);
	await walked.and(keys.enter, /Which executor/);
});

test('an answer that the plan is blocked on isn’t shown as done, until it is mended', async () => {
	const checks: Checks = ({managerType}) =>
		managerType === 't4g.small'
			? [{event: 'step.found', step: 'images', is: 'ready', says: 'ubuntu'}]
			: [{event: 'step.found', step: 'images', is: 'blocked', says: 'arm64', fix: 'use t4g.small instead', mends: {managerType: 't4g.small'}}];
	const walked = walk({layers: here, checks});
	await walked.until(/Which image/);
	await walked.and(keys.enter, /Which security group/);
	await walked.until(/✖ image: ubuntu-24\.04/);
	await walked.and('f', /✔ image: ubuntu-24\.04/);
});

test('Enter names the default; what was typed before is kept, not taken for the default', async () => {
	await walk({layers: here, at: 'cacheDays'}).until(/After how many days[\s\S]*↵ take 90 days, the default/);
	await walk({layers: {...here, typed: {limit: 7}}, at: 'limit'}).until(/How many workers[\s\S]*↵ keep 7 machines/);
	await walk({layers: here, at: 'profile'}).until(/Which AWS profile[\s\S]*▏none[\s\S]*↵ leave it empty/);
	await walk({layers: here, at: 'tags'}).until(/Which tags[\s\S]*▏none[\s\S]*↵ leave it empty/);
});

test('beside the limit stands what it costs, of the number that is typed', async () => {
	const walked = walk({layers: here, at: 'limit', costsOf: ({limit}) => [`At most $${limit * 30} a month.`]});
	await walked.until(/Cost +At most \$300 a month\./);
	walked.press('42');
	await walked.until(/Cost +At most \$1260 a month\./);
	await walked.and(keys.enter, /runner's token/);
	assert.doesNotMatch(walked.frame(), /Cost +At most/);
});

test('the review’s answers are filtered with /, Enter changes the one in focus, and Escape shows all again without agreeing to anything', async () => {
	const walked = walk({layers: {...here, typed: {limit: 7}}, at: 'review'});
	await walked.until(/runner's token/);
	walked.press(token);
	await walked.and(keys.enter, /Review: this/);
	await walked.and('/', /↵ change it/);
	for (const letter of 'limit chosen') walked.press(letter);
	await walked.until(/\/ limit chosen▏[\s\S]*› limit +7 machines +\(chosen\)/);
	assert.doesNotMatch(walked.frame(), /idle count/);
	await walked.and(keys.enter, /How many workers[\s\S]*keep 7 machines/);
	await walked.and(keys.escape, /› limit +7/);
	walked.press('zzz');
	await walked.until(/No answer has these letters/);
	walked.press(keys.enter);
	await walked.and(keys.escape, /↵ make it/);
});

test('a fleet that is as its answers say is reviewed as that, and Escape leads to what comes after it, with nothing in the way', async () => {
	const checks: Checks = () => ['images', 'quota', 'bucket'].map((step) => ({event: 'step.found', step, is: 'ready', says: 'as it is'}));
	const walked = walk({layers: {...here, typed: {limit: 7}}, at: 'review', record: {limit: 7}, leadsTo: 'the panel', checks});
	await walked.until(/runner's token/);
	walked.press(token);
	await walked.and(keys.enter, /Review: all is as the answers say, Enter changes nothing[\s\S]*↵ go on[\s\S]*esc to the panel/);
	walked.press(keys.escape);
	await assert.rejects(walked.agreed(), {code: 'left', message: 'Nothing was changed.'});
});

test('a schedule is chosen from usual ones, its week drawn; another begins from the one in focus, and its week goes along as it is typed', async () => {
	const walked = walk({layers: here, at: 'schedule', rows: 40});
	await walked.until(/› none/);
	await walked.and(keys.down, /› weekdays 8-18, 1 idle, Europe\/Berlin[\s\S]*Mon +·{8}1{10}·{6}[\s\S]*Sun +·{24}/);
	await walked.and(keys.right, /weekdays 8-18, 1 idle, Europe\/Berlin▏/);
	for (let at = 0; at < ', 1 idle, Europe/Berlin'.length; at++) walked.press(keys.left);
	await walked.until(/weekdays 8-18▏, 1/);
	await walked.and('\u0017', /weekdays ▏, 1/);
	walked.press('6-20');
	await walked.until(/Mon +·{6}1{14}·{4}/);
	await walked.and(keys.enter, /✔ schedule: weekdays 6-20, 1 idle, Europe\/Berlin/);
});

test('at 60x20 too the week of a schedule is drawn, for which answered questions give way', async () => {
	const walked = walk({layers: here, at: 'schedule', columns: 60, rows: 20});
	await walked.until(/› none/);
	await walked.and(keys.down, /› weekdays 8-18, 1 idle, Europe\/Berlin[\s\S]*Another, typed[\s\S]*Mon-Fri +·{8}1{10}·{6}[\s\S]*idle workers by hour/);
	await walked.and(keys.right, /weekdays 8-18, 1 idle, Europe\/Berlin▏[\s\S]*Mon +·{8}1{10}·{6}/);
});

test('answers of before are offered before anything is asked: gone on with at the question that was left, or forgotten', async () => {
	const kept = {says: '2 answers of 10:42', answers: {image: 'debian-13', limit: 7}, left: ['executor', 'securityGroup']} as const;
	const forgotten: string[] = [];
	const draft = {kept, taken: false, forget: () => void forgotten.push('forgotten')};
	const on = walk({layers: here, draft});
	await on.until(/Go on where you left[\s\S]*2 answers of 10:42[\s\S]*image debian-13, limit 7[\s\S]*› go on/);
	await on.and(keys.enter, /✔ image: debian-13[\s\S]*Which key pair opens/);
	const anew = walk({layers: here, draft});
	await anew.until(/› go on/);
	await anew.and(keys.down, /› begin anew/);
	await anew.and(keys.enter, /1 of \d/);
	assert.doesNotMatch(anew.frame(), /✔ image:/);
	assert.deepEqual(forgotten, ['forgotten']);
	const taken = walk({layers: here, draft: {...draft, taken: true}});
	await taken.until(/✔ image: debian-13[\s\S]*Which key pair opens/);
});

test('whoever began at home goes back there from the first question, and only from there', async () => {
	const home = new Error('went home');
	const walked = walk({
		layers: here,
		home() {
			throw home;
		},
	});
	await walked.until(/Which (executor|image)[\s\S]*← back/);
	await walked.and(keys.enter, /2 of \d/);
	await walked.and(keys.left, /1 of \d/);
	walked.press(keys.left);
	await assert.rejects(walked.agreed(), home);
});

test('keys pressed ahead of the screens are taken in order, none twice', async () => {
	const walked = walk({layers: here});
	await walked.until(/Which image/);
	walked.press(keys.enter, keys.enter, keys.enter);
	await walked.until(/caches go/);
	assert.match(walked.frame(), /4 of 8/);
});

test('back from the last question to the first and forward again keeps every answer', async () => {
	const walked = walk({layers: here});
	const {and, until} = walked;
	await until(/Which image/);
	await and(keys.enter, /Which security group/);
	await and(keys.enter, /Which key pair opens/);
	await and(keys.enter, /caches go/);
	await and(keys.down, /› none/);
	await and(keys.enter, /Which instance type are/);
	await and(keys.down, /› m5.large/);
	await and(keys.enter, /spot instances/);
	await and('n', /How many workers/);
	walked.press('42');
	await until(/42▏/);
	await and(keys.enter, /runner's token/);
	await and(keys.left, /How many workers[\s\S]*› ▏42/);
	await and(keys.left, /spot instances[\s\S]*› no/);
	await and(keys.left, /Which instance type are[\s\S]*› m5.large/);
	await and(keys.left, /caches go[\s\S]*› none/);
	await and(keys.left, /Which key pair opens/);
	await and(keys.left, /Which security group/);
	await and(keys.left, /Which image/);
	assert.doesNotMatch(walked.frame(), /← back/);
	await toToken(walked);
	walked.press(token);
	await until(/•{15}/);
	await and(keys.enter, /Review: this/);
	walked.press(keys.enter);
	const {settled} = await walked.agreed();
	const {cache, workerType, spot, limit} = settled.given;
	assert.deepEqual({cache, workerType, spot, limit}, {cache: 'none', workerType: 'm5.large', spot: false, limit: 42});
});

test('an answer that was typed instead of chosen is kept by Enter when one comes back to it', async () => {
	const walked = walk({layers: here});
	const {and, until} = walked;
	await until(/Which image/);
	for (let key = 0; key < 5; key++) walked.press(keys.down);
	await and(keys.enter, /back to the list/);
	walked.press('ami-0123456789abcdef0');
	await until(/cdef0▏/);
	await and(keys.enter, /Who logs in to the manager|Which security group/);
	await and(keys.left, /› ami-0123456789abcdef0/);
});

test('another region keeps what is still true and asks again for what isn’t there', async () => {
	const walked = walk();
	const {and, until} = walked;
	await until(/us-east-2 +Ohio/);
	await and(keys.down, /› us-east-2/);
	await and(keys.enter, /Which executor/);
	await and(keys.enter, /Which image/);
	await and(keys.enter, /old sg-0123/);
	await and(keys.down, /› old sg-0123456789abcdef0/);
	await and(keys.enter, /Which key pair/);
	await and(keys.left, /› old sg-0123456789abcdef0/);
	await and(keys.left, /Which image/);
	await and(keys.left, /Which executor/);
	await and(keys.left, /Which region/);
	await and(keys.up, /› eu-west-1/);
	await and(keys.enter, /Which executor/);
	await and(keys.enter, /Which image/);
	// The little account has the same group everywhere, so that it stays.
	assert.match(walked.frame(), /security group: sg-0123456789abcdef0/);
});

const tooMany: Checks = ({limit, workerType}) => [
	{event: 'step.found', step: 'images', is: 'ready', says: 'ubuntu for all'},
	limit > 16
		? {
				event: 'step.found',
				step: 'quota',
				is: 'blocked',
				says: `${limit} workers of ${workerType} need ${limit * 2} vCPUs, and this account may run 32.`,
				problem: {code: 'VcpuLimitExceeded', message: `${limit} workers need ${limit * 2} vCPUs, and this account may run 32.`, fault: 'told'},
				fix: 'lower the limit to 16',
				mends: {limit: 16},
			}
		: {event: 'step.found', step: 'quota', is: 'ready', says: `${limit * 2} of 32 vCPUs`},
	{event: 'step.found', step: 'bucket', is: 'missing', says: 'gitlab-runners-cache'},
];

test('a value that is only typed is looked at already, and the key beside the finding mends it', async () => {
	const walked = walk({layers: here, checks: tooMany});
	const {and, until} = walked;
	await until(/Which image/);
	walked.press(keys.enter, keys.enter, keys.enter, keys.enter, keys.enter, keys.enter);
	await until(/How many workers/);
	await and('40', /40 workers need 80 vCPUs/);
	assert.match(walked.frame(), /ctrl-f lower the limit to 16/);
	await and(keys.ctrlF, /Done: lower the limit to 16/);
	await until(/32 of 32 vCPUs/);
	await and(keys.enter, /runner's token/);
	assert.match(walked.frame(), /limit: 16/);
});

test('while something is blocked Enter at the review makes nothing and says why; f mends it there too', async () => {
	const walked = walk({layers: {...here, preset: {limit: 40}}, at: 'review', checks: tooMany});
	const {and, until} = walked;
	await until(/runner's token/);
	walked.press(token);
	await until(/•{15}/);
	await and(keys.enter, /Review: 1 thing is blocked/);
	await until(/Cost/);
	await and(keys.enter, /Nothing is made while something is blocked/);
	await and('f', /Review: this is what Enter makes/);
	await until(/Cost/);
	walked.press(keys.enter);
	assert.equal((await walked.agreed()).settled.given.limit, 16);
});

test('a blocked finding that nothing mends leads to the answer it is about', async () => {
	const checks: Checks = () => [
		{event: 'step.found', step: 'images', is: 'ready', says: 'ubuntu for all'},
		{event: 'step.found', step: 'quota', is: 'ready', says: 'enough'},
		{
			event: 'step.found',
			step: 'bucket',
			is: 'blocked',
			says: 'taken',
			problem: {code: 'foreign-bucket', message: "The bucket is somebody else's.", fault: 'told'},
		},
	];
	const walked = walk({layers: {...here, preset: {limit: 4}}, at: 'review', checks});
	await walked.until(/runner's token/);
	walked.press(token);
	await walked.until(/•{15}/);
	await walked.and(keys.enter, /somebody else's[\s\S]*c {2}change cache/);
	await walked.and('c', /caches go/);
	await walked.and(keys.escape, /Review: 1 thing/);
});

test('with a preset the walk begins at the review; an answer is changed in place and its source is shown', async () => {
	const walked = walk({layers: {...here, preset: {limit: 4, workerType: 'm5.large'}}, at: 'review'});
	const {and, until} = walked;
	await until(/runner's token/);
	walked.press(token);
	await until(/•{15}/);
	await and(keys.enter, /Review: this/);
	for (let key = 0; key < 14; key++) walked.press(keys.down);
	await until(/› worker type +m5\.large +\(preset\)/);
	await and(keys.enter, /Which instance type are the workers/);
	await and(keys.up, /› c5\.large/);
	await and(keys.enter, /worker type +c5\.large +\(chosen\)/);
	assert.match(walked.frame(), /› worker type/);
});

test('escape at a changed answer leaves it as it was', async () => {
	const walked = walk({layers: {...here, preset: {limit: 4}}, at: 'limit'});
	await walked.until(/How many workers/);
	await walked.and('9', /9▏/);
	await walked.and(keys.escape, /runner's token/);
	walked.press(token);
	await walked.until(/•{15}/);
	await walked.and(keys.enter, /Review: this/);
	assert.equal(walked.looked.at(-1)?.answers.limit, 4);
});

test('the runner can be had made instead: its questions follow, and the token asked for is a GitLab one', async () => {
	const walked = walk({layers: here});
	await toToken(walked);
	await walked.and(keys.ctrlN, /Which project is the runner for/);
	walked.press('acme/api');
	await walked.until(/acme\/api▏/);
	await walked.and(keys.enter, /Which GitLab token may make the runner/);
	walked.press('glpat-abcdefghijk');
	await walked.until(/•{17}/);
	await walked.and(keys.enter, /Review: this/);
	await walked.until(/Cost/);
	walked.press(keys.enter);
	const {settled} = await walked.agreed();
	assert.deepEqual([settled.given.runner, settled.given.project, walked.given.get('gitlabToken')], ['create', 'acme/api', 'glpat-abcdefghijk']);
});

test('a asks every key, in order', async () => {
	const walked = walk({layers: {environment: here.environment}});
	await walked.until(/Which executor/);
	await walked.and('a', /Which AWS profile/);
	// It has no default: Enter leaves it to the SDK's own chain.
	await walked.and(keys.enter, /What is the fleet called/);
	await walked.and(keys.enter, /Which executor/);
	await walked.and(keys.enter, /Which subnet/);
	assert.doesNotMatch(walked.frame(), /a ask everything/);
});

test('for a fleet that stands its record answers, and only the review is shown', async () => {
	const record = {
		region: 'us-east-2',
		fleet: 'gitlab-runners',
		executor: 'docker+machine',
		image: 'ubuntu-24.04',
		securityGroup: 'create',
		keyPair: 'create',
		cache: 'create',
		workerType: 'm5.large',
		spot: true,
		limit: 7,
		runner: 'create',
	} as const;
	const walked = walk({layers: here, record});
	await walked.until(/Which project is|Which group|GitLab token may/);
	assert.equal(walked.looked.at(-1)?.answers.workerType, 'm5.large');
});

test('p saves what is on show, and a wrong name says what would be right', async () => {
	const walked = walk({layers: {...here, preset: {limit: 4}}, at: 'review'});
	await walked.until(/runner's token/);
	walked.press(token);
	await walked.until(/•{15}/);
	await walked.and(keys.enter, /Review: this/);
	await walked.and('p', /What is the preset called/);
	await walked.and('/', /mine\//);
	await walked.and(keys.enter, /It takes up to 64 letters/);
	await walked.and('\u007f', /› mine▏/);
	await walked.and(keys.enter, /Preset mine is saved/);
	assert.equal(walked.saved.get('mine')?.given.limit, 4);
	assert.doesNotMatch(JSON.stringify([...walked.saved]), /abcdef/);
});

test('tab opens the plan and leads back; e shows the commands of each step', async () => {
	const walked = walk({layers: here});
	await walked.until(/Which image/);
	await walked.and(keys.tab, /✔ ready +images/);
	await walked.and(keys.tab, /Which image/);
	await walked.and('e', /commands, 1 of 3: images[\s\S]*aws do images/);
	assert.doesNotMatch(walked.frame(), /step before/);
	await walked.and(keys.right, /aws do quota[\s\S]*next step.*step before/);
	await walked.and('e', /Which image/);
});

test('e begins at the commands of what is asked', async () => {
	const walked = walk({layers: here});
	await walked.until(/Which image/);
	walked.press(keys.enter, keys.enter, keys.enter);
	await walked.until(/caches go/);
	await walked.and('e', /commands, 3 of 3: cache bucket[\s\S]*aws do bucket[\s\S]*step before/);
	assert.doesNotMatch(walked.frame(), /next step/);
	await walked.and('y', /Copied, if the terminal allows it[\s\S]*Nothing\s+to\s+paste\?\s+Mark\s+it\s+with\s+the\s+mouse\.\s+aws do bucket/);
	assert.deepEqual(walked.written, [`\u001b]52;c;${Buffer.from('aws do bucket').toString('base64')}\u0007`]);
});

test('where there is no room for two panes the plan is one line, and a blocked finding stands whole in its place, with its key', async () => {
	const walked = walk({layers: here, checks: tooMany, columns: 80});
	await walked.until(/Plan {2}2 ✔ ready {2}1 \+ to make/);
	walked.press(keys.enter, keys.enter, keys.enter, keys.enter, keys.enter, keys.enter);
	await walked.until(/How many workers/);
	await walked.and('40', /✖ quota: blocked: 40 workers need 80 vCPUs[\s\S]*ctrl-f {2}lower the limit to 16/);
});

test('ctrl-c leaves, whatever is on the screen', async () => {
	const walked = walk({layers: here});
	await walked.until(/Which image/);
	walked.press(keys.ctrlC);
	await assert.rejects(walked.agreed(), Stopped);
});

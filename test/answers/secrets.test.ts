import assert from 'node:assert/strict';
import test from 'node:test';
import {interview} from '../../source/answers/interview.ts';
import {interviewSecrets, secretsIn, secretsNeeded} from '../../source/answers/secret-interview.ts';
import {
	gitlabTokenQuestion,
	mfaCodeQuestion,
	runnerPage,
	runnerTokenQuestion,
	wrongAccessKeyId,
	wrongGitlabToken,
	wrongRunnerToken,
} from '../../source/answers/secrets.ts';
import type {Answers} from '../../source/fleet.ts';
import {asking, problemOf, scripted} from './stub.ts';

const {answers} = await interview({layers: {flag: {region: 'us-east-2'}}, asking: asking()});
const withAnswers = (over: Partial<Answers>): Answers => ({...answers, ...over});
const nothingKept = {token: false, accessKey: false, dockerHub: true};
const secretKey = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00';

test('a runner’s token of any kind that GitLab gives out is taken', () => {
	for (const token of ['glrt-abcdefghijklmnopqrst', 'glrt-t1_abcdefghijklmnopqrst', 'glrt-t3_abc.01.0w1abcd']) assert.equal(wrongRunnerToken(token), undefined);
});

const others: [what: string, token: string, says: RegExp][] = [
	['a registration token', 'GR1348941abcdefghijklmnop', /registration token of the old way, which GitLab takes away in 20\.0/],
	['a token of the old registration', 'glrtr-abcdefghijklmnop', /registered the old way/],
	['a CI job’s token', 'glcbt-64_abcdefghijklmnop', /CI job's token/],
	['a personal token', 'glpat-abcdefghijklmnop', /a person's GitLab token, which can do far more/],
	['two lines', 'glrt-abcdefgh\nijkl', /without spaces or line ends/],
	['a word', 'hello', /begins with glrt-/],
];
for (const [what, token, says] of others) {
	test(`no runner's token, with the reason and without the text: ${what}`, () => {
		const sentence = wrongRunnerToken(token) ?? '';
		assert.match(sentence, says);
		assert.doesNotMatch(sentence, /abcdefgh|hello/);
	});
}

test('a GitLab token may have any prefix but one of another kind', () => {
	assert.equal(wrongGitlabToken('glpat-abcdefghijklmnop'), undefined);
	assert.equal(wrongGitlabToken('acme-abcdefghijklmnop'), undefined);
	assert.match(wrongGitlabToken('glrt-abcdefghijklmnop') ?? '', /a runner's token; it can't make a runner/);
	assert.match(wrongGitlabToken('glcbt-abcdefghijklmnop') ?? '', /create_runner/);
});

test('a session’s access key is refused, since it ends', () => {
	assert.match(wrongAccessKeyId('ASIAIOSFODNN7EXAMPLE') ?? '', /ends with it/);
	assert.equal(wrongAccessKeyId('AKIAIOSFODNN7EXAMPLE'), undefined);
	assert.match(mfaCodeQuestion('arn:aws:iam::1:mfa/alice').wrong?.('12345') ?? '', /six digits/);
});

test('the token’s question says the exact page of a project or group, and what to tick there', () => {
	assert.equal(runnerPage(withAnswers({project: 'acme/api'})), 'https://gitlab.com/acme/api/-/runners/new');
	assert.equal(runnerPage(withAnswers({group: 'acme', gitlabUrl: 'https://git.example.com'})), 'https://git.example.com/groups/acme/-/runners/new');
	assert.match(
		runnerTokenQuestion(withAnswers({project: 'acme/api'})).help,
		/^Open https:\/\/gitlab\.com\/acme\/api\/-\/runners\/new\. .*"Run untagged jobs".*glrt-/,
	);
	assert.match(runnerTokenQuestion(answers).help, /^Open https:\/\/gitlab\.com, in it your project or group, then Settings › CI\/CD › Runners/);
	assert.match(gitlabTokenQuestion(answers).help, /https:\/\/gitlab\.com\/-\/user_settings\/personal_access_tokens, tick create_runner/);
});

test('a fleet that has its token is asked for none', () => {
	assert.deepEqual(secretsNeeded({answers, secrets: {}, kept: {token: true, accessKey: false, dockerHub: true}}), []);
	assert.deepEqual(secretsNeeded({answers: withAnswers({runner: 'create'}), secrets: {}, kept: {token: true, accessKey: false, dockerHub: true}}), []);
});

const needs: [title: string, over: Partial<Answers>, locked: string | undefined, ids: string[]][] = [
	['a token', {}, undefined, ['runnerToken']],
	['a GitLab token where we make the runner', {runner: 'create'}, undefined, ['gitlabToken']],
	['an access key where the manager works with one', {access: 'access-keys'}, undefined, ['runnerToken', 'accessKeyId', 'accessKeySecret']],
	['the passphrase of a key that has one', {}, '~/.ssh/mine', ['runnerToken', 'passphrase']],
];
for (const [title, over, locked, ids] of needs) {
	test(`needed: ${title}`, () => {
		const needed = secretsNeeded({answers: withAnswers(over), secrets: {}, kept: nothingKept, locked});
		assert.deepEqual(
			needed.map(({id}) => id),
			ids,
		);
	});
}

test('what is missing where no one can be asked is told together, with how to give each', async () => {
	const problem = await problemOf(() => interviewSecrets({answers: withAnswers({access: 'access-keys'}), secrets: {}, kept: nothingKept}));
	assert.equal(problem.exit, 2);
	assert.deepEqual(problem.message.split('\n'), [
		"The runner's token is missing, and no one can be asked.",
		"The manager's access key is missing, and no one can be asked.",
	]);
	assert.match(problem.advice ?? '', /GITLAB_RUNNER_TOKEN.*--token-file -.*--access-key-file/);
});

test('typed secrets are asked for until their form is right; a passphrase keeps its spaces', async () => {
	const ask = scripted({
		runnerToken: ['glpat-abcdefghijklmnop', ' glrt-abcdefghijklmnop\n'],
		accessKeyId: ['AKIAIOSFODNN7EXAMPLE'],
		accessKeySecret: ['short', secretKey],
		passphrase: ['', ' two words '],
	});
	const secrets = await interviewSecrets({answers: withAnswers({access: 'access-keys'}), secrets: {}, kept: nothingKept, locked: '~/.ssh/mine', ask});
	assert.deepEqual(secrets, {
		runnerToken: 'glrt-abcdefghijklmnop',
		gitlabToken: undefined,
		accessKey: {id: 'AKIAIOSFODNN7EXAMPLE', secret: secretKey},
		passphrase: ' two words ',
		dockerHubToken: undefined,
	});
	assert.equal(ask.put.length, 7);
	assert.match(ask.put[1]?.refused ?? '', /a person's GitLab token/);
});

test('a given secret of another form is refused before anyone is asked, and not repeated', async () => {
	const ask = scripted({});
	const problem = await problemOf(() =>
		interviewSecrets({answers, secrets: {runnerToken: 'GR1348941abcdefghijklmnop'}, kept: {token: true, accessKey: true, dockerHub: true}, ask}),
	);
	assert.equal(problem.exit, 2);
	assert.doesNotMatch(problem.message, /abcdefgh/);
	assert.equal(ask.put.length, 0);
});

test('a file beats the environment, and its line end is no part of it', () => {
	const environment = {GITLAB_RUNNER_TOKEN: 'glrt-from-environment', GITLAB_TOKEN: 'glpat-from-environment'};
	const secrets = secretsIn({files: {token: 'glrt-from-file\n'}, environment});
	assert.deepEqual([secrets.runnerToken, secrets.gitlabToken, secrets.accessKey], ['glrt-from-file', 'glpat-from-environment', undefined]);
	assert.equal(secretsIn({files: {}, environment: {}}).runnerToken, undefined);
});

test('a file that is named and holds nothing is told as empty, whatever the environment holds', async () => {
	const environment = {GITLAB_RUNNER_TOKEN: 'glrt-from-environment'};
	for (const text of ['', '\n', '  \r\n']) {
		const problem = await problemOf(() => secretsIn({files: {token: text}, environment}));
		assert.deepEqual([problem.code, problem.exit], ['secret-empty', 2]);
		assert.match(problem.message, /`--token-file` names is empty: there is no runner's token in it/);
	}
	assert.match((await problemOf(() => secretsIn({files: {gitlabToken: ''}, environment}))).message, /`--gitlab-token-file` names is empty/);
});

const keyFiles: [what: string, text: string][] = [
	['two lines', `AKIAIOSFODNN7EXAMPLE\n${secretKey}\n`],
	['AWS’s CSV', `Access key ID,Secret access key\r\nAKIAIOSFODNN7EXAMPLE,${secretKey}\r\n`],
	['a credentials file', `[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = ${secretKey}\n`],
];
for (const [what, text] of keyFiles) {
	test(`an access key is read from ${what}`, () => {
		assert.deepEqual(secretsIn({files: {accessKey: text}, environment: {}}).accessKey, {id: 'AKIAIOSFODNN7EXAMPLE', secret: secretKey});
	});
}

test('an access key file that lacks one half says which', async () => {
	assert.match((await problemOf(() => secretsIn({files: {accessKey: 'AKIAIOSFODNN7EXAMPLE'}, environment: {}}))).message, /holds no secret access key/);
	assert.match((await problemOf(() => secretsIn({files: {accessKey: secretKey}, environment: {}}))).message, /holds no access key id/);
});

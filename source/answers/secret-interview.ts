import type {Answers} from '../fleet.ts';
import {Problem} from '../problem.ts';
import type {Ask, Asked, SecretQuestion} from './question.ts';
import {
	accessKeyIdQuestion,
	accessKeySecretQuestion,
	dockerHubTokenQuestion,
	gitlabTokenQuestion,
	passphraseQuestion,
	runnerTokenQuestion,
	type Secrets,
	wrongAccessKeyId,
	wrongAccessKeySecret,
	wrongDockerHubToken,
	wrongGitlabToken,
	wrongRunnerToken,
} from './secrets.ts';

/** What decides which secrets are needed. */
export type SecretInterview = {
	answers: Answers;
	/** Secrets from files and the environment. */
	secrets: Secrets;
	/** What the fleet has already: a token on its manager or in SSM, an access key and Docker Hub's login on its manager. */
	kept: {token: boolean; accessKey: boolean; dockerHub: boolean};
	/** The path of a private key that has a passphrase. */
	locked?: string | undefined;
	/** Absent where no one can be asked. */
	ask?: Ask | undefined;
};

/**
 * Asks for the secrets that these answers need and that neither somebody gave nor the fleet has. Where no one can be asked, or a given one
 * has the form of something else, it throws one Problem that names the ways to give them (exit 2), never a secret.
 */
export async function interviewSecrets(interview: SecretInterview): Promise<Secrets> {
	const {secrets, ask} = interview;
	refuseWrong(secrets);
	const needed = secretsNeeded(interview);
	if (needed.length === 0) return secrets;
	if (!ask) throw missing(needed);
	const typed = new Map<SecretQuestion['id'], string>();
	for (const question of needed) typed.set(question.id, await askSecret(question, ask));
	const [id, secret] = [typed.get('accessKeyId'), typed.get('accessKeySecret')];
	return {
		runnerToken: secrets.runnerToken ?? typed.get('runnerToken'),
		gitlabToken: secrets.gitlabToken ?? typed.get('gitlabToken'),
		accessKey: secrets.accessKey ?? (id !== undefined && secret !== undefined ? {id, secret} : undefined),
		passphrase: secrets.passphrase ?? typed.get('passphrase'),
		dockerHubToken: secrets.dockerHubToken ?? typed.get('dockerHubToken'),
	};
}

/** What is still to be given, in the order of asking. */
export function secretsNeeded({answers, secrets, kept, locked}: SecretInterview): SecretQuestion[] {
	const {registryMirror, registryMirrorUser: user} = answers;
	return [
		...(answers.runner === 'token' && !kept.token && !secrets.runnerToken ? [runnerTokenQuestion(answers)] : []),
		...(answers.runner === 'create' && !kept.token && !secrets.gitlabToken ? [gitlabTokenQuestion(answers)] : []),
		...(answers.access === 'access-keys' && !kept.accessKey && !secrets.accessKey ? [accessKeyIdQuestion, accessKeySecretQuestion] : []),
		...(registryMirror === 'create' && user !== undefined && !kept.dockerHub && !secrets.dockerHubToken ? [dockerHubTokenQuestion(user)] : []),
		...(locked !== undefined && !secrets.passphrase ? [passphraseQuestion(locked)] : []),
	];
}

/** Asks for one secret until its form is right. */
export async function askSecret(question: SecretQuestion, ask: Ask): Promise<string> {
	const {asked: first, read} = putSecret(question);
	const {wrong} = first;
	let asked = first;
	for (let tries = 0; tries < 50; tries += 1) {
		const answer = read(await ask(asked));
		const refused = wrong(answer);
		if (refused === undefined && typeof answer === 'string') return answer;
		asked = {question, wrong, refused: refused ?? 'It takes an answer.'};
	}
	throw new Problem({code: 'no-answer-fits', exit: 2, message: `The question "${question.title}" has been answered 50 times, and no answer fits.`});
}

/** A secret's question as put to a person, and how what they typed is read: spaces at its ends aren't part of it, but in a passphrase. */
export function putSecret(question: SecretQuestion): {asked: Asked; read(value: unknown): unknown} {
	const read = (value: unknown) => (typeof value !== 'string' || question.id === 'passphrase' ? value : value.trim());
	return {asked: {question, wrong: (value) => wrongSecret(question, read(value))}, read};
}

const wrongSecret = (question: SecretQuestion, value: unknown): string | undefined =>
	typeof value === 'string' && value !== '' ? question.wrong?.(value) : 'It takes an answer.';

function missing(needed: readonly SecretQuestion[]): Problem {
	const each = [...new Map(needed.map((one) => [one.called, one])).values()];
	return new Problem({
		code: 'secret-missing',
		exit: 2,
		message: each.map(({called}) => `${called} is missing, and no one can be asked.`).join('\n'),
		advice: each.map(({instead}) => instead).join(' '),
	});
}

function refuseWrong({runnerToken, gitlabToken, accessKey, dockerHubToken}: Secrets): void {
	const lines = [
		["The runner's token", runnerToken && wrongRunnerToken(runnerToken)],
		['The GitLab token', gitlabToken && wrongGitlabToken(gitlabToken)],
		["The access key's id", accessKey && wrongAccessKeyId(accessKey.id)],
		["The access key's secret", accessKey && wrongAccessKeySecret(accessKey.secret)],
		['The access token for Docker Hub', dockerHubToken && wrongDockerHubToken(dockerHubToken)],
	].flatMap(([what, says]) => (says ? [`${what} has another form than it should. ${says}`] : []));
	if (lines.length > 0) throw new Problem({code: 'secret-wrong', exit: 2, message: lines.join('\n')});
}

/** Secrets as they come from outside: the text of each file that was named, and the environment, which files beat. */
export type SecretTexts = {
	files: {token?: string | undefined; gitlabToken?: string | undefined; accessKey?: string | undefined; dockerHubToken?: string | undefined};
	environment: Record<string, string | undefined>;
};

/** Reads secrets out of files and environment. Throws a Problem (exit 2) for a file that holds none. */
export function secretsIn({files, environment}: SecretTexts): Secrets {
	return {
		runnerToken: tokenIn('--token-file', "runner's token", files.token, environment.GITLAB_RUNNER_TOKEN),
		gitlabToken: tokenIn('--gitlab-token-file', 'GitLab token', files.gitlabToken, environment.GITLAB_TOKEN),
		accessKey: files.accessKey === undefined ? undefined : accessKeyIn(files.accessKey),
		dockerHubToken: tokenIn('--docker-hub-token-file', 'access token for Docker Hub', files.dockerHubToken, environment.DOCKER_HUB_TOKEN),
	};
}

/** A token in a file, else in the environment. A file that was named is meant, so an empty one is no reason to look elsewhere. */
function tokenIn(flag: string, what: string, file: string | undefined, environment: string | undefined): string | undefined {
	if (file === undefined) return environment?.trim() || undefined;
	const token = file.trim();
	if (token !== '') return token;
	throw new Problem({
		code: 'secret-empty',
		exit: 2,
		message: `What \`${flag}\` names is empty: there is no ${what} in it.`,
		advice: `Put the ${what} there, in one line.`,
	});
}

/** The id and secret in a file: AWS's own CSV, a credentials file, or two lines. */
function accessKeyIn(text: string): {id: string; secret: string} {
	const words = text.split(/[\s,="']+/);
	const id = words.find((word) => wrongAccessKeyId(word) === undefined);
	const secret = words.find((word) => wrongAccessKeySecret(word) === undefined);
	if (id && secret) return {id, secret};
	throw new Problem({
		code: 'secret-wrong',
		exit: 2,
		message: `The file of \`--access-key-file\` holds no ${id ? 'secret access key' : 'access key id'}.`,
		advice: 'It takes two lines: the id, which begins with AKIA, and the secret, 40 letters, digits, / and +.',
	});
}

import type {Answers} from '../fleet.ts';
import type {SecretQuestion} from './question.ts';

/** Secrets that were given; they are never part of answers, events or the record. */
export type Secrets = {
	runnerToken?: string | undefined;
	gitlabToken?: string | undefined;
	accessKey?: {id: string; secret: string} | undefined;
	passphrase?: string | undefined;
	/** Docker Hub's access token, or a password, of the answered `registryMirrorUser`. */
	dockerHubToken?: string | undefined;
};

/** Tokens of other kinds that people paste, told by their beginning, with what they are (docs/facts.md, "Runner tokens"). */
const others: readonly [start: RegExp, what: string][] = [
	[/^GR1348941/, "a registration token of the old way, which GitLab takes away in 20.0. A new runner's own token begins with glrt-"],
	[/^glrtr-/, "the token of a runner that was registered the old way. A new runner's own token begins with glrt-"],
	[/^glcbt-/, "a CI job's token, which ends with its job. A new runner's own token begins with glrt-"],
	[/^gl(pat|oas)-/, "a person's GitLab token, which can do far more than run jobs. A new runner's own token begins with glrt-"],
	[/^gldt-/, "a deploy token. A new runner's own token begins with glrt-"],
];

/** Says why a text is no runner token, without repeating it, or nothing. */
export function wrongRunnerToken(token: string): string | undefined {
	const other = others.find(([start]) => start.test(token))?.[1];
	if (other) return `This is ${other}.`;
	if (/\s/.test(token)) return 'It takes the token alone, without spaces or line ends in it.';
	return /^glrt-[\w.-]+$/.test(token) ? undefined : "It takes a runner's token, which begins with glrt-.";
}

/** Says why a text is no GitLab token of a person, or nothing. Its prefix can be another on self-managed GitLab. */
export function wrongGitlabToken(token: string): string | undefined {
	if (/^glrtr?-/.test(token))
		return "This is a runner's token; it can't make a runner. It takes a personal, group or project access token with the scope create_runner.";
	if (/^(GR1348941|glcbt-|gldt-)/.test(token))
		return "This token can't make a runner. It takes a personal, group or project access token with the scope create_runner.";
	return /^\S+$/.test(token) ? undefined : 'It takes the token alone, without spaces or line ends in it.';
}

/** Says why a text is no access key's id, or nothing. */
export function wrongAccessKeyId(id: string): string | undefined {
	if (/^ASIA/.test(id)) return "This key is a session's and ends with it. It takes the key of an IAM user, which begins with AKIA.";
	return /^AKIA[A-Z0-9]{16}$/.test(id) ? undefined : 'It takes an access key id: AKIA and 16 capital letters and digits.';
}

/** Says why a text is no access key's secret, or nothing. */
export const wrongAccessKeySecret = (secret: string): string | undefined =>
	/^[A-Za-z0-9/+]{40}$/.test(secret) ? undefined : 'It takes the secret access key: 40 letters, digits, / and +.';

/** Says why a text is no token or password of Docker Hub's, or nothing: it's a line of a file that systemd reads. */
export const wrongDockerHubToken = (token: string): string | undefined =>
	/^[!-~]+$/.test(token) ? undefined : 'It takes the token alone, without spaces or line ends in it.';

type ForGitlab = Pick<Answers, 'gitlabUrl' | 'project' | 'group' | 'fleet'>;

/** The page where a runner is made in GitLab, as exactly as the answers tell. */
export function runnerPage({gitlabUrl, project, group}: ForGitlab): string {
	if (project) return /^\d+$/.test(project) ? `${gitlabUrl}/projects/${project}` : `${gitlabUrl}/${project}/-/runners/new`;
	return group && !/^\d+$/.test(group) ? `${gitlabUrl}/groups/${group}/-/runners/new` : gitlabUrl;
}

/** The runner's token: says on which page it is made, and what to tick there. */
export function runnerTokenQuestion(answers: ForGitlab): SecretQuestion {
	const page = runnerPage(answers);
	const where = page.endsWith('/new') ? `Open ${page}` : `Open ${page}, in it your project or group, then Settings › CI/CD › Runners › New runner`;
	return {
		id: 'runnerToken',
		title: "What is the runner's token?",
		help: `${where}. Choose Linux, enter tags (such as ${answers.fleet}) or tick "Run untagged jobs", press "Create runner", and copy the token: it begins with glrt- and is shown once.`,
		called: "The runner's token",
		instead: 'Set `GITLAB_RUNNER_TOKEN`, or pipe the token in with `--token-file -`.',
		wrong: wrongRunnerToken,
	};
}

/** A GitLab token that may make the runner. */
export const gitlabTokenQuestion = ({gitlabUrl}: Pick<Answers, 'gitlabUrl'>): SecretQuestion => ({
	id: 'gitlabToken',
	title: 'Which GitLab token may make the runner?',
	help: `Open ${gitlabUrl}/-/user_settings/personal_access_tokens, tick create_runner (and manage_runner, so that it can be deleted again), and copy the token. It is used now and kept nowhere.`,
	called: 'A GitLab token that may make the runner',
	instead: 'Set `GITLAB_TOKEN`, or pipe the token in with `--gitlab-token-file -`.',
	wrong: wrongGitlabToken,
});

const accessKey = {called: "The manager's access key", instead: 'Put id and secret in a file, and give `--access-key-file key.txt`.'};

/** The id of the access key that the manager works with. */
export const accessKeyIdQuestion: SecretQuestion = {
	id: 'accessKeyId',
	title: "What is the id of the manager's access key?",
	help: 'The access key of an IAM user that may do what the manager needs. It begins with AKIA.',
	...accessKey,
	wrong: wrongAccessKeyId,
};

/** The secret of that key. */
export const accessKeySecretQuestion: SecretQuestion = {
	id: 'accessKeySecret',
	title: 'And its secret?',
	help: "The secret access key. It goes into root's AWS credentials file on the manager, mode 0600, and nowhere else.",
	...accessKey,
	wrong: wrongAccessKeySecret,
};

/** The token by which the mirror pulls from Docker Hub. */
export const dockerHubTokenQuestion = (user: string): SecretQuestion => ({
	id: 'dockerHubToken',
	title: `What is ${user}'s access token at Docker Hub?`,
	help: 'Make one at https://app.docker.com/settings/personal-access-tokens that may read public repositories, and copy it. It goes into a file for root alone on the manager, and nowhere else.',
	called: 'The access token for Docker Hub',
	instead: 'Set `DOCKER_HUB_TOKEN`, or pipe the token in with `--docker-hub-token-file -`.',
	wrong: wrongDockerHubToken,
});

/** The passphrase of a private key that was named. */
export const passphraseQuestion = (path: string): SecretQuestion => ({
	id: 'passphrase',
	title: `What is the passphrase of ${path}?`,
	help: 'It is used now and kept nowhere.',
	called: `The passphrase of ${path}`,
	instead: 'Run it in a terminal, or name a key without a passphrase with `--private-key`.',
});

/** The code of a multi-factor device, by its serial number or ARN. */
export const mfaCodeQuestion = (serial: string): SecretQuestion => ({
	id: 'mfaCode',
	title: `What is the code of ${serial}?`,
	help: 'The six digits that the device shows now.',
	called: `The code of ${serial}`,
	instead: 'Run it in a terminal, or use a profile whose session is already there.',
	wrong: (code) => (/^\d{6}$/.test(code) ? undefined : 'It takes six digits.'),
});

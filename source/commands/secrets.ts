import {interviewSecrets, type SecretInterview} from '../answers/secret-interview.ts';
import type {Context, Looking} from '../engine/step.ts';
import type {Answers} from '../fleet.ts';
import {isProblem} from '../problem.ts';
import {accountLook, managersOf} from '../steps/looks/account.ts';
import {recordLook} from '../steps/looks/record.ts';
import {publicHalf} from '../steps/private-key.ts';
import {storedTokenLook} from '../steps/token.ts';
import type {Session} from './session.ts';

/** Problems that are there only until a secret is given, and what a plan that changes nothing says instead. */
export const notGivenYet = {
	'runner-token-missing': 'token not given yet',
	'gitlab-token-missing': 'GitLab token not given yet',
	'access-key-missing': 'access key not given yet',
	'docker-hub-token-missing': 'access token for Docker Hub not given yet',
};

/** All that is needed, or only what the manager can't be reached without. */
export type WhichSecrets = 'all' | 'reach';

/** Asks for what is needed and missing. */
export async function askSecrets(session: Session, context: Context, which: WhichSecrets): Promise<void> {
	const needed = await secretsFor(session, context, context.answers);
	const interview = which === 'all' ? needed : {...needed, kept: {token: true, accessKey: true, dockerHub: true}};
	const secrets = await interviewSecrets({...interview, ...(session.interactive ? {ask: session.face.ask} : {})});
	const isGiven = (one: 'gitlabToken' | 'runnerToken'): boolean => secrets[one] !== session.secrets[one];
	// Their questions say which GitLab they are for.
	if (isGiven('gitlabToken') || isGiven('runnerToken')) session.nameGitlab(context.answers.gitlabUrl);
	// The context holds this very record.
	Object.assign(session.secrets, secrets);
}

/** What decides which secrets these answers need: what was given, and what the fleet has already. */
export async function secretsFor(session: Session, looking: Looking, answers: Answers): Promise<SecretInterview> {
	const kept = managersOf(looking.fleet, await looking.look(accountLook)).length > 0;
	const stored = answers.tokenStore === 'ssm' ? await looking.look(storedTokenLook) : undefined;
	if (stored !== undefined) session.hide(stored);
	const before = kept ? (await looking.look(recordLook))?.answers.registryMirrorUser : undefined;
	return {
		answers,
		secrets: session.secrets,
		kept: {token: kept || stored !== undefined, accessKey: kept, dockerHub: before !== undefined && before === answers.registryMirrorUser},
		locked: await lockedKey(looking, answers),
	};
}

/** The path of the private key that was answered, when it has a passphrase that wasn't given. */
async function lockedKey({disk, secrets}: Looking, {privateKey: path}: Answers): Promise<string | undefined> {
	if (path === undefined || secrets.passphrase !== undefined) return undefined;
	try {
		publicHalf(await disk.read(path), path);
		return undefined;
	} catch (error) {
		if (isProblem(error, 'private-key-passphrase')) return path;
		// What else is wrong with it is the key pair's own finding, told with all the others.
		if (isProblem(error)) return undefined;
		throw error;
	}
}

import type {Context, Look, Looking, Note} from '../engine/step.ts';
import {type Fleet, mark, names} from '../fleet.ts';
import {isProblem, Problem, unless} from '../problem.ts';
import type {ExecutorConfig, RunnerToken} from './config/fields.ts';
import {standingToken} from './config/standing.ts';
import {accountLook, type Instance, managersOf} from './looks/account.ts';
import {lookAtHost} from './looks/host.ts';
import {makeParameter} from './parameter.ts';
import {tagList} from './tags.ts';

/** A token that GitLab takes, and where it is from; or none is known, and the runner has to be created in GitLab first. */
export type TokenSource = {from: 'given' | 'old manager' | 'SSM'; token: RunnerToken} | {from: 'create'};

/** What a manager that takes over gets of the one before: the whole config.toml, and the id by which GitLab knows it. */
export type Heritage = {token: RunnerToken; config: string; systemId?: string | undefined};

/** The token kept beside the record, for `tokenStore` = `ssm`. Its value is a secret. */
export const storedTokenLook: Look<string | undefined> = {
	name: 'stored token',
	async load({cloud, fleet}) {
		const answer = await unless(cloud.call('GetParameter', {Name: names.token(fleet), WithDecryption: true}), 'ParameterNotFound');
		return answer?.Parameter?.Value;
	},
};

/** Codes of a manager that nobody can ask; where its host key isn't verified yet, nobody has given it a config.toml either. */
const unreachable = ['host-key-unknown', 'ssh-no-answer', 'ssh-refused', 'ssh-denied', 'ssh-closed', 'manager-private', 'instance-connect-not-allowed'];

/** Managers of the fleet that run beside this one: those that it takes over from. */
async function others(context: Looking, manager: Instance): Promise<Instance[]> {
	const all = managersOf(context.fleet, await context.look(accountLook));
	return all.filter(({id, state}) => id !== manager.id && state === 'running');
}

/** What a manager takes over from the one before it, where one runs that can be asked. */
export async function heritageOf(context: Context, config: ExecutorConfig, manager: Instance | undefined): Promise<Heritage | undefined> {
	const {answers, fleet} = context;
	for (const old of manager ? await others(context, manager) : []) {
		const facts = await unless(lookAtHost(context, old), ...unreachable);
		const token = facts?.config && standingToken(facts.config.text, {answers, config, fleet});
		if (facts?.config && token) return {token, config: facts.config.text, systemId: facts.systemId};
	}
	return undefined;
}

const newToken = 'Make a new runner token in GitLab, and give it with `--token-file -` or `GITLAB_RUNNER_TOKEN`.';

const missing = (): Problem =>
	new Problem({
		code: 'runner-token-missing',
		message: "The runner's token is missing: no manager of this fleet holds one yet.",
		advice: 'Set `GITLAB_RUNNER_TOKEN`, or pipe the token in with `--token-file -`.',
	});

const cannotCreate = (): Problem =>
	new Problem({
		code: 'gitlab-token-missing',
		message: 'The runner is to be created in GitLab, and no GitLab token was given.',
		advice: 'Set `GITLAB_TOKEN` to a token with the scope `create_runner`, or answer `--runner token`.',
	});

const refusedAt = (where: string, detail: string): Problem =>
	new Problem({code: 'runner-token-refused', message: `GitLab refuses the runner's token ${where}: ${detail}.`, advice: newToken});

const refusals: Record<'old manager' | 'SSM', Problem> = {
	'old manager': refusedAt('in the config.toml of the manager before', "it's deleted, or was replaced by another"),
	SSM: refusedAt('that SSM keeps', "it's deleted, or the runner got itself another one since"),
};

/** A token is given, and a runner is to be made: only one of the two can be meant. `standing` is the token that the manager has. */
function judgeConflict({answers, secrets}: Context, standing?: string): void {
	const given = secrets.runnerToken;
	if (answers.runner !== 'create' || given === undefined || given === standing) return;
	throw new Problem({
		code: 'runner-conflict',
		message: 'A runner is to be created in GitLab (`runner` = `create`), and the token of another one is given. Only one of the two can be meant.',
		advice: 'Answer `--runner token` to use the token; else leave out `--token-file` and `GITLAB_RUNNER_TOKEN`.',
	});
}

/** The token that stands and that GitLab no longer takes, with what `gitlab-runner verify` says of it. */
type RefusedToken = RunnerToken & {line: string};

/**
 * Where the token comes from when the manager's config.toml has none that GitLab takes: the one given, else the one of the manager before, else the one
 * that SSM keeps; the first that GitLab takes. Throws `runner-token-missing`, `runner-token-refused`, `runner-conflict` and `gitlab-token-missing`.
 */
export async function tokenSource(context: Context, heritage: Heritage | undefined, refused?: RefusedToken): Promise<TokenSource> {
	const {answers, secrets} = context;
	judgeConflict(context, refused?.token);
	const stored = answers.tokenStore === 'ssm' ? await context.look(storedTokenLook) : undefined;
	const given = secrets.runnerToken;
	const known = [
		// Of one that stands already it is known when it was got, and when it ends.
		{from: 'given', token: given === undefined ? undefined : given === heritage?.token.token ? heritage.token : {token: given}},
		{from: 'old manager', token: heritage?.token},
		{from: 'SSM', token: stored === undefined ? undefined : {token: stored}},
	] as const;
	let trouble: Problem | undefined = refused && refusedAt("in the manager's config.toml", `\`${refused.line}\``);
	for (const {from, token} of known) {
		if (token === undefined || token.token === refused?.token) continue;
		try {
			return {from, token: await verified(context, token)};
		} catch (error) {
			if (!isProblem(error, 'runner-token-refused')) throw error;
			trouble = from === 'given' ? error : (trouble ?? refusals[from]);
		}
	}
	if (answers.runner === 'token') throw trouble ?? missing();
	if (secrets.gitlabToken === undefined) throw cannotCreate();
	return {from: 'create'};
}

/** A token that is given beside one that GitLab takes: of another runner it replaces that one, and one that GitLab refuses is only told. */
export async function givenInstead(context: Context, standing: RunnerToken): Promise<{token?: RunnerToken; notes: Note[]}> {
	judgeConflict(context, standing.token);
	const given = context.secrets.runnerToken;
	if (given === undefined || given === standing.token) return {notes: []};
	try {
		return {token: await verified(context, {token: given}), notes: []};
	} catch (error) {
		if (!isProblem(error, 'runner-token-refused')) throw error;
		return {notes: [{says: 'GitLab refuses the runner token that was given, so the manager keeps its own, which is valid.'}]};
	}
}

/** Asks GitLab about a token from this laptop, and adds what GitLab tells of it. Throws `runner-token-refused`, `gitlab-unreachable` and the like. */
export async function verified({clock, gitlab, signal}: Context, token: RunnerToken): Promise<RunnerToken> {
	const {id, tokenExpiresAt} = await gitlab.verify(token.token, signal);
	const expires = tokenExpiresAt === undefined ? Number.NaN : Date.parse(tokenExpiresAt);
	return {
		obtainedAt: clock.now(),
		...(id === undefined ? {} : {id}),
		...(Number.isNaN(expires) ? {} : {expiresAt: expires}),
		...token,
	};
}

/** The mark in a runner's maintenance note: by it a runner that we created is known. */
export const runnerMark = (fleet: Fleet, account: string): string => `gitlab-runner-aws fleet=${fleet.name} region=${fleet.region} account=${account}`;

/** Runners of ours in GitLab that no manager holds: made by a run that was ended before it could write their token down. */
async function strays(context: Context, gitlabToken: string, note: string, held: readonly number[]): Promise<number[]> {
	const {answers, gitlab, signal} = context;
	const seen = await gitlab.runners(gitlabToken, signal);
	const likely = seen.filter(
		({description, id, maintenanceNote}) =>
			!held.includes(id) && (maintenanceNote === undefined ? description === answers.runnerName : maintenanceNote.includes(note)),
	);
	const details = await Promise.all(
		likely.map(async (runner) => (runner.maintenanceNote === undefined ? gitlab.runner(gitlabToken, runner.id, signal) : runner)),
	);
	return details.filter(({maintenanceNote}) => maintenanceNote?.includes(note) === true).map(({id}) => id);
}

/** Creates the runner in GitLab, after deleting those of ours that no manager ever held. */
export async function createRunner(context: Context, account: string, held: readonly number[], says: (text: string) => void): Promise<RunnerToken> {
	const {answers, clock, fleet, gitlab, secrets, signal} = context;
	const gitlabToken = secrets.gitlabToken;
	if (gitlabToken === undefined) throw cannotCreate();
	const note = runnerMark(fleet, account);
	try {
		for (const id of await strays(context, gitlabToken, note, held)) {
			says(`#${id} of an earlier run going, no manager ever held it`);
			await unless(gitlab.deleteRunner(gitlabToken, id, signal), 'gitlab-not-found');
		}
	} catch (error) {
		// The scope `create_runner` alone may not list runners.
		if (!isProblem(error, 'gitlab-not-allowed', 'gitlab-token-refused')) throw error;
		says("this GitLab token may not list runners, so runners of earlier runs weren't looked for");
	}
	const owner = answers.project !== undefined ? {project: answers.project} : answers.group !== undefined ? {group: answers.group} : ('instance' as const);
	const made = await gitlab.createRunner(
		gitlabToken,
		{in: owner, description: answers.runnerName, tags: answers.runnerTags, runUntagged: answers.runUntagged, maintenanceNote: note},
		signal,
	);
	says(`#${made.id} created in ${gitlab.url}`);
	const expires = made.tokenExpiresAt === undefined ? Number.NaN : Date.parse(made.tokenExpiresAt);
	return {token: made.token, id: made.id, obtainedAt: clock.now(), ...(Number.isNaN(expires) ? {} : {expiresAt: expires})};
}

/** Keeps the token beside the record (SecureString), so that a dead manager comes back asking nothing. */
export async function storeToken(context: Context, token: string, says: (text: string) => void): Promise<void> {
	const {answers, cloud, fleet} = context;
	if (answers.tokenStore !== 'ssm' || (await context.look(storedTokenLook)) === token) return;
	const parameter = {Name: names.token(fleet), Value: token, Type: 'SecureString', Tier: 'Standard'} as const;
	const seen = () => {
		context.forget(storedTokenLook);
		return context.look(storedTokenLook);
	};
	const standing = await makeParameter(context, {...parameter, Tags: tagList(answers.tags, mark(fleet, 'runner'))}, seen, says);
	// Tags and overwriting don't go together.
	if (standing !== undefined && standing !== token) await cloud.call('PutParameter', {...parameter, Overwrite: true});
	context.forget(storedTokenLook);
}

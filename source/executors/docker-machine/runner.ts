import {type Answers, isLoopback, names} from '../../fleet.ts';
import {authorityIn} from '../../gitlab/authority.ts';
import type {HostFacts} from '../../host/scripts/facts.ts';
import {paths} from '../../host/scripts/paths.ts';
import {writeConfigScript} from '../../host/scripts/write-config.ts';
import {isProblem, Problem} from '../../problem.ts';
import type {Change, Context, Finding, Found, Note, Report, Step} from '../../step.ts';
import {ifAnswered} from '../../steps/answering.ts';
import type {Instance} from '../../steps/looks/account.ts';
import {currentManager, forgetHost, lookAtHost} from '../../steps/looks/host.ts';
import {connectToChange, reachingActions} from '../../steps/reaching.ts';
import {type ConfigWanted, mergeConfig, type RunnerToken, standingToken, standingUrl} from './config-toml.ts';
import {gitlabRunnerByHand} from './programs.ts';
import {removeRunner} from './runner-removal.ts';
import {createRunner, storedTokenLook, storeToken, type TokenSource, tokenSource, verified} from './token.ts';
import {shortToken, verdictOf} from './verify-lines.ts';
import {workerMachines} from './worker-machines.ts';

type Needs = 'identity' | 'network' | 'images';
type After = 'bucket' | 'security-groups' | 'connection' | 'host-key' | 'software' | 'test-machine';

/** Trouble on the way to the manager, which is the connection's to tell. */
const onTheWay = ['ssh-no-answer', 'ssh-refused', 'ssh-denied', 'ssh-closed', 'host-key-changed', 'manager-private', 'instance-connect-not-allowed'];

const writes = 5;

function bucketOf({answers, fleet}: Context, account: string): string | undefined {
	if (answers.cache === 'none') return undefined;
	return answers.cache === 'create' ? names.bucket(fleet, account) : answers.cache;
}

/** What config.toml is to be, on top of what stands in it. */
async function wantedConfig(context: Context, found: Pick<Found, Needs>, facts: HostFacts): Promise<ConfigWanted & {notes: Note[]}> {
	const {options, notes} = await workerMachines(context, found, facts);
	return {answers: context.answers, fleet: context.fleet, bucket: bucketOf(context, found.identity.account), options, notes};
}

const sources: Record<TokenSource['from'], string> = {
	'old manager': 'the token of the manager before',
	SSM: 'the token that SSM keeps',
	given: 'the token given',
	create: 'a runner made in GitLab',
};

/** Before a manager can hold a token: judges the one that will be used, so that a wrong one shows before anything is made. */
async function beforeAny(context: Context, manager: Instance | undefined): Promise<Finding<Found['runner']>> {
	const source = await tokenSource(context, manager);
	if (source.from !== 'create') await verified(context, source.token);
	return {is: 'missing', says: `config.toml, with ${sources[source.from]}`, notes: notesOn(context.answers)};
}

function lastingTrouble(line: string): Problem {
	return new Problem({
		code: 'gitlab-unreachable-from-manager',
		fault: 'outside',
		message: `The manager can't ask GitLab about its token: ${line.replace(/\s+/g, ' ')}`,
		advice: 'Check that its subnet reaches GitLab, and `--gitlab-ca` where GitLab has its own CA.',
		again: true,
	});
}

/** What plain HTTP means, but on this very machine. */
const notesOn = ({gitlabUrl}: Pick<Answers, 'gitlabUrl'>): Note[] =>
	gitlabUrl.startsWith('http:') && !isLoopback(gitlabUrl)
		? [
				{
					says: `GitLab is reached over http, so tokens, code and jobs' secrets can be read and changed on the way to ${gitlabUrl}.`,
					advice: 'Use `--gitlab-url` with https.',
				},
			]
		: [];

async function onManager(context: Context, found: Pick<Found, Needs>, manager: Instance, facts: HostFacts): Promise<Finding<Found['runner']>> {
	const {answers, fleet} = context;
	const standing = facts.config && standingToken(facts.config.text, {answers, fleet});
	if (facts.gitlabRunner === undefined || !facts.config || !standing) return beforeAny(context, manager);
	const verdict = verdictOf(facts.verify, standing.token);
	if (verdict.is === 'unreachable') return {is: 'blocked', problem: lastingTrouble(verdict.line)};
	// A token is one GitLab's: before it goes to another, that one is asked, which is done only where somebody here has named it.
	if (standingUrl(facts.config.text, {answers, fleet}) !== answers.gitlabUrl) await verified(context, standing);
	const {notes: image, ...wanted} = await wantedConfig(context, found, facts);
	const source = verdict.is === 'refused' ? await tokenSource(context, manager, standing.token) : undefined;
	const token = source && (source.from === 'create' ? {token: 'created'} : await verified(context, source.token));
	const {changes: inConfig, yours} = mergeConfig(facts.config.text, {...wanted, ...(token ? {token} : {})});
	const changes: Change[] = [
		...inConfig,
		...(facts.config.mode === '600' ? [] : [{what: "config.toml's mode", from: facts.config.mode, to: '600', how: 'live' as const}]),
		...(await storing(context, standing)),
	];
	const resource = {id: standing.id, shortToken: shortToken(standing.token)};
	const notes = [...image, ...notesOn(answers), ...(yours.length === 0 ? [] : [{says: `Yours in config.toml, and kept: ${yours.join(', ')}.`}])];
	if (changes.length > 0) return {is: 'different', resource, changes, notes, says: changes.map(({what, from, to}) => `${what} ${from} → ${to}`).join(', ')};
	if (verdict.is === 'silent')
		return {
			is: 'different',
			resource,
			notes,
			says: "GitLab wasn't asked about the token",
			changes: [{what: 'verify', from: 'no answer', to: 'is valid', how: 'live'}],
		};
	return {is: 'so', resource, notes, says: `GitLab knows ${answers.runnerName}, config.toml is as wanted`};
}

/** Whether the token still has to go where a dead manager can't take it along. */
async function storing(context: Context, {token}: RunnerToken): Promise<Change[]> {
	if (context.answers.tokenStore !== 'ssm') return [];
	const stored = await context.look(storedTokenLook);
	return stored === token ? [] : [{what: 'tokenStore', from: stored === undefined ? 'manager' : 'an older token', to: 'ssm', how: 'live'}];
}

async function check(context: Context, found: Pick<Found, Needs>): Promise<Finding<Found['runner']>> {
	const manager = await currentManager(context);
	if (!manager) return beforeAny(context, undefined);
	if (manager.state !== 'running') return {is: 'waiting', for: ['manager']};
	try {
		return await onManager(context, found, manager, await lookAtHost(context, manager));
	} catch (error) {
		if (isProblem(error, 'host-key-unknown')) return {is: 'waiting', for: ['host-key']};
		if (isProblem(error, ...onTheWay)) return {is: 'waiting', for: ['connection']};
		throw error;
	}
}

type Tokens = {token?: RunnerToken; base?: string; systemId?: string | undefined};

/** The token to write: none where the one that stands holds; a runner is created only when nothing else gives one. */
async function tokenFor(context: Context, found: Pick<Found, Needs>, manager: Instance, facts: HostFacts, says: (text: string) => void): Promise<Tokens> {
	const {answers, fleet} = context;
	const standing = facts.config && standingToken(facts.config.text, {answers, fleet});
	const refused = standing && verdictOf(facts.verify, standing.token).is === 'refused' ? standing : undefined;
	if (standing && !refused) return {};
	const source = await tokenSource(context, manager, refused?.token);
	if (source.from === 'old manager') return {token: source.token, systemId: source.systemId, base: source.config};
	if (source.from !== 'create') return {token: await verified(context, source.token)};
	const token = await createRunner(context, found.identity.account, refused?.id === undefined ? [] : [refused.id], says);
	// First where a killed run can find it again.
	await storeToken(context, token.token, says);
	return {token};
}

const failed = (code: string, detail: string): Problem =>
	code === 'disk-full'
		? new Problem({
				code,
				message: `The manager's disk is full, so config.toml stays as it was: ${detail}`,
				advice: 'Make room there with `gitlab-runner-aws ssh`, then run the same command again.',
			})
		: new Problem({code, message: `config.toml can't be written: ${detail}`, advice: 'Run the same command again; it looks first and goes on.'});

/** GitLab's CA from this laptop; another laptop may lack the file, and then the one on the manager stays. */
async function caFor({answers, disk}: Context, {config}: HostFacts): Promise<{path: string; text: string} | undefined> {
	if (answers.gitlabCa === undefined) return undefined;
	const seen = await ifAnswered(authorityIn(disk, answers.gitlabCa));
	if ('result' in seen) return {path: paths.gitlabCa, text: seen.result};
	if (config?.text.includes(paths.gitlabCa)) return undefined;
	throw seen.problem;
}

async function apply(context: Context, found: Pick<Found, Needs>, _finding: unknown, report: Report): Promise<void> {
	const {answers} = context;
	const says = (text: string) => report({says: text});
	const manager = await currentManager(context);
	if (!manager) throw new Problem({code: 'manager-gone', message: 'The manager is gone.', advice: 'Run the same command again.', again: true});
	const connection = await connectToChange(context, manager);
	let tokens: Tokens | undefined;
	for (let turn = 1; ; turn++) {
		const facts = await lookAtHost(context, manager);
		tokens ??= await tokenFor(context, found, manager, facts, says);
		const ca = await caFor(context, facts);
		const {notes: _notes, ...wanted} = await wantedConfig(context, found, facts);
		const {token} = tokens;
		const {text} = mergeConfig(facts.config?.text ?? tokens.base, {...wanted, ...(token ? {token} : {})});
		says('config.toml being written');
		const outcome = await connection
			.script(writeConfigScript, {text, from: facts.config?.hash, systemId: tokens.systemId, ca}, report)
			.finally(() => forgetHost(context, manager));
		if (outcome.is === 'written') {
			const kept = token ?? standingToken(text, {answers, fleet: context.fleet});
			if (kept) await storeToken(context, kept.token, says);
			return;
		}
		if (outcome.is === 'failed') throw failed(outcome.code, outcome.detail);
		if (outcome.is === 'refused') {
			throw new Problem({
				code: 'config-refused',
				message: `GitLab Runner refuses the new config.toml, so the one that stands was left as it is: ${outcome.detail}`,
				advice: answers.runnerConfig === undefined ? 'Look at what is yours in it with `gitlab-runner-aws ssh`.' : 'Correct the answer `runnerConfig`.',
			});
		}
		if (turn >= writes)
			throw new Problem({
				code: 'config-busy',
				message: `config.toml changed under our hands ${writes} times in a row.`,
				advice: 'Run the same command again.',
				again: true,
			});
		says('config.toml changed meanwhile, looking again');
	}
}

/** The runner: a valid token, and config.toml with our tables beside the person's own (design §6). */
export const runnerStep: Step<'runner', Needs, After> = {
	name: 'runner',
	title: 'Runner',
	needs: ['identity', 'network', 'images'],
	// Options that no machine has proven never reach a config.toml that a running service reads.
	after: ['bucket', 'security-groups', 'connection', 'host-key', 'software', 'test-machine'],
	actions: [...reachingActions, 'ssm:GetParameter', 'ssm:PutParameter', 'ssm:AddTagsToResource'],
	check,
	apply,
	remove: removeRunner,
	commands: () => [`sudo cat ${paths.config}`, `${gitlabRunnerByHand} lint --config ${paths.config}`, `${gitlabRunnerByHand} verify`],
};

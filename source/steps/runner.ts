import type {Change, Context, Finding, Found, Note, Report, Step, StepName} from '../engine/step.ts';
import {type HostFacts, serviceScript} from '../executors/scripts.ts';
import {type Answers, names} from '../fleet.ts';
import {ifAnswered, isProblem, Problem} from '../problem.ts';
import {authorityIn} from '../world/gitlab/authority.ts';
import {isLoopback} from '../world/gitlab/url.ts';
import {paths} from '../world/host/scripts/paths.ts';
import {writeConfigScript} from '../world/host/scripts/write-config.ts';
import {type ConfigWanted, type ExecutorConfig, fieldAt, type RunnerToken} from './config/fields.ts';
import {hasRunners, standingToken, standingUrl} from './config/standing.ts';
import {differs} from './finding.ts';
import type {Instance} from './looks/account.ts';
import {currentManager, forgetHost, lookAtHost} from './looks/host.ts';
import {sentenceOf, shortToken, type VerifyVerdict, verdictOf} from './online.ts';
import {gitlabRunnerByHand} from './programs.ts';
import {connectToChange, onTheWay, reachingActions} from './reaching.ts';
import {removeRunner} from './runner-removal.ts';
import {lastingTrouble, refusedByLint, unsaidId, unwritten} from './runner-trouble.ts';
import {drainManager, drainSeconds} from './service.ts';
import {createRunner, givenInstead, type Heritage, heritageOf, storedTokenLook, storeToken, type TokenSource, tokenSource, verified} from './token.ts';
import type {WorkerMaking} from './worker-making.ts';

declare module '../engine/step.ts' {
	interface Found {
		runner: {id?: number | undefined; shortToken: string};
	}
}

type RunnerNeeds = 'identity' | 'network' | 'images';

const writes = 5;

function bucketOf({answers, fleet}: Context, account: string): string | undefined {
	if (answers.cache === 'none') return undefined;
	return answers.cache === 'create' ? names.bucket(fleet, account) : answers.cache;
}

/** What config.toml is to be, on top of what stands in it. */
async function wantedConfig(
	context: Context,
	making: WorkerMaking,
	found: Pick<Found, RunnerNeeds>,
	facts: HostFacts,
): Promise<ConfigWanted & {notes: Note[]}> {
	const {config, notes} = await making.wanted(context, found, facts);
	const id = await unsaidId(context, config, facts.config?.text);
	return {answers: context.answers, fleet: context.fleet, bucket: bucketOf(context, found.identity.account), config, id, notes};
}

const sources: Record<TokenSource['from'], string> = {
	'old manager': 'the token of the manager before',
	SSM: 'the token that SSM keeps',
	given: 'the token given',
	create: 'a runner made in GitLab',
};

/** Before a manager can hold a token: judges the one that will be used, so that a wrong one shows before anything is made. */
async function beforeAny(context: Context, {config}: WorkerMaking, manager: Instance | undefined): Promise<Finding<Found['runner']>> {
	const {from} = await tokenSource(context, await heritageOf(context, config, manager));
	return {is: 'missing', says: `config.toml, with ${sources[from]}`, notes: notesOn(context.answers)};
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

/** The token that replaces the one that stands, if any, and what is to be said of one that was given in vain. */
async function replacing(
	context: Context,
	{config}: WorkerMaking,
	manager: Instance,
	standing: RunnerToken,
	verdict: VerifyVerdict,
): Promise<{token?: RunnerToken; notes: Note[]}> {
	if (verdict.is !== 'refused') return givenInstead(context, standing);
	const source = await tokenSource(context, await heritageOf(context, config, manager), {...standing, line: sentenceOf(verdict.line)});
	return {token: source.from === 'create' ? {token: 'created'} : source.token, notes: []};
}

const named = ({id}: RunnerToken, otherwise: string): string => (id === undefined ? otherwise : `#${id}`);

/** What differs, in a person's terms: another token is another runner, or the same that got another one. */
function changesOf(config: ExecutorConfig, inConfig: readonly Change[], standing: RunnerToken, token: RunnerToken | undefined, drains: boolean): Change[] {
	if (!token) return inConfig.map((one) => (one.what === 'runners.id' && drains ? {...one, how: 'drain'} : one));
	const isSame = token.id !== undefined && token.id === standing.id;
	const other: Change = isSame
		? {what: 'runner', from: "a token that GitLab doesn't take", to: `another token of ${named(token, 'it')}`, how: drains ? 'drain' : 'live'}
		: {what: 'runner', from: named(standing, 'another runner'), to: named(token, 'a new one'), how: drains ? 'drain' : 'live'};
	return [other, ...inConfig.filter(({what}) => fieldAt(config, `${what}`)?.byRunner !== true)];
}

/** The same where a service runs already by what else stands in config.toml: it would read a runner that is added at once. */
const beside = ({notes = [], ...finding}: Finding<Found['runner']>): Finding<Found['runner']> => {
	if (finding.is !== 'missing') return {...finding, notes};
	const changes: Change[] = [{what: 'runner', from: 'not in config.toml', to: finding.says, how: 'live'}];
	return {is: 'different', resource: {shortToken: ''}, says: finding.says, changes, notes};
};

async function onManager(
	context: Context,
	making: WorkerMaking,
	found: Pick<Found, RunnerNeeds>,
	manager: Instance,
	facts: HostFacts,
): Promise<Finding<Found['runner']>> {
	const {answers, fleet} = context;
	const {config} = making;
	const standing = facts.config && standingToken(facts.config.text, {answers, config, fleet});
	if (facts.gitlabRunner === undefined || !facts.config || !standing) {
		const finding = await beforeAny(context, making, manager);
		return facts.service.active === 'active' ? beside(finding) : finding;
	}
	const verdict = verdictOf(facts.verify, standing.token);
	if (verdict.is === 'unreachable') return {is: 'blocked', problem: lastingTrouble(verdict.line, answers.gitlabUrl)};
	const {notes: image, ...wanted} = await wantedConfig(context, making, found, facts);
	const {notes: given, token} = await replacing(context, making, manager, standing, verdict);
	// A token is one GitLab's: before it goes to another, that one is asked, which is done only where somebody here has named it.
	if (!token && standingUrl(facts.config.text, {answers, config, fleet}) !== answers.gitlabUrl) await verified(context, standing);
	const {mergeConfig} = await import('./config/merge.ts');
	const {changes: inConfig, commentsGo, text, yours} = mergeConfig(facts.config.text, {...wanted, ...(token ? {token} : {})});
	const {drains, left} = making.stranded(context, facts, text, verdict.is === 'refused');
	const changes: Change[] = [
		...changesOf(config, inConfig, standing, token, drains),
		...(await making.going(context, facts, left)),
		...(facts.config.mode === '600' ? [] : [{what: "config.toml's mode", from: facts.config.mode, to: '600', how: 'live' as const}]),
		...(await storing(context, standing)),
	];
	const resource = {id: standing.id, shortToken: shortToken(standing.token)};
	const notes = [
		...image,
		...notesOn(answers),
		...given,
		...(commentsGo ? [{says: "The comments in config.toml go with this change: the file can't be edited in place."}] : []),
		...(yours.length === 0 ? [] : [{says: `Yours in config.toml, and kept: ${yours.join(', ')}.`}]),
	];
	if (changes.length > 0) return differs(resource, changes, notes);
	if (verdict.is === 'silent')
		return {
			is: 'different',
			resource,
			notes,
			says: "GitLab wasn't asked about the token",
			changes: [{what: 'verify', from: 'no answer', to: 'is valid', how: 'live'}],
		};
	return {is: 'ready', resource, notes, says: `GitLab knows ${answers.runnerName}, config.toml is as wanted`};
}

/** Whether the token still has to go where a dead manager can't take it along. */
async function storing(context: Context, {token}: RunnerToken): Promise<Change[]> {
	if (context.answers.tokenStore !== 'ssm') return [];
	const stored = await context.look(storedTokenLook);
	return stored === token ? [] : [{what: 'tokenStore', from: stored === undefined ? 'manager' : 'an older token', to: 'ssm', how: 'live'}];
}

async function check(context: Context, making: WorkerMaking, found: Pick<Found, RunnerNeeds>): Promise<Finding<Found['runner']>> {
	const manager = await currentManager(context);
	if (!manager) return beforeAny(context, making, undefined);
	if (manager.state !== 'running') return {is: 'waiting', for: ['manager']};
	try {
		return await onManager(context, making, found, manager, await lookAtHost(context, manager));
	} catch (error) {
		if (isProblem(error, 'host-key-unknown')) return {is: 'waiting', for: ['host-key']};
		if (isProblem(error, ...onTheWay)) return {is: 'waiting', for: ['connection']};
		throw error;
	}
}

type Tokens = {
	token?: RunnerToken;
	heritage?: Heritage | undefined;
	/** GitLab no longer takes the one that stands: no job comes by it. */
	refused?: boolean;
};

/** The token to write: none where the one that stands holds; a runner is created only when nothing else gives one. */
async function tokenFor(
	context: Context,
	{config}: WorkerMaking,
	found: Pick<Found, RunnerNeeds>,
	manager: Instance,
	facts: HostFacts,
	says: (text: string) => void,
): Promise<Tokens> {
	const {answers, fleet} = context;
	const standing = facts.config && standingToken(facts.config.text, {answers, config, fleet});
	const verdict = standing && verdictOf(facts.verify, standing.token);
	if (standing && verdict?.is !== 'refused') {
		const {token} = await givenInstead(context, standing);
		return token ? {token} : {};
	}
	const heritage = await heritageOf(context, config, manager);
	const refused = standing && verdict?.is === 'refused' ? {...standing, line: sentenceOf(verdict.line)} : undefined;
	const source = await tokenSource(context, heritage, refused);
	if (source.from !== 'create') return {token: source.token, heritage, refused: refused !== undefined};
	const token = await createRunner(context, found.identity.account, standing?.id === undefined ? [] : [standing.id], says);
	// First where a killed run can find it again.
	await storeToken(context, token.token, says);
	return {token, heritage, refused: refused !== undefined};
}

/** GitLab's CA from this laptop; another laptop may lack the file, and then the one on the manager stays. */
async function caFor({answers, disk}: Context, {config}: HostFacts): Promise<{path: string; text: string} | undefined> {
	if (answers.gitlabCa === undefined) return undefined;
	const seen = await ifAnswered(authorityIn(disk, answers.gitlabCa));
	if ('result' in seen) return {path: paths.gitlabCa, text: seen.result};
	if (config?.text.includes(paths.gitlabCa)) return undefined;
	throw seen.problem;
}

/** What the new file is made from: the manager before's, where this one has only what `gitlab-runner install` wrote. */
function baseOf({config}: HostFacts, {heritage}: Tokens): {text: string | undefined; systemId?: string | undefined} {
	if (config && hasRunners(config.text)) return {text: config.text};
	return {text: heritage?.config ?? config?.text, systemId: heritage?.systemId};
}

/** Writes config.toml; `state` tells whether the service was stopped for it. */
async function write(context: Context, making: WorkerMaking, found: Pick<Found, RunnerNeeds>, report: Report, state: {drained: boolean}): Promise<void> {
	const {answers, fleet} = context;
	const says = (text: string) => report({says: text});
	const manager = await currentManager(context);
	if (!manager) throw new Problem({code: 'manager-gone', message: 'The manager is gone.', advice: 'Run the same command again.', again: true});
	const connection = await connectToChange(context, manager);
	const {mergeConfig} = await import('./config/merge.ts');
	let tokens: Tokens | undefined;
	for (let turn = 1; ; turn++) {
		const facts = await lookAtHost(context, manager);
		tokens ??= await tokenFor(context, making, found, manager, facts, says);
		const ca = await caFor(context, facts);
		const {notes: _notes, ...wanted} = await wantedConfig(context, making, found, facts);
		const {token} = tokens;
		const {systemId, text: base} = baseOf(facts, tokens);
		const {text} = mergeConfig(base, {...wanted, ...(token ? {token} : {})});
		const {drains, left} = making.stranded(context, facts, text, tokens.refused === true);
		if (drains && !state.drained) {
			says(
				left.length > 0
					? 'machines that no runner will manage go first, once running jobs have ended'
					: 'running jobs end first: the runner reads this only when it starts',
			);
			await drainManager(context, manager, drainSeconds, report, left);
			state.drained = true;
			continue;
		}
		says('config.toml being written');
		const outcome = await connection
			.script(writeConfigScript, {text, from: facts.config?.hash, systemId, ca}, report)
			.finally(() => forgetHost(context, manager));
		if (outcome.is === 'written') {
			const kept = token ?? standingToken(text, {answers, fleet, config: making.config});
			if (kept) await storeToken(context, kept.token, says);
			return;
		}
		if (outcome.is === 'failed') throw unwritten(outcome.code, outcome.detail);
		if (outcome.is === 'refused') throw refusedByLint(outcome.detail, context.answers);
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

async function apply(context: Context, making: WorkerMaking, found: Pick<Found, RunnerNeeds>, report: Report): Promise<void> {
	const state = {drained: false};
	try {
		await write(context, making, found, report, state);
	} catch (error) {
		if (!state.drained) throw error;
		// The file that stands stays, so the runner goes on by it.
		const manager = await currentManager(context);
		const connection = manager && (await connectToChange(context, manager));
		await connection?.script(serviceScript, {do: 'start', drainSeconds}, report);
		throw error;
	}
}

/** The runner: a valid token, and config.toml with our tables beside the person's own. */
export const runnerStep = (making: WorkerMaking): Step<'runner', RunnerNeeds, StepName> => ({
	name: 'runner',
	title: 'Runner',
	needs: ['identity', 'network', 'images'],
	after: ['bucket', 'connection', 'host-key', 'software'],
	// What nobody has proven never reaches a config.toml that a running service reads.
	changesAfter: [making.provenBy],
	actions: [...reachingActions, 'ssm:GetParameter', 'ssm:PutParameter', 'ssm:AddTagsToResource'],
	check: (context, found) => check(context, making, found),
	apply: (context, found, _finding, report) => apply(context, making, found, report),
	remove: (removal, report) => removeRunner(making.config, removal, report),
	commands: () => [`sudo cat ${paths.config}`, `${gitlabRunnerByHand} lint --config ${paths.config}`, `${gitlabRunnerByHand} verify`],
});

import {age, forTime, many} from '../formats.ts';
import {runnerRuns} from '../jobs-now.ts';
import {once} from '../once.ts';
import type {Unserved} from '../waiting.ts';
import {isOff, isTakenAgain, reasonOf, refusedToken, unanswered} from './asking.ts';
import type {Case, CauseRow} from './cause.ts';
import {holdingRefusal} from './refusals.ts';

/** A runner that works asks every few seconds: ten minutes of silence say that it doesn't. GitLab's own `online` holds for two hours. */
const silence = 600_000;

/** Times that GitLab tells as text, in milliseconds since 1970, the earliest first; what isn't a time isn't known. */
const timesIn = (texts: readonly (string | undefined)[]): number[] =>
	texts
		.map((text) => Date.parse(text ?? ''))
		.filter((at) => !Number.isNaN(at))
		.toSorted((one, other) => one - other);

const untrusted = /x509|certificate/i;

type GitlabTrouble = {is: 'certificate' | 'failing' | 'unreachable'; detail: string; url: string; time: string; since: number};

/**
 * How the manager's requests to GitLab go wrong. Once the runner has switched itself off it no longer tries: whether GitLab answers by now isn't known
 * then, but a certificate doesn't mend itself.
 */
function trouble(it: Case): GitlabTrouble | undefined {
	const told = unanswered(it);
	if (!told) return undefined;
	const {since} = told.held;
	const detail = reasonOf(told.held.detail);
	const is = untrusted.test(detail) ? 'certificate' : /^[45]\d\d\b/.test(detail) ? 'failing' : 'unreachable';
	return told.lately || is === 'certificate' ? {is, detail, since, url: it.runner?.url ?? 'GitLab', time: forTime(since, it.now)} : undefined;
}

/** One way in which requests to GitLab go wrong. */
const troubleRow = (is: GitlabTrouble['is'], key: CauseRow['key'], says: (told: GitlabTrouble) => string): CauseRow => ({
	id: `gitlab-${is}`,
	rank: 'unasked',
	source: 'journal',
	key,
	tells: (it) => {
		const told = trouble(it);
		return told?.is === is ? {says: says(told), since: told.since} : undefined;
	},
});

/** What went before a runner switched itself off, where it isn't a cause of its own any more. */
function after(it: Case): string {
	const told = unanswered(it);
	return told && !trouble(it) ? `, after GitLab didn't answer it (${reasonOf(told.held.detail)}),` : '';
}

/** With an idle count the runner asks for jobs only while a machine is idle: where none comes up, that is what is told. */
const hasNoneToAskFor = (it: Case): boolean =>
	(it.runner?.idleCount ?? 0) > 0 && it.idle === 0 && ((it.creating ?? 0) > 0 || holdingRefusal(it, () => true) !== undefined);

/** Whether something that is told by itself keeps the runner from asking. */
const isExplained = (it: Case): boolean =>
	(it.snapshot.ec2.value !== undefined && !['running', 'pending'].includes(it.manager?.state ?? 'missing')) ||
	runnerRuns(it.snapshot) === false ||
	isOff(it) ||
	Boolean(refusedToken(it) ?? unanswered(it)) ||
	hasNoneToAskFor(it);

/** When GitLab last heard from any manager of this runner, in milliseconds since 1970, where nothing else says why it hasn't. */
const heard = once((it: Case): {name: string; last: number | undefined} | undefined => {
	const {gitlab} = it;
	if (!gitlab || isExplained(it)) return undefined;
	const {runner, managers} = gitlab;
	return {name: runner.description, last: timesIn([runner.contactedAt, ...managers.map(({contactedAt}) => contactedAt)]).at(-1)};
});

const projectsOf = (jobs: readonly Unserved[]): string => {
	const projects = [...new Set(jobs.map(({project}) => project))];
	return projects.length > 2 ? many(projects.length, 'project') : projects.join(' and ');
};

/** Other runners are only spoken of when they were looked at. */
const nobody = ({gitlab}: Case, has: string, hasNot: string): string =>
	gitlab?.others === undefined ? `runner ${gitlab?.runner.description ?? 'here'} ${hasNot}` : `no runner that is online ${has}`;

/** The jobs that are unserved for one reason; `says` goes on after whose they are. */
const unservedRow = <Why extends Unserved['unfit']['why']>(
	why: Why,
	says: (it: Case, unfit: Extract<Unserved['unfit'], {why: Why}>[], one: boolean) => string,
): CauseRow => ({
	id: `unserved-${why}`,
	rank: 'unserved',
	source: 'gitlab',
	key: 'config',
	tells: (it) => {
		const fits = (unfit: Unserved['unfit']): unfit is Extract<Unserved['unfit'], {why: Why}> => unfit.why === why;
		const jobs = it.waiting.unserved.filter(({unfit}) => fits(unfit));
		if (jobs.length === 0) return undefined;
		return {
			says: `${many(jobs.length, 'job')} of ${projectsOf(jobs)} ${says(it, jobs.map(({unfit}) => unfit).filter(fits), jobs.length === 1)}.`,
			since: timesIn(jobs.map(({job}) => job.createdAt))[0],
		};
	},
});

/** What GitLab says of the runner and its jobs, and how the runner gets on with GitLab. */
export const gitlabCauses: readonly CauseRow[] = [
	{
		id: 'runner-paused',
		rank: 'unasked',
		source: 'gitlab',
		key: 'unpause',
		tells: ({gitlab}) => (gitlab?.runner.paused ? `Runner ${gitlab.runner.description} is paused in GitLab, so it's given no job.` : undefined),
	},
	{
		// GitLab answers 403 to the runner's token: in the log, or in the metrics with no other answer beside it.
		id: 'token-refused',
		rank: 'unasked',
		source: 'journal',
		key: 'repair',
		tells: (it) => {
			const says = (since?: number) => `GitLab refuses the runner's token (403)${forTime(since, it.now)}: the runner is deleted there, or its token was reset.`;
			const told = refusedToken(it);
			if (told) return {says: says(told.held.since), since: told.held.since};
			if (it.history?.forbidden) return undefined;
			const {'403': refused = 0, '201': given = 0, '204': none = 0} = it.metrics?.jobRequests ?? {};
			return refused > 0 && given + none === 0 ? {says: says(), source: 'runner'} : undefined;
		},
	},
	troubleRow('certificate', 'config', ({url, time, detail}) => {
		const why = detail.replace(/^tls: failed to verify certificate: /, '');
		return `The manager doesn't trust the certificate of ${url}${time} (${why}).`;
	}),
	troubleRow('failing', 'log', ({url, time, detail}) => `${url} answers the manager with ${detail}${time}.`),
	troubleRow('unreachable', 'ssh', ({url, time, detail}) => `The manager can't reach ${url}${time} (${detail}).`),
	{
		// After three refused or unanswered requests a runner switches itself off for an hour; a restart forgets it.
		id: 'switched-off',
		rank: 'unasked',
		source: 'journal',
		key: 'ask-again',
		tells: (it) => {
			const held = it.history?.unhealthy;
			if (!held || !isOff(it)) return undefined;
			const until = held.until === undefined ? 'for an hour' : `and asks again in ${age((held.until - it.now) / 1000)}`;
			const base = `The runner switched itself off as unhealthy ${age((it.now - held.since) / 1000)} ago${after(it)} ${until}`;
			const then = isTakenAgain(it) ? ', though GitLab takes its token by now. R has it ask at once.' : '. Once GitLab answers it, R has it ask at once.';
			return {says: `${base}${then}`, since: held.since};
		},
	},
	{
		id: 'runner-never',
		rank: 'unasked',
		source: 'gitlab',
		key: 'restart',
		tells: (it) => {
			const told = heard(it);
			return told && told.last === undefined ? `GitLab has never heard from runner ${told.name}.` : undefined;
		},
	},
	{
		id: 'runner-offline',
		rank: 'unasked',
		source: 'gitlab',
		key: 'restart',
		tells: (it) => {
			const {name, last} = heard(it) ?? {};
			if (last === undefined || it.now - last < silence) return undefined;
			return {says: `GitLab last heard from runner ${name} ${age((it.now - last) / 1000)} ago.`, since: last};
		},
	},
	unservedRow('tag', (it, unfit, one) => {
		const tags = [...new Set(unfit.flatMap(({tags}) => tags))].sort();
		const names = tags.length > 3 ? `${tags.slice(0, 3).join(', ')} and ${tags.length - 3} more` : tags.join(', ');
		return `${one ? 'asks' : 'ask'} for ${tags.length === 1 ? 'the tag' : 'the tags'} ${names}, which ${nobody(it, 'has', "doesn't have")}`;
	}),
	unservedRow('untagged', (it, _, one) => `${one ? 'has' : 'have'} no tag, and ${nobody(it, 'takes untagged jobs', "doesn't take untagged jobs")}`),
	unservedRow('branch', (it, unfit, one) => {
		const refs = [...new Set(unfit.map(({ref}) => ref))].sort();
		const names = refs.length > 2 ? many(refs.length, 'branch', 'branches') : refs.join(' and ');
		return `${one ? 'is' : 'are'} for ${names}, not protected, and ${nobody(it, 'takes jobs of such branches', 'takes jobs of protected branches only')}`;
	}),
];

import {many} from '../formats.ts';
import type {Unserved} from '../waiting.ts';
import {type Case, type Cause, type Judge, timesIn} from './cause.ts';

const projectsOf = (jobs: readonly Unserved[]): string => {
	const projects = [...new Set(jobs.map(({project}) => project))];
	return projects.length > 2 ? many(projects.length, 'project') : projects.join(' and ');
};

const oldestOf = (jobs: readonly Unserved[]): number | undefined => timesIn(jobs.map(({job}) => job.createdAt))[0];

/** Other runners are only spoken of when they were looked at. */
const nobody = ({gitlab}: Case, has: string, hasNot: string): string =>
	gitlab?.others === undefined ? `runner ${gitlab?.runner.description ?? 'here'} ${hasNot}` : `no runner that is online ${has}`;

const cause = (id: string, says: string, jobs: readonly Unserved[]): Cause => ({id, says, source: 'gitlab', key: 'config', since: oldestOf(jobs)});

/** Jobs ask for a tag that no runner has. */
export const unservedTag: Judge = (it) => {
	const jobs = it.waiting.unserved.filter(({unfit}) => unfit.why === 'tag');
	if (jobs.length === 0) return undefined;
	const tags = [...new Set(jobs.flatMap(({unfit}) => (unfit.why === 'tag' ? unfit.tags : [])))].sort();
	const names = tags.length > 3 ? `${tags.slice(0, 3).join(', ')} and ${tags.length - 3} more` : tags.join(', ');
	return cause(
		'unserved-tag',
		`${many(jobs.length, 'job')} of ${projectsOf(jobs)} ${jobs.length === 1 ? 'asks' : 'ask'} for ${tags.length === 1 ? 'the tag' : 'the tags'} ${names}, which ${nobody(it, 'has', "doesn't have")}.`,
		jobs,
	);
};

/** Jobs without tags, and no runner takes such. */
export const unservedUntagged: Judge = (it) => {
	const jobs = it.waiting.unserved.filter(({unfit}) => unfit.why === 'untagged');
	if (jobs.length === 0) return undefined;
	return cause(
		'unserved-untagged',
		`${many(jobs.length, 'job')} of ${projectsOf(jobs)} ${jobs.length === 1 ? 'has' : 'have'} no tag, and ${nobody(it, 'takes untagged jobs', "doesn't take untagged jobs")}.`,
		jobs,
	);
};

/** Jobs of a branch that isn't protected, and every runner is for protected ones only. */
export const unservedBranch: Judge = (it) => {
	const jobs = it.waiting.unserved.filter(({unfit}) => unfit.why === 'branch');
	if (jobs.length === 0) return undefined;
	const refs = [...new Set(jobs.map(({job}) => job.ref))].sort();
	const names = refs.length > 2 ? many(refs.length, 'branch', 'branches') : refs.join(' and ');
	return cause(
		'unserved-branch',
		`${many(jobs.length, 'job')} of ${projectsOf(jobs)} ${jobs.length === 1 ? 'is' : 'are'} for ${names}, not protected, and ${nobody(it, 'takes jobs of such branches', 'takes jobs of protected branches only')}.`,
		jobs,
	);
};

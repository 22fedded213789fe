import type {Judge} from './cause.ts';

/** Somebody paused the runner in GitLab. */
export const runnerPaused: Judge = ({gitlab}) =>
	gitlab?.runner.paused
		? {id: 'runner-paused', says: `Runner ${gitlab.runner.description} is paused in GitLab, so it's given no job.`, source: 'gitlab', key: 'unpause'}
		: undefined;

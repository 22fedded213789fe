import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';

const untrusted = /x509|certificate/i;

/** The manager's requests don't reach GitLab, or GitLab answers with trouble of its own. */
export const gitlabUnreachable: Judge = ({history, runner, now}) => {
	const held = history?.unreachable;
	if (!held) return undefined;
	const url = runner?.url ?? 'GitLab';
	const {since, detail = 'no answer'} = held;
	const base = {source: 'journal', since} as const;
	if (untrusted.test(detail))
		return {...base, id: 'gitlab-certificate', says: `The manager doesn't trust the certificate of ${url}${forTime(since, now)} (${detail}).`, key: 'config'};
	if (/^5\d\d\b/.test(detail)) return {...base, id: 'gitlab-failing', says: `${url} answers the manager with ${detail}${forTime(since, now)}.`, key: 'log'};
	return {...base, id: 'gitlab-unreachable', says: `The manager can't reach ${url}${forTime(since, now)} (${detail}).`, key: 'ssh'};
};

import {forTime} from '../formats.ts';
import {reasonOf, unanswered} from './asking.ts';
import type {Judge} from './cause.ts';

const untrusted = /x509|certificate/i;

/**
 * The manager's requests don't reach GitLab, or GitLab answers with trouble of its own. Once the runner has switched itself off it no longer tries:
 * whether GitLab answers by now isn't known then, but a certificate doesn't mend itself.
 */
export const gitlabUnreachable: Judge = (it) => {
	const told = unanswered(it);
	if (!told) return undefined;
	const {since} = told.held;
	const detail = reasonOf(told.held.detail);
	if (!told.lately && !untrusted.test(detail)) return undefined;
	const url = it.runner?.url ?? 'GitLab';
	const base = {source: 'journal', since} as const;
	const time = forTime(since, it.now);
	if (untrusted.test(detail)) {
		const why = detail.replace(/^tls: failed to verify certificate: /, '');
		return {...base, id: 'gitlab-certificate', says: `The manager doesn't trust the certificate of ${url}${time} (${why}).`, key: 'config'};
	}
	if (/^[45]\d\d\b/.test(detail)) return {...base, id: 'gitlab-failing', says: `${url} answers the manager with ${detail}${time}.`, key: 'log'};
	return {...base, id: 'gitlab-unreachable', says: `The manager can't reach ${url}${time} (${detail}).`, key: 'ssh'};
};

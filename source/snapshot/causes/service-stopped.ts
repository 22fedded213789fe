import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';

/** The runner's service doesn't run, or takes no new jobs since it is being drained. */
export const serviceStopped: Judge = ({host, metrics, history, now}) => {
	const draining = metrics?.processState === 'graceful-shutdown' || host?.service.active === 'deactivating';
	const since = draining ? history?.stopping?.since : host?.service.since;
	if (draining)
		return {id: 'draining', says: `The runner is being drained and takes no new job${forTime(since, now)}.`, source: 'runner', key: 'resume', since};
	if (!host || ['active', 'activating', 'reloading', ''].includes(host.service.active)) return undefined;
	return {
		id: 'service-stopped',
		says: `GitLab Runner doesn't run on the manager: its service is ${host.service.active}${forTime(since, now)}.`,
		source: 'host',
		key: 'resume',
		since,
	};
};

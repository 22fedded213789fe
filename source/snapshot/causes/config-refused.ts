import {unitIs} from '../../host/unit.ts';
import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';

/** The runner can't load config.toml, so the one before stays in force: as long as it runs. */
export const configRefused: Judge = ({history, host, now}) => {
	const held = history?.configRefused;
	if (!held || (host && ['crashed', 'stopped'].includes(unitIs(host.service)))) return undefined;
	return {
		id: 'config-refused',
		says: `GitLab Runner can't load config.toml${forTime(held.since, now)}, so the one before stays in force: ${held.detail?.replace(/\.$/, '') || 'it says no more'}.`,
		source: 'journal',
		key: 'config',
		since: held.since,
	};
};

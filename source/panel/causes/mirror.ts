import {endOf, unitIs} from '../../world/host/unit.ts';
import {age, bytes} from '../formats.ts';
import type {CauseRow} from './cause.ts';

/** Less than this share of a mirror's room is left only where it fills faster than its keeper makes room, which is each minute. */
const nearlyFull = 0.05;

/** The mirror of Docker Hub on the manager: without it workers ask Docker Hub, later and by pulls that count. */
export const mirrorCauses: readonly CauseRow[] = [
	{
		id: 'mirror-down',
		rank: 'hampered',
		source: 'host',
		key: 'repair',
		tells: ({host, now}) => {
			const service = host?.mirror?.service;
			const state = service && unitIs(service);
			if (!service || (state !== 'crashed' && state !== 'stopped')) return undefined;
			const how = state === 'crashed' ? endOf(service) : undefined;
			const ended = state === 'crashed' ? `has crashed${how === undefined ? '' : ` (${how})`}` : 'was stopped';
			const since = service.since === undefined ? '' : ` ${age((now - service.since) / 1000)} ago`;
			return {says: `The mirror of Docker Hub on the manager ${ended}${since}, so workers pull from Docker Hub itself. r sets it right.`, since: service.since};
		},
	},
	{
		id: 'mirror-full',
		rank: 'hampered',
		source: 'host',
		key: 'ssh',
		tells: ({host}) => {
			const disk = host?.mirror?.disk;
			if (!disk || disk.total === 0 || disk.free / disk.total >= nearlyFull) return undefined;
			return `The mirror's room is full: ${bytes(disk.free)} of ${bytes(disk.total)} are free, and what jobs pull breaks off and begins anew. Its keeper makes room each minute; \`--registry-mirror-disk\` gives it more.`;
		},
	},
	{
		id: 'docker-hub-limit',
		rank: 'hampered',
		source: 'host',
		key: 'commands',
		tells: ({host}) => {
			const pulls = host?.mirror?.pulls;
			if (pulls?.remaining !== 0) return undefined;
			const of = pulls.limit === undefined ? '' : ` of ${pulls.limit}`;
			return `Docker Hub leaves the manager's mirror no pull${of}: only images that it has are given. \`setup --registry-mirror-user\` pulls as a user, who has more.`;
		},
	},
];

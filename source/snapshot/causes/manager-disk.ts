import {bytes} from '../formats.ts';
import type {Judge} from './cause.ts';

/** docker-machine writes keys and certificates for each worker: without room it makes none. */
export const managerDisk: Judge = ({host}) => {
	const seen = host?.resources;
	if (!seen || seen.diskTotal === 0 || seen.diskFree >= Math.min(500e6, seen.diskTotal * 0.05)) return undefined;
	return {id: 'manager-disk', says: `The manager's disk is full: ${bytes(seen.diskFree)} of ${bytes(seen.diskTotal)} are free.`, source: 'host', key: 'ssh'};
};

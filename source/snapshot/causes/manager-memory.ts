import {bytes} from '../formats.ts';
import type {Judge} from './cause.ts';

/** Each running docker-machine takes some tens of megabytes: without memory the manager's programs are killed. */
export const managerMemory: Judge = ({host}) => {
	const seen = host?.resources;
	if (!seen || seen.memoryTotal === 0 || seen.memoryFree / seen.memoryTotal >= 0.05) return undefined;
	return {
		id: 'manager-memory',
		says: `The manager's memory is used up: ${bytes(seen.memoryFree)} of ${bytes(seen.memoryTotal)} are free.`,
		source: 'host',
		key: 'ssh',
	};
};

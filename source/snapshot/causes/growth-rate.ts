import {many} from '../formats.ts';
import type {Case, Judge} from './cause.ts';

/** Machines that the runner wants at once: with an idle count the ones that are missing, else one for each job that it has taken. */
const wanted = ({runner, creating = 0, idle = 0}: Case): number =>
	(runner?.idleCount ?? 0) > 0 ? Math.max(creating, (runner?.idleCount ?? 0) - idle) : creating;

/** More machines are wanted than MaxGrowthRate lets be made at a time: the runner counts those that wait for their turn as being made, too. */
export const growthRate: Judge = (it) => {
	const {runner, creating, idle} = it;
	const most = runner?.maxGrowthRate;
	if (most === undefined || creating === undefined || creating < most || (idle ?? 0) > 0 || wanted(it) <= most) return undefined;
	return {
		id: 'growth-rate',
		says: `MaxGrowthRate lets ${many(most, 'machine')} be made at a time, and ${wanted(it)} are wanted.`,
		source: 'runner',
		key: 'config',
	};
};

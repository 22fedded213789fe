import {many} from '../formats.ts';
import type {Judge} from './cause.ts';

/** As many machines are being made at a time as MaxGrowthRate allows. */
export const growthRate: Judge = ({runner, creating, idle}) => {
	const most = runner?.maxGrowthRate;
	if (most === undefined || creating === undefined || creating < most || (idle ?? 0) > 0) return undefined;
	return {
		id: 'growth-rate',
		says: `MaxGrowthRate lets ${many(most, 'machine')} be made at a time, and ${creating === 1 ? '1 is' : `${creating} are`}.`,
		source: 'runner',
		key: 'config',
	};
};

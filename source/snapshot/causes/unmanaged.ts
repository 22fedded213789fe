import {many, money} from '../formats.ts';
import {unmanagedDetail} from '../row-state.ts';
import type {Judge} from './cause.ts';

/** Machines in docker-machine's store that no runner of config.toml counts as its own: they cost until somebody takes them away. */
export const unmanaged: Judge = ({rows}) => {
	const left = rows.filter(({state, detail}) => state === 'orphan' && detail === unmanagedDetail);
	if (left.length === 0) return undefined;
	const prices = left.flatMap(({usdPerHour}) => usdPerHour ?? []);
	const cost = prices.length === 0 ? '' : `, about ${money(prices.reduce((sum, one) => sum + one, 0))} an hour`;
	return {
		id: 'unmanaged',
		says: `${many(left.length, 'machine is', 'machines are')} managed by no runner any more${cost}: the runner's token or MachineName has changed since. x removes ${left.length === 1 ? 'it' : 'them'}.`,
		source: 'host',
		key: 'remove-leftovers',
	};
};

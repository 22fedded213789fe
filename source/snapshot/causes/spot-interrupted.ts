import {many} from '../formats.ts';
import {machineNameOf} from '../join.ts';
import type {Judge} from './cause.ts';

const lately = 15 * 60_000;
const takenBack = /Server\.SpotInstanceTermination|Server\.SpotInstanceShutdown/;

/** AWS has just taken spot machines back: their jobs have failed, and others need new machines. */
export const spotInterrupted: Judge = ({snapshot, history, now}) => {
	const gone = new Map(
		(history?.removals ?? []).filter(({at, reason}) => reason === 'machine is unavailable' && now - at < lately).map(({machine, at}) => [machine, at]),
	);
	if (gone.size === 0) return undefined;
	const taken = (snapshot.ec2.value?.instances ?? []).filter(
		(instance) =>
			(instance.state === 'terminated' || instance.state === 'shutting-down') &&
			takenBack.test(instance.stateReason ?? '') &&
			gone.has(machineNameOf(instance) ?? ''),
	);
	if (taken.length === 0) return undefined;
	const since = Math.min(...taken.map((instance) => gone.get(machineNameOf(instance) ?? '') ?? now));
	const zones = [...new Set(taken.map(({zone}) => zone))].sort().join(', ');
	return {
		id: 'spot-interrupted',
		says: `AWS took back ${many(taken.length, 'spot machine')} in ${zones} in the last 15 m, and with them the jobs that ran there.`,
		source: 'ec2',
		key: 'move',
		since,
	};
};

import {flagOf, zoneIn} from '../../executors/docker-machine/machine-options.ts';
import type {Given} from '../../fleet.ts';
import {type FleetAct, ofWorkers} from './change.ts';
import type {MoveTarget} from './driver.ts';

/** The answers that a move means: another zone is a subnet of the workers' own, in MachineOptions that override ours. */
function answersFor(to: MoveTarget, standing: Given): Given {
	const ours = ['amazonec2-subnet-id', 'amazonec2-zone'];
	const kept = (standing.machineOptions ?? []).filter((option) => !ours.includes(flagOf(option)));
	return {
		...(to.type === undefined ? {} : {workerType: to.type}),
		...(to.spot === undefined ? {} : {spot: to.spot}),
		...(to.subnet === undefined || to.zone === undefined
			? {}
			: {machineOptions: [...kept, `amazonec2-subnet-id=${to.subnet}`, `amazonec2-zone=${zoneIn(to.zone, kept)}`]}),
	};
}

/** Another zone, type or market for new workers. */
export const move =
	(to: MoveTarget, label: string): FleetAct =>
	({record}) => ({
		...ofWorkers,
		answers: {...record, ...answersFor(to, record)},
		says: `New workers: ${label}. Those that run stay as they are until they go.`,
		already: 'New workers are made so already.',
		done: `New workers, ${label}`,
	});

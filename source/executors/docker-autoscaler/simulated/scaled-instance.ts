import type {AutoscalerSettings} from './autoscaler-settings.ts';

/** An instance as a scaler knows it. Times are in milliseconds since 1970. */
export type ScaledInstance = {
	readonly id: string;
	readonly cause: 'requested' | 'preexisted' | 'unexpected';
	state: 'creating' | 'running' | 'deleting';
	seenAt: number;
	/** SSH has answered and the ready command has ended well: jobs may have it. */
	isReady: boolean;
	/** It is to go: the scaler has said so, or it went by itself. */
	isDoomed: boolean;
	/** AWS takes it back, so that no other job gets it. */
	isInterrupted: boolean;
	/** Heartbeats that it has missed, one after another. */
	misses: number;
	/** Jobs on it now, and all that it has had. */
	busy: number;
	used: number;
	idleSince: number;
};

/** Jobs that an instance can still have at this moment, beside those that are on it. */
export function freeSlots({busy, isDoomed, isInterrupted, used}: ScaledInstance, {capacity, maxUse}: AutoscalerSettings): number {
	if (isDoomed || isInterrupted) return 0;
	return Math.max(0, Math.min(capacity - busy, maxUse === 0 ? capacity : maxUse - used));
}

/** Slots of an instance that nobody gets any more: it is used up, or is to go. */
export const lostSlots = (instance: ScaledInstance, settings: AutoscalerSettings): number =>
	Math.max(0, settings.capacity - instance.busy - freeSlots(instance, settings));

/** Jobs that an instance can have which isn't there yet. */
export const slotsOfNew = ({capacity, maxUse}: AutoscalerSettings): number => (maxUse === 0 ? capacity : Math.min(capacity, maxUse));

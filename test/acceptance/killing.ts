import assert from 'node:assert/strict';
import type {PeerWorld} from '../peers/world.ts';
import {changingCalls, type LaptopOnPeers} from './laptop.ts';

/** A call of a command, by its action and how often that was asked for before it: a dry run comes first for some. */
export type CallOrdinal = readonly [action: string, nth: number];

/**
 * Runs a command again and again, each time killed once AWS has carried out one of these calls and before it hears the answer; each call kills once.
 * Gives the calls that never came.
 */
export async function killedAfter(world: PeerWorld, on: LaptopOnPeers, args: readonly string[], moments: readonly CallOrdinal[]): Promise<string[]> {
	let left = [...moments];
	while (left.length > 0) {
		world.aws.forget();
		const ran = await on.built(args, {started: (pid) => world.aws.faults(left.map(([action, nth]) => ({action, nth, kill: pid})))});
		world.aws.faults([]);
		if (ran.signal === null) return left.map(([action]) => action);
		assert.equal(ran.signal, 'SIGKILL');
		const came = ([action, nth]: CallOrdinal): boolean => world.aws.calls().filter((call) => call.action === action).length >= nth;
		left = left.filter((moment) => !came(moment));
	}
	return [];
}

/**
 * Runs a command again and again, each time killed once AWS has carried out a change and before it hears the answer: the first one of that run, or the last of
 * several words. These have to be the changes of each run, and all that the command makes: nothing is left to do then but what is done on the manager.
 */
export async function killedAtEachChange(world: PeerWorld, on: LaptopOnPeers, args: readonly string[], changes: readonly string[]): Promise<void> {
	for (const [index, words] of changes.entries()) {
		const expected = words.split(' ');
		world.aws.forget();
		const ran = await on.built(args, {started: (pid) => world.aws.faults([{changing: true, nth: expected.length, kill: pid}])});
		world.aws.faults([]);
		assert.deepEqual([ran.signal, changingCalls(world)], ['SIGKILL', expected], `run ${index + 1}: exit ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
	}
}

/** Changes by which workers of another launch template are tried in a group of its own, which goes before they count as proven. */
const trial = ['CreateAutoScalingGroup', 'SuspendProcesses', 'DeleteAutoScalingGroup'];

/** Changes by which an Auto Scaling group comes to launch other workers, to be killed at each: the trial's own among them, and once it is whole. */
export const otherWorkers: readonly string[] = ['CreateLaunchTemplateVersion', ...trial, [...trial, 'CreateTags'].join(' '), 'UpdateAutoScalingGroup'];

import assert from 'node:assert/strict';
import * as z from 'zod';
import type {PeerWorld} from '../peers/world.ts';
import {fleet} from './begin.ts';
import {killedAtEachChange} from './killing.ts';
import {ended, type LaptopOnPeers, unlike} from './laptop.ts';

const listed = z.array(
	z.object({id: z.string(), state: z.string(), version: z.number(), provenAt: z.iso.datetime(), snapshots: z.array(z.string()).length(1), kept: z.string()}),
);

const bake = ['bake', '--yes', ...fleet];
const begun = ['RunInstances', 'CreateImage'];

/** Leaves a builder and an image that nobody has proven, and takes them away again; killed at each change of both. */
export async function prunes(world: PeerWorld, laptop: LaptopOnPeers): Promise<void> {
	await killedAtEachChange(world, laptop, bake, begun);
	const prune = ['bake', '--prune', '--yes', ...fleet];
	await killedAtEachChange(world, laptop, prune, ['TerminateInstances', 'DeregisterImage', 'DeleteSnapshot']);
	const ran = await laptop.run(prune);
	ended(ran, 0);
	assert.match(ran.stdout, /Nothing is to be deleted/);
}

/**
 * Bakes the first worker image of a standing fleet: in one run, or killed at each change, where `uses` are those by which workers come to start from it.
 * `bake --list` tells it as proven and used then, and `plan` finds nothing to change. Gives its id.
 */
export async function bakes(world: PeerWorld, laptop: LaptopOnPeers, uses?: readonly string[]): Promise<string> {
	// A run goes on with a builder in `prunes` already. The image's own tag, that it is proven, is the last change: the next run makes another image.
	if (uses) await killedAtEachChange(world, laptop, bake, [begun.join(' '), 'TerminateInstances', ...uses, 'CreateTags']);
	else {
		const ran = await laptop.json(bake);
		ended(ran, 0);
		const done = ran.lines.flatMap((line) => (line.event === 'step.done' ? [line.step] : []));
		assert.deepEqual(done, ['bake-builder', 'bake-image', 'bake-use']);
	}
	const list = await laptop.json(['bake', '--list', ...fleet]);
	ended(list, 0);
	const [document] = list.lines.filter((line) => line.event === 'document');
	const [image, ...others] = listed.parse(document?.value);
	assert.deepEqual([image?.state, image?.version, image?.kept, others], ['available', 1, 'workers start from it', []]);
	const plan = await laptop.json(['plan', ...fleet]);
	ended(plan, 0);
	assert.deepEqual(unlike(plan.lines), {});
	return image?.id ?? assert.fail('none');
}

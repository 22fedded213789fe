import assert from 'node:assert/strict';
import * as z from 'zod';
import {fleet} from './begin.ts';
import {ended, type LaptopOnPeers, unlike} from './laptop.ts';

const listed = z.array(
	z.object({id: z.string(), state: z.string(), version: z.number(), provenAt: z.iso.datetime(), snapshots: z.array(z.string()).length(1), kept: z.string()}),
);

/** Bakes the first worker image of a standing fleet: `bake --list` tells it as proven and used, and `plan` finds nothing to change then. Gives its id. */
export async function bakes(laptop: LaptopOnPeers): Promise<string> {
	const ran = await laptop.json(['bake', '--yes', ...fleet]);
	ended(ran, 0);
	assert.deepEqual(
		ran.lines.flatMap((line) => (line.event === 'step.done' ? [line.step] : [])),
		['bake-builder', 'bake-image', 'bake-use'],
	);
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

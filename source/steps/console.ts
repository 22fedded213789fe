import type {Looking} from '../engine/step.ts';
import {unless} from './answering.ts';

/**
 * What is found in the text of an instance's console; undefined where nothing is, or this may not be asked. Throws where AWS doesn't answer: a console
 * that can't be read isn't a silent one.
 */
export async function inConsole<Found>({cloud}: Pick<Looking, 'cloud'>, id: string, find: (text: string) => Found | undefined): Promise<Found | undefined> {
	for (const input of [{InstanceId: id, Latest: true}, {InstanceId: id}]) {
		// `Latest` is for Nitro types only; without it comes what was kept after the last change of state (AWS, GetConsoleOutput).
		const answer = await unless(cloud.call('GetConsoleOutput', input), 'UnsupportedOperation', 'not-allowed');
		const found = answer?.Output && find(Buffer.from(answer.Output, 'base64').toString('utf8'));
		if (found) return found;
	}
	return undefined;
}

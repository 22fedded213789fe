import type {Context} from '../step.ts';
import {missingTags, tagList} from './tags.ts';

/** Sets the tags of the answers that things of ours in EC2 lack, in one call, and in none where they lack nothing; see `missingTags`. */
export async function setMissingTags(
	{answers, cloud}: Pick<Context, 'answers' | 'cloud'>,
	things: readonly {id: string; tags: Record<string, string>}[],
): Promise<void> {
	const lacking = things.map(({id, tags}) => ({id, missing: missingTags(answers, tags)})).filter(({missing}) => Object.keys(missing).length > 0);
	if (lacking.length === 0) return;
	await cloud.call('CreateTags', {Resources: lacking.map(({id}) => id), Tags: tagList(...lacking.map(({missing}) => missing))});
}

import type {Context} from '../engine/step.ts';
import {ifAnswered} from './answering.ts';
import type {ExecutorConfig} from './config/fields.ts';
import {standingToken, standingUrl} from './config/standing.ts';
import {verified} from './token.ts';

/**
 * GitLab's id of the runner that stands, where its entry doesn't say it: a fleet's workers may be known by it. Undefined where that isn't so, or where this
 * laptop can't ask; and another GitLab than the one that the person answered isn't asked.
 */
export async function unsaidId(context: Context, config: ExecutorConfig, text = ''): Promise<number | undefined> {
	const {answers, fleet} = context;
	const standing = standingToken(text, {answers, config, fleet});
	if (!standing || standing.id !== undefined || standingUrl(text, {answers, config, fleet}) !== answers.gitlabUrl) return undefined;
	const asked = await ifAnswered(verified(context, standing));
	return 'result' in asked ? asked.result.id : undefined;
}

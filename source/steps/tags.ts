import type {Change, Context} from '../engine/step.ts';
import {type Answers, type Fleet, markKeys, type Part} from '../fleet.ts';
import {printable} from '../world/printable.ts';

/** A tag as EC2, S3, IAM and SSM all write it. */
type Tag = {Key: string; Value: string};

/** Tags as AWS takes them; where two records name a key, the later one wins. */
export const tagList = (...records: Record<string, string>[]): Tag[] =>
	Object.entries(Object.assign({}, ...records)).map(([Key, Value]) => ({Key, Value: String(Value)}));

/** Tags as AWS gives them, by key. */
export function tagsOf(list: readonly {Key?: string | undefined; Value?: string | undefined}[] | undefined): Record<string, string> {
	return Object.fromEntries((list ?? []).flatMap(({Key, Value}) => (Key === undefined ? [] : [[Key, Value ?? '']])));
}

/** Whether tags bear the mark of this fleet, and of this part where one is named. */
export const bearsMark = (fleet: Fleet, tags: Record<string, string>, part?: Part): boolean =>
	tags[markKeys.fleet] === fleet.name && (part === undefined || tags[markKeys.part] === part);

/** Whether tags of a thing outside any region bear the mark of this fleet in its region. */
export const bearsGlobalMark = (fleet: Fleet, tags: Record<string, string>): boolean => bearsMark(fleet, tags) && tags[markKeys.region] === fleet.region;

/**
 * Tags of the answers that a thing of ours lacks or bears with another value. None is ever taken away: a tag that no answer names may be
 * somebody's as well as an earlier answer's.
 */
export const missingTags = ({tags}: Pick<Answers, 'tags'>, standing: Record<string, string>): Record<string, string> =>
	Object.fromEntries(Object.entries(tags).filter(([key, value]) => standing[key] !== value));

/** Tags of a thing of IAM's, which heeds no case in their keys, under the keys as the answers write them. */
export function asAnswered({tags}: Pick<Answers, 'tags'>, standing: Record<string, string>): Record<string, string> {
	const written = new Map(Object.keys(tags).map((key) => [key.toLowerCase(), key]));
	return Object.fromEntries(Object.entries(standing).map(([key, value]) => [written.get(key.toLowerCase()) ?? key, value]));
}

/** The one change that tells which tags of the answers some things of ours lack; none where they lack nothing. */
export function tagChanges(answers: Pick<Answers, 'tags'>, standing: readonly Record<string, string>[]): Change[] {
	const missing = Object.entries<string>(Object.assign({}, ...standing.map((tags) => missingTags(answers, tags))));
	if (missing.length === 0) return [];
	const other = (key: string, value: string) => standing.map((tags) => tags[key]).find((one) => one !== undefined && one !== value);
	const was = ([key, value]: [string, string]) => (other(key, value) === undefined ? `no ${key}` : `${key}=${other(key, value)}`);
	return [{what: 'tags', from: printable(missing.map(was).join(', ')), to: missing.map(([key, value]) => `${key}=${value}`).join(', '), how: 'live'}];
}

/** Sets the tags of the answers that things of ours in EC2 lack, in one call, and in none where they lack nothing; see `missingTags`. */
export async function setMissingTags(
	{answers, cloud}: Pick<Context, 'answers' | 'cloud'>,
	things: readonly {id: string; tags: Record<string, string>}[],
): Promise<void> {
	const lacking = things.map(({id, tags}) => ({id, missing: missingTags(answers, tags)})).filter(({missing}) => Object.keys(missing).length > 0);
	if (lacking.length === 0) return;
	await cloud.call('CreateTags', {Resources: lacking.map(({id}) => id), Tags: tagList(...lacking.map(({missing}) => missing))});
}

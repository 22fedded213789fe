import {type Fleet, markKeys, type Part} from '../fleet.ts';

/** A tag as EC2, S3, IAM and SSM all write it. */
export type Tag = {Key: string; Value: string};

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

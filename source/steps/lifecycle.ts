import {type Fleet, names} from '../fleet.ts';
import type {LifecycleRule} from '../world/cloud/port.ts';

/** Uploads of cache archives that were never finished cost money unseen; a day is longer than any job's upload. */
const abortAfterDays = 1;

/**
 * Our one lifecycle rule: the fleet's cache, and nothing else in the bucket, goes after this many days. Where the rules that stand
 * are in S3's old form, with their prefix outside a filter, ours is too, since S3 takes either form and not both at once.
 */
export function ourRule(fleet: Fleet, days: number, standing: readonly LifecycleRule[] = []): LifecycleRule {
	const Prefix = `${names.cachePath(fleet)}/`;
	const isOld = standing.some((rule) => rule.ID !== names.lifecycleRule(fleet) && rule.Filter === undefined && rule.Prefix !== undefined);
	return {
		ID: names.lifecycleRule(fleet),
		Status: 'Enabled',
		...(isOld ? {Prefix} : {Filter: {Prefix}}),
		Expiration: {Days: days},
		NoncurrentVersionExpiration: {NoncurrentDays: 1},
		AbortIncompleteMultipartUpload: {DaysAfterInitiation: abortAfterDays},
	};
}

/** Our rule among a bucket's, by its id. */
export const ruleIn = (fleet: Fleet, rules: readonly LifecycleRule[]): LifecycleRule | undefined => rules.find(({ID}) => ID === names.lifecycleRule(fleet));

/** Whether a rule does what ours should, however else AWS writes it down. */
export const doesTheSame = (one: LifecycleRule, other: LifecycleRule): boolean =>
	one.Status === other.Status &&
	(one.Filter?.Prefix ?? one.Prefix) === (other.Filter?.Prefix ?? other.Prefix) &&
	one.Expiration?.Days === other.Expiration?.Days &&
	one.NoncurrentVersionExpiration?.NoncurrentDays === other.NoncurrentVersionExpiration?.NoncurrentDays &&
	one.AbortIncompleteMultipartUpload?.DaysAfterInitiation === other.AbortIncompleteMultipartUpload?.DaysAfterInitiation;

/** The bucket's rules with ours as it should be, in its place or at the end; every other rule as it came. */
export function withOurRule(rules: readonly LifecycleRule[], ours: LifecycleRule): LifecycleRule[] {
	const at = rules.findIndex(({ID}) => ID === ours.ID);
	return at < 0 ? [...rules, ours] : rules.with(at, ours);
}

/** The bucket's rules without ours. */
export const withoutOurRule = (fleet: Fleet, rules: readonly LifecycleRule[]): LifecycleRule[] => rules.filter(({ID}) => ID !== names.lifecycleRule(fleet));

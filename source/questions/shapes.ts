import {z} from 'zod';
import {hostPattern, loopbackPattern, pathPattern} from '../gitlab/url.ts';
import {printable} from '../printable.ts';

/** Errors of shape are sentences that name what would be right. */
export const words = (right: string) => ({error: `It takes ${right}.`});

export const matching = (pattern: RegExp, right: string) => z.string(words(right)).regex(pattern, words(right));

export const count = (least: number, most: number, unit = '') => {
	const right = `a whole number from ${least} to ${most.toLocaleString('en-US')}${unit && ` ${unit}`}`;
	return z.int(words(right)).min(least, words(right)).max(most, words(right));
};

export const yesOrNo = z.boolean(words('true or false'));

export const text = z
	.string(words('a text'))
	.min(1, words('a text that is not empty'))
	.refine((value) => printable(value) === value, words('a text in one line, without control characters'));

export const instanceType = matching(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type such as c5.large');

/** The name of an instance profile, as IAM takes it. */
export const iamName = /^[\w+=,.@-]{1,128}$/;

/** A region as AWS names them: us-east-2, us-gov-west-1, eusc-de-east-1. */
export const regionPattern = '[a-z]{2,4}(-[a-z]+)+-\\d+';

/** What is run as root is never fetched without TLS, but from this very machine. */
export const programUrlPattern = `(https://(${hostPattern})|http://(${loopbackPattern}))(:\\d{1,5})?${pathPattern}`;
export const folderUrl = matching(new RegExp(`^${programUrlPattern}/?$`), 'the https URL of a folder');

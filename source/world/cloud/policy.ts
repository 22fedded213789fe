import * as z from 'zod';

/** One statement of an IAM policy that is tied to an identity. */
export type Statement = {
	Sid?: string;
	Effect: 'Allow' | 'Deny';
	Action: string | string[];
	Resource: string | string[];
	/** Operator, then key, then the value or values that it is held against. */
	Condition?: Record<string, Record<string, string | string[]>>;
};

export type PolicyDocument = {Version: '2012-10-17'; Statement: Statement[]};

const oneOrMore = z.union([z.string(), z.array(z.string())]);

const form = z.strictObject({
	Version: z.literal('2012-10-17'),
	Statement: z.array(
		z.strictObject({
			Sid: z.string().exactOptional(),
			Effect: z.enum(['Allow', 'Deny']),
			Action: oneOrMore,
			Resource: oneOrMore,
			Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).exactOptional(),
		}),
	),
});

/** Reads the text of an identity's policy, URL-encoded as IAM gives it or plain; undefined where it has elements that aren't known here, or isn't one. */
export function readPolicy(text: string): PolicyDocument | undefined {
	try {
		const read = form.safeParse(JSON.parse(text.trimStart().startsWith('{') ? text : decodeURIComponent(text)));
		return read.success ? read.data : undefined;
	} catch {
		return undefined;
	}
}

/** What AWS answered instead of what was asked for, in the SDK's own terms: before the port's translation. */
export type AwsRefusal = {name: string; message: string; status: number};

const refusals = new WeakSet<object>();

/** Makes the error that a simulated service answers with: AWS's raw code, its text, the HTTP status. */
export function refusal(name: string, message: string, status = 400): Error & AwsRefusal {
	// It is an answer: where it was made is nobody's business, and finding that out takes ten times as long as all else.
	const {stackTraceLimit} = Error;
	Error.stackTraceLimit = 0;
	const error = Object.assign(new Error(message), {name, status});
	Error.stackTraceLimit = stackTraceLimit;
	refusals.add(error);
	return error;
}

/** Whether an error is an answer of a simulated service, and not a bug of this world or of its caller. */
export const isRefusal = (error: unknown): error is Error & AwsRefusal => typeof error === 'object' && error !== null && refusals.has(error);

/** A call that no real AWS would understand as it is meant, or that this world doesn't know: a bug, told loudly. */
export const unknownToThisWorld = (what: string): Error => new Error(`The simulated world doesn't know ${what}.`);

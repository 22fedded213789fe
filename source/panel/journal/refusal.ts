/** Why a worker couldn't be made, from the words of whatever was to make it. */
export type WorkerRefusal = {
	/** AWS's code, or for what isn't AWS ours, `docker-hub`, and of the manager `disk-full`, `killed`, or an executor's: `docker-install`, `ssh-never`. */
	code: string;
	/** The words themselves, cut to 2,000 characters. */
	text: string;
	type: string | undefined;
	zone: string | undefined;
	/** Of `VcpuLimitExceeded`: the vCPUs that the account may run. */
	allowed: number | undefined;
	/** Of `SpotMaxPriceTooLow`: USD an hour that would do. */
	neededPrice: number | undefined;
	requestId: string | undefined;
	/** What sts:DecodeAuthorizationMessage reads. */
	encoded: string | undefined;
	/** Not AWS refused, and no instance came to be all the same. */
	unlaunched?: true;
};

/**
 * Words by which a reason is known that isn't AWS's, and its code, in the order in which they are looked for: the first that fits is the reason. `unlaunched`:
 * it comes before any instance is launched.
 */
export type RefusalWords = readonly (readonly [words: RegExp, code: string, when?: 'unlaunched'])[];

const ours: RefusalWords = [
	[/toomanyrequests|pull rate limit/i, 'docker-hub'],
	[/no space left on device/i, 'disk-full'],
	[/^signal: killed/, 'killed'],
];

/** `Error launching instance: InsufficientInstanceCapacity: We currently …`, `unable to create key pair: KeyPairLimitExceeded: …`. */
const awsCode =
	/(?:^|[\s:(])((?:[A-Z][A-Za-z0-9]+\.)?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z.]+)?|Unsupported|Throttling|Blocked): /;

/** `operation error Auto Scaling: SetDesiredCapacity, https response error StatusCode: 403, RequestID: 1c…, api error AccessDenied: User: …`: as Go's SDK says it. */
const apiError = /\bapi error ([A-Z][A-Za-z.]+): /;

const notAws = new Set(['GitLab', 'SubnetId', 'VpcId']);

function known(text: string, words: RefusalWords): Pick<WorkerRefusal, 'code' | 'unlaunched'> | undefined {
	for (const [pattern, code, when] of [...ours, ...words]) if (pattern.test(text)) return {code, ...(when ? {unlaunched: true} : {})};
	const code = apiError.exec(text)?.[1] ?? awsCode.exec(text)?.[1];
	return code === undefined || notAws.has(code) ? undefined : {code};
}

const instanceType = /\b((?:[a-z]+[0-9][a-z0-9-]*|u-[a-z0-9]+)\.(?:nano|micro|small|medium|large|metal|\d*xlarge)[a-z0-9-]*)\b/;

/** The reason in an error of the runner's or of a program that makes workers, which has `words` of its own; undefined when it tells none. */
export function refusalIn(text: string, words: RefusalWords): WorkerRefusal | undefined {
	const reason = known(text, words);
	if (!reason) return undefined;
	const number = (pattern: RegExp) => {
		const found = pattern.exec(text)?.[1];
		return found === undefined ? undefined : Number(found);
	};
	return {
		...reason,
		text: text.trim().slice(0, 2000),
		type: instanceType.exec(text)?.[1],
		zone: /Availability Zone[^(]*\(([a-z0-9-]+)\)/.exec(text)?.[1] ?? /availability zone ([a-z]{2}(?:-[a-z]+)+-\d[a-z])/i.exec(text)?.[1],
		allowed: number(/current vCPU limit of (\d+)/),
		neededPrice: number(/fulfillment price of (\d+(?:\.\d+)?)/),
		requestId: /request id: ([0-9a-f-]{16,})/i.exec(text)?.[1],
		encoded: /Encoded authorization failure message: ([A-Za-z0-9_-]{20,})/.exec(text)?.[1],
	};
}

/** Why a worker couldn't be made, from docker-machine's own words (docs/facts.md, "docker-machine: failures"). */
export type WorkerRefusal = {
	/** AWS's code, or ours for what isn't AWS: `docker-install`, `docker-hub`, `docker-never`, `certificates`, `ssh-never`, `subnet-zone`, `key-pair-name`, and of the manager `disk-full`, `killed`. */
	code: string;
	/** docker-machine's own words, cut to 2,000 characters. */
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
};

/** In the order in which they are looked for: the first that fits is the reason. */
const ours: readonly [RegExp, string][] = [
	[/toomanyrequests|pull rate limit/i, 'docker-hub'],
	[/no space left on device/i, 'disk-full'],
	[/^signal: killed/, 'killed'],
	// These two first: docker-machine wraps them as `Error detecting OS` and `Error checking the host`.
	[/Too many retries waiting for SSH/i, 'ssh-never'],
	[/Error checking the host.*(?:i\/o timeout|connection refused|no route to host)/i, 'docker-never'],
	[/error installing docker|Error detecting OS/i, 'docker-install'],
	[
		/bad certificate|x509: certificate|tls: (?:failed to verify|unknown)|Error checking the host|error checking and\/or regenerating the certs|Error generating certificates/i,
		'certificates',
	],
	[/Unable to verify the Docker daemon is listening/i, 'docker-install'],
	[/unable to find a subnet that is both|does not belong to VpcId|desired subnet could not be located/i, 'subnet-zone'],
	[/already a keypair with the name/i, 'key-pair-name'],
];

/** `Error launching instance: InsufficientInstanceCapacity: We currently …`, `unable to create key pair: KeyPairLimitExceeded: …`. */
const awsCode =
	/(?:^|[\s:(])((?:[A-Z][A-Za-z0-9]+\.)?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*(?:\.[A-Z][A-Za-z.]+)?|Unsupported|Throttling|Blocked): /;

const notAws = new Set(['GitLab', 'SubnetId', 'VpcId']);

function codeOf(text: string): string | undefined {
	for (const [pattern, code] of ours) if (pattern.test(text)) return code;
	const code = awsCode.exec(text)?.[1];
	return code === undefined || notAws.has(code) ? undefined : code;
}

const instanceType = /\b((?:[a-z]+[0-9][a-z0-9-]*|u-[a-z0-9]+)\.(?:nano|micro|small|medium|large|metal|\d*xlarge)[a-z0-9-]*)\b/;

/** The reason in a line of docker-machine's errors; undefined when it tells none. */
export function readRefusal(text: string): WorkerRefusal | undefined {
	const code = codeOf(text);
	if (code === undefined) return undefined;
	const number = (pattern: RegExp) => {
		const found = pattern.exec(text)?.[1];
		return found === undefined ? undefined : Number(found);
	};
	return {
		code,
		text: text.trim().slice(0, 2000),
		type: instanceType.exec(text)?.[1],
		zone: /Availability Zone[^(]*\(([a-z0-9-]+)\)/.exec(text)?.[1] ?? /availability zone ([a-z]{2}(?:-[a-z]+)+-\d[a-z])/i.exec(text)?.[1],
		allowed: number(/current vCPU limit of (\d+)/),
		neededPrice: number(/fulfillment price of (\d+(?:\.\d+)?)/),
		requestId: /request id: ([0-9a-f-]{16,})/i.exec(text)?.[1],
		encoded: /Encoded authorization failure message: ([A-Za-z0-9_-]{20,})/.exec(text)?.[1],
	};
}

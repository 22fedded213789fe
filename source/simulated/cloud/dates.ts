import type {AwsService} from '../../world/cloud/port.ts';

/** Milliseconds that AWS's services allow between a call's date and their own clock: of the past, and of the future where they take less of it. */
const allowed = {past: 15 * 60_000, future: 5 * 60_000} as const;

const stamp = (time: number): string => `${new Date(time).toISOString().replace(/[-:]|\.\d+/g, '')}`;

/** What is wrong with the date, as AWS's signature check words it. */
function signature(dated: number, now: number): string {
	return dated < now
		? `Signature expired: ${stamp(dated)} is now earlier than ${stamp(now - allowed.past)} (${stamp(now)} - 15 min.)`
		: `Signature not yet current: ${stamp(dated)} is still later than ${stamp(now + allowed.future)} (${stamp(now)} + 5 min.)`;
}

/** How each service refuses a date: EC2 and S3 have codes of their own, the others call the signature wrong. */
const refusals: Record<AwsService, (said: string) => {name: string; message: string; status: number}> = {
	'auto-scaling': (message) => ({name: 'SignatureDoesNotMatch', message, status: 403}),
	ec2: () => ({name: 'RequestExpired', message: 'Request has expired.', status: 400}),
	s3: () => ({name: 'RequestTimeTooSkewed', message: 'The difference between the request time and the current time is too large.', status: 403}),
	sts: (message) => ({name: 'SignatureDoesNotMatch', message, status: 403}),
	iam: (message) => ({name: 'SignatureDoesNotMatch', message, status: 403}),
	ssm: (message) => ({name: 'InvalidSignatureException', message, status: 400}),
	'service-quotas': (message) => ({name: 'InvalidSignatureException', message, status: 400}),
	pricing: (message) => ({name: 'InvalidSignatureException', message, status: 400}),
	'ec2-instance-connect': (message) => ({name: 'InvalidSignatureException', message, status: 400}),
};

/** AWS's answer to a call that bears a date too far from its clock, or undefined where the date will do. Both times are milliseconds since 1970. */
export function refusedDate(service: AwsService, dated: number, now: number): {name: string; message: string; status: number} | undefined {
	const future = service === 'ec2' || service === 's3' ? allowed.past : allowed.future;
	if (now - dated <= allowed.past && dated - now <= future) return undefined;
	return refusals[service](signature(dated, now));
}

/** How one laptop's calls are dated. */
export type Dates = {
	/** Milliseconds by which AWS's clock is ahead of the laptop's, as the last answer told. */
	ahead(): number;
	/** Dates one call as the SDK does: by the laptop's clock and what that service's client has learnt. `late` is how much too early a date it bears, in milliseconds. */
	date(service: AwsService, region: string): {late: number; refused: ReturnType<typeof refusedDate>};
};

/** Calls of a laptop whose clock is `own`, to services whose clock is `now`. A client that is new starts with what the others have learnt. */
export function datedCalls(own: () => number, now: () => number): Dates {
	const learnt = new Map<string, number>();
	let ahead = 0;
	return {
		ahead: () => ahead,
		date(service, region) {
			const client = `${service} ${region}`;
			const [mine, offset] = [own(), learnt.get(client) ?? ahead];
			const refused = refusedDate(service, mine + offset, now());
			ahead = now() - mine;
			learnt.set(client, ahead);
			return {late: ahead - offset, refused};
		},
	};
}

import {Problem, toProblem} from '../../problem.ts';
import {commandLine} from '../host/quote.ts';
import {printable} from '../printable.ts';
import {explanations, ordinary} from './explanations.ts';
import {type AwsService, actionsOf, type OperationName, serviceOf} from './port.ts';

/** An error as AWS or the way to it gave it: what both sides of the port translate from. `name` is the SDK's, AWS's code, or Node's (`ENOTFOUND`). */
export type RawAwsError = {
	name: string;
	message: string;
	status?: number | undefined;
	requestId?: string | undefined;
	/** When AWS answered, by its own clock, in milliseconds since 1970. */
	date?: number | undefined;
};

/** What was asked, where and by whom. */
export type CloudRequest = {
	operation: OperationName;
	region: string;
	/** Undefined with the chain's own choice. */
	profile?: string | undefined;
	/** The command that renews the session, where one does. */
	login?: readonly string[] | undefined;
	/** ARN of the caller, once it is known. */
	who?: string | undefined;
	/** The host that was called, where it isn't AWS's own. */
	endpoint?: string | undefined;
	/** Milliseconds by which the call bore too early a date, by AWS's clock; negative for too late a one, undefined when AWS told no time. */
	late?: number | undefined;
};

const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const absent = new Set(['CredentialsProviderError', 'MissingAuthenticationToken', 'MissingAuthenticationTokenException', 'ProviderError']);
/**
 * How the SDK's providers say that somebody has to log in again. A session of IAM Identity Center that was revoked is told in its portal's own words
 * ("Session token not found or invalid").
 */
const loggedOut = /sso|expired|log ?in|refresh|session token not found|authenticate/i;
const wrong = new Set([
	'InvalidClientTokenId',
	'AuthFailure',
	'UnrecognizedClient',
	'SignatureDoesNotMatch',
	'IncompleteSignature',
	'InvalidSignature',
	'InvalidAccessKeyId',
]);
const refused = new Set(['UnauthorizedOperation', 'AccessDenied', 'Forbidden', 'Auth', 'NotAuthorized']);

/** Codes that speak of dates alone; S3 and some older services have them. */
const skewed = new Set(['RequestTimeTooSkewed', 'RequestInTheFuture']);

/** How far a call's date may be off, in milliseconds: the least of what AWS's services allow (STS takes 5 minutes of the future, all take 15 of the past). */
const dateTolerance = 5 * 60_000;

/** Throttling, faults on AWS's side, and states that pass by themselves: worth the same call again (docs/facts.md, "AWS's error codes"). */
const passing = new Set([
	'RequestLimitExceeded',
	'Throttling',
	'ThrottlingException',
	'Throttled',
	'RequestThrottled',
	'TooManyRequests',
	'SlowDown',
	'PriorRequestNotComplete',
	'InternalError',
	'InternalFailure',
	'InternalServerError',
	'ServerInternal',
	'ServiceUnavailable',
	'Unavailable',
	'ServiceFailure',
	'Service',
	'EC2InstanceUnavailable',
	'OperationAborted',
	'ConcurrentTagAccess',
	'ConcurrentModification',
	'ResourceContention',
	'ScalingActivityInProgress',
	'TooManyUpdates',
	'RequestTimeout',
]);

/** Answered with a 5xx though another try at once is no use. */
const lasting = /Capacity|LimitExceeded$|^NotImplemented$/;

const unreachable: Record<string, {says: string; again: boolean}> = {
	ENOTFOUND: {says: "its name isn't known", again: false},
	EAI_AGAIN: {says: 'no name server answers', again: true},
	ECONNREFUSED: {says: 'the connection is refused', again: true},
	ECONNRESET: {says: 'the connection broke off', again: true},
	EPIPE: {says: 'the connection broke off', again: true},
	ETIMEDOUT: {says: 'nothing answers in time', again: true},
	TimeoutError: {says: 'nothing answers in time', again: true},
	EHOSTUNREACH: {says: 'there is no way to it', again: true},
	ENETUNREACH: {says: 'there is no network', again: true},
	ERR_PROXY_TUNNEL: {says: 'the proxy refuses the connection', again: false},
	ERR_INVALID_URL: {says: 'the endpoint that the environment or the profile names is no URL', again: false},
	ERR_PROXY_INVALID_CONFIG: {says: "the proxy's address in the environment is no URL", again: false},
};
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;

/** Services whose SDK names end in `Exception` or `Fault` where AWS's own code doesn't: the SDK's IAM says `NoSuchEntityException`, AWS `NoSuchEntity`. */
const suffixed: ReadonlySet<AwsService> = new Set<AwsService>(['auto-scaling', 'iam', 'ssm', 'sts', 'service-quotas', 'pricing', 'ec2-instance-connect']);

/** AWS's own code: no `Client.` or `Server.` before it, no SDK class behind it. */
function codeOf(name: string, service: AwsService): string {
	const code = name.replace(/^(Client|Server)\./, '');
	return suffixed.has(service) && code !== 'CredentialsProviderError' ? code.replace(/(Exception|Fault)$/, '') : code;
}

const serviceTitles: Record<AwsService, string> = {
	'auto-scaling': 'EC2 Auto Scaling',
	ec2: 'EC2',
	s3: 'S3',
	iam: 'IAM',
	sts: 'STS',
	ssm: 'Systems Manager',
	'service-quotas': 'Service Quotas',
	pricing: "AWS's price list",
	'ec2-instance-connect': 'EC2 Instance Connect',
};

/** `alice`, `Admin/alice`, `the root user`: how a person knows an ARN. */
function nameOf(arn: string | undefined): string {
	if (arn === undefined) return 'This AWS identity';
	const resource = arn.split(':').slice(5).join(':');
	if (resource === 'root') return 'The root user';
	return resource.replace(/^(user|role|assumed-role|federated-user)\//, '') || arn;
}

/**
 * Whether a call was refused for its date. Only S3 says so by its code: STS, IAM and Systems Manager call the signature wrong, with the reason in
 * words, EC2 says that the request has expired, and any of them may just not accept the credentials.
 */
const isSkewed = ({late = 0}: CloudRequest, code: string, {message}: RawAwsError): boolean =>
	skewed.has(code) || /Signature (expired|not yet current)/.test(message) || ((expired.has(code) || wrong.has(code)) && Math.abs(late) > dateTolerance);

function wrongClock({late}: CloudRequest, code: string, raw: RawAwsError): Problem {
	const off = late === undefined ? "too far from AWS's" : `${clockOff(late)} AWS's`;
	return new Problem({
		code: 'clock-skewed',
		message: `This machine's clock is ${off} (${code}).`,
		advice: 'Set the clock, then run the same command again.',
		// The SDK has learnt the difference from this answer, so the same call again bears the right date.
		again: true,
		cause: raw,
	});
}

/** How a clock that AWS's is so many milliseconds ahead of stands to it: `20 minutes behind`, `3 hours ahead of`. */
export function clockOff(ahead: number): string {
	const minutes = Math.round(Math.abs(ahead) / 60_000);
	const [count, unit] = minutes < 120 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour'];
	return `${count} ${unit}${count === 1 ? '' : 's'} ${ahead > 0 ? 'behind' : 'ahead of'}`;
}

/** AWS's words as one sentence; it repeats in them what it was given, and what others have named. */
const sentence = (text: string): string =>
	printable(text)
		.trim()
		.replace(/[.\s]+$/, '');

const flagged = (profile: string | undefined): string[] => (profile === undefined ? [] : ['--profile', profile]);

function expiredSession({login, profile}: CloudRequest, code: string, raw: RawAwsError): Problem {
	return new Problem({
		code: 'session-expired',
		message: `The session of ${profile === undefined ? "AWS's credentials" : `AWS profile \`${profile}\``} has expired (${code}).`,
		advice: `${login === undefined ? 'Renew them as they were made' : `Run \`${commandLine(...login)}\``}, then run the same command again.`,
		cause: raw,
	});
}

function noCredentials({profile}: CloudRequest, raw: RawAwsError): Problem {
	const said = sentence(raw.message).replace(/^Could not load credentials from any providers$/, '');
	const where = profile === undefined ? 'in the environment, in the AWS files or from a role' : `for AWS profile \`${profile}\``;
	return new Problem({
		code: 'no-credentials',
		message: `No AWS credentials are found ${where}${said === '' ? '' : `: ${said}`}.`,
		advice:
			profile === undefined
				? 'Run `aws configure`, or name a profile with `--profile`.'
				: `Run \`${commandLine('aws', 'configure', ...flagged(profile))}\`, or name another with \`--profile\`.`,
		cause: raw,
	});
}

function wrongCredentials({profile, region, operation}: CloudRequest, code: string, raw: RawAwsError): Problem {
	const whose = profile === undefined ? 'the AWS credentials' : `the credentials of AWS profile \`${profile}\``;
	return new Problem({
		code: 'wrong-credentials',
		message: `${serviceTitles[serviceOf[operation]]} in ${region} doesn't accept ${whose}: the key is deleted or mistyped, or ${region} isn't enabled for the account (${code}).`,
		advice: `Check them with \`${commandLine('aws', 'sts', 'get-caller-identity', ...flagged(profile), '--region', region)}\`.`,
		cause: raw,
	});
}

const wrongCode = ({profile}: CloudRequest, code: string, raw: RawAwsError): Problem =>
	new Problem({
		code: 'wrong-credentials',
		message: `AWS doesn't accept the code of the MFA device${profile === undefined ? '' : ` for AWS profile \`${profile}\``} (${code}).`,
		advice: 'Wait for the next code, then run the same command again.',
		cause: raw,
	});

function notAllowed(asking: CloudRequest, code: string, raw: RawAwsError): Problem {
	const said = /User: (?<arn>\S+) is not authorized to perform: (?<action>[\w-]+:\w+)/.exec(raw.message)?.groups;
	// Auto Scaling tries what it's given: a launch with the caller's rights, of which it names none that lacks.
	const tried = /not authorized to use launch template/.test(raw.message) ? '`ec2:RunInstances`, `ec2:CreateTags` and `iam:PassRole` are needed' : undefined;
	const because = tried ?? /because (?<why>[^.]+?)(?:\.|$| Encoded)/.exec(printable(raw.message))?.groups?.why;
	const action = said?.action ?? (tried ? 'ec2:RunInstances' : actionsOf(asking.operation)[0]) ?? asking.operation;
	const who = nameOf(said?.arn ?? asking.who);
	return new Problem({
		code: 'not-allowed',
		message: `${who} may not do \`${action}\` in ${asking.region}: AWS refuses it${because === undefined ? '' : `, because ${because}`} (${code}).`,
		advice: `Ask whoever looks after the account to allow \`${action}\`, then run the same command again.`,
		cause: raw,
	});
}

function noAnswer(asking: CloudRequest, raw: RawAwsError): Problem | undefined {
	const service = serviceTitles[serviceOf[asking.operation]];
	const target = asking.endpoint === undefined ? `${service} in ${asking.region}` : `${service} at ${asking.endpoint}`;
	if (certificate.test(raw.name)) {
		return new Problem({
			code: 'no-answer',
			message: `${target} shows a certificate that this machine doesn't trust: ${sentence(raw.message)} (${raw.name}).`,
			advice: 'Where a proxy opens the traffic, name its certificate: `export NODE_EXTRA_CA_CERTS=/path/to/proxy-ca.pem`.',
			cause: raw,
		});
	}
	const known = unreachable[raw.name];
	if (!known) return undefined;
	const region = raw.name === 'ENOTFOUND' && asking.endpoint === undefined ? `, so there's no region ${asking.region}, or this machine is offline` : '';
	return new Problem({
		code: 'no-answer',
		message: `${target} can't be reached: ${known.says}${region} (${raw.name}).`,
		advice:
			region === ''
				? 'Check the network and `HTTPS_PROXY`, then run the same command again.'
				: "Check the region's name and the network, then run the same command again.",
		again: known.again,
		cause: raw,
	});
}

/** Bare HTTP statuses, as S3 answers HEAD with: no body, so no code. */
function bareCode(raw: RawAwsError, service: AwsService): string | undefined {
	if (service !== 's3' || !/^(\d+|Unknown|UnknownError)$/.test(raw.name)) return undefined;
	const codes: Record<number, string> = {301: 'PermanentRedirect', 403: 'Forbidden', 404: 'NotFound', 400: 'BadRequest', 500: 'InternalError', 503: 'SlowDown'};
	return raw.status === undefined ? undefined : codes[raw.status];
}

/** An answer that isn't AWS's: a proxy's page, or a stand-in that doesn't know the call. */
function unreadable(asking: CloudRequest, raw: RawAwsError): Problem | undefined {
	if (!/^(Error|SyntaxError|TypeError|Unknown|UnknownError)$/.test(raw.name)) return undefined;
	if (raw.status === undefined && !/pars|deserializ|Unexpected token/i.test(raw.message)) return undefined;
	return new Problem({
		code: 'unreadable-answer',
		message: `What answers ${asking.operation} in ${asking.region} isn't AWS: neither XML nor JSON comes back${raw.status === undefined ? '' : ` (HTTP ${raw.status})`}.`,
		advice: 'See whether a proxy answers in its place, then run the same command again.',
		fault: 'outside',
		again: raw.status !== undefined && raw.status >= 502 && raw.status <= 504,
		cause: raw,
	});
}

/** A call that was never sent, since it lacks what the operation needs. */
const ours = (asking: CloudRequest, raw: RawAwsError): Problem | undefined =>
	raw.status === undefined && /^(Error|TypeError|RangeError)$/.test(raw.name)
		? toProblem(new Error(`${asking.operation}: ${raw.message}`, {cause: raw}))
		: undefined;

function byCode(asking: CloudRequest, code: string, raw: RawAwsError): Problem {
	const explained = explanations[code]?.(sentence(raw.message), asking.region);
	const again = passing.has(code) || ((raw.status ?? 0) >= 500 && !lasting.test(code));
	if (explained) return new Problem({...explained, code, message: `${explained.message} (${code}).`, again, cause: raw});
	const request = raw.requestId === undefined || ordinary.has(code) ? '' : `, request ${raw.requestId}`;
	return new Problem({
		code,
		message: `${serviceTitles[serviceOf[asking.operation]]} answers ${asking.operation} in ${asking.region} with: ${sentence(raw.message) || 'no words'} (${code}${request}).`,
		advice: again ? 'Run the same command again in a minute; it looks first and goes on.' : undefined,
		fault: 'outside',
		again,
		cause: raw,
	});
}

/**
 * What AWS said, in the words of this program. Steps act on AWS's own code, which stays as it is, less SDK's prefixes and suffixes;
 * `session-expired`, `no-credentials`, `wrong-credentials`, `clock-skewed`, `not-allowed`, `no-answer` and `unreadable-answer` are ours.
 */
export function cloudProblem(raw: RawAwsError, asking: CloudRequest): Problem {
	const service = serviceOf[asking.operation];
	const code = bareCode(raw, service) ?? codeOf(raw.name, service);
	const isLogin = absent.has(code) && loggedOut.test(raw.message);
	if (isSkewed(asking, code, raw)) return wrongClock(asking, code, raw);
	if (expired.has(code) || isLogin) return expiredSession(asking, code, raw);
	if (absent.has(code)) return noCredentials(asking, raw);
	if (wrong.has(code) && !/images?: \[/i.test(raw.message)) return wrongCredentials(asking, code, raw);
	if (/MultiFactorAuthentication failed/.test(raw.message)) return wrongCode(asking, code, raw);
	if (refused.has(code)) return notAllowed(asking, code, raw);
	return noAnswer(asking, raw) ?? unreadable(asking, {...raw, name: code}) ?? ours(asking, raw) ?? byCode(asking, code, raw);
}

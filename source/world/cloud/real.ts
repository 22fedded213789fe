import {readFile} from 'node:fs/promises';
import {Agent as HttpAgent} from 'node:http';
import {Agent as HttpsAgent} from 'node:https';
import {getCACertificates} from 'node:tls';
import * as z from 'zod';
import {Problem, Stopped} from '../../problem.ts';
import {type AwsFiles, awsFiles, type Environment, endpointOf, loginCommand} from './aws-files.ts';
import type {ClientSettings, CredentialProvider, OpenClient} from './calls.ts';
import {type CloudRequest, cloudProblem, type RawAwsError} from './errors.ts';
import {type AwsService, type CloudAt, type OperationName, serviceOf} from './port.ts';
import {printableAt} from './printable-at.ts';
import {patientAt, type Retrying} from './retry.ts';

/** Milliseconds. GetProducts and RunInstances are the slow ones. */
const timeouts = {connectionTimeout: 5000, requestTimeout: 30_000, throwOnRequestTimeout: true} as const;

/** Certificates of `AWS_CA_BUNDLE` besides those that Node trusts; the SDK for JavaScript doesn't read it, AWS's other tools do. */
async function trusted(env: Environment): Promise<{ca?: string[]}> {
	const path = env.AWS_CA_BUNDLE;
	if (!path) return {};
	try {
		return {ca: [...getCACertificates('default'), await readFile(path, 'utf8')]};
	} catch (error) {
		throw new Problem({
			code: 'file-unreadable',
			message: `The file ${path}, which AWS_CA_BUNDLE names, can't be read: ${error instanceof Error ? error.message : String(error)}.`,
			advice: 'Name another with `export AWS_CA_BUNDLE=…`, or `unset AWS_CA_BUNDLE`.',
			cause: error,
		});
	}
}

/** How every client talks: held connections through Node's own agents, which honour `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (Node 22.21, 24.5). */
async function transport(env: Environment): Promise<ClientSettings['requestHandler']> {
	const agent = {keepAlive: true, maxSockets: 50, proxyEnv: env};
	return {...timeouts, httpAgent: new HttpAgent(agent), httpsAgent: new HttpsAgent({...agent, ...(await trusted(env))})};
}

/** What is read off an error of the SDK or of Node's sockets, whatever its class. */
const shape = z.object({
	name: z.string().catch('Error'),
	message: z.string().catch(''),
	code: z.string().optional().catch(undefined),
	errors: z.array(z.unknown()).optional().catch(undefined),
	$metadata: z.object({httpStatusCode: z.int().optional(), requestId: z.string().optional()}).optional().catch(undefined),
	$response: z
		.object({statusCode: z.int().optional(), headers: z.object({date: z.string().optional()}).optional().catch(undefined)})
		.optional()
		.catch(undefined),
});

/** Errors of sockets and TLS bear their meaning in `code`, those of the SDK in `name`. */
const isNodeCode = /^(E[A-Z]{3,}$|EAI_|ERR_|CERT_|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO)/;

/** The name, words and status of an error that the SDK threw. */
function rawError(error: unknown): RawAwsError {
	const read = shape.safeParse(error);
	if (!read.success) return {name: 'Error', message: String(error)};
	const {name, message, code, errors, $metadata, $response} = read.data;
	const date = Date.parse($response?.headers?.date ?? '');
	const first = errors?.[0];
	if (message === '' && first !== undefined) return rawError(first);
	return {
		name: code !== undefined && isNodeCode.test(code) ? code : name,
		message,
		status: $metadata?.httpStatusCode ?? $response?.statusCode,
		requestId: $metadata?.requestId,
		...(Number.isNaN(date) ? {} : {date}),
	};
}

type RealCloudOptions = Retrying & {
	/** AWS profile; without one the SDK's chain decides. */
	profile?: string | undefined;
	/** Environment of the program: endpoints, proxies, region, where AWS's files are. */
	env: Environment;
	/** Asks the person for the code of an MFA device, by its serial. */
	mfaCode?: ((serial: string) => Promise<string>) | undefined;
};

/** AWS itself, with what its files say. */
export type RealCloud = {
	at: CloudAt;
	/** Milliseconds by which AWS's clock is ahead of this machine's, as its last answer told; 0 before the first. */
	ahead(): number;
	/** The region that the environment or the profile names. */
	defaultRegion(): Promise<string | undefined>;
	/** The command that renews the session of this profile, as far as AWS's files have been read; undefined where none does. */
	login(): readonly string[] | undefined;
	/** Names of the profiles in AWS's files, in the order of their names. */
	profiles(): Promise<string[]>;
	/** Ends what still goes on, such as calls that nobody waits for any more, and closes what is held open. */
	close(): void;
};

const openers: Record<AwsService, () => Promise<(settings: ClientSettings) => OpenClient>> = {
	'auto-scaling': async () => (await import('./clients/auto-scaling.ts')).openAutoScaling,
	ec2: async () => (await import('./clients/ec2.ts')).openEc2,
	s3: async () => (await import('./clients/s3.ts')).openS3,
	iam: async () => (await import('./clients/iam.ts')).openIam,
	sts: async () => (await import('./clients/sts.ts')).openSts,
	ssm: async () => (await import('./clients/ssm.ts')).openSsm,
	'service-quotas': async () => (await import('./clients/service-quotas.ts')).openServiceQuotas,
	pricing: async () => (await import('./clients/pricing.ts')).openPricing,
	'ec2-instance-connect': async () => (await import('./clients/ec2-instance-connect.ts')).openEc2InstanceConnect,
};

/** Prices are told in three regions only, wherever the fleet is (AWS Price List API reference). */
function regionFor(service: AwsService, region: string): string {
	if (service !== 'pricing') return region;
	if (region.startsWith('eu-')) return 'eu-central-1';
	return region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1';
}

/** The SDK would write its warnings over the screen. */
const silent = {debug() {}, info() {}, warn() {}, error() {}};

/** Problems after which files and credentials are looked at anew, so that a login elsewhere is noticed. */
const stale = new Set(['session-expired', 'no-credentials', 'wrong-credentials', 'file-unreadable']);

/**
 * AWS by its SDK, one client for each service and region, loaded when it's first called. The SDK's own chain finds the credentials: profiles, SSO,
 * assumed roles with an MFA prompt, environment. `HTTPS_PROXY` and `NO_PROXY` are honoured by Node's own agents.
 */
export function realCloud(options: RealCloudOptions): RealCloud {
	const {clock, env, mfaCode} = options;
	const profile = options.profile ?? env.AWS_PROFILE;
	const clients = new Map<string, Promise<{opened: OpenClient; endpoint: string | undefined}>>();
	let ways: Promise<ClientSettings['requestHandler']> | undefined;
	let files: Promise<AwsFiles> | undefined;
	let chain: Promise<CredentialProvider> | undefined;
	let who: string | undefined;
	const over = new AbortController();
	let ahead = 0;
	let known: AwsFiles | undefined;

	async function credentials(requestHandler: ClientSettings['requestHandler']): Promise<CredentialProvider> {
		const {fromNodeProviderChain} = await import('@aws-sdk/credential-providers');
		return fromNodeProviderChain({
			...(options.profile === undefined ? {} : {profile: options.profile}),
			...(mfaCode ? {mfaCodeProvider: mfaCode} : {}),
			ignoreCache: true,
			logger: silent,
			clientConfig: {requestHandler, maxAttempts: 2},
		});
	}

	async function open(service: AwsService, region: string): Promise<{opened: OpenClient; endpoint: string | undefined}> {
		ways ??= transport(env);
		files ??= awsFiles(env);
		const requestHandler = await ways;
		chain ??= credentials(requestHandler);
		const [make, read, provider] = await Promise.all([openers[service](), files, chain]);
		known = read;
		const endpoint = endpointOf(service, profile ?? 'default', read, env);
		const override = endpoint === undefined ? {} : {endpoint, ...(service === 's3' ? {forcePathStyle: true} : {})};
		const redirects = service === 's3' ? {followRegionRedirects: true} : {};
		return {opened: make({region, credentials: provider, maxAttempts: 1, systemClockOffset: ahead, requestHandler, ...override, ...redirects}), endpoint};
	}

	async function opened(name: OperationName, region: string): Promise<{opened: OpenClient; endpoint: string | undefined}> {
		const service = serviceOf[name];
		const called = regionFor(service, region);
		const key = `${service} ${called}`;
		const known = clients.get(key) ?? open(service, called);
		clients.set(key, known);
		return known;
	}

	const login = (): readonly string[] | undefined => known && loginCommand(options.profile, known, env);

	function forget(): void {
		clients.clear();
		ways?.catch(() => {
			ways = undefined;
		});
		files = undefined;
		chain = undefined;
	}

	const once: CloudAt = (region, signal) => ({
		region,
		ahead: () => ahead,
		async call(name, input) {
			if (signal?.aborted) throw new Stopped();
			const asking: CloudRequest = {operation: name, region: regionFor(serviceOf[name], region), profile, who};
			let dated = 0;
			try {
				const {opened: client, endpoint} = await opened(name, region);
				asking.endpoint = endpoint;
				const send = client.calls[name];
				if (!send) throw new Error(`${name} has no client`);
				dated = client.clockOffset();
				const {$metadata, ...answer} = await send(input, signal ? {abortSignal: signal} : {});
				ahead = client.clockOffset();
				if (name === 'GetCallerIdentity' && 'Arn' in answer && typeof answer.Arn === 'string') who = answer.Arn;
				return answer;
			} catch (error) {
				if (signal?.aborted) throw new Stopped();
				if (error instanceof Stopped) throw error;
				const raw = rawError(error);
				if (raw.date !== undefined) ahead = raw.date - clock.now();
				const problem = error instanceof Problem ? error : cloudProblem(raw, {...asking, late: ahead - dated, login: login()});
				if (stale.has(problem.code)) forget();
				throw problem;
			}
		},
	});

	const tried = printableAt(patientAt(once, options));
	return {
		at: (region, signal, enough) => tried(region, signal ? AbortSignal.any([signal, over.signal]) : over.signal, enough),
		ahead: () => ahead,
		login,
		async defaultRegion() {
			const named = env.AWS_REGION || env.AWS_DEFAULT_REGION;
			if (named) return named;
			const read = await awsFiles(env);
			return read.profiles[profile ?? 'default']?.region || undefined;
		},
		async profiles() {
			return Object.keys((await awsFiles(env)).profiles).sort();
		},
		close() {
			over.abort();
			clients.clear();
			ways?.then(
				({httpAgent, httpsAgent}) => {
					httpAgent.destroy();
					httpsAgent.destroy();
				},
				() => undefined,
			);
		},
	};
}

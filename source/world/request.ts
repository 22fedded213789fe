import {Agent as HttpAgent, request as plainRequest} from 'node:http';
import {Agent as HttpsAgent, request as secureRequest} from 'node:https';
import {getCACertificates} from 'node:tls';

/** What an HTTP request is made with. */
export type Request = {
	url: string;
	method?: string;
	headers?: Record<string, string>;
	body?: string;
	/** PEM that is trusted besides what Node and the system trust. */
	ca?: string | undefined;
	/** Environment, for `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. */
	env: Readonly<Record<string, string | undefined>>;
	/** Milliseconds that the whole may take. */
	limit: number;
	signal?: AbortSignal | undefined;
};

export type Answer = {status: number; headers: Record<string, string | string[] | undefined>; text: string};

/** No answer here is as long as this many characters. */
const longest = 10_000_000;

/** Everything that is trusted when a CA is given: giving `ca` to Node replaces its own list, so that one is given along. */
const trusted = (ca: string): string[] => [...getCACertificates('default'), ...getCACertificates('system'), ca];

/**
 * One HTTP request by Node's own client, which `fetch` isn't enough for: it takes no CA. Redirects aren't followed, any status is an answer.
 * Throws Node's own error, with `code` `ETIMEDOUT` when the limit is over and `ABORT_ERR` once the signal is aborted.
 */
export function send({url, method = 'GET', headers = {}, body, ca, env, limit, signal}: Request): Promise<Answer> {
	const isSecure = url.startsWith('https:');
	const late = AbortSignal.timeout(limit);
	const options = {
		method,
		headers: {...headers, ...(body === undefined ? {} : {'content-length': String(Buffer.byteLength(body))})},
		signal: signal ? AbortSignal.any([signal, late]) : late,
	};
	return new Promise((resolve, reject) => {
		const failed = (error: Error): void =>
			reject(late.aborted && !signal?.aborted ? Object.assign(new Error(`no answer within ${limit / 1000} s`, {cause: error}), {code: 'ETIMEDOUT'}) : error);
		const outgoing = isSecure
			? secureRequest(url, {...options, agent: new HttpsAgent({proxyEnv: env}), ...(ca === undefined ? {} : {ca: trusted(ca)})})
			: plainRequest(url, {...options, agent: new HttpAgent({proxyEnv: env})});
		outgoing.once('error', failed);
		outgoing.once('response', (incoming) => {
			let text = '';
			incoming.setEncoding('utf8');
			incoming.on('data', (chunk: string) => {
				text += chunk;
				if (text.length > longest) incoming.destroy(new Error(`an answer of more than ${longest} characters`));
			});
			incoming.once('error', failed);
			incoming.once('end', () => resolve({status: incoming.statusCode ?? 0, headers: incoming.headers, text}));
		});
		outgoing.end(body);
	});
}

import * as z from 'zod';
import {Problem, Stopped} from '../../problem.ts';
import {printable} from '../printable.ts';
import type {Answer} from '../request.ts';
import {gitlabUrlPattern} from './url.ts';

/** A call to GitLab, as messages name it; `scope` is the one that a token needs for it where that isn't what setup needs. */
export type Calling = {url: string; what: string; scope?: 'api' | undefined};

const words = z.union([z.string(), z.record(z.string(), z.array(z.string()))]);
const body = z.object({message: words.optional(), error: z.string().optional(), error_description: z.string().optional(), scope: z.string().optional()});

/** GitLab's own sentence about a refusal, from whichever field it is in. */
function saidBy(text: string): {says: string | undefined; isScope: boolean} {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return {says: undefined, isScope: false};
	}
	const read = body.safeParse(value);
	if (!read.success) return {says: undefined, isScope: false};
	const {message, error, error_description: description} = read.data;
	const fields =
		typeof message === 'object' ? Object.entries(message).map(([field, each]) => `${field} ${each.join(', ')}`) : [message ?? description ?? error];
	const says = fields.filter((each) => each !== undefined && !/^\d{3} /.test(each)).join('; ');
	return {says: says === '' ? undefined : printable(says).replace(/\.$/, '').slice(0, 300), isScope: error === 'insufficient_scope'};
}

const host = (url: string): string => url.replace(/^https?:\/\//, '');

/** Codes of Node's TLS that mean an untrusted or unfitting certificate. */
const certificate = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|ERR_OSSL|ERR_SSL)/;

const reasons: Record<string, string> = {
	ENOTFOUND: "its name isn't known",
	EAI_AGAIN: 'no name server answers',
	ECONNREFUSED: 'the connection is refused',
	ECONNRESET: 'the connection broke off',
	EPIPE: 'the connection broke off',
	ETIMEDOUT: 'nothing answers in time',
	EHOSTUNREACH: 'there is no way to it',
	ENETUNREACH: 'there is no network',
	ERR_PROXY_TUNNEL: 'the proxy refuses the connection',
	ERR_PROXY_INVALID_CONFIG: "the proxy's address in the environment is no URL",
};

/** What kept a request from being answered: a name, a port, a certificate. */
export function unreachable(error: unknown, {url}: Calling, signal: AbortSignal | undefined): Problem | Stopped {
	if (signal?.aborted) return new Stopped();
	const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
	const message = error instanceof Error ? error.message : String(error);
	if (certificate.test(code)) {
		return new Problem({
			code: 'gitlab-certificate',
			message: `${host(url)} shows a certificate that this machine doesn't trust: ${message.replace(/\.$/, '')} (${code}).`,
			advice: 'Where GitLab has an authority of its own, name its PEM file with `--gitlab-ca`; the manager is told of it too.',
			cause: error,
		});
	}
	const reason = reasons[code] ?? message;
	const isName = code === 'ENOTFOUND' || code === 'ERR_PROXY_INVALID_CONFIG';
	return new Problem({
		code: 'gitlab-unreachable',
		message: `${host(url)} can't be reached: ${reason}${code === '' ? '' : ` (${code})`}.`,
		advice: isName ? 'Check `--gitlab-url` and the network.' : 'Check the network, `HTTPS_PROXY` and `--gitlab-url`, then run the same command again.',
		again: !isName && code !== 'ERR_PROXY_TUNNEL',
		cause: error,
	});
}

/** What an answer that isn't a success means. Tokens aren't in it: GitLab's sentence is the only thing that is taken over. */
export function refusal({status, headers, text}: Answer, {scope, url, what}: Calling): Problem {
	const {says, isScope} = saidBy(text);
	const name = host(url);
	const because = says === undefined ? '' : `: ${says}`;
	if (status >= 300 && status < 400) {
		const to = String(headers.location ?? '').replace(/\/api\/v4\/.*$/, '');
		return new Problem({
			code: 'gitlab-unreachable',
			message: `${url} leads on to ${to || 'another place'} (${status}).`,
			advice: gitlabUrlPattern.test(to) ? `Use \`--gitlab-url ${to}\`.` : 'Check `--gitlab-url`.',
		});
	}
	if (status === 401) {
		return new Problem({
			code: 'gitlab-token-refused',
			message: `${name} doesn't accept this GitLab token: it's mistyped, expired or revoked (401).`,
			advice: `Make one with the scope \`${scope ?? 'create_runner'}\` at ${url}/-/user_settings/personal_access_tokens.`,
		});
	}
	if (status === 403) {
		return new Problem({
			code: 'gitlab-not-allowed',
			message: `This GitLab token may not ${what} on ${name}${because} (403).`,
			advice: isScope
				? scope === undefined
					? 'Give it the scopes `create_runner`, `manage_runner` and `read_api`.'
					: `Make one with the scope \`${scope}\` at ${url}/-/user_settings/personal_access_tokens.`
				: 'Its user needs the role Maintainer of the project, or Owner of the group.',
		});
	}
	if (status === 404)
		return new Problem({code: 'gitlab-not-found', message: `${name} knows nothing there to ${what} (404).`, advice: 'Check the name, and `--gitlab-url`.'});
	if (status === 429) {
		const wait = Number(headers['retry-after']);
		return new Problem({
			code: 'gitlab-throttled',
			message: `${name} is asked too often from here (429).`,
			advice: `Run the same command again in ${Number.isFinite(wait) && wait > 0 ? `${wait} s` : 'a minute'}.`,
			fault: 'outside',
			again: true,
		});
	}
	if (status >= 500) {
		return new Problem({
			code: 'gitlab-failing',
			message: `${name} has trouble of its own${because} (${status}).`,
			advice: 'Run the same command again in a minute.',
			fault: 'outside',
			again: true,
		});
	}
	return new Problem({code: 'gitlab-refused', message: `${name} refuses to ${what}${because} (${status}).`, fault: 'outside'});
}

/** An answer of another shape than GitLab's: usually a login page in front of it. */
export const strange = ({url, what}: Calling, cause?: unknown): Problem =>
	new Problem({
		code: 'gitlab-unreachable',
		message: `What answers at ${host(url)} isn't GitLab's API: its answer to ${what} has another shape.`,
		advice: 'Check `--gitlab-url`, and whether a login page stands before it.',
		cause,
	});

/** A runner token that GitLab doesn't know: 403 from `POST /runners/verify`. */
export const tokenRefused = (url: string): Problem =>
	new Problem({
		code: 'runner-token-refused',
		message: `${host(url)} doesn't know this runner token: it's deleted, or another GitLab's (403).`,
		advice: 'Make a runner under Settings › CI/CD › Runners, and give its token, which begins with `glrt-`.',
	});

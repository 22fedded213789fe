import type {IncomingMessage, ServerResponse} from 'node:http';
import {type ApiCall, fieldsOfJson, makeApi} from './gitlab-api.ts';
import {plainly, type Reply, text} from './gitlab-bodies.ts';
import {type GitlabStore, makeStore, type StoredJob, type StoredRunner} from './gitlab-store.ts';
import {bodyOf} from './listen.ts';

/** A request that GitLab got; its body is kept as text. */
export type GitlabRequest = {at: number; method: string; path: string; status: number; body: string};

/** Trouble that GitLab makes, until it is told to stop. */
export type GitlabFault = {
	/** Only requests whose `METHOD /path` fits; omitted = all. */
	on?: RegExp;
	/** An HTTP status, or `drop` to close the connection: the request is not carried out. */
	answer?: number | 'drop';
	/** A process that is killed with SIGKILL once the Nth such request was carried out, before it hears the answer. */
	kill?: {pid: number; nth: number};
	/** How many requests it hits; omitted = all. */
	times?: number;
	/** Seconds, for 429. */
	retryAfter?: number;
};

/** A GitLab stand-in. */
export type GitlabPeer = {
	handle(incoming: IncomingMessage, outgoing: ServerResponse): void;
	requests(): GitlabRequest[];
	forget(): void;
	/** Makes trouble; without an argument all is well again. */
	fault(fault?: GitlabFault): void;
	/** The state itself, to look at and to change. */
	store: GitlabStore;
	/** A valid runner token (of a runner made for it). */
	token(given?: Partial<StoredRunner>): string;
	/** A personal access token with these scopes. */
	personalToken(...scopes: string[]): string;
	/** Puts a job in the queue of project 42. */
	queue(given?: Partial<StoredJob>): StoredJob;
};

/** Makes a GitLab stand-in; `base` is the URL that it calls itself. */
export function makeGitlab(base: () => string): GitlabPeer {
	const store = makeStore();
	const route = makeApi(store, base);
	const requests: GitlabRequest[] = [];
	let fault: GitlabFault | undefined;

	function read(incoming: IncomingMessage, body: string): ApiCall {
		const url = new URL(incoming.url ?? '/', 'http://gitlab');
		const isJson = incoming.headers['content-type']?.includes('json') === true;
		const parsed = isJson ? fieldsOfJson.safeParse(JSON.parse(body || '{}')) : undefined;
		const form = {...Object.fromEntries(url.searchParams), ...(parsed?.success ? parsed.data : Object.fromEntries(new URLSearchParams(body)))};
		const token = incoming.headers['private-token'] ?? incoming.headers.authorization?.replace(/^Bearer /, '');
		return {
			method: incoming.method ?? 'GET',
			path: url.pathname.replace(/^\/api\/v4/, ''),
			query: url.searchParams,
			fields: form,
			scopes: store.personal.get(text(token)),
		};
	}

	function trouble(line: string): Reply | 'drop' | undefined {
		if (fault?.answer === undefined || (fault.on && !fault.on.test(line)) || fault.times === 0) {
			return undefined;
		}
		if (fault.times !== undefined) {
			fault.times -= 1;
		}
		if (fault.answer === 'drop') {
			return 'drop';
		}
		return {...plainly(fault.answer), ...(fault.retryAfter === undefined ? {} : {headers: {'Retry-After': String(fault.retryAfter)}})};
	}

	/** Whether somebody is killed by this request, which was answered so. */
	function kills(line: string, {status}: Reply): boolean {
		if (!fault?.kill || status >= 400 || (fault.on && !fault.on.test(line))) {
			return false;
		}
		fault.kill.nth -= 1;
		return fault.kill.nth === 0 && process.kill(fault.kill.pid, 'SIGKILL');
	}

	async function respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
		const body = (await bodyOf(incoming)).toString();
		const asked = read(incoming, body);
		const {pathname} = new URL(incoming.url ?? '/', 'http://gitlab');
		const request: GitlabRequest = {at: Date.now(), method: asked.method, path: pathname, status: 0, body};
		requests.push(request);
		const reply =
			trouble(`${asked.method} ${pathname}`) ??
			(pathname.startsWith('/api/v4/') ? route(asked) : {status: 200, body: '<!DOCTYPE html>\n<html><title>GitLab</title></html>'});
		if (reply === 'drop' || kills(`${asked.method} ${pathname}`, reply)) {
			incoming.socket.destroy();
			return;
		}
		request.status = reply.status;
		const isText = typeof reply.body === 'string';
		const type = isText ? (text(reply.body).startsWith('<') ? 'text/html; charset=utf-8' : 'text/plain') : 'application/json';
		outgoing.writeHead(reply.status, {'content-type': type, ...reply.headers});
		outgoing.end(reply.body === undefined ? undefined : isText ? reply.body : JSON.stringify(reply.body));
	}

	return {
		handle(incoming, outgoing) {
			respond(incoming, outgoing).catch(() => incoming.socket.destroy());
		},
		requests: () => [...requests],
		forget() {
			requests.length = 0;
		},
		fault(next) {
			fault = next && structuredClone(next);
		},
		store,
		token: (given) => store.addRunner(given).token,
		personalToken(...scopes) {
			const token = `glpat-peers-${store.personal.size}`;
			store.personal.set(token, scopes);
			return token;
		},
		queue: (given) => store.addJob(given),
	};
}

import {createServer, type IncomingMessage, request, type ServerResponse} from 'node:http';
import {setTimeout as pause} from 'node:timers/promises';
import {type Asked, asked, type Call, errorBody} from './calls.ts';
import {bodyOf, listen} from './listen.ts';

/** Trouble for calls that match. */
export type FaultRule = {
	service?: string;
	/** Omitted = every action: AWS is out of reach, say. */
	action?: string;
	/** Only the Nth matching call since the rules were set, from 1; omitted = each. */
	nth?: number;
	/** The call waits until this has come: for what has to happen while it is under way. */
	until?: Promise<unknown>;
	/** Then it waits this long. */
	delayMs?: number;
	/** Answered in AWS's place: the call is not carried out. */
	error?: {status: number; code: string; message: string};
	/** Closes the connection, before or after the call was carried out. */
	drop?: 'before' | 'after';
	/** A process that is killed with SIGKILL once the call was carried out, before it hears the answer. */
	kill?: number;
};

/** The proxy between the program and moto. */
export type Proxy = {url: string; calls(): Call[]; forget(): void; faults(rules: readonly FaultRule[]): void; stop(): Promise<void>};

type Answer = {status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer};

async function forward(to: URL, incoming: IncomingMessage, body: Buffer, action: string): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const headers: NodeJS.Dict<string | string[]> = {...incoming.headers, 'x-peers-action': action, 'content-length': String(body.length), connection: 'close'};
		delete headers['transfer-encoding'];
		const outgoing = request({host: to.hostname, port: to.port, method: incoming.method, path: incoming.url, headers}, (answer) => {
			bodyOf(answer).then((bytes) => resolve({status: answer.statusCode ?? 0, headers: answer.headers, body: bytes}), reject);
		});
		outgoing.once('error', reject);
		outgoing.end(body);
	});
}

function codeOf(status: number, body: Buffer): {code?: string} {
	if (status < 400) {
		return {};
	}
	const text = body.toString();
	const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? /"__type":\s*"(?:[^"#]*#)?([^"]*)"/.exec(text)?.[1];
	return code === undefined ? {} : {code};
}

/** Starts a proxy that writes down every call on its way to moto and makes trouble where the rules say so. */
export async function startProxy(moto: string): Promise<Proxy> {
	const calls: Call[] = [];
	let rules: {rule: FaultRule; seen: number}[] = [];
	const to = new URL(moto);

	function applying(what: Asked): FaultRule {
		const hit: FaultRule = {};
		for (const entry of rules) {
			const {action = what.action, service = what.service} = entry.rule;
			if (action !== what.action || service !== what.service) {
				continue;
			}
			entry.seen += 1;
			if (entry.rule.nth === undefined || entry.rule.nth === entry.seen) {
				Object.assign(hit, entry.rule);
			}
		}
		return hit;
	}

	async function answer(what: Asked, rule: FaultRule, incoming: IncomingMessage, body: Buffer): Promise<Answer | 'dropped'> {
		await rule.until;
		if (rule.delayMs !== undefined) {
			await pause(rule.delayMs);
		}
		if (rule.drop === 'before') {
			return 'dropped';
		}
		if (rule.error) {
			const {type, text} = errorBody(what.service, incoming.headers['x-amz-target'] !== undefined, rule.error.code, rule.error.message);
			return {
				status: rule.error.status,
				headers: {'content-type': type, 'x-amzn-requestid': 'peers-fault'},
				body: Buffer.from(incoming.method === 'HEAD' ? '' : text),
			};
		}
		const got = await forward(to, incoming, body, what.action);
		if (rule.kill !== undefined) {
			process.kill(rule.kill, 'SIGKILL');
		}
		return rule.drop === 'after' ? 'dropped' : got;
	}

	async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
		const at = Date.now();
		const begun = performance.now();
		const body = await bodyOf(incoming);
		const what = asked(incoming.method ?? 'GET', incoming.url ?? '/', incoming.headers, body);
		const call: Call = {at, ms: 0, ...what, status: 0};
		calls.push(call);
		const got = await answer(what, applying(what), incoming, body);
		call.ms = performance.now() - begun;
		if (got === 'dropped') {
			incoming.socket.destroy();
			return;
		}
		Object.assign(call, {status: got.status}, codeOf(got.status, got.body));
		const headers = {...got.headers};
		delete headers.connection;
		delete headers['transfer-encoding'];
		if (incoming.method !== 'HEAD') {
			headers['content-length'] = String(got.body.length);
		}
		outgoing.writeHead(got.status, headers);
		outgoing.end(got.body);
	}

	const server = createServer((incoming, outgoing) => {
		handle(incoming, outgoing).catch(() => incoming.socket.destroy());
	});
	const {port, stop} = await listen(server, '127.0.0.1');
	return {
		url: `http://127.0.0.1:${port}`,
		calls: () => structuredClone(calls),
		forget() {
			calls.length = 0;
		},
		faults(next) {
			rules = next.map((rule) => ({rule, seen: 0}));
		},
		stop,
	};
}

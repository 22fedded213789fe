import {createServer, type IncomingMessage, request, type ServerResponse} from 'node:http';
import {setTimeout as pause} from 'node:timers/promises';
import {refusedDate} from '../../source/simulated/cloud/dates.ts';
import {type AwsService, serviceOf} from '../../source/world/cloud/port.ts';
import {type AskedCall, asked, type Call, errorBody} from './calls.ts';
import {bodyOf, listen} from './listen.ts';

/** Trouble for calls that match. */
export type FaultRule = {
	service?: string;
	/** Omitted = every action: AWS is out of reach, say. */
	action?: string;
	/** Only calls that AWS was asked to change something by. */
	changing?: true;
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

/** The proxy between the program and moto. `clock` sets AWS's clock ahead of this computer's, in milliseconds: a call's date is judged by it, and answers bear it. */
export type Proxy = {
	url: string;
	calls(): Call[];
	forget(): void;
	faults(rules: readonly FaultRule[]): void;
	clock(ahead: number): void;
	stop(): Promise<void>;
};

/** What comes back from moto, or is answered in its place. */
export type ProxyAnswer = {status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer};

/** Passes a call on to moto, with its action's name, which moto can't always read off it. */
export async function forward(to: URL, incoming: IncomingMessage, body: Buffer, action: string): Promise<ProxyAnswer> {
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

/** AWS's code in an answer that refuses. */
export function codeOf(status: number, body: Buffer): {code?: string} {
	if (status < 400) {
		return {};
	}
	const text = body.toString();
	const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? /"__type":\s*"(?:[^"#]*#)?([^"]*)"/.exec(text)?.[1];
	return code === undefined ? {} : {code};
}

/** The service that a call was signed for, whose name there has no hyphens. */
const serviceIn = ({service}: AskedCall): AwsService => Object.values(serviceOf).find((one) => one === service || one.replaceAll('-', '') === service) ?? 'ec2';

/** The date that a call bears, in milliseconds since 1970; one that bears none is taken as of now. */
function datedIn({headers}: IncomingMessage): number {
	const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? [];
	return year === undefined ? Date.now() : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** An answer in AWS's place. */
function refused({service}: AskedCall, incoming: IncomingMessage, error: {name: string; message: string; status: number}): ProxyAnswer {
	const {type, text} = errorBody(service, incoming.headers['x-amz-target'] !== undefined, error.name, error.message);
	return {
		status: error.status,
		headers: {'content-type': type, 'x-amzn-requestid': 'peers-fault'},
		body: Buffer.from(incoming.method === 'HEAD' ? '' : text),
	};
}

/** SSM's answer to who starts a session with an instance: moto knows no sessions. */
function sessionAnswer(instanceId: string, isConnected: boolean): ProxyAnswer {
	const headers = {'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'peers-session'};
	const told = isConnected
		? {SessionId: 'peers-0a1b2c3d', StreamUrl: 'wss://ssmmessages.us-east-2.amazonaws.com/v1/data-channel/peers-0a1b2c3d', TokenValue: 'peers'}
		: {__type: 'TargetNotConnected', message: `${instanceId} is not connected.`};
	return {status: isConnected ? 200 : 400, headers, body: Buffer.from(JSON.stringify(told))};
}

/** Starts a proxy that writes down every call on its way to moto and makes trouble where the rules say so; `isConnected` says whether SSM reaches an instance. */
export async function startProxy(moto: string, isConnected: (region: string, instanceId: string) => Promise<boolean>): Promise<Proxy> {
	const calls: Call[] = [];
	let rules: {rule: FaultRule; seen: number}[] = [];
	const to = new URL(moto);
	let ahead = 0;

	function applying(what: AskedCall): FaultRule {
		const hit: FaultRule = {};
		for (const entry of rules) {
			const {action = what.action, service = what.service} = entry.rule;
			if (action !== what.action || service !== what.service || (entry.rule.changing && !what.changing)) {
				continue;
			}
			entry.seen += 1;
			if (entry.rule.nth === undefined || entry.rule.nth === entry.seen) {
				Object.assign(hit, entry.rule);
			}
		}
		return hit;
	}

	async function answer(what: AskedCall, rule: FaultRule, incoming: IncomingMessage, body: Buffer): Promise<ProxyAnswer | 'dropped'> {
		await rule.until;
		if (rule.delayMs !== undefined) {
			await pause(rule.delayMs);
		}
		if (rule.drop === 'before') {
			return 'dropped';
		}
		if (rule.error) {
			return refused(what, incoming, {...rule.error, name: rule.error.code});
		}
		const wrong = refusedDate(serviceIn(what), datedIn(incoming), Date.now() + ahead);
		if (wrong) {
			return refused(what, incoming, wrong);
		}
		const target = what.form.Target ?? '';
		const got =
			what.service === 'ssm' && what.action === 'StartSession'
				? sessionAnswer(target, await isConnected(what.region, target))
				: await forward(to, incoming, body, what.action);
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
		const headers: ProxyAnswer['headers'] = {...got.headers, date: new Date(Date.now() + ahead).toUTCString()};
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
		clock(next) {
			ahead = next;
		},
		stop,
	};
}

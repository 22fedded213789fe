import {mkdtemp, rm} from 'node:fs/promises';
import {createConnection, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import * as z from 'zod';
import {launch, run} from './launch.ts';
import {until} from './poll.ts';

/** A running moto. */
export type Moto = {url: string; admin(route: string, body?: object): Promise<string>; stop(): Promise<void>};

const listening = z.object({port: z.number()});

/** How slow AWS is, in seconds: until what was just made is known everywhere, and until the name of a deleted parameter is free. */
export type MotoSlowness = {late?: number | undefined; rest?: number | undefined};

/** The Python that has moto; it is looked for only, and had by install.sh. */
async function python(): Promise<string> {
	const {code, stdout, stderr} = await run('sh', [new URL('moto/python.sh', import.meta.url).pathname, '--only-look']);
	if (code !== 0) {
		throw new Error(`moto can't be started (run test/peers/install.sh): ${stderr}`);
	}
	return stdout.trim();
}

/** The addresses of the world's machines, which the instances get that are launched, and a URL that hears of each that begins or ends there. */
export type MotoAddresses = {addresses: readonly string[]; tell?: string | undefined};

const script = new URL('moto-server.py', import.meta.url).pathname;

/** The variable that says where motos are forked. */
const variable = 'PEERS_MOTO';

/** Reads moto once for all test files that are run from here: each then gets a process of its own, ready at once. */
export async function startForking(): Promise<{stop(): Promise<void>}> {
	const folder = await mkdtemp(join(tmpdir(), 'moto-'));
	const path = join(folder, 'socket');
	process.env[variable] = path;
	const {kill} = launch(await python(), [script, '--fork', path]);
	return {
		async stop() {
			await kill();
			await rm(folder, {recursive: true});
		},
	};
}

/** A moto of its own from the process that has read it; it ends with the connection. */
async function forked(path: string, options: string): Promise<{port: number; stop(): Promise<void>}> {
	const socket = await until('the process that forks motos to listen', () => connected(path));
	const ended = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
	let written = '';
	socket.setEncoding('utf8').on('data', (chunk: string) => {
		written += chunk;
	});
	socket.write(`${options}\n`);
	const port = await until('moto to listen', () => portIn(written));
	return {
		port,
		stop() {
			socket.end();
			return ended;
		},
	};
}

/** A connection to a socket's path; undefined while nothing listens there. */
const connected = (path: string): Promise<Socket | undefined> =>
	new Promise((resolve) => {
		const socket = createConnection(path);
		socket.once('connect', () => resolve(socket)).once('error', () => resolve(undefined));
	});

async function started(options: string): Promise<{port: number; stop(): Promise<void>}> {
	const path = process.env[variable];
	if (path !== undefined) return forked(path, options);
	const server = launch(await python(), [script, options]);
	const port = await until('moto to listen', () => {
		if (server.child.exitCode !== null) {
			throw new Error(`moto did not start:\n${server.output()}`);
		}
		return portIn(server.output());
	});
	return {port, stop: () => server.kill()};
}

function portIn(output: string): number | undefined {
	const line = /^\{.*\}$/m.exec(output)?.[0];
	return line === undefined ? undefined : listening.parse(JSON.parse(line)).port;
}

/** Starts moto with our patches. */
export async function startMoto({addresses, tell}: MotoAddresses, {late, rest}: MotoSlowness = {}): Promise<Moto> {
	const {port, stop} = await started(JSON.stringify({addresses, tell, late, rest}));
	const url = `http://127.0.0.1:${port}`;
	return {
		url,
		async admin(route, body) {
			const answer = await fetch(`${url}/peers/${route}`, body ? {method: 'POST', body: JSON.stringify(body)} : {});
			const text = await answer.text();
			if (!answer.ok) {
				throw new Error(`moto's door ${route} answered ${answer.status}: ${text}`);
			}
			return text;
		},
		stop,
	};
}

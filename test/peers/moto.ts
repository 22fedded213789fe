import {z} from 'zod';
import {launch, run} from './launch.ts';
import {until} from './poll.ts';

/** A running moto. */
export type Moto = {url: string; admin(route: string, body?: object): Promise<string>; stop(): Promise<void>};

const started = z.object({port: z.number()});

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

/** Starts moto with our patches. */
export async function startMoto({addresses, tell}: MotoAddresses, {late, rest}: MotoSlowness = {}): Promise<Moto> {
	const script = new URL('moto-server.py', import.meta.url).pathname;
	const server = launch(await python(), [script, JSON.stringify({addresses, tell, late, rest})]);
	const port = await until('moto to listen', () => {
		const line = /^\{.*\}$/m.exec(server.output())?.[0];
		if (line) {
			return started.parse(JSON.parse(line)).port;
		}
		if (server.child.exitCode !== null) {
			throw new Error(`moto did not start:\n${server.output()}`);
		}
		return undefined;
	});
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
		stop: () => server.kill(),
	};
}

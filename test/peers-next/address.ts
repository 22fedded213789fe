import {createServer} from 'node:http';
import {listen} from './listen.ts';

/** A stand-in for checkip.amazonaws.com. */
export type OwnAddress = {url: string; says(ip: string): void; stop(): Promise<void>};

/** Starts the "what is my address" service; it says 127.0.0.1 until told otherwise. */
export async function startOwnAddress(): Promise<OwnAddress> {
	let ip = '127.0.0.1';
	const server = createServer((_, outgoing) => {
		outgoing.writeHead(200, {'content-type': 'text/plain'}).end(`${ip}\n`);
	});
	const {port, stop} = await listen(server, '127.0.0.1');
	return {
		url: `http://127.0.0.1:${port}/ip`,
		says(next) {
			ip = next;
		},
		stop,
	};
}

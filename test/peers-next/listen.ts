import type {Server} from 'node:http';
import type {AddressInfo} from 'node:net';

/** A server that listens, and how to end it at once. */
export type Listening = {port: number; stop(): Promise<void>};

/** Makes a server listen on one loopback address; port 0 takes a free one. */
export async function listen(server: Server, address: string, port = 0): Promise<Listening> {
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, address, resolve);
	});
	server.keepAliveTimeout = 60_000;
	const bound = server.address() as AddressInfo;
	return {
		port: bound.port,
		async stop() {
			server.closeAllConnections();
			await new Promise<void>((resolve) => {
				server.close(() => resolve());
			});
		},
	};
}

/** Reads a whole body. */
export async function bodyOf(request: AsyncIterable<Uint8Array>): Promise<Buffer> {
	const parts: Uint8Array[] = [];
	for await (const part of request) {
		parts.push(part);
	}
	return Buffer.concat(parts);
}

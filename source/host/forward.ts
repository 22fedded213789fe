import {createServer, type Socket} from 'node:net';
import type {Client} from './exec.ts';

/** Opens a local port that leads to a port of the other side's loopback; a connection that it refuses is closed here. */
export async function forward(client: Client, port: number): Promise<{port: number; close(): Promise<void>}> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
		socket.on('error', () => socket.destroy());
		try {
			client.forwardOut('127.0.0.1', socket.remotePort ?? 0, '127.0.0.1', port, (error, channel) => {
				if (error) return socket.destroy();
				channel.on('error', () => socket.destroy());
				// What the other side said before it closed is still on its way here.
				channel.once('close', () => socket.destroySoon());
				socket.pipe(channel).pipe(socket);
			});
		} catch {
			socket.destroy();
		}
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, '127.0.0.1', resolve);
	});
	const bound = server.address();
	return {
		port: bound !== null && typeof bound === 'object' ? bound.port : 0,
		async close() {
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}

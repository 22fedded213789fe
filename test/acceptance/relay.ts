import {connect, createServer, type Socket} from 'node:net';

/** A door to another one, which remembers when it was opened. */
export type Relay = {port: number; opened(): number[]; stop(): Promise<void>};

/** Passes connections on, as an SSH tunnel does; times are milliseconds since 1970. */
export async function startRelay(address: string, port: number): Promise<Relay> {
	const opened: number[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((here) => {
		opened.push(Date.now());
		const there = connect(port, address);
		for (const [one, other] of [
			[here, there],
			[there, here],
		] as const) {
			sockets.add(one);
			one.pipe(other);
			one.once('error', () => other.destroy());
			one.once('close', () => other.destroy());
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const at = server.address();
	return {
		port: at !== null && typeof at === 'object' ? at.port : 0,
		opened: () => [...opened],
		async stop() {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

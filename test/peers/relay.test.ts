import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {createServer, type Server, type Socket} from 'node:net';
import {after, before, test} from 'node:test';
import {type Launched, launch, run} from './launch.ts';
import {until} from './poll.ts';
import {launchRelay, ownNetwork, passesOn} from './relay.ts';

let elsewhere: Launched;
let answer: (socket: Socket) => void;
let server: Server;
let port = 0;
let relay: Launched;
const network = (): string => `/proc/${elsewhere.child.pid}/ns/net`;

before(async () => {
	server = createServer({allowHalfOpen: true}, (socket) => answer(socket));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const at = server.address();
	port = at !== null && typeof at === 'object' ? at.port : 0;
	elsewhere = launch('unshare', ['--net', 'sh', '-c', 'echo made; exec sleep 120']);
	await until('another network', () => (elsewhere.output().includes('made') ? true : undefined));
	relay = launchRelay(network(), ownNetwork, [`127.0.0.1:${port}`]);
	await passesOn(relay);
});

after(async () => {
	await relay.kill();
	await elsewhere.kill();
	server.close();
});

/** Runs Python in the other network, with `caller` connected to our server's address. */
async function call(program: string): Promise<string> {
	const lines = ['import hashlib, socket, sys', `caller = socket.create_connection(("127.0.0.1", ${port}), 10)`, program];
	const {stdout, stderr} = await run('nsenter', [`--net=${network()}`, '/usr/bin/python3', '-c', lines.join('\n')]);
	return stdout + stderr;
}

async function read(socket: Socket): Promise<Buffer> {
	const parts: Buffer[] = [];
	for await (const part of socket.iterator({destroyOnReturn: false})) {
		parts.push(part);
	}
	return Buffer.concat(parts);
}

test('a caller that has said all still hears a whole long answer, and the target hears a whole long question', async () => {
	const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
	const long = Buffer.alloc(30_000_000, 'an answer ');
	let asked = '';
	answer = (socket) => {
		read(socket).then((bytes) => {
			asked = sum(bytes);
			socket.end(long);
		}, assert.fail);
	};
	const heard = await call(`
caller.sendall(b"a question" * 3_000_000)
caller.shutdown(socket.SHUT_WR)
print(hashlib.file_digest(caller.makefile("rb"), "sha256").hexdigest())`);
	assert.equal(asked, sum(Buffer.alloc(30_000_000, 'a question')));
	assert.equal(heard.trim(), sum(long));
});

test('a target may have said all first, and hears on', async () => {
	const heard = new Promise<string>((resolve, reject) => {
		answer = (socket) => {
			socket.end('first');
			read(socket).then((bytes) => resolve(String(bytes)), reject);
		};
	});
	assert.equal((await call('print(caller.makefile("rb").read())\ncaller.sendall(b"and on")')).trim(), "b'first'");
	assert.equal(await heard, 'and on');
});

test('a reset is a reset on the other side, both ways', async () => {
	answer = (socket) => socket.once('data', () => socket.resetAndDestroy());
	assert.match(await call('caller.sendall(b"x")\ncaller.recv(1)'), /ConnectionResetError/);
	const failed = new Promise<NodeJS.ErrnoException>((resolve) => {
		answer = (socket) => socket.once('error', resolve).write('x');
	});
	await call('caller.recv(1)\ncaller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))\ncaller.close()');
	assert.equal((await failed).code, 'ECONNRESET');
});

test('many at once do not mix, and a place that nobody listens on there ends the call', async () => {
	answer = (socket) => socket.pipe(socket);
	const said = await call(`
callers = [socket.create_connection(caller.getpeername(), 10) for _ in range(100)]
for number, each in enumerate(callers):
    each.sendall(b"%d " % number)
    each.shutdown(socket.SHUT_WR)
print("".join(each.makefile().read() for each in reversed(callers)))`);
	assert.equal(said.trim(), Array.from({length: 100}, (_, number) => 99 - number).join(' '));
	await new Promise((resolve) => server.close(resolve));
	assert.match(await call('caller.recv(1)'), /ConnectionResetError/);
});

import assert from 'node:assert/strict';
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {after, before, suite, test} from 'node:test';
import * as z from 'zod';
import {factsScript, panelScript} from '../../source/executors/scripts.ts';
import {isProblem} from '../../source/problem.ts';
import type {Connection, ScriptProgress, Target} from '../../source/world/host/port.ts';
import {prelude, type Script} from '../../source/world/host/script.ts';
import {commandLogs} from '../peers/furnish.ts';
import {reachable, region} from './cloud-parts.ts';
import {type HostWorld, sides} from './host-sides.ts';

const anything = z.record(z.string(), z.unknown());
const script = <Result>(name: string, body: string, result: z.ZodType<Result>): Script<unknown, Result> => ({
	name,
	text: prelude + body,
	result,
	changes: false,
});
const echo = script(
	'echo',
	"say(says='echo beginning')\nsay(line=given['text'])\ndone(text=given['text'], uid=os.getuid())",
	z.object({text: z.string(), uid: z.int()}),
);

/** Says that it is up, and goes on for a minute. */
const sleeper = script('sleeper', "say(says='up')\ntime.sleep(60)", anything);

for (const side of sides.filter(({hasShell}) => hasShell)) {
	suite(`${side.name}, with a shell`, () => {
		const {privateKey, publicKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
		let world: HostWorld;
		let target: Target;
		let connection: Connection;

		/** Writes a file as root. */
		const put = (path: string, text: string) => connection.run(`sudo -n sh -c 'mkdir -p /root/contract; cat > ${path}'`, text);

		before(async () => {
			world = await side.open();
			const cloud = world.cloudAt(region);
			const {e = '', n = ''} = publicKey.export({format: 'jwk'});
			const part = (bytes: Buffer) => Buffer.concat([Buffer.from(new Uint32Array([bytes.length]).buffer).reverse(), bytes]);
			const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]);
			const blob = Buffer.concat([part(Buffer.from('ssh-rsa')), part(Buffer.from(e, 'base64url')), part(modulus)]);
			const {address} = await reachable(world, cloud, 'shell', `ssh-rsa ${blob.toString('base64')} contract`);
			target = {address, port: 22, user: 'ubuntu', privateKey: String(privateKey.export({type: 'pkcs1', format: 'pem'})), trust: () => true};
			connection = await world.host.connect(target);
		});
		after(async () => {
			await connection?.close();
			await world.stop();
		});

		test('a command gets its stdin to the end, and gives code, output and complaint apart', async () => {
			const outcome = await connection.run('cat; echo sorry >&2; exit 3', 'in\nit');
			assert.deepEqual(outcome, {code: 3, stdout: 'in\nit', stderr: 'sorry\n'});
			assert.deepEqual(await connection.run('id -un'), {code: 0, stdout: 'ubuntu\n', stderr: ''});
		});

		test('a command that a signal ends has no code', async () => {
			assert.equal((await connection.run('kill -KILL $$')).code, undefined);
		});

		test('large output comes whole', async () => {
			const {stdout} = await connection.run('python3 -c \'print("ü" * 2_000_000)\'');
			assert.equal(stdout.length, 2_000_001);
		});

		test('a large file is read whole', async () => {
			const text = `${'ü€🚀\n'.repeat(30_000)}end`;
			await put('/root/contract/large', text);
			assert.equal(await connection.read('/root/contract/large'), text);
		});

		test('a script runs as root, tells what it does and gives its result', async () => {
			const said: ScriptProgress[] = [];
			assert.deepEqual(await connection.script(echo, {text: "it's ü"}, (progress) => said.push(progress)), {text: "it's ü", uid: 0});
			assert.deepEqual(said, [{says: 'echo beginning'}, {line: "it's ü"}]);
		});

		test('what a script or a tool below it prints comes as text that a terminal only shows, but for what has to stay byte for byte', async () => {
			const said: ScriptProgress[] = [];
			const evil = '\u001b]52;c;eA==\u0007\u202eb\u0085a\ta';
			const shown = '<U+001B>]52;c;eA==<U+0007><U+202E>b a a';
			const loud = script(
				'loud',
				"say(says=given['text'])\nprint(given['text'], flush=True)\ndone(exact=given['text'], shown=[given['text']])",
				z.object({exact: z.string(), shown: z.array(z.string())}),
			);
			const result = await connection.script({...loud, exact: ['exact']}, {text: evil}, (progress) => said.push(progress));
			assert.deepEqual(result, {exact: evil, shown: [shown]});
			assert.deepEqual(said, [{says: shown}, {line: shown}]);
			await put('/root/contract/exact', `${evil}\n`);
			assert.equal(await connection.read('/root/contract/exact'), `${evil}\n`);
		});

		test('no command line that is sent or logged is longer than 1 kB, however long its script is', async () => {
			await connection.script(panelScript, {host: true});
			await connection.script(factsScript, {verify: false});
			await connection.read('/root/contract/long');
			const {stdout} = await connection.run(`sudo -n cat ${commandLogs.sudo}; cat ${commandLogs.shell}`);
			const lines = stdout.split('\n').filter(Boolean);
			for (const kept of [/COMMAND=\/(usr\/)?bin\/python3 -c/, /^sudo -n python3 -c/])
				assert.ok(
					lines.some((line) => kept.test(line)),
					`${kept} in ${stdout}`,
				);
			assert.deepEqual(
				lines.filter((line) => line.length > 1024).map((line) => line.slice(0, 120)),
				[],
			);
		});

		test('what a script is given is not seen among the processes', async () => {
			const secret = randomBytes(12).toString('hex');
			const {seen} = await connection.script(script('look', "done(seen=sh('ps', '-eo', 'args')[1])", z.object({seen: z.string()})), {secret});
			assert.ok(seen.includes('python3'));
			assert.ok(!seen.includes(secret));
		});

		test('a megabyte of input and a line that is no JSON are taken', async () => {
			const said: ScriptProgress[] = [];
			const text = 'x'.repeat(1_000_000);
			const measure = script(
				'measure',
				"print('plain words', flush=True)\nprint(json.dumps([1]), flush=True)\ndone(length=len(given['text']))",
				z.object({length: z.int()}),
			);
			assert.deepEqual(await connection.script(measure, {text}, (progress) => said.push(progress)), {length: 1_000_000});
			assert.deepEqual(said, [{line: 'plain words'}, {line: '[1]'}]);
		});

		test('a script that ends without a result is told with its last words', async () => {
			await assert.rejects(
				connection.script(script('broken', "raise SystemExit('no space left on device')", anything), {}),
				(error) => isProblem(error, 'script-failed') && /exit code 1: no space left/.test(error.message),
			);
		});

		test('a result of another shape is a bug of this program', async () => {
			await assert.rejects(
				connection.script({...echo, result: z.object({text: z.int(), uid: z.int()})}, {text: 'one'}),
				(error) => isProblem(error, 'script-failed') && error.fault === 'bug',
			);
		});

		test('everything on a connection ends with its signal', async () => {
			const controller = new AbortController();
			const other = await world.host.connect(target, controller.signal);
			const waiting = other.script(sleeper, {}, () => controller.abort());
			await assert.rejects(waiting, {name: 'Stopped'});
			await assert.rejects(other.run('true'), {name: 'Stopped'});
			await other.close();
		});

		test('a connection that breaks off under a command says so, and is worth trying again', async () => {
			const lost = (error: unknown) => isProblem(error, 'ssh-closed') && error.again;
			let began = (): void => undefined;
			const up = new Promise<void>((resolve) => {
				began = resolve;
			});
			const other = await world.host.connect(target);
			const running = assert.rejects(
				other.script(sleeper, {}, () => began()),
				lost,
			);
			await up;
			await world.breakOff(other);
			await running;
			await assert.rejects(other.run('true'), lost);
			await other.close();
		});
	});
}

import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {factsScript} from '../../source/executors/scripts.ts';
import {isProblem} from '../../source/problem.ts';
import type {Connection, Target} from '../../source/world/host/port.ts';
import {eventually, reachable, region, rejects} from './cloud-parts.ts';
import {type HostWorld, sides} from './host-sides.ts';
import {makeSshKey} from './ssh-key.ts';

for (const side of sides) {
	suite(side.name, () => {
		const key = makeSshKey('contract');
		let world: HostWorld;
		let target: Target;
		let instance: string;
		let shown: string[];
		let connection: Connection;

		before(async () => {
			world = await side.open();
			const {id, address} = await reachable(world, world.cloudAt(region), 'contract', key.publicKey);
			instance = id;
			shown = [];
			target = {
				address,
				port: 22,
				user: 'ubuntu',
				privateKey: key.privateKey,
				trust(fingerprint) {
					shown.push(fingerprint);
					return true;
				},
			};
			connection = await eventually(world, () =>
				world.host.connect(target).catch((error) => (isProblem(error) && error.again ? undefined : Promise.reject(error))),
			);
		});
		after(async () => {
			await connection?.close();
			await world.stop();
		});

		test("the host's key is shown as its console prints it", async () => {
			const console = await eventually(world, async () => {
				const {Output = ''} = await world.cloudAt(region).call('GetConsoleOutput', {InstanceId: instance, Latest: true});
				const text = Buffer.from(Output, 'base64').toString();
				return text.includes('-----END SSH HOST KEY FINGERPRINTS-----') ? text : undefined;
			});
			assert.ok(console.includes(` ${shown[0]} `), `${shown[0]} isn't in ${console}`);
		});

		test('a host key that is refused ends it before anything is said', async () => {
			await rejects(world.host.connect({...target, trust: async () => false}), 'host-key-changed');
		});

		test('a key that the machine does not know is denied', async () => {
			await rejects(world.host.connect({...target, privateKey: makeSshKey('stranger').privateKey}), 'ssh-denied');
		});

		test('a port where nothing listens is told, and is worth trying again', async () => {
			await assert.rejects(world.host.connect({...target, port: 1}), (error) => isProblem(error, 'ssh-refused', 'ssh-no-answer') && error.again);
		});

		test('a connection that is no longer wanted is not made', async () => {
			const controller = new AbortController();
			controller.abort();
			await assert.rejects(world.host.connect(target, controller.signal), {name: 'Stopped'});
		});

		test('a file that is not there is none, and one that is there is read', async () => {
			assert.equal(await connection.read('/root/contract/none'), undefined);
			assert.match((await connection.read('/etc/ssh/ssh_host_ed25519_key.pub')) ?? '', /^ssh-ed25519 [\w+/=]+ .+\n$/);
		});

		test('a command gets its stdin to the end and gives its code', async () => {
			assert.deepEqual(await connection.run('cat', 'in\nit'), {code: 0, stdout: 'in\nit', stderr: ''});
			assert.equal((await connection.run('false')).code, 1);
		});

		test('the facts of a bare machine are told, and that nothing is installed', async () => {
			const facts = await connection.script(factsScript, {verify: true});
			assert.deepEqual([facts.machine, facts.gitlabRunner, facts.config, facts.verify, facts.machines], ['x86_64', undefined, undefined, undefined, []]);
			assert.match(facts.os, /^ubuntu 24\.04/);
		});

		test('a closed connection says so', async () => {
			const other = await world.host.connect(target);
			await other.close();
			await rejects(other.read('/etc/hostname'), 'ssh-closed');
		});
	});
}

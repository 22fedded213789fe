import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {test} from 'node:test';
import {userDataPath} from '../../source/executors/docker-machine/scripts/manager-part.ts';
import {factsScript, installScript} from '../../source/executors/scripts.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import type {ScriptProgress, Target} from '../../source/world/host/port.ts';
import type {Script} from '../../source/world/host/script.ts';
import {authorizeKeyScript} from '../../source/world/host/scripts/authorize-key.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {writeConfigScript} from '../../source/world/host/scripts/write-config.ts';
import {configText, connect, downloads, dropIn, type ManagerByHand, makeManager, newKey, region, startRunner} from './fleet-by-hand.ts';
import {refusedWith} from './refused-with.ts';

const target = (manager: ManagerByHand, over: Partial<Target> = {}): Target => ({
	address: manager.address,
	port: 22,
	user: 'ubuntu',
	privateKey: manager.key.privateKey,
	trust: () => true,
	...over,
});
const given = {executor: 'docker+machine', bootSeconds: 300, downloads, dropIn, files: [{path: userDataPath, text: '#cloud-config\n'}], drainSeconds: 60};

test('SSH answers only whom the security group lets in, and whose key is authorised', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const other = world.another();
	assert.equal(await refusedWith(other.host.connect(target(manager))), 'ssh-no-answer');
	world.outside.openPort(manager.managerGroup, 22, {cidr: '198.51.100.0/24'});
	await other.host.connect(target(manager));
	assert.equal(await refusedWith(world.host.connect(target(manager, {privateKey: newKey().privateKey}))), 'ssh-denied');
	assert.equal(await refusedWith(world.host.connect(target(manager, {user: 'admin'}))), 'ssh-denied');
	assert.equal(await refusedWith(world.host.connect(target(manager, {privateKey: 'no key'}))), 'key-unreadable');
	assert.equal(await refusedWith(world.host.connect(target(manager, {address: '192.0.2.1'}))), 'ssh-no-answer');
});

test('a machine that has just started refuses SSH for some seconds, and one that stops is silent', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	world.outside.machine(manager.id).instance.bootedAt = world.clock.now() + 4000;
	assert.equal(await refusedWith(connect(world, manager)), 'ssh-refused');
	await world.clock.sleep(5000);
	await connect(world, manager);
	world.outside.stopInstance(manager.id);
	assert.equal(await refusedWith(connect(world, manager)), 'ssh-no-answer');
});

test('the host key is the one of the console until somebody changes it', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const seen: string[] = [];
	const trust = (fingerprint: string) => {
		seen.push(fingerprint);
		return fingerprint === seen[0];
	};
	await world.host.connect(target(manager, {trust}));
	assert.equal(seen[0], world.outside.hostKey(manager.id));
	world.outside.changeHostKey(manager.id);
	assert.equal(await refusedWith(world.host.connect(target(manager, {trust}))), 'host-key-changed');
});

test('a key pushed by Instance Connect opens for a minute, an authorised one for good', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const mine = newKey();
	const push = {InstanceId: manager.id, InstanceOSUser: 'ubuntu', SSHPublicKey: mine.publicKey};
	await world.cloudAt(region).call('SendSSHPublicKey', push);
	const connection = await world.host.connect(target(manager, {privateKey: mine.privateKey}));
	await world.clock.sleep(61_000);
	assert.equal(await refusedWith(world.host.connect(target(manager, {privateKey: mine.privateKey}))), 'ssh-denied');
	const key = {user: 'ubuntu', publicKey: `${mine.publicKey} bob@desk`};
	assert.deepEqual(await connection.script(authorizeKeyScript, key), {added: true});
	assert.deepEqual(await connection.script(authorizeKeyScript, key), {added: false});
	await world.host.connect(target(manager, {privateKey: mine.privateKey}));
});

test('Debian has no agent for pushed keys, and an RSA key in PEM is a key too', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const {privateKey, publicKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
	const number = (value: unknown) => {
		const bytes = Buffer.from(String(value), 'base64url');
		return (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
	};
	const field = (data: Buffer) => {
		const length = Buffer.alloc(4);
		length.writeUInt32BE(data.length);
		return Buffer.concat([length, data]);
	};
	const {e, n} = publicKey.export({format: 'jwk'});
	const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), field(number(e)), field(number(n))]);
	await world.cloudAt(region).call('SendSSHPublicKey', {InstanceId: manager.id, InstanceOSUser: 'ubuntu', SSHPublicKey: `ssh-rsa ${blob.toString('base64')}`});
	const pem = privateKey.export({format: 'pem', type: 'pkcs1'}).toString();
	await world.host.connect(target(manager, {privateKey: pem}));
	world.outside.machine(manager.id).image.os = 'debian 13';
	assert.equal(await refusedWith(world.host.connect(target(manager, {privateKey: pem}))), 'ssh-denied');
});

test('a machine without a public address is reached through a tunnel only', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const address = {address: '127.0.0.1', port: 2222};
	assert.equal(await refusedWith(world.host.connect(target(manager, address))), 'ssh-no-answer');
	world.outside.openTunnel('127.0.0.1:2222', manager.id);
	await world.host.connect(target(manager, address));
});

test('installing waits for the first boot, shows downloads as bytes, and does only what isn’t so yet', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	const said = await startRunner(world, connection, manager);
	assert.deepEqual(said[0], {says: 'first boot ending'});
	const bytes = said.flatMap((one) => ('download' in one && one.download === 'gitlab-runner 19.3.0' ? [one.bytes] : []));
	assert.ok(bytes.length > 5);
	assert.deepEqual(
		bytes,
		bytes.toSorted((one, other) => one - other),
	);
	assert.equal(bytes.at(-1), 122_737_024);
	const facts = await connection.script(factsScript, {verify: true});
	assert.equal(facts.gitlabRunner, '19.3.0');
	assert.equal(facts.dockerMachine, '0.16.2-gitlab.48');
	assert.equal(facts.certificates, true);
	assert.equal(facts.dropIn, dropIn);
	assert.equal(facts.config?.mode, '600');
	assert.equal(facts.verify?.code, 0);
	assert.equal(facts.service.active, 'active');
	const again: unknown[] = [];
	assert.deepEqual(await connection.script(installScript, given, (progress) => again.push(progress)), {is: 'done'});
	assert.deepEqual(again, [{says: 'first boot ending'}]);
});

test('what goes wrong with an install is told by its code, and the next one goes on', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	const code = async () => {
		const ended = await connection.script(installScript, given);
		return ended.is === 'failed' ? ended.code : ended.is;
	};
	world.outside.machineFaults(manager.id, {cloudInit: 'error'});
	assert.equal(await code(), 'boot-failed');
	world.outside.machineFaults(manager.id, {checksum: 'docker-machine'});
	assert.equal(await code(), 'checksum-wrong');
	world.outside.machineFaults(manager.id, {downloads: 'unreachable'});
	assert.equal(await code(), 'download-failed');
	world.outside.machineFaults(manager.id, {});
	world.outside.setDiskFree(manager.id, 0.02);
	assert.equal(await code(), 'disk-full');
	world.outside.setDiskFree(manager.id, 5);
	assert.equal(await code(), 'done');
});

test('config.toml is written only onto the text it was made from, after lint, and the one before is kept', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	await startRunner(world, connection, manager);
	const text = configText(world, manager, {limit: 9});
	assert.deepEqual(await connection.script(writeConfigScript, {text}), {is: 'changed-meanwhile'});
	const {config} = await connection.script(factsScript, {verify: false});
	const refused = await connection.script(writeConfigScript, {text: text.replace('limit', 'limitt'), from: config?.hash});
	assert.ok(refused.is === 'refused' && /runners\.limitt/.test(refused.detail));
	assert.equal((await connection.script(writeConfigScript, {text, from: config?.hash})).is, 'written');
	assert.equal(world.outside.file(manager.id, paths.config)?.text, text);
	assert.equal(world.outside.file(manager.id, `${paths.config}.previous`)?.text, config?.text);
	await world.clock.sleep(4000);
	const {metrics = ''} = await connection.script(factsScript, {verify: false});
	assert.match(metrics, /^gitlab_runner_limit\{.*\} 9$/m);
});

test('a connection that breaks off is closed for everything, and a new one works', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	world.faults.cutAtScript(1, 'install');
	await connection.script(factsScript, {verify: false});
	assert.equal(await refusedWith(connection.script(installScript, given)), 'ssh-closed');
	assert.equal(await refusedWith(connection.read(paths.config)), 'ssh-closed');
	const other = await connect(world, manager);
	assert.deepEqual(await other.script(installScript, given), {is: 'done'});
	world.faults.cutConnections();
	assert.equal(await refusedWith(other.run('true')), 'ssh-closed');
});

test('two scripts that change the host wait for each other, and whichever waits says so', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const one = await connect(world, manager);
	const two = await connect(world, manager);
	const said: ScriptProgress[] = [];
	const install = (connection: typeof one) => connection.script(installScript, given, (progress) => said.push(progress));
	assert.deepEqual(await Promise.all([install(one), install(two)]), [{is: 'done'}, {is: 'done'}]);
	const waits = said.flatMap((one) => ('says' in one && one.says.startsWith('manager busy') ? [one.says] : []));
	assert.deepEqual(waits, ['manager busy with another change for 1 s: waiting; ctrl-c stops only this run']);
});

test('files are read, a few commands run, and all else is a loud bug', async () => {
	const world = simulatedWorld();
	const manager = await makeManager(world);
	const connection = await connect(world, manager);
	assert.equal(await connection.read('/etc/none'), undefined);
	assert.match((await connection.read('/etc/ssh/ssh_host_ed25519_key.pub')) ?? '', /^ssh-ed25519 /);
	assert.deepEqual(await connection.run('cat', 'in'), {code: 0, stdout: 'in', stderr: ''});
	assert.match((await connection.run('cat /etc/ssh/ssh_host_*_key.pub')).stdout, /^ssh-ed25519 /);
	await assert.rejects(connection.run('reboot'), /doesn't know the command reboot/);
	const unknown: Script<object, object> = {name: 'unheard-of', changes: false, text: '', result: installScript.result};
	await assert.rejects(connection.script(unknown, {}), /doesn't know the script unheard-of/);
});

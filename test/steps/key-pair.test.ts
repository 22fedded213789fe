import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {test} from 'node:test';
import ssh2 from 'ssh2';
import {names} from '../../source/fleet.ts';
import type {World} from '../../source/simulated/world.ts';
import {belongsTo, publicHalf} from '../../source/steps/private-key.ts';
import {sshKeyBy} from '../../source/world/host/ssh-key.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {changesSince, drive, found, notes, problem, region, sentence, world} from './drive.ts';

const file = names.keyFile({name: 'gitlab-runners', region}, '123456789012');
const keyHere = (at: World) => at.disk.key(file);
const path = '/home/alice/.ssh/acme';

test('a key made here is one that OpenSSH’s form gives back, with its public half in it', () => {
	const {privateKey, publicKey} = makeSshKey('gitlab-runners-manager');
	const half = publicHalf(privateKey, 'key');
	assert.match(publicKey, /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\S+ gitlab-runners-manager$/);
	assert.equal(half.blob, publicKey.split(' ')[1]);
	assert.ok(belongsTo(half, {publicKey, fingerprint: ''}));
	assert.ok(!belongsTo(half, {publicKey: makeSshKey('other').publicKey, fingerprint: ''}));
});

test('a pair that ssh2 itself can’t read is made again', () => {
	const made: string[] = [];
	const readable = ssh2.utils.parseKey(makeSshKey('x').privateKey);
	const {publicKey} = sshKeyBy(
		{
			generateKeyPairSync: () => ({private: '', public: `key ${made.push('')}`}),
			parseKey: () => (made.length < 3 ? new Error('Malformed OpenSSH private key') : readable),
		},
		'ed25519',
		'x',
	);
	assert.equal(publicKey, 'key 3');
});

test('a PEM key of RSA is known by the fingerprint that AWS shows, with or without colons', () => {
	const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
	const half = publicHalf(privateKey.export({type: 'pkcs1', format: 'pem'}).toString(), 'key');
	const [imported = ''] = half.fingerprints.filter((one) => /^[0-9a-f]{32}$/.test(one));
	const [madeByAws = ''] = half.fingerprints.filter((one) => /^[0-9a-f]{40}$/.test(one));
	const withColons = (hex: string) => hex.match(/../g)?.join(':') ?? '';
	assert.ok(belongsTo(half, {fingerprint: withColons(imported)}));
	assert.ok(belongsTo(half, {fingerprint: withColons(madeByAws)}));
	assert.ok(!belongsTo(half, {fingerprint: withColons('00'.repeat(16))}));
});

test('a PEM key with a passphrase wants it, and a public key is no private one', () => {
	const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
	const locked = privateKey.export({type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame'}).toString();
	assert.throws(() => publicHalf(locked, path), {code: 'private-key-passphrase'});
	assert.equal(publicHalf(locked, path, 'sesame').algorithm, 'ssh-rsa');
	assert.throws(() => publicHalf(makeSshKey('x').publicKey, path), {code: 'private-key-unreadable'});
});

test('the private half is on disk here, and AWS has the public one only', async () => {
	const at = world();
	const {plan} = await drive(at).setUp('key-pair');
	const key = await keyHere(at);
	const pair = at.outside.region(region).keyPairs.get('gitlab-runners-manager');
	assert.equal(sentence(plan, 'key-pair'), 'gitlab-runners-manager, its private half is here');
	assert.equal(publicHalf(key ?? '', 'key').blob, pair?.publicKey.split(' ')[1]);
});

test('on a laptop without the private half the pair is ready, and says how it gets in', async () => {
	const at = world();
	await drive(at).setUp('key-pair');
	assert.match(sentence(await drive(at.another()).plan('key-pair'), 'key-pair'), /isn't on this laptop, so EC2 Instance Connect lets it in/);
});

test('a key here that no longer is the pair’s counts as none', async () => {
	const at = world();
	await drive(at).setUp('key-pair');
	await at.disk.saveKey(file, makeSshKey('old').privateKey);
	assert.match(sentence(await drive(at).plan('key-pair'), 'key-pair'), /isn't on this laptop/);
});

test('a pair deleted outside is made again from the key that is here', async () => {
	const at = world();
	await drive(at).setUp('key-pair');
	const before = await keyHere(at);
	at.outside.call('DeleteKeyPair', region, {KeyName: 'gitlab-runners-manager'});
	assert.deepEqual(found((await drive(at).setUp('key-pair')).plan), {'key-pair': 'ready'});
	assert.equal(await keyHere(at), before);
});

test('a pair of our name that isn’t the fleet’s blocks, and no key is made', async () => {
	const at = world();
	at.outside.addKeyPair(region, 'gitlab-runners-manager', makeSshKey('bob').publicKey);
	const {plan} = await drive(at).setUp('key-pair');
	assert.equal(problem(plan, 'key-pair').code, 'InvalidKeyPair.Duplicate');
	assert.deepEqual([await keyHere(at), changesSince(at, 0)], [undefined, []]);
});

test('an existing pair must be the private key’s', async () => {
	const at = world();
	const own = makeSshKey('acme');
	at.outside.addKeyPair(region, 'acme', own.publicKey);
	at.disk.files.set(path, {text: own.privateKey, mode: 0o644});
	const answers = {keyPair: 'acme', privateKey: path};
	const plan = await drive(at, answers).plan('key-pair');
	assert.equal(sentence(plan, 'key-pair'), `acme, matches ${path}`);
	assert.deepEqual(notes(plan, 'key-pair'), [`${path} can be read by others (mode 644), and ssh then refuses it.`]);
	at.disk.files.set(path, {text: makeSshKey('other').privateKey, mode: 0o600});
	const {code, message} = problem(await drive(at, answers).plan('key-pair'), 'key-pair');
	assert.equal(code, 'private-key-other');
	assert.match(message, /The private key \/home\/alice\/\.ssh\/acme doesn't belong to key pair acme/);
});

test('an existing pair that isn’t there, or whose file isn’t named, blocks', async () => {
	const at = world();
	assert.equal(problem(await drive(at, {keyPair: 'acme'}).plan('key-pair'), 'key-pair').code, 'InvalidKeyPair.NotFound');
	at.outside.addKeyPair(region, 'acme', makeSshKey('acme').publicKey);
	assert.equal(problem(await drive(at, {keyPair: 'acme'}).plan('key-pair'), 'key-pair').code, 'private-key-missing');
});

test('destroy deletes our pair and its file here, and leaves decoys', async () => {
	const at = world();
	await drive(at).setUp('key-pair');
	at.outside.addKeyPair(region, 'gitlab-runners-manager-2', makeSshKey('bob').publicKey);
	await drive(at).destroy();
	assert.deepEqual([[...at.outside.region(region).keyPairs.keys()], await keyHere(at)], [['gitlab-runners-manager-2'], undefined]);
});

import {userOf, wantedImage} from '../answers/publishers.ts';
import type {Looking, Report} from '../engine/step.ts';
import type {Given} from '../fleet.ts';
import {isDenied, isProblem, Problem, unless} from '../problem.ts';
import type {Action} from '../world/cloud/port.ts';
import type {Connection, SshKey, Unverified} from '../world/host/port.ts';
import {authorizeKeyScript} from '../world/host/scripts/authorize-key.ts';
import {until} from '../world/laptop/clock.ts';
import {consoleMinutes, type Expected, expectedKeys, isYoung, keepKey, keyChanged, keyUnknown, type Trust, wrongHost} from './host-trust.ts';
import {keyFileOf} from './identity.ts';
import {accountLook, type Instance} from './looks/account.ts';
import {imageLook} from './looks/catalog.ts';
import {recordRead} from './looks/record.ts';
import {belongsTo, publicHalf} from './private-key.ts';
import {sessionAddress, sessionCommand} from './session-manager.ts';

/** Whoever wants to reach a manager: a check, a run or a removal. What this laptop's own answers don't say, the record does. */
export type Reaching = Looking & {answers?: Given};

type Way = {
	hostKey: string;
	user: string;
	/** The fresh key that EC2 Instance Connect let in for a minute; the manager doesn't know it after that. */
	fresh?: SshKey | undefined;
};

/** A manager whose host key is the right one: secrets may go there. */
type VerifiedManager = Way & {trust: Trust; connection: Connection};

/** How a manager was reached. Until its host key is verified, its connection takes what carries no secret and nothing else. */
export type Reached = VerifiedManager | (Way & {trust: 'unverified'; connection: Unverified});

/** The AWS actions that reaching a manager may need. */
export const reachingActions: readonly Action[] = ['ec2-instance-connect:SendSSHPublicKey', 'ec2:GetConsoleOutput', 'ec2:DescribeImages'];

/** Where a manager's SSH is, and as whom: what the `ssh` command needs too. */
type SshDestination = {address: string; port: number; user: string; keyPath: string};

/** Milliseconds between two looks at the console: the first ones soon, since it may have been up for long. */
const consolePace = [2000, 3000];
const consolePause = 5000;

const howReached = new WeakMap<Unverified, Way & Pick<Reached, 'trust'>>();

/** Complete answers as they are; those of a removal, a few flags at most, on top of the record's. */
async function givenOf(context: Reaching): Promise<Given> {
	const {answers = {}} = context;
	return answers.image === undefined ? {...(await recordRead(context)).answers, ...answers} : answers;
}

const isPrivate = (instance: Instance, region: string): Problem =>
	new Problem({
		code: 'manager-private',
		message: `The manager ${instance.id} has no public address, and the way to ${instance.privateIp ?? 'its private one'} isn't known.`,
		advice: `Run \`${sessionCommand(instance, region)}\` in another terminal, a minute or two after the manager started, then the same command with \`--ssh-address ${sessionAddress}\`.`,
	});

/** What a machine's login user is when nobody says and its image's publisher isn't known: Ubuntu's, the default image. */
const usual = 'ubuntu';

/** As whom to log in: the answer, else the user of the publisher of the image that the instance runs, which may be one before the answers' own. */
async function loginUser(context: Looking, given: Given, instance: Instance): Promise<string> {
	if (given.sshUser !== undefined) return given.sshUser;
	const image = await unless(context.look(imageLook(instance.imageId)), 'not-allowed');
	const wanted = given.image === undefined ? undefined : wantedImage(given.image);
	return (image && userOf(image)) ?? (wanted && 'publisher' in wanted ? wanted.publisher.user : usual);
}

function addressOf(given: Given, instance: Instance, region: string): {address: string; port: number} {
	const [host, port] = given.sshAddress?.split(/:(?=\d+$)/) ?? [];
	if (host !== undefined && port !== undefined) return {address: host, port: Number(port)};
	if (instance.publicIp === undefined) throw isPrivate(instance, region);
	return {address: instance.publicIp, port: 22};
}

/** Where and as whom to connect, without connecting. Throws `manager-private`. */
export async function sshDestinationOf(context: Reaching, instance: Instance): Promise<SshDestination> {
	const given = await givenOf(context);
	const {disk, fleet} = context;
	return {
		...addressOf(given, instance, fleet.region),
		user: await loginUser(context, given, instance),
		keyPath: given.privateKey ?? disk.keyPath(await keyFileOf(context)),
	};
}

/** A private key; `isNamed` when an answer names it, rather than that it was made here for the fleet. */
type Key = {privateKey: string; passphrase?: string; isNamed: boolean};

/** The private keys that this laptop has for the fleet: the one that is named, then its own, which a manager that is being replaced may know. */
async function keysHere(context: Reaching, {privateKey: path}: Given): Promise<Key[]> {
	const {disk, secrets} = context;
	const {passphrase} = secrets;
	const [named, own] = await Promise.all([path === undefined ? undefined : disk.read(path), disk.key(await keyFileOf(context))]);
	return [
		...(named === undefined ? [] : [{privateKey: named, isNamed: true, ...(passphrase === undefined ? {} : {passphrase})}]),
		...(own === undefined ? [] : [{privateKey: own, isNamed: false}]),
	];
}

const notAllowed = (instance: Instance, cause: unknown): Problem =>
	new Problem({
		code: 'instance-connect-not-allowed',
		message: `This laptop has no key of the manager ${instance.id}, and AWS refuses \`ec2-instance-connect:SendSSHPublicKey\`, which would let it in.`,
		advice: 'Ask for that action, or name the private key with `--private-key`.',
		cause,
	});

/** Lets a fresh key in for 60 s by EC2 Instance Connect; RSA where ed25519 is refused. */
async function sendKey({cloud, host, who}: Reaching, instance: Instance, user: string): Promise<SshKey> {
	const send = async (key: SshKey): Promise<SshKey> => {
		await cloud.call('SendSSHPublicKey', {InstanceId: instance.id, InstanceOSUser: user, SSHPublicKey: key.publicKey, AvailabilityZone: instance.zone});
		return key;
	};
	try {
		return await send(await host.makeKey('ed25519', who));
	} catch (error) {
		if (isDenied(error) || isProblem(error, 'AuthException', 'Auth')) throw notAllowed(instance, error);
		if (!isProblem(error, 'InvalidArgs', 'InvalidArgsException')) throw error;
		return send(await host.makeKey('rsa', who));
	}
}

/** One attempt with one key; remembers this host's key on this laptop once it is trusted. */
async function attempt(
	context: Reaching,
	instance: Instance,
	destination: SshDestination,
	{isNamed: _isNamed, ...key}: Key,
	expected: Expected,
): Promise<Way & Pick<Reached, 'trust'> & {connection: Connection}> {
	const {fleet, host, signal} = context;
	let seen = '';
	const trust = (fingerprint: string): boolean => {
		seen = fingerprint;
		return expected.fingerprints.length === 0 || expected.fingerprints.includes(fingerprint);
	};
	let connection: Connection | undefined;
	try {
		connection = await host.connect({address: destination.address, port: destination.port, user: destination.user, ...key, trust}, signal);
		await keepKey(context, instance, seen, expected.from);
		return {connection, hostKey: seen, trust: expected.from, user: destination.user};
	} catch (error) {
		await connection?.close();
		if (isProblem(error, 'host-key-changed')) throw keyChanged(instance, fleet.region, expected, seen);
		throw error;
	}
}

const lockedOut = (instance: Instance, {user}: SshDestination, cause: unknown): Problem =>
	new Problem({
		code: 'ssh-denied',
		message: `The manager ${instance.id} lets neither a key of this laptop nor EC2 Instance Connect in as \`${user}\`; its image may lack the agent, as Debian's does.`,
		advice: 'Name the private key with `--private-key`, or run this where the fleet was set up.',
		cause,
	});

/** Whether a key may be the one that the instance was launched with: false where somebody else's run of this fleet imported another. */
async function mayBeItsOwn(context: Reaching, instance: Instance, key: Key): Promise<boolean> {
	const {disk, look} = context;
	const pair = (await look(accountLook)).keyPairs.find(({name}) => name === instance.keyName);
	if (!pair) return key.isNamed;
	return belongsTo(publicHalf(key.privateKey, disk.keyPath(await keyFileOf(context)), key.passphrase), pair);
}

async function open(context: Reaching, instance: Instance): ReturnType<typeof attempt> {
	const [given, destination, expected] = await Promise.all([givenOf(context), sshDestinationOf(context, instance), expectedKeys(context, instance)]);
	for (const key of await keysHere(context, given)) {
		try {
			return await attempt(context, instance, destination, key, expected);
		} catch (error) {
			// A first boot starts sshd before it puts the key in place.
			if (!isProblem(error, 'ssh-denied') || (isYoung(context, instance) && (await mayBeItsOwn(context, instance, key)))) throw error;
		}
	}
	const fresh = await sendKey(context, instance, destination.user);
	try {
		return {...(await attempt(context, instance, destination, {privateKey: fresh.privateKey, isNamed: false}, expected)), fresh};
	} catch (error) {
		throw isProblem(error, 'ssh-denied') ? lockedOut(instance, destination, error) : error;
	}
}

/** Looks once more whether a host key that was met unverified is the right one; throws `host-key-changed`, over a closed connection, when it isn't. */
async function judgeAgain(context: Reaching, instance: Instance, way: Way, connection: Connection): Promise<Expected['from']> {
	try {
		const expected = await expectedKeys(context, instance);
		if (expected.fingerprints.length > 0 && !expected.fingerprints.includes(way.hostKey))
			throw wrongHost(instance, context.fleet.region, expected, way.hostKey);
		if (expected.from !== 'unverified') await keepKey(context, instance, way.hostKey, expected.from);
		return expected.from;
	} catch (error) {
		if (isProblem(error, 'host-key-changed')) await connection.close();
		throw error;
	}
}

/**
 * Reaches a manager over the held connection, opened at the first call: with the fleet's key when it is here, else through EC2 Instance Connect.
 * Tries once. What a host key is verified by: see `expectedKeys`; while nothing is known of a young machine's, it's reached `unverified`, and each call
 * looks again. Throws `manager-private`, `instance-connect-not-allowed`, `host-key-changed`, `ssh-denied`, and `ssh-no-answer`, `ssh-refused` (both `again`).
 */
export async function reach(context: Reaching, instance: Instance): Promise<Reached> {
	let opened: (Way & Pick<Reached, 'trust'>) | undefined;
	const connection = await context.hold(instance.id, async (signal) => {
		const {connection: made, ...way} = await open({...context, signal}, instance);
		opened = way;
		return made;
	});
	const known = opened ?? howReached.get(connection);
	if (!known) throw new Problem({code: 'bug', fault: 'bug', message: `How ${instance.id} was reached isn't known.`});
	howReached.set(connection, known);
	const trust = opened === undefined && known.trust === 'unverified' ? await judgeAgain(context, instance, known, connection) : known.trust;
	howReached.set(connection, {...known, trust});
	return {...known, trust, connection};
}

/** Reaches a manager whose host key is verified; see `reach`. Throws `host-key-unknown` (`again`) while the console of a young machine doesn't tell it. */
async function reachVerified(context: Reaching, instance: Instance): Promise<VerifiedManager> {
	const reached = await reach(context, instance);
	if (reached.trust === 'unverified') throw keyUnknown(instance);
	return reached;
}

/**
 * Waits until a manager's host key is verified by what its console tells, or until the console has been silent for as long as it may be: then the key is
 * trusted on first use.
 */
export async function untilVerified(context: Reaching, instance: Instance, report: Report): Promise<VerifiedManager> {
	const waiting = (): void =>
		report({
			says: `waiting for the console of ${instance.id} to tell its host key: no secret goes there before (usually 1 to 2 minutes, at most ${consoleMinutes})`,
		});
	const patience = {pause: (turn: number) => consolePace[turn - 1] ?? consolePause};
	const reached = await until(
		context,
		patience,
		() => reach(context, instance),
		({trust}) => trust !== 'unverified',
		waiting,
	);
	if (reached.trust === 'unverified') throw keyUnknown(instance);
	return reached;
}

/** Codes of trouble on the way to the manager, which is the connection's to tell. */
export const onTheWay = [
	'ssh-no-answer',
	'ssh-refused',
	'ssh-denied',
	'ssh-closed',
	'host-key-changed',
	'manager-private',
	'instance-connect-not-allowed',
] as const;

/** The held connection to a manager, for looking; see `reachVerified`. */
export const connectTo = async (context: Reaching, instance: Instance): Promise<Connection> => (await reachVerified(context, instance)).connection;

/**
 * How a manager is reached for changing something there: lets this laptop's own key in first when it isn't yet. A `fresh` key is one that this laptop
 * couldn't keep: the manager knows it for a minute only.
 */
export const reachToChange = async (context: Reaching, instance: Instance): Promise<VerifiedManager> => letIn(context, await reachVerified(context, instance));

/** The held connection to a manager, for changing something there: see `reachToChange`. */
export const connectToChange = async (context: Reaching, instance: Instance): Promise<Connection> => (await reachToChange(context, instance)).connection;

/** The held connection for what carries no secret: it needs no verified host key. */
export const connectToInstall = async (context: Reaching, instance: Instance): Promise<Unverified> =>
	(await letIn(context, await reach(context, instance))).connection;

/**
 * Lets this laptop's fresh key in for good, after EC2 Instance Connect did for a minute; does nothing when its own key was accepted. A key that can't be
 * kept here isn't let in either, and stays `fresh`: Instance Connect lets another one in the next time.
 */
async function letIn<How extends Reached>(context: Reaching, reached: How): Promise<How> {
	const {connection, fresh, user} = reached;
	if (!fresh || !(await isKept(context, fresh))) return reached;
	await connection.script(authorizeKeyScript, {user, publicKey: fresh.publicKey});
	const known = {...reached, fresh: undefined};
	howReached.set(connection, known);
	return known;
}

async function isKept(context: Reaching, {privateKey}: SshKey): Promise<boolean> {
	try {
		await context.disk.saveKey(await keyFileOf(context), privateKey);
		return true;
	} catch (error) {
		if (isProblem(error, 'file-unwritable')) return false;
		throw error;
	}
}

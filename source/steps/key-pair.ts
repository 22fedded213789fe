import type {Context, Finding, Found, Looking, Note, Removal, Report, Step} from '../engine/step.ts';
import {type Answers, type Fleet, mark, names} from '../fleet.ts';
import {isProblem, Problem, unless} from '../problem.ts';
import {commandLine} from '../world/host/quote.ts';
import {aws, tagSpecification} from './aws-cli.ts';
import {blocked, differs} from './finding.ts';
import {keyFileOf} from './identity.ts';
import {spreading} from './late.ts';
import {accountActions, accountLook, adoptedPairLook, type KeyPair, managersOf} from './looks/account.ts';
import {belongsTo, publicHalf} from './private-key.ts';
import {bearsMark, setMissingTags, tagChanges, tagList} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		'key-pair': {name: string; ours: boolean};
	}
}

/** Whether this laptop holds the private half of the fleet's own pair; a key that no longer matches counts as none. */
async function isHere(context: Context, pair: KeyPair): Promise<boolean> {
	const {disk} = context;
	const file = await keyFileOf(context);
	const key = await disk.key(file);
	return key !== undefined && belongsTo(publicHalf(key, disk.keyPath(file)), pair);
}

/** Throws a Problem where the private key of a pair that is to be made couldn't be kept here: without it the pair is of no use. */
async function judgeKeeping(context: Context, name: string): Promise<void> {
	const {disk} = context;
	const file = await keyFileOf(context);
	if ((await disk.key(file)) !== undefined) return;
	try {
		await disk.trySaveKey(file);
	} catch (error) {
		if (!isProblem(error, 'file-unwritable')) throw error;
		throw new Problem({
			code: 'private-key-unkept',
			message: `The key pair ${name} can't be made, since its private key couldn't be kept: ${error.message}`,
			advice: 'Name a folder of yours with `XDG_DATA_HOME`, or use a key pair of yours with `--key-pair` and `--private-key`.',
			cause: error.cause,
		});
	}
}

async function checkOwn(context: Context): Promise<Finding<Found['key-pair']>> {
	const {answers, fleet} = context;
	const name = names.keyPair(fleet);
	const {keyPairs} = await context.look(accountLook);
	const pair = keyPairs.find((one) => one.name === name);
	if (!pair) {
		await judgeKeeping(context, name);
		return {is: 'missing', says: `${name}, ed25519, made here`};
	}
	if (!bearsMark(fleet, pair.tags)) {
		return blocked(
			'InvalidKeyPair.Duplicate',
			`A key pair ${name} is already there, and it isn't this fleet's, so it stays as it is.`,
			'Name the fleet otherwise with `--fleet`, or choose that pair with `--key-pair` and `--private-key`.',
		);
	}
	const resource = {name, ours: true};
	const changes = tagChanges(answers, [pair.tags]);
	if (changes.length > 0) return differs(resource, changes);
	const here = await isHere(context, pair);
	return {
		is: 'ready',
		resource,
		says: here ? `${name}, its private half is here` : `${name}; its private half isn't on this laptop, so EC2 Instance Connect lets it in`,
	};
}

async function checkAdopted(context: Context): Promise<Finding<Found['key-pair']>> {
	const {answers, disk, fleet, secrets} = context;
	const [pair, account] = await Promise.all([context.look(adoptedPairLook(answers.keyPair)), context.look(accountLook)]);
	if (!pair)
		return blocked('InvalidKeyPair.NotFound', `${fleet.region} has no key pair ${answers.keyPair}.`, 'Choose another with `--key-pair`, or answer `create`.');
	const resource = {name: pair.name, ours: false};
	const path = answers.privateKey;
	if (path === undefined) {
		const says = `${pair.name}; its private half isn't named, so EC2 Instance Connect lets this laptop in`;
		if (managersOf(fleet, account).length > 0) return {is: 'ready', resource, says};
		return blocked(
			'private-key-missing',
			`Key pair ${pair.name} is there, but which file holds its private half isn't known.`,
			'Name it with `--private-key`.',
		);
	}
	const [text, mode] = await Promise.all([disk.read(path), disk.mode(path)]);
	if (!belongsTo(publicHalf(text, path, secrets.passphrase), pair)) {
		return blocked(
			'private-key-other',
			`The private key ${path} doesn't belong to key pair ${pair.name}, whose fingerprint is ${pair.fingerprint}.`,
			'Name the file that does with `--private-key`, or choose another pair with `--key-pair`.',
		);
	}
	const notes: Note[] =
		(mode & 0o077) === 0
			? []
			: [{says: `${path} can be read by others (mode ${(mode & 0o777).toString(8)}), and ssh then refuses it.`, advice: commandLine('chmod', '600', path)}];
	return {is: 'ready', resource, says: `${pair.name}, matches ${path}`, notes};
}

/** The key that was made here before and never came to AWS, or a new one: on disk first, so that a kill in between loses nothing. */
async function ownPublicKey(context: Context): Promise<string> {
	const {disk, fleet, host} = context;
	const file = await keyFileOf(context);
	const kept = await disk.key(file);
	if (kept !== undefined) {
		const {algorithm, blob} = publicHalf(kept, disk.keyPath(file));
		return `${algorithm} ${blob} ${names.keyPair(fleet)}`;
	}
	const made = await host.makeKey('ed25519', names.keyPair(fleet));
	await disk.saveKey(file, made.privateKey);
	return made.publicKey;
}

async function apply(context: Context, _found: object, finding: Finding<Found['key-pair']>, report: Report): Promise<void> {
	if (finding.is === 'different') await setMissingTags(context, await ownPairs(context));
	else await importPair(context, report);
	context.forget(accountLook);
}

async function importPair(context: Context, report: Report): Promise<void> {
	const {answers, cloud, fleet} = context;
	const publicKey = await ownPublicKey(context);
	report({says: `importing the public half of ${names.keyPair(fleet)}`});
	await unless(
		cloud.call('ImportKeyPair', {
			KeyName: names.keyPair(fleet),
			PublicKeyMaterial: new TextEncoder().encode(publicKey),
			TagSpecifications: [{ResourceType: 'key-pair', Tags: tagList(answers.tags, mark(fleet, 'key-pair'))}],
		}),
		'InvalidKeyPair.Duplicate',
	);
}

const ownPairs = async (context: Looking): Promise<KeyPair[]> =>
	(await context.look(accountLook)).keyPairs.filter(({name, tags}) => name === names.keyPair(context.fleet) && bearsMark(context.fleet, tags));

async function remove(context: Removal, report: Report): Promise<void> {
	const {cloud, disk} = context;
	for (const {name} of await ownPairs(context)) {
		await unless(cloud.call('DeleteKeyPair', {KeyName: name}), 'InvalidKeyPair.NotFound');
		report({says: `${name} deleted`});
	}
	await disk.removeKey(await keyFileOf(context));
	context.forget(accountLook);
}

function commands(answers: Answers, fleet: Fleet): string[] {
	const name = names.keyPair(fleet);
	if (answers.keyPair !== 'create') return [aws(fleet, 'ec2', 'describe-key-pairs', '--key-names', answers.keyPair)];
	const tags = tagSpecification('key-pair', {...answers.tags, ...mark(fleet, 'key-pair')});
	return [
		commandLine('ssh-keygen', '-t', 'ed25519', '-N', '', '-C', name, '-f', name),
		aws(fleet, 'ec2', 'import-key-pair', '--key-name', name, '--public-key-material', `fileb://${name}.pub`, '--tag-specifications', tags),
	];
}

/** The manager's key pair: made here and imported, or somebody's whose private half is named. */
export const keyPairStep: Step<'key-pair', never, 'record' | 'permissions' | 'quota'> = {
	name: 'key-pair',
	title: 'Key pair',
	needs: [],
	after: ['record', 'permissions', 'quota'],
	actions: [...accountActions, 'ec2:ImportKeyPair', 'ec2:DeleteKeyPair', 'ec2:CreateTags'],
	settles: spreading,
	check: (context) => (context.answers.keyPair === 'create' ? checkOwn(context) : checkAdopted(context)),
	apply,
	stands: async (context) => (await ownPairs(context)).map(({id, name}) => ({id, says: `key pair ${name}`, goes: true})),
	remove,
	commands,
};
